"""Figures of the geometry chapter: the race of optimizers, and directions learned in turn."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["geometry"], style.COLOURS["measured"]
_LINES = ("-", "-", "-", "--", "--", ":", ":")
_RULES = ("#0072B2", "#D55E00", "#009E73", "#333333", "#8A4F9E", "#B8860B", "#CC79A7")
_TICKS = (0.001, 0.01, 0.1, 0.2, 0.5, 1.0)


@style.drawn
def race(steps: Floats, losses: dict[str, dict[str, Floats]]) -> Figure:
    """Draw losses (step,) on logarithmic axes, a panel per condition, a line per rule."""
    columns = min(3, len(losses))
    rows = -(-len(losses) // columns)
    figure, axes = style.new(rows, columns, width=2.7 * columns, height=2.5 * rows, sharex=True)
    panels = np.atleast_1d(axes).ravel()
    for ax, (title, curves) in zip(panels, losses.items(), strict=False):
        for (label, curve), colour, line in zip(
            curves.items(), cycle(_RULES), cycle(_LINES), strict=False
        ):
            ax.loglog(steps, curve, line, color=colour, lw=1.4, label=label)
        ax.set_title(title)
        _label_losses(ax, max(ax.get_ylim()[0], 1e-3), 1.2)
    for ax in panels[-columns:]:
        ax.set_xlabel("step")
    for ax in panels[::columns]:
        ax.set_ylabel("loss (nats)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@style.drawn
def tuning(
    rates: Floats, losses: dict[str, dict[str, Floats]], chosen: dict[str, dict[str, int]]
) -> Figure:
    """Draw the loss (rate,) of the judged seeds, a panel per condition, a line per rule.

    Marked is the rate whose index the tuning seeds chose.
    """
    figure, axes = style.new(1, len(losses), width=3.4 * len(losses), height=3.6)
    panels = np.atleast_1d(axes)
    for ax, (title, curves) in zip(panels, losses.items(), strict=True):
        for (label, curve), colour, line in zip(
            curves.items(), cycle(_RULES), cycle(_LINES), strict=False
        ):
            ax.loglog(rates, curve, line, color=colour, lw=1.4, label=label)
            at = chosen[title][label]
            ax.plot(rates[at], curve[at], "o", color=colour, ms=5)
        lowest = min(float(curve.min()) for curve in curves.values())
        _label_losses(ax, 0.9 * lowest, max(1.2, 2 * lowest))
        ax.set(title=title, xlabel="learning rate (own unit)")
    panels[0].set_ylabel("loss (nats)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@style.drawn
def directions(
    times: dict[str, Floats],
    measured: dict[str, Floats],
    predicted: dict[str, Floats],
    *,
    logarithmic: tuple[str, ...] = (),
) -> Figure:
    """Draw what is left, |x_i|, of each direction over time, (time, direction), a panel per label.

    The panels of `logarithmic` labels have a logarithmic time axis.
    """
    figure, axes = style.new(1, len(times), width=2.7 * len(times), height=3.0, sharey=True)
    panels = np.atleast_1d(axes)
    for ax, (label, t) in zip(panels, times.items(), strict=True):
        ax.plot(t, predicted[label], color=_THEORY, lw=1.6)
        ax.plot(t, measured[label], "o", color=_MEASURED, ms=2.2)
        ax.set(title=label, xlabel="step", ylim=(-0.05, 1.1))
        if label in logarithmic:
            ax.set_xscale("log")
        else:
            ax.locator_params(axis="x", nbins=3)
    panels[0].set_ylabel(r"what is left, $|x_i|$")
    panels[0].plot([], [], color=_THEORY, label="theory")
    panels[0].plot([], [], "o", color=_MEASURED, ms=3, label="simulation")
    panels[0].legend(fontsize="small", loc="upper right")
    return figure


@style.drawn
def overlapping(steps: Floats, measured: Floats, predicted: Floats) -> Figure:
    """Draw learned fractions of skills that overlap, simulation over theory.

    Given are the unlearned ones of one seed, (step, skill), most frequent first.
    """
    figure, ax = style.new(height=3.4)
    shades = np.linspace(1.0, 0.3, measured.shape[-1])
    for skill, shade in enumerate(shades):
        ax.plot(steps, 1 - predicted[:, skill], color=_THEORY, alpha=shade, lw=1.2)
        ax.plot(steps, 1 - measured[:, skill], "o", color=_MEASURED, alpha=shade, ms=2)
    ax.axhline(0, color=style.COLOURS["control"], lw=0.7, zorder=0)
    ax.plot([], [], color=_THEORY, label="mean field")
    ax.plot([], [], "o", color=_MEASURED, ms=3, label="simulation")
    ax.set(xlabel="step", ylabel=r"learned fraction $t_k\cdot\theta$")
    ax.legend(fontsize="small", loc="lower right")
    return figure


def _label_losses(ax: Axes, low: float, high: float) -> None:
    """Limit a logarithmic axis of losses and label it by plain numbers."""
    ax.set_yticks(_TICKS, labels=[f"{tick:g}" for tick in _TICKS])
    ax.set_yticks([], minor=True)
    ax.set_ylim(low, high)
