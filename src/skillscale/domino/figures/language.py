"""Figures of a language model under speed-ups found elsewhere."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]
# Okabe and Ito's palette without yellow, which is faint on white
_ARMS = ("#333333", "#8A4F9E", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
_MARKS = "osvD^Pd"


@style.drawn
def tuning(rates: dict[str, Floats], losses: dict[str, Floats]) -> Figure:
    """Draw by arm the final held-out loss over the rates tried; the best rate's mark is filled."""
    figure, axes = style.new(height=3.9)
    for (label, tried), colour, mark in zip(
        rates.items(), cycle(_ARMS), cycle(_MARKS), strict=False
    ):
        loss, best = losses[label], int(np.nanargmin(losses[label]))
        axes.semilogx(tried, loss, mark, ls="-", color=colour, mfc="white", lw=1.2, label=label)
        axes.semilogx(tried[best], loss[best], mark, color=colour)
    axes.set(xlabel="largest learning rate", ylabel="final held-out loss (nats)")
    axes.legend(fontsize="small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.28))
    return figure


@style.drawn
def loss_changes(steps: Floats, changes: dict[str, Summary]) -> Figure:
    """Draw how far each arm's held-out loss (step,) lies above its seed's baseline, in nats."""
    figure, axes = style.new(height=4.1)
    axes.axhline(0, color=_MEASURED, lw=1)
    for (label, values), colour, mark in zip(
        changes.items(), cycle(_ARMS[1:]), cycle(_MARKS[1:]), strict=False
    ):
        style.band(axes, steps, values, marker=mark, markevery=4, ms=5, color=colour, label=label)
    axes.set(xlabel="step", ylabel="loss above AdamW's (nats)")
    axes.legend(fontsize="small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.26))
    return figure


@style.drawn
def group_changes(changes: dict[str, Summary], groups: list[str]) -> Figure:
    """Draw by arm the final held-out loss (group,) above that of its seed's baseline, in nats."""
    figure, axes = style.new(height=1.3 + 0.62 * len(changes))
    shifts = np.linspace(-0.25, 0.25, len(groups))
    colours = (_MEASURED, "#0072B2", "#D55E00", _THEORY)
    axes.axvline(0, color=_CONTROL, lw=1, zorder=0)
    for row, values in enumerate(changes.values()):
        for g, (group, shift) in enumerate(zip(groups, shifts, strict=True)):
            style.bars(
                axes, row + shift, values[g], horizontal=True, fmt=_MARKS[g], ms=5, lw=1.4,
                color=colours[g % len(colours)], label="" if row else group,
            )  # fmt: skip
    axes.set_yticks(range(len(changes)), list(changes))
    axes.invert_yaxis()
    axes.set_xlabel("final loss above AdamW's (nats)")
    axes.legend(fontsize="small", ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    return figure


@style.drawn
def speed_ups(ratios: dict[str, Summary]) -> Figure:
    """Draw by arm the baseline's steps over the arm's to one loss, a point a network."""
    figure, axes = style.new(height=1.0 + 0.42 * len(ratios))
    axes.axvline(1, color=_CONTROL, lw=1, zorder=0)
    for row, values in enumerate(ratios.values()):
        every = np.full(len(values.members), row)
        axes.semilogx(values.members, every, "o", color=_MEASURED, ms=4, alpha=0.4)
        look: dict[str, Any] = {"fmt": "|", "color": _THEORY, "ms": 7, "lw": 3}
        style.bars(axes, row + 0.22, values, horizontal=True, **look)
    axes.margins(y=0.12)
    axes.set_yticks(range(len(ratios)), list(ratios))
    axes.invert_yaxis()
    ticks = [0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("speed-up: steps of AdamW / steps of the arm")
    return figure
