"""Figures of the domino chapter."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.figures import style

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]


def waste(learned: dict[str, Floats], supply: dict[str, Floats]) -> Figure:
    """Draw learned fractions (t, skill), a panel per label, over the resource given.

    Args:
        learned: Learned fractions by label, shape (point, skill).
        supply: Resource given so far by label, in skills, shape (point,).
    """
    figure, axes = style.new(1, len(learned), width=7.6, height=2.9, sharey=True)
    with style.context():
        for ax, (label, curves) in zip(axes, learned.items(), strict=True):
            ax.plot(supply[label], curves, color=_THEORY, lw=1.3)
            ax.set(title=label, xlabel=r"resource $\eta t$ (skills)")
        axes[0].set_ylabel(r"learned fraction $1-u_k$")
    return figure


def two_parities(steps: Floats, accuracy: Floats) -> Figure:
    """Draw accuracies (member, arm, step, task) of both tasks together and the rare one alone."""
    figure, axes = style.new(height=3.5)
    curves = (
        (0, 0, _CONTROL, ":", "common, together"),
        (0, 1, _MEASURED, "-", "rare, together"),
        (1, 1, _THEORY, "--", "rare, alone"),
    )
    with style.context():
        for arm, task, colour, line, label in curves:
            for member in accuracy[:, arm, :, task]:
                axes.plot(steps, member, line, color=colour, lw=0.6, alpha=0.4)
            axes.plot(
                steps, np.median(accuracy[:, arm, :, task], 0), line, color=colour, label=label
            )
        axes.axhline(0.95, color=_CONTROL, lw=0.8, zorder=0)
        axes.set(xlabel="Adam step", ylabel="accuracy on all samples", ylim=(0.45, 1.02))
        axes.legend(loc="lower right", fontsize="small")
    return figure


def delays(
    ratios: Floats, curves: dict[str, Floats], measured: dict[str, tuple[Floats, Floats]]
) -> Figure:
    """Draw time ratios over frequency ratios: curves, and every network with the median.

    Args:
        ratios: Frequency ratios of the curves, shape (point,).
        curves: Time ratios by label, shape (point,).
        measured: By label the frequency ratios of networks, shape (fraction,), and their time
            ratios, shape (fraction, member).
    """
    figure, axes = style.new(height=3.8)
    with style.context():
        axes.loglog(ratios, ratios, color=_CONTROL, lw=1, label="proportional")
        for (label, curve), line in zip(
            curves.items(), cycle(("-", "--", ":", "-.")), strict=False
        ):
            axes.loglog(ratios, curve, line, color=_THEORY, label=label)
        for (label, (at, values)), marker in zip(measured.items(), cycle("osv"), strict=False):
            axes.loglog(at, values, marker, color=_MEASURED, ms=3, alpha=0.25)
            axes.loglog(at, middles(values), marker, color=_MEASURED, ms=7, mfc="none", label=label)
        axes.set(xlabel=r"frequency ratio $p_1/p_2$", ylabel=r"time ratio $t_2/t_1$")
        axes.legend(fontsize="small")
    return figure


def local_exponents(
    t: Floats,
    exponents: dict[str, Floats],
    asymptotes: dict[str, float],
    *,
    xlabel: str,
    colour: str = _THEORY,
) -> Figure:
    """Draw local loss exponents -dlnL/dlnT over time, with the levels they tend to.

    Args:
        t: Times, shape (t,).
        exponents: Curves by label, shape (t,).
        asymptotes: Levels by label; a label that is not a curve's is written at the line.
        xlabel: What `t` is.
        colour: Colour of the curves.
    """
    figure, axes = style.new(height=3.4)
    with style.context():
        shades = np.linspace(1.0, 0.4, len(exponents))
        lines = cycle(("-", "--", "-.", ":"))
        for (label, curve), shade, line in zip(exponents.items(), shades, lines, strict=False):
            axes.semilogx(t, curve, line, color=colour, alpha=shade, label=label)
        for label, level in asymptotes.items():
            axes.axhline(level, color=_CONTROL, lw=0.8, zorder=0)
            if label not in exponents:
                axes.annotate(label, (t[0], level), xytext=(2, 3), textcoords="offset points")
        axes.set(xlabel=xlabel, ylabel="local exponent")
        axes.legend(fontsize="small")
    return figure


def middles(values: Floats) -> Floats:
    """Return medians over the last axis; nan, an event that never came, lies beyond all others."""
    medians: Floats = np.median(np.nan_to_num(values, nan=np.inf), axis=-1)
    return medians
