"""Figures of networks under a weight penalty, in the resource chapter."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike

from skillscale.figures import style

__all__ = ["shares", "sparse"]

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]
MARKERS = "os^v"


def sparse(
    neurons: Mapping[str, ArrayLike],
    loss: Mapping[str, ArrayLike],
    weight: Mapping[str, ArrayLike],
    predicted: tuple[ArrayLike, ArrayLike, ArrayLike],
) -> Figure:
    """Draw loss and input weight against the neurons in use.

    Args:
        neurons: by penalty, shape (strength, member); networks without neurons are left out.
        loss: mean squared error, shaped alike.
        weight: typical size of an input weight, shaped alike.
        predicted: neurons, loss and weight along the predicted curve.

    Returns:
        Two panels on logarithmic axes: prediction as a line, networks as points.
    """
    count, *curves = (np.asarray(values, dtype=float) for values in predicted)
    with style.context():
        figure, panels = style.new(2, 1, height=5.6, sharex=True)
        labels = ("mean squared error", "input weight $w$")
        for axes, line, measured, label in zip(panels, curves, (loss, weight), labels, strict=True):
            axes.plot(count, line, color=COLOUR, label="balance of pairs, no fit")
            for marker, (name, values) in zip(MARKERS, measured.items(), strict=False):
                x, y = (np.asarray(v, dtype=float).ravel() for v in (neurons[name], values))
                axes.plot(
                    x[x > 0],
                    y[x > 0],
                    marker,
                    color=MEASURED,
                    mfc="white" if marker != MARKERS[0] else MEASURED,
                    alpha=0.5,
                    markersize=4,
                    label=name,
                )
            axes.set(xscale="log", yscale="log", ylabel=label)
        for axis, ticks in (
            (panels[1].xaxis, [2, 4, 8, 16, 32, 64]),
            (panels[1].yaxis, [0.5, 0.7, 1.0, 1.4]),
        ):
            axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
            axis.set_minor_locator(NullLocator())
        panels[0].legend(fontsize="small")
        panels[1].set_xlabel("neurons in use $N$")
    return figure


def shares(weights: ArrayLike, ratios: Mapping[str, ArrayLike], powers: Sequence[float]) -> Figure:
    """Draw ratios of two subtasks against the ratio of their weights.

    Args:
        weights: weights β of the first subtask, shape (weight,).
        ratios: by name, measured ratios, shape (weight, member), all > 0.
        powers: predicted power of β/(1-β), one per name.

    Returns:
        One panel per name, predictions as lines, networks as points.
    """
    beta = np.asarray(weights, dtype=float)
    x = beta / (1 - beta)
    grid = np.geomspace(x.min(), x.max(), 50)
    with style.context():
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
