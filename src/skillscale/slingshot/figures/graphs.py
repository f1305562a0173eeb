"""Figures of random graphs, pairs of skills and combinations in a corpus."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style

COLOUR = style.COLOURS["slingshot"]
MEASURED = style.COLOURS["measured"]


@style.drawn
def margins(ratios: Mapping[str, ArrayLike]) -> Figure:
    """Draw how near graphs come to a bound, measured over bound: a row of marks per group.

    The axis reaches beyond 1 as far as a graph does.
    """
    most = max(float(np.max(values)) for values in ratios.values())
    figure, axes = style.new(height=0.9 + 0.5 * len(ratios))
    for row, values in enumerate(ratios.values()):
        data = np.asarray(values, dtype=float).ravel()
        axes.plot(data, np.full(data.size, row), "|", color=MEASURED, alpha=0.5, markersize=13)
        axes.plot(data.max(), row, "o", color=MEASURED, markersize=6)
    axes.axvline(1, color=COLOUR, linestyle="--")
    axes.text(0.995, -0.62, "bound", color=COLOUR, ha="right", va="center")
    axes.set(xlabel=r"$\beta$ over its bound", xlim=(None, 1.03 * max(1.0, most)))
    axes.set_ylim(len(ratios) - 0.5, -0.9)
    axes.set_yticks(range(len(ratios)), list(ratios))
    return figure


@style.drawn
def levels(
    measured: Mapping[str, ArrayLike],
    predicted: Mapping[str, float],
    limit: float,
    *,
    xlabel: str,
    limit_label: str,
) -> Figure:
    """Draw measured values by group beside predictions for some, and a limit none should pass."""
    figure, axes = style.new(height=1.3 + 0.45 * len(measured))
    for row, (name, values) in enumerate(measured.items()):
        data = np.asarray(values, dtype=float).ravel()
        axes.plot(data, np.full(data.size, row), "o", color=MEASURED, alpha=0.5, markersize=5)
        if name in predicted:
            axes.plot([predicted[name]] * 2, [row - 0.35, row + 0.35], color=COLOUR)
    axes.plot([], [], "o", color=MEASURED, markersize=5, label="measured")
    axes.plot([], [], color=COLOUR, label="closed form")
    axes.axvline(limit, color=COLOUR, linestyle="--", label=limit_label)
    axes.set(xlabel=xlabel, ylim=(len(measured) - 0.5, -0.5))
    axes.set_yticks(range(len(measured)), list(measured))
    figure.legend(fontsize="small", loc="outside upper center", ncols=3)
    return figure


@style.drawn
def combinations(
    size: ArrayLike,
    expected: Mapping[float, ArrayLike],
    count: Mapping[float, ArrayLike],
    ascribed: Mapping[float, ArrayLike],
) -> Figure:
    """Draw how often a corpus holds combinations of skills, and what a parrot seems to invent.

    By correlation, the darker the larger: expected texts (size,) and counts (member, size), whose
    zeros have no place on the axis; and the novel fraction ascribed to the parrot.
    """
    figure, axes = style.new(2, 1, height=5.4, sharex=True)
    x = np.asarray(size)
    for place, (rho, line) in enumerate(expected.items()):
        fade = 0.3 + 0.7 * place / max(len(expected) - 1, 1)
        marker = "osv^D"[place % 5]
        axes[0].plot(x, line, color=COLOUR, alpha=fade)
        axes[0].plot(
            np.broadcast_to(x, np.shape(count[rho])).T,
            np.asarray(count[rho]).T,
            marker,
            color=MEASURED,
            alpha=fade,
            markersize=4,
        )
        axes[1].plot(
            x, ascribed[rho], marker + "-", color=COLOUR, alpha=fade, label=rf"$\rho={rho:g}$"
        )
    axes[1].axhline(0, color=MEASURED, linestyle="--", linewidth=1)
    axes[0].axhline(1, color=MEASURED, linestyle=":", linewidth=1)
    axes[0].set(yscale="log", ylabel="texts per combination")
    axes[1].set(
        xlabel="skills $k$ in a combination",
        ylabel="novelty ascribed\nto a parrot",
        ylim=(-0.06, 1.06),
        xticks=x,
    )
    axes[1].legend(fontsize="small")
    return figure
