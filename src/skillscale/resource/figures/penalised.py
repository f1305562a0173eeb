"""Figures of networks under a weight penalty, in the resource chapter."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]


@style.drawn
def sparse(
    neurons: Mapping[str, ArrayLike],
    loss: Mapping[str, ArrayLike],
    weight: Mapping[str, ArrayLike],
    predicted: tuple[ArrayLike, ArrayLike, ArrayLike],
) -> Figure:
    """Draw loss and input weight (strength, member) against neurons in use, one row per penalty.

    Networks without neurons are left out. Predicted are neurons, loss and weight along a curve.
    """
    count, *curves = (np.asarray(values, dtype=float) for values in predicted)
    rows = len(neurons)
    figure, panels = style.new(
        rows, 2, height=1.2 + 1.5 * rows, sharex=True, sharey="col", squeeze=False
    )
    for row, name in zip(panels, neurons, strict=True):
        for axes, line, measured in zip(row, curves, (loss, weight), strict=True):
            x, y = (np.asarray(v, dtype=float).ravel() for v in (neurons[name], measured[name]))
            axes.plot(x[x > 0], y[x > 0], ".", color=MEASURED, alpha=0.4)
            axes.plot(count, line, color=COLOUR)
            axes.set(xscale="log", yscale="log")
        row[0].set_title(name, loc="left")
    for column, title in enumerate(("mean squared error", "input weight $w$")):
        panels[0, column].set_title(title, loc="right")
    _ticks(panels[-1, 0].xaxis, [2, 4, 8, 16, 32])
    _ticks(panels[0, 1].yaxis, [0.25, 0.5, 1.0, 2.0])
    figure.supxlabel("neurons in use $N$", fontsize="medium")
    return figure


@style.drawn
def shares(weights: ArrayLike, ratios: Mapping[str, ArrayLike], powers: Sequence[float]) -> Figure:
    """Draw ratios > 0 (weight, member) of two subtasks, by name, against that of their weights.

    `weights` are β of the first subtask, `powers` the predicted powers of β/(1-β), one per panel.
    """
    beta = np.asarray(weights, dtype=float)
    x = beta / (1 - beta)
    grid = np.geomspace(x.min(), x.max(), 50)
    figure, panels = style.new(len(ratios), 1, height=2.6 * len(ratios), squeeze=False)
    for axes, (name, values), power in zip(panels.flat, ratios.items(), powers, strict=True):
        axes.plot(grid, grid**power, color=COLOUR, label=f"power {power:g}, no fit")
        found = np.asarray(values, dtype=float)
        axes.plot(x, found, ".", color=MEASURED, alpha=0.4)
        axes.plot([], [], ".", color=MEASURED, label="trained networks")
        axes.set(xscale="log", yscale="log", ylabel=name)
        axes.set_xticks(x, [f"{value:.3g}" for value in x])
        axes.set_yticks([1, 2, 5, 10], ["1", "2", "5", "10"])
        axes.minorticks_off()
        axes.legend(fontsize="small")
    panels[-1, 0].set_xlabel(r"$\beta/(1-\beta)$")
    return figure


@style.drawn
def plain(widths: ArrayLike, loss: Mapping[str, Summary], slope: float) -> Figure:
    """Draw the loss of plain networks against their width, a panel per activation.

    Every network is drawn, and the predicted slope through the middle of the medians.
    """
    x = np.asarray(widths, dtype=float)
    figure, panels = style.new(len(loss), 1, height=2.7 * len(loss), sharex=True, squeeze=False)
    for axes, (name, values) in zip(panels.flat, loss.items(), strict=True):
        axes.plot(x, values.members.T, ".", color=MEASURED, alpha=0.35, markersize=4)
        axes.plot(x, values.value, color=MEASURED, label="median")
        level = (values.value * x**slope)[x.size // 2]
        axes.plot(x, level / x**slope, color=COLOUR, lw=3, label=f"exponent {slope:g}")
        axes.set(xscale="log", yscale="log", ylabel=f"loss, {name}")
        axes.legend(fontsize="small")
    _ticks(panels[-1, 0].xaxis, x.astype(int).tolist())
    panels[-1, 0].set_xlabel("width $N$")
    return figure


@style.drawn
def series(
    neurons: ArrayLike, fresh: ArrayLike, training: ArrayLike, law: tuple[float, float]
) -> Figure:
    """Draw losses on fresh and training points against neurons in use, all (strength, member).

    Networks without neurons are left out; the law is a prefactor and an exponent.
    """
    x = np.asarray(neurons, dtype=float).ravel()
    y, z = (np.asarray(values, dtype=float).ravel()[x > 0] for values in (fresh, training))
    x = x[x > 0]
    grid = np.array([x.min(), x.max()])
    figure, axes = style.new()
    level, slope = law
    axes.plot(grid, level / grid**slope, color=COLOUR, label=f"exponent {slope:g}")
    axes.plot(x, y, "o", color=MEASURED, alpha=0.6, markersize=4, label="fresh points")
    axes.plot(x, z, "o", color=MEASURED, mfc="white", markersize=4, label="training points")
    axes.set(xscale="log", yscale="log", xlabel="neurons in use $N$")
    axes.set_ylabel("mean squared error")
    axes.yaxis.set_minor_formatter(NullFormatter())
    _ticks(axes.xaxis, [tick for tick in (5, 10, 20, 40, 80) if grid[0] <= tick <= grid[1]])
    axes.legend(fontsize="small")
    return figure


@style.drawn
def carriers(missed: Sequence[Summary], published: float, output: float) -> Figure:
    """Draw 1 - |correlation| of a network's best neuron with the inner step, layer by layer.

    Lines stand at the |correlation| that was published and at that of the target itself.
    """
    figure, axes = style.new()
    for layer, values in enumerate(missed, start=1):
        aside = layer + np.linspace(-0.25, 0.25, len(values.members))
        axes.plot(aside, values.members, ".", color=MEASURED, alpha=0.4)
        axes.plot([layer - 0.3, layer + 0.3], [values.value] * 2, color=MEASURED, lw=3)
    axes.axhline(1 - published, color=COLOUR, label="as published, third layer")
    axes.axhline(
        1 - output, color=style.COLOURS["control"], linestyle="dashed", label="output itself"
    )
    axes.set(yscale="log", xticks=range(1, len(missed) + 1), xlabel="hidden layer")
    axes.set_ylabel("1 - largest |correlation| with $g$")
    axes.legend(fontsize="small", loc="lower left")
    return figure


def _ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Write the given ticks on a logarithmic axis, and no others."""
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())
