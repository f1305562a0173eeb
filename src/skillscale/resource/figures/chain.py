"""Figures of noisy modules in series, and of noisy networks that see few samples."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]


@style.drawn
def profile(
    x: ArrayLike, error: Mapping[str, ArrayLike], slopes: Mapping[str, ArrayLike]
) -> Figure:
    """Draw where a first module errs, above where the second one is steep, over their means."""
    figure, (above, below) = style.new(2, 1, height=5.0, sharex=True)
    for place, (label, values) in enumerate(error.items()):
        fade = 1 - 0.7 * place / max(len(error) - 1, 1)
        above.plot(x, values, color=MEASURED, alpha=fade, label=label)
    for dash, (label, values) in zip(cycle(("-", "--", ":", "-.")), slopes.items(), strict=False):
        below.plot(x, values, dash, color=COLOUR, label=label)
    above.set_ylabel("squared error\nof module 1 / mean")
    below.set(xlabel="input $x$", ylabel="squared slope\nof module 2 / mean")
    for axes in (above, below):
        axes.axhline(1, color=style.COLOURS["control"], linewidth=0.8)
        axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
        axes.legend(fontsize="small", ncols=3, loc="upper center")
    return figure


@style.drawn
def additivity(width: ArrayLike, ratio: Mapping[str, tuple[Summary, Summary]]) -> Figure:
    """Draw the loss of a chain (width,) over two sums of its modules' losses, a panel a function.

    The sums have the mean slope (open) and the slope at the error (full).
    """
    x = np.asarray(width, dtype=float)
    figure, panels = style.new(1, len(ratio), height=3.2, sharex=True, sharey=True, squeeze=False)
    for axes, (name, (mean, weighted)) in zip(panels.flat, ratio.items(), strict=True):
        axes.axhline(1, color=COLOUR)
        style.bars(axes, x, mean, ms=5, mfc="white", label="mean slope")
        style.bars(axes, x, weighted, ms=5, label="slope at the error")
        axes.set(title=name, xlim=(0, 1.1 * x.max()))
    panels[0, 0].set_ylabel("loss of chain / sum")
    panels[0, len(ratio) // 2].set_xlabel("neurons in each module")
    panels[0, -1].legend(fontsize="small", loc="upper right")
    return figure


@style.drawn
def split(
    share: ArrayLike,
    loss: Mapping[str, ArrayLike],
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    best: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw the loss of a chain against the share of neurons in module 1, by function.

    Losses are (member, split); curves are predicted shares and losses, `best` the best of them.
    """
    figure, axes = style.new(height=3.6)
    looks = zip(cycle(("-", ":", "--", "-.")), cycle("osv^"), loss.items(), strict=False)
    for place, (dash, marker, (name, values)) in enumerate(looks):
        axes.plot(*curves[name], dash, color=COLOUR)
        axes.plot(
            share,
            np.asarray(values, dtype=float).T,
            marker,
            color=MEASURED,
            mfc="white" if place % 2 else MEASURED,
            markersize=4,
            alpha=0.4,
        )
        axes.plot([], [], marker + dash, color=MEASURED, mfc="none", label=name)
        axes.plot(*best[name], "*", color=COLOUR, markersize=13, zorder=5)
    axes.plot([], [], "*", color=COLOUR, markersize=10, label="predicted best")
    axes.set(yscale="log", xlabel="share of neurons in module 1", ylabel="loss", xlim=(0, 1))
    axes.legend(fontsize="small")
    return figure


@style.drawn
def samples(width: ArrayLike, loss: Mapping[int, Summary], whole: Summary) -> Figure:
    """Draw loss against width by number of samples, and after a fit to the whole interval.

    The axis ends at ten times the largest loss of 64 samples and more; others may leave it.
    """
    x = np.asarray(width, dtype=float)
    figure, axes = style.new(height=5.2)
    for place, (size, values) in enumerate(loss.items()):
        shift = x * (1 + 0.012 * (place - len(loss) / 2))
        look: dict[str, Any] = {
            "fmt": "osv^Dph"[place % 7] + "-",
            "mfc": (MEASURED, "white")[place % 2],
        }
        style.bars(axes, shift, values, ms=5, lw=0.8, label=f"{size:,}", **look)
    axes.plot(x, whole.value, color=COLOUR, label="all inputs")
    axes.set(xscale="log", yscale="log", xlabel="neurons $N$", ylabel="expected loss")
    shown = [whole.value, *(loss[size].value for size in loss if size >= 64)]
    axes.set_ylim(0.6 * whole.value.min(), 10 * np.max(shown))
    axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.minorticks_off()
    figure.legend(title="samples $D$", fontsize="small", ncols=4, loc="outside upper center")
    return figure
