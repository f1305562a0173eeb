"""Figures of the multilinear model trained by gradient descent, beside its closed forms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["skill_basis"], style.COLOURS["measured"]
_CONTROL, _OTHER = style.COLOURS["control"], style.COLOURS["quantization"]
_LABELS = {
    "T": r"time $T$",
    "D": r"samples $D$",
    "N": r"representable skills $N$",
    "C": r"compute $C=N\,T$, best split",
}


@style.drawn
def scaling_laws(
    x: Mapping[str, Floats],
    raw: Mapping[str, Summary],
    completed: Mapping[str, Summary],
    law: Mapping[str, Floats],
) -> Figure:
    """Draw the loss against "T", "D", "N", "C": raw, with the missing tail, and the power law."""
    figure, axes = style.new(2, 2, height=5.4)
    for axis, (name, amounts) in zip(axes.flat, x.items(), strict=True):
        axis.loglog(amounts, law[name], color=_THEORY, lw=3.5, alpha=0.55, label="power law")
        _points(axis, amounts, completed[name], "o", "measured, tail added")
        _points(axis, amounts, raw[name], "x", "measured, raw")
        axis.set(xlabel=_LABELS[name], ylabel="loss")
        _few_ticks(axis)
    axes[0, 0].legend(loc="lower left", fontsize="small")
    return figure


@style.drawn
def few_shot(
    share: Floats, strength: Mapping[int, Summary], curve: Floats, forms: Mapping[str, Floats]
) -> Figure:
    """Draw strengths R/S by D_c against samples over D_c, with the two closed forms for them.

    `forms` hold "projection" and "loss_matched", at the shares of `curve`.
    """
    figure, axes = style.new(height=3.8)
    axes.plot(curve, forms["projection"], color=_THEORY, lw=3, alpha=0.6)
    axes.plot(curve, forms["loss_matched"], color=_OTHER, lw=2, ls="--")
    axes.plot([], [], color=_THEORY, lw=3, alpha=0.6, label=r"$d/D_c$, by the definition")
    axes.plot([], [], color=_OTHER, ls="--", label=r"$1-\sqrt{1-d/D_c}$, as published")
    shift = 0.012 * (np.arange(len(strength)) - (len(strength) - 1) / 2)
    for offset, marker, (count, values) in zip(shift, "osD^v", strength.items(), strict=False):
        label = f"trained, $D_c={count}$"
        style.bars(axes, share + offset, values, fmt=marker, alpha=0.85, label=label)
    axes.set(xlabel=r"samples of the skill, $d/D_c$", ylabel=r"strength $R/S$")
    axes.legend(loc="upper left", fontsize="small")
    return figure


@style.drawn
def compute_frontier(
    C: Floats,
    sizes: Mapping[int, tuple[Floats, Floats]],
    best: Summary,
    law: Floats,
    plotted: Floats,
) -> Figure:
    """Draw the loss against compute for some sizes, their lower envelope and two laws for it.

    Args:
        C: Compute along the envelope `best` and the laws.
        sizes: For some N the pair of C = N·T and the loss.
        law: With the derived constant; `plotted` with that of the published figure.
    """
    figure, axes = style.new(height=3.8)
    for compute, loss in sizes.values():
        axes.loglog(compute, loss, color=_CONTROL, lw=0.9)
    axes.loglog([], [], color=_CONTROL, lw=0.9, label=f"one size, $N={min(sizes)}$ to {max(sizes)}")
    axes.loglog(C, law, color=_THEORY, lw=3.5, alpha=0.55, label="law, derived constant")
    axes.loglog(C, plotted, color=_OTHER, ls="--", label="law, published constant")
    _points(axes, C, best, "o", "best size, trained")
    axes.set(xlabel=r"compute $C=N\,T$", ylabel="loss with missing tail")
    axes.set_xlim(C.min() / 1.5, C.max() * 1.5)
    axes.set_ylim(min(best.members.min(), plotted.min()) / 1.15, best.members.max() * 1.6)
    _few_ticks(axes)
    axes.legend(loc="upper right", fontsize="small")
    return figure


def _points(axes: Axes, x: Floats, found: Summary, marker: str, label: str) -> None:
    fill = "none" if marker == "o" else _MEASURED
    style.bars(axes, x, found, fmt=marker, ms=3.5, lw=0.9, mfc=fill, mew=0.9, label=label)


def _few_ticks(axes: Axes) -> None:
    """Label a short logarithmic axis at round numbers only."""
    low, high = axes.get_ylim()
    ticks = [m * 10.0**e for e in range(-6, 4) for m in (1, 2, 5)]
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.set_yticks([], minor=True)
