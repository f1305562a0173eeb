"""Figures of the geometry chapter."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["geometry"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]


@style.drawn
def skill_curves(
    steps: Floats, measured: dict[str, Floats], predicted: dict[str, Floats], other: Floats
) -> Figure:
    """Draw learned fractions over time, one panel per optimizer, theory over measurement.

    Unlearned fractions come by "sign" and "sgd", measured (member, step, skill) and predicted
    (step, skill); `other` is the form with the sum of demands, drawn beside sign descent.
    """
    figure, axes = style.new(1, 2, width=7.6, height=3.4, sharey=True)
    titles = {"sign": "sign descent", "sgd": "gradient descent"}
    for ax, (name, title) in zip(axes, titles.items(), strict=True):
        for member in measured[name]:
            ax.plot(steps, 1 - member, color=_MEASURED, lw=0.6, alpha=0.35)
        ax.plot(steps, 1 - predicted[name], color=_THEORY, lw=1.6)
        ax.set(title=title, xlabel="step", ylim=(-0.03, 1.08))
    axes[0].plot(steps, 1 - other, color=_CONTROL, lw=1.1, ls="--")
    axes[1].set(xscale="log", xlim=(steps[1], steps[-1]))
    axes[0].set_ylabel(r"learned fraction $1-u_k$")
    for colour, line, label in (
        (_MEASURED, "-", "simulation"),
        (_THEORY, "-", "mean field"),
        (_CONTROL, "--", "sum form"),
    ):
        axes[0].plot([], [], color=colour, ls=line, label=label)
    axes[0].legend(loc="lower right", fontsize="small")
    return figure


@style.drawn
def two_skills(
    ratios: Floats, measured: dict[str, Summary], fine: Floats, predicted: dict[str, Floats]
) -> Figure:
    """Draw ratios of completion times by label over frequency ratios; curves are at `fine` ones."""
    figure, axes = style.new(height=3.6)
    markers = cycle("os^")
    for style_, (label, curve) in zip(cycle(("-", "--", ":")), predicted.items(), strict=False):
        axes.loglog(fine, curve, style_, color=_THEORY, label=label)
    for label, ratio in measured.items():
        style.bars(axes, ratios, ratio, fmt=next(markers), ms=5, label=label)
    axes.set(xlabel=r"frequency ratio $p_1/p_2$", ylabel=r"time ratio $t_2/t_1$")
    axes.legend(fontsize="small")
    return figure


@style.drawn
def panels(learned: dict[str, Floats], times: dict[str, Floats]) -> Figure:
    """Draw learned fractions (t, skill) over their `times` (t,), a panel per label."""
    figure, axes = style.new(1, len(learned), width=7.6, height=2.8, sharey=True)
    for ax, (label, curves) in zip(axes, learned.items(), strict=True):
        ax.plot(times[label], curves, color=_THEORY, lw=1.3)
        ax.set(title=label, xlabel="step")
    axes[0].set_ylabel(r"learned fraction $1-u_k$")
    return figure
