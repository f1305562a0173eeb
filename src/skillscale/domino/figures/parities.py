"""Figures of two skills, one of them rare: together, alone, and in the resource model."""

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
def waste(learned: dict[str, Floats], supply: dict[str, Floats]) -> Figure:
    """Draw learned fractions (point, skill), a panel per label, over the resource given."""
    figure, axes = style.new(1, len(learned), width=7.6, height=2.9, sharey=True)
    for ax, (label, curves) in zip(axes, learned.items(), strict=True):
        ax.plot(supply[label], curves, color=_THEORY, lw=1.3)
        ax.set(title=label, xlabel=r"resource $\eta t$ (skills)")
    axes[0].set_ylabel(r"learned fraction $1-u_k$")
    return figure


@style.drawn
def two_parities(steps: Floats, accuracy: Summary) -> Figure:
    """Draw accuracies (arm, step, task) of both tasks together and of the rare one alone."""
    figure, axes = style.new(height=3.5)
    curves = (
        (0, 0, _CONTROL, ":", "common, together"),
        (0, 1, _MEASURED, "-", "rare, together"),
        (1, 1, _THEORY, "--", "rare, alone"),
    )
    for arm, task, colour, line, label in curves:
        found = accuracy[arm, :, task]
        axes.plot(steps, found.members.T, line, color=colour, lw=0.6, alpha=0.4)
        axes.plot(steps, found.value, line, color=colour, label=label)
    axes.axhline(0.95, color=_CONTROL, lw=0.8, zorder=0)
    axes.set(xlabel="Adam step", ylabel="accuracy on all samples", ylim=(0.45, 1.02))
    axes.legend(loc="lower right", fontsize="small")
    return figure


@style.drawn
def delays(
    ratios: Floats, curves: dict[str, Floats], measured: dict[str, tuple[Floats, Summary]]
) -> Figure:
    """Draw time ratios over frequency ratios: curves, and every network with the centre.

    Measured are, by label, frequency ratios (fraction,) and time ratios (fraction, member).
    """
    figure, axes = style.new(height=3.8)
    axes.loglog(ratios, ratios, color=_CONTROL, lw=1, label="proportional")
    for (label, curve), line in zip(curves.items(), cycle(("-", "--", ":", "-.")), strict=False):
        axes.loglog(ratios, curve, line, color=_THEORY, label=label)
    for (label, (at, values)), marker in zip(measured.items(), cycle("osv"), strict=False):
        axes.loglog(at, values.members.T, marker, color=_MEASURED, ms=3, alpha=0.25)
        axes.loglog(at, values.value, marker, color=_MEASURED, ms=7, mfc="none", label=label)
    axes.set(xlabel=r"frequency ratio $p_1/p_2$", ylabel=r"time ratio $t_2/t_1$")
    axes.legend(fontsize="small")
    return figure


@style.drawn
def competition(ratios: Floats, company: dict[str, Summary]) -> Figure:
    """Draw how much longer (fraction,) the rare task takes in company, over the frequency ratio."""
    figure, axes = style.new(height=3.5)
    shifts = np.geomspace(0.96, 1.04, len(company))
    axes.axhline(1, color=_CONTROL, lw=0.8, zorder=0)
    for (label, values), (marker, colour), shift in zip(
        company.items(), cycle(_MARKERS), shifts, strict=False
    ):
        at = ratios * shift
        axes.loglog(at, values.members.T, marker, color=colour, ms=3, alpha=0.25)
        axes.loglog(at, values.value, marker, color=colour, ms=7, mfc="none", label=label)
    axes.set(xlabel=r"frequency ratio $p_1/p_2$", ylabel="rare task: in company / alone")
    axes.set_yticks([1, 2, 3, 4], ["1", "2", "3", "4"])
    axes.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
    axes.minorticks_off()
    axes.legend(fontsize="small")
    return figure
