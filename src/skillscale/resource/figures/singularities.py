"""Figures of noisy networks of different widths, in the resource chapter."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]
MARKERS, FILL = "osv^D", (MEASURED, "white")


@style.drawn
def proportions(
    widths: ArrayLike, ratios: Mapping[str, tuple[Summary, Summary]], best: Mapping[str, ArrayLike]
) -> Figure:
    """Draw the proportion N₁/N₂ of two subtasks' neurons against the width, a panel a title.

    Ratios are those at the start and at the end of training; the best is one number or (width,).
    Intervals that reach far beyond all values are cut at the frame.
    """
    x = np.asarray(widths, dtype=float)
    shown = [found.value for pair in ratios.values() for found in pair]
    shown += [np.asarray(best[title], dtype=float) for title in ratios]
    limits = min(one.min() for one in shown) / 1.6, max(one.max() for one in shown) * 1.6
    columns = min(2, len(ratios))
    rows = -(-len(ratios) // columns)
    figure, panels = style.new(
        rows, columns, height=2.5 * rows, sharex=True, sharey=True, squeeze=False
    )
    for axes, (title, values) in zip(panels.flat, ratios.items(), strict=False):
        line = np.broadcast_to(np.asarray(best[title], dtype=float), x.shape)
        axes.plot(x, line, color=COLOUR, label="best")
        start, end = values
        style.bars(axes, x * 0.96, start, ms=6, mfc="white", label="start")
        style.bars(axes, x * 1.04, end, ms=6, label="end")
        axes.set(xscale="log", yscale="log", title=title, ylim=limits)
        axes.set_xticks(x, [f"{width:g}" for width in x])
        axes.set_yticks([0.25, 0.5, 1, 2, 4, 8], ["¼", "½", "1", "2", "4", "8"])
        axes.minorticks_off()
    for axes in panels.flat[len(ratios) :]:
        axes.set_axis_off()
    panels[0, 0].legend(fontsize="small")
    for place in range(columns):
        bottom = panels[(len(ratios) - 1 - place) // columns, place]
        bottom.tick_params(labelbottom=True)
        bottom.set_xlabel("neurons $N$")
    for axes in panels[:, 0]:
        axes.set_ylabel("$N_1/N_2$")
    return figure


@style.drawn
def singularities(
    widths: ArrayLike, loss: Mapping[str, Summary], predicted: Mapping[str, ArrayLike]
) -> Figure:
    """Draw N times the loss against N: level where the variation norm is finite, else rising.

    Measured are, by target, N times the loss; predicted is the loss itself.
    """
    x = np.asarray(widths, dtype=float)
    figure, axes = style.new(height=3.8)
    axes.plot([], [], color=COLOUR, label="least loss, no fit")
    for place, (name, values) in enumerate(loss.items()):
        axes.plot(x, x * np.asarray(predicted[name], dtype=float), color=COLOUR)
        at, mark = x * 1.05 ** (place - len(loss) // 2), MARKERS[place % len(MARKERS)]
        style.bars(axes, at, values, fmt=mark, ms=5, mfc=FILL[place % 2], label=name)
    axes.set(xscale="log", yscale="log", xlabel="neurons $N$", ylabel=r"$N\times$ loss")
    axes.set_xticks(x, [f"{width:g}" for width in x])
    axes.minorticks_off()
    axes.legend(fontsize="small")
    return figure
