"""Figures of the resource chapter."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]


@style.drawn
def noise_scaling(
    widths: ArrayLike, loss: ArrayLike, predicted: ArrayLike, titles: Sequence[str]
) -> Figure:
    """Draw loss (member, target, width) and its prediction against width, one panel per target."""
    data, lines = np.asarray(loss, dtype=float), np.asarray(predicted, dtype=float)
    columns = min(2, len(titles))
    rows = -(-len(titles) // columns)
    figure, panels = style.new(
        rows, columns, height=2.5 * rows, sharex=True, sharey=True, squeeze=False
    )
    for place, (axes, title) in enumerate(zip(panels.flat, titles, strict=False)):
        axes.plot(widths, lines[place], color=COLOUR, label=r"$\sigma^2\gamma^2/N$, no fit")
        for member in data[:, place]:
            axes.plot(widths, member, ".", color=MEASURED, alpha=0.4)
        axes.plot([], [], ".", color=MEASURED, label="trained networks")
        axes.set(xscale="log", yscale="log", title=title)
        axes.set_xticks(np.asarray(widths), [str(width) for width in np.asarray(widths)])
        axes.minorticks_off()
    panels[0, 0].legend(fontsize="small")
    for axes in panels[-1]:
        axes.set_xlabel("neurons $N$")
    for axes in panels[:, 0]:
        axes.set_ylabel("expected loss")
    return figure


@style.drawn
def training(steps: ArrayLike, exponents: Mapping[str, Summary]) -> Figure:
    """Draw the exponent (step,) that a width sweep shows after some training, by target."""
    figure, axes = style.new(height=3.4)
    axes.axhline(1.0, color=COLOUR, label="minimum of the loss")
    x = np.asarray(steps, dtype=float)
    for place, ((label, found), mark) in enumerate(zip(exponents.items(), "osv^", strict=False)):
        look: dict[str, Any] = {
            "fmt": mark + "-",
            "ms": 5,
            "lw": 0.8,
            "mfc": (MEASURED, "white")[place % 2],
        }
        style.bars(axes, x * (1 + 0.05 * (place - 1.5)), found, label=label, **look)
    axes.set(xscale="log", xlabel="Adam steps", ylabel="exponent in $N$")
    axes.legend(fontsize="small")
    return figure


@style.drawn
def allocation(
    share: ArrayLike, loss: Mapping[str, ArrayLike], best: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw N times the loss of two subtasks against the share of neurons of the first, by label.

    Marked are the best share and the loss there.
    """
    figure, axes = style.new(height=3.4)
    for place, (label, curve) in enumerate(loss.items()):
        fade = 1 - 0.7 * place / max(len(loss) - 1, 1)
        axes.plot(share, curve, color=COLOUR, alpha=fade, label=label)
        axes.plot(*best[label], "o", color=MEASURED)
    axes.set(
        xlabel="share of neurons of subtask 1", ylabel=r"$N \times$ loss", ylim=(0, 6), xlim=(0, 1)
    )
    axes.legend(fontsize="small")
    return figure
