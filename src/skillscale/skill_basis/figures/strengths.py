"""Figures of the skill-basis chapter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_MARKERS = "osDv"
_THEORY, _MEASURED = style.COLOURS["skill_basis"], style.COLOURS["measured"]


@style.drawn
def completed_loss(T: Floats, loss: Floats, completed: Floats, law: Floats) -> Figure:
    """Draw a finite sum, the same with its missing tail, and the power law, all shaped like T."""
    figure, axes = style.new(height=3.4)
    axes.loglog(T, law, color=style.COLOURS["control"], lw=4, alpha=0.5, label="power law")
    axes.loglog(T, completed, color=_THEORY, label=r"$L+L_C$")
    axes.loglog(T, loss, color=_THEORY, ls="--", label=r"$L$, exact finite sum")
    axes.set(xlabel=r"time $T$", ylabel=r"loss (½ squared error, $S=1$)")
    axes.legend()
    return figure


@style.drawn
def strengths(steps: Floats, measured: Floats, predicted: Floats) -> Figure:
    """Draw measured strengths (member, step, skill) over predicted ones (step, skill)."""
    figure, axes = style.new(height=3.4)
    for skill in range(predicted.shape[1]):
        axes.plot(steps, predicted[:, skill], color=_THEORY, lw=3, alpha=0.55)
        axes.plot(steps, measured[:, :, skill].T, color=_MEASURED, lw=1)
    axes.plot([], [], color=_THEORY, lw=3, alpha=0.55, label="theory, clock from skill 1")
    axes.plot([], [], color=_MEASURED, lw=1, label="networks")
    _finish(axes, steps, predicted)
    return figure


@style.drawn
def strength_bands(steps: Floats, measured: Summary, predicted: Floats) -> Figure:
    """Draw strengths R/S (step, skill) over training, a band a skill, over predictions."""
    figure, axes = style.new(height=3.4)
    for skill in range(predicted.shape[1]):
        axes.plot(steps, predicted[:, skill], color=_THEORY, lw=1.6, ls="--")
        style.band(axes, steps, measured[:, skill], color=_MEASURED, lw=1.2)
    axes.plot([], [], color=_THEORY, ls="--", lw=1.6, label="theory")
    axes.plot([], [], color=_MEASURED, lw=1.2, label="networks: mean, 95 % interval")
    _finish(axes, steps, predicted)
    return figure


@style.drawn
def blind_ratios(ratios: dict[str, dict[str, Summary]], *, ylabel: str) -> Figure:
    """Draw measured over predicted values of skills 2, 3, …: a panel per system, a row per α."""
    figure, panels = style.new(1, len(ratios), height=3.3, sharey=True, squeeze=False)
    for axes, (title, rows) in zip(panels[0], ratios.items(), strict=True):
        axes.axhspan(0.85, 1.15, color=style.COLOURS["control"], alpha=0.15, lw=0)
        axes.axhline(1, color=_THEORY, lw=1.4)
        for place, (label, found) in enumerate(rows.items()):
            skills = np.arange(2, 2 + found.value.size) + 0.2 * (place - (len(rows) - 1) / 2)
            fill = ("white", _MEASURED)[place % 2]
            style.bars(axes, skills, found, fmt=_MARKERS[place], mfc=fill, label=label)
        axes.set(title=title, xlabel="skill", xticks=range(2, 2 + found.value.size))
    panels[0, 0].set_ylabel(ylabel)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


@style.drawn
def sum_of_sigmoids(
    T: Floats, shares: dict[str, Floats], total: dict[str, Floats], learned: dict[str, Floats]
) -> Figure:
    """Draw, per model, strengths R/S (skill, T) above and the loss (T,) with its shares below."""
    figure, axes = style.new(2, len(total), height=4.6, sharex=True, sharey="row", squeeze=False)
    for column, name in enumerate(total):
        upper, lower = axes[:, column]
        upper.semilogx(T, learned[name].T, color=_THEORY, lw=1.2)
        lower.loglog(T, shares[name].T, color=_THEORY, lw=1.2, alpha=0.7)
        lower.loglog(T, total[name], color=_MEASURED, lw=2.2)
        upper.set(title=name)
        lower.set(xlabel=r"time $T$", ylim=(total[name].max() * 2e-3, total[name].max() * 1.5))
    axes[0, 0].set(ylabel=r"$R_k/S$")
    axes[1, 0].set(ylabel="loss")
    return figure


def _finish(axes: Axes, steps: Floats, predicted: Floats) -> None:
    """Number skills where their predictions (step, skill) cross ½, and label the axes."""
    for skill, crossing in enumerate(steps[np.argmax(predicted > 0.5, axis=0)], start=1):
        axes.annotate(
            f"{skill}", (crossing, 0.5), (-9, 4), textcoords="offset points", color=_THEORY
        )
    axes.axhline(0.5, color=style.COLOURS["control"], lw=0.8, zorder=0)
    axes.set(xlabel="update", ylabel=r"skill strength $R_k/S$", ylim=(-0.03, 1.08))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
