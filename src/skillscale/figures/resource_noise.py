"""Figures of noisy networks of different widths, in the resource chapter."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.figures import style

__all__ = ["proportions", "singularities"]

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]
MARKERS = "osv^D"


def proportions(
    widths: ArrayLike, ratios: Mapping[str, ArrayLike], best: Mapping[str, ArrayLike]
) -> Figure:
    """Draw the proportion of two subtasks' neurons against the width.

    Args:
        widths: numbers of neurons, shape (width,).
        ratios: by title, N₁/N₂ > 0 at the start and at the end of training, each as value and
            ends of its interval: shape (2, 3, width).
        best: by the same titles, the best proportion: one number, or shape (width,).

    Returns:
        Panels on logarithmic axes: best proportion as a line, start as open markers, end as full
        ones; intervals that reach far beyond all values are cut at the frame.
    """
    x = np.asarray(widths, dtype=float)
    shown = [np.asarray(values, dtype=float)[:, 0] for values in ratios.values()]
    shown += [np.asarray(best[title], dtype=float) for title in ratios]
    limits = min(one.min() for one in shown) / 1.6, max(one.max() for one in shown) * 1.6
    columns = min(2, len(ratios))
    rows = -(-len(ratios) // columns)
    with style.context():
        figure, panels = style.new(
            rows, columns, height=2.5 * rows, sharex=True, sharey=True, squeeze=False
        )
        for axes, (title, values) in zip(panels.flat, ratios.items(), strict=False):
            line = np.broadcast_to(np.asarray(best[title], dtype=float), x.shape)
            axes.plot(x, line, color=COLOUR, label="best")
            for shift, stage, fill, (value, low, high) in zip(
                (0.96, 1.04),
                ("start", "end"),
                ("white", MEASURED),
                np.asarray(values, dtype=float),
                strict=True,
            ):
                errors = np.clip([value - low, high - value], 0, None)
                axes.errorbar(
                    x * shift, value, errors, fmt="o", color=MEASURED, mfc=fill, label=stage
                )
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


def singularities(
    widths: ArrayLike, loss: Mapping[str, ArrayLike], predicted: Mapping[str, ArrayLike]
) -> Figure:
    """Draw N times the loss against N: level where the variation norm is finite, else rising.

    Args:
        widths: numbers of neurons, shape (width,).
        loss: by target, measured, shape (member, width).
        predicted: by the same targets, shape (width,).

    Returns:
        One panel on logarithmic axes: predictions as lines, medians over members as points with
        bars from the least to the largest.
    """
    x = np.asarray(widths, dtype=float)
    with style.context():
        figure, axes = style.new(height=3.8)
        axes.plot([], [], color=COLOUR, label="least loss, no fit")
        for place, (name, values) in enumerate(loss.items()):
            axes.plot(x, x * np.asarray(predicted[name], dtype=float), color=COLOUR)
            scaled = x * np.asarray(values, dtype=float)
            middle = np.median(scaled, axis=0)
            axes.errorbar(
                x * 1.05 ** (place - len(loss) // 2),
                middle,
                [middle - scaled.min(axis=0), scaled.max(axis=0) - middle],
                fmt=MARKERS[place % len(MARKERS)],
                color=MEASURED,
                mfc="white" if place % 2 else MEASURED,
                markersize=5,
                label=name,
            )
        axes.set(xscale="log", yscale="log", xlabel="neurons $N$", ylabel=r"$N\times$ loss")
        axes.set_xticks(x, [f"{width:g}" for width in x])
        axes.minorticks_off()
        axes.legend(fontsize="small")
    return figure
