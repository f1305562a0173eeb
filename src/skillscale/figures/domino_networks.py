"""Figures of the domino chapter's networks: competition, composition, and two remedies."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.figures import style
from skillscale.figures.domino import middles

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL, _CONTRAST = style.COLOURS["control"], style.COLOURS["resource"]
_MARKERS = (("o", _MEASURED), ("s", _THEORY), ("v", _CONTRAST))


def competition(ratios: Floats, company: dict[str, Floats]) -> Figure:
    """Draw how much longer the rare task takes in company, over the frequency ratio.

    Args:
        ratios: Frequency ratios, shape (fraction,).
        company: By label, time in company over time alone, shape (fraction, member).
    """
    figure, axes = style.new(height=3.5)
    shifts = np.geomspace(0.96, 1.04, len(company))
    with style.context():
        axes.axhline(1, color=_CONTROL, lw=0.8, zorder=0)
        for (label, values), (marker, colour), shift in zip(
            company.items(), cycle(_MARKERS), shifts, strict=False
        ):
            at = ratios * shift
            axes.loglog(at, values, marker, color=colour, ms=3, alpha=0.25)
            axes.loglog(at, middles(values), marker, color=colour, ms=7, mfc="none", label=label)
        axes.set(xlabel=r"frequency ratio $p_1/p_2$", ylabel="rare task: in company / alone")
        axes.set_yticks([1, 2, 3, 4], ["1", "2", "3", "4"])
        axes.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
        axes.minorticks_off()
        axes.legend(fontsize="small")
    return figure


def composition(
    steps: Floats, parents: Floats, third: dict[str, Floats], model: Floats | None = None
) -> Figure:
    """Draw accuracies of two parents and of a third task in several kinds of company.

    Args:
        steps: Steps, shape (step,).
        parents: Accuracies of the parents, shape (curve, step).
        third: Accuracies of the third task by label, shape (member, step).
        model: Accuracies of parent and child in a model, shape (step, 2).
    """
    figure, axes = style.new(height=3.6)
    colours = cycle((_THEORY, _MEASURED, _CONTRAST))
    with style.context():
        axes.plot(steps, parents.T, ":", color=_CONTROL, lw=0.5, alpha=0.5)
        axes.plot(steps, np.median(parents, 0), ":", color=_CONTROL, label="parents")
        for (label, curves), colour in zip(third.items(), colours, strict=False):
            axes.plot(steps, curves.T, color=colour, lw=0.5, alpha=0.3)
            axes.plot(steps, np.median(curves, 0), color=colour, label=label)
        if model is not None:
            axes.plot(steps, model, "--", color=_CONTROL, lw=1.2)
            axes.plot([], [], "--", color=_CONTROL, lw=1.2, label="gated dynamics")
        axes.set(xlabel="Adam step", ylabel="accuracy", ylim=(0.45, 1.02))
        axes.legend(loc="lower right", fontsize="small")
    return figure


def remedies(panels: dict[str, dict[str, Floats]], *, end: float) -> Figure:
    """Draw the time of the rare task over that of the common one, a point a network.

    Args:
        panels: By title and label, times of the two tasks, shape (2, member); nan: not learned.
        end: Number of steps, where tasks that were not learned are drawn.
    """
    figure, axes = style.new(1, len(panels), width=7.4, height=3.5, sharex=True, sharey=True)
    first = min(np.nanmin(times) for arms in panels.values() for times in arms.values())
    line = np.array([0.8 * first, 1.2 * end])
    ticks = [tick for tick in (10, 30, 100, 300, 1000, 3000) if line[0] <= tick <= line[1]]
    with style.context():
        for ax, (title, arms) in zip(np.atleast_1d(axes), panels.items(), strict=True):
            ax.loglog(line, line, color=_CONTROL, lw=0.8, zorder=0)
            for (label, times), (marker, colour) in zip(
                arms.items(), cycle(_MARKERS), strict=False
            ):
                ax.loglog(
                    *np.nan_to_num(times, nan=end), marker, color=colour, alpha=0.6, label=label
                )
            ax.set(title=title, xlabel="step: common task")
            ax.set_xticks(ticks, [str(tick) for tick in ticks])
            ax.set_yticks(ticks, [str(tick) for tick in ticks])
            ax.minorticks_off()
        np.atleast_1d(axes)[0].set_ylabel("step: rare task")
        np.atleast_1d(axes)[-1].legend(fontsize="small", loc="lower right")
    return figure


def noisy(
    steps: Floats, losses: dict[str, Floats], titles: tuple[str, str], *, learned: float
) -> Figure:
    """Draw errors of the common and the rare task over training, a panel each.

    Args:
        steps: Steps, shape (step,).
        losses: Mean squared errors by label, shape (member, step, 2).
        titles: Titles of the panels.
        learned: Level below which a task counts as learned.
    """
    figure, axes = style.new(1, 2, width=7.4, height=3.4, sharey=True)
    with style.context():
        for task, (ax, title) in enumerate(zip(axes, titles, strict=True)):
            ax.axhline(learned, color=_CONTROL, lw=0.8, zorder=0)
            for (label, values), (_, colour) in zip(losses.items(), cycle(_MARKERS), strict=False):
                curves = values[..., task]
                ax.semilogy(steps, curves.T, color=colour, lw=0.5, alpha=0.3)
                ax.semilogy(steps, np.median(curves, 0), color=colour, label=label)
            ax.set(title=title, xlabel="Adam step")
        axes[0].set_ylabel("error against clean targets")
        axes[1].legend(fontsize="small")
    return figure
