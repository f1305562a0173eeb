"""Figures of two remedies against dominoes, and of what noise does to one of them."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL, _CONTRAST = style.COLOURS["control"], style.COLOURS["resource"]
_MARKERS = (("o", _MEASURED), ("s", _THEORY), ("v", _CONTRAST))


@style.drawn
def remedies(panels: dict[str, dict[str, Floats]], *, end: float) -> Figure:
    """Draw the time of the rare task over that of the common one, a point a network.

    Times come by title and label, (2, member); tasks not learned (nan) are drawn at `end`.
    """
    figure, axes = style.new(1, len(panels), width=7.4, height=3.5, sharex=True, sharey=True)
    first = min(np.nanmin(times) for arms in panels.values() for times in arms.values())
    line = np.array([0.8 * first, 1.2 * end])
    ticks = [tick for tick in (10, 30, 100, 300, 1000, 3000) if line[0] <= tick <= line[1]]
    for ax, (title, arms) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        ax.loglog(line, line, color=_CONTROL, lw=0.8, zorder=0)
        for (label, times), (marker, colour) in zip(arms.items(), cycle(_MARKERS), strict=False):
            ax.loglog(*np.nan_to_num(times, nan=end), marker, color=colour, alpha=0.6, label=label)
        ax.set(title=title, xlabel="step: common task")
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.set_yticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
    np.atleast_1d(axes)[0].set_ylabel("step: rare task")
    np.atleast_1d(axes)[-1].legend(fontsize="small", loc="lower right")
    return figure


@style.drawn
def noisy(
    steps: Floats, losses: dict[str, Summary], titles: tuple[str, str], *, learned: float
) -> Figure:
    """Draw errors (step, 2) of the common and the rare task by label, and the level `learned`."""
    figure, axes = style.new(1, 2, width=7.4, height=3.4, sharey=True)
    for task, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        ax.axhline(learned, color=_CONTROL, lw=0.8, zorder=0)
        for (label, values), (_, colour) in zip(losses.items(), cycle(_MARKERS), strict=False):
            curves = values[..., task]
            ax.semilogy(steps, curves.members.T, color=colour, lw=0.5, alpha=0.3)
            ax.semilogy(steps, curves.value, color=colour, label=label)
        ax.set(title=title, xlabel="Adam step")
    axes[0].set_ylabel("error against clean targets")
    axes[1].legend(fontsize="small")
    return figure
