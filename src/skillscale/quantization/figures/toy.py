"""Figures of the quantization model's toy: counts, learning times, fixed data, ideal learners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Estimate, Summary, intervals

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["quantization"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]
_MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Counts:
    """Counts by label, the last drawn darkest, and their law against an amount, all (amount,)."""

    amount: Floats
    count: Mapping[str, Summary]
    line: Floats


@style.drawn
def counts(panels: Mapping[str, Counts], *, xlabel: str) -> Figure:
    """Draw counts against an amount over the line of the law, one panel a title.

    Amounts at which no network has learned anything are left out.
    """
    figure, axes = style.new(1, len(panels), width=7.6, height=3.4, sharey=True, squeeze=False)
    for each, (title, panel) in zip(axes[0], panels.items(), strict=True):
        each.loglog(panel.amount, panel.line, color=_THEORY, lw=3, alpha=0.6, label="law")
        shades = np.linspace(0.35, 1, len(panel.count))
        for (label, count), shade, marker in zip(
            panel.count.items(), shades, _MARKERS, strict=False
        ):
            some = count.value > 0
            look: dict[str, Any] = {"fmt": marker, "lw": 0.8, "alpha": shade, "label": label}
            style.bars(each, panel.amount[some], count[some], **look)
        each.set_title(title)
        each.set_xlabel(xlabel)
        _plain(each, "x", panel.amount[::2])
    axes[0, 0].set_ylabel("skills learned $n$")
    _plain(axes[0, 0], "y", np.array([1.0, 2, 5, 10, 20, 50]))
    axes[0, 0].set_ylim(bottom=0.6)  # means below one are of networks that know next to nothing
    axes[0, -1].legend(fontsize="small")
    return figure


@style.drawn
def learning_times(
    frequency: Floats,
    times: Mapping[str, Floats],
    line: Mapping[str, Floats],
    *,
    horizon: Floats | float,
) -> Figure:
    """Draw the step at which each skill is learned against its frequency (skill,), a panel a rule.

    Times are (seed, skill), nan where not learned; training ended at the horizon, one or one each.
    """
    columns = min(3, len(times))
    rows = -(-len(times) // columns)
    figure, axes = style.new(
        rows, columns, width=7.6, height=1.2 + 2.3 * rows, sharex=True, sharey=True, squeeze=False
    )
    ends = np.broadcast_to(np.asarray(horizon, dtype=np.float64), (len(times),))
    for each, (title, found), end in zip(axes.flat, times.items(), ends, strict=False):
        each.loglog(frequency, line[title], color=_THEORY, lw=2.5, alpha=0.7, label="law")
        each.loglog(
            np.broadcast_to(frequency, found.shape).T, found.T, ".", color=_MEASURED, ms=3,
            alpha=0.5,
        )  # fmt: skip
        each.plot([], [], ".", color=_MEASURED, label="one skill of one network")
        each.axhline(end, color=_CONTROL, lw=0.8, ls="--", zorder=0, label="end of training")
        each.set_title(title)
    for each in axes.flat[len(times) :]:
        each.set_visible(False)
    for each in axes[-1]:
        each.set_xlabel("frequency $P(k)$")
    for each in axes[:, 0]:
        each.set_ylabel("step")
    seen = frequency[np.isfinite(np.concatenate(list(times.values()))).any(0)]
    axes[0, 0].set_xlim(1.6 * frequency.max(), 0.6 * (seen if seen.size else frequency).min())
    known = np.concatenate([found[np.isfinite(found)] for found in times.values()])
    axes[0, 0].set_ylim(known.min() / 2 if known.size else None, 3 * ends.max())
    axes[0, 0].legend(fontsize="x-small", loc="lower right")
    return figure


@style.drawn
def exponents(rows: Mapping[str, Mapping[str, Estimate]], *, law: float, xlabel: str) -> Figure:
    """Draw exponents with intervals, a line a row, a marker a way of reading them."""
    readings = list(dict.fromkeys(reading for row in rows.values() for reading in row))
    figure, axes = style.new(height=1.4 + 0.42 * len(rows))
    axes.axvline(law, color=_THEORY, lw=3, alpha=0.6, zorder=0, label="law")
    shades = np.linspace(1, 0.45, len(readings))
    for index, (reading, marker) in enumerate(zip(readings, _MARKERS, strict=False)):
        shift = 0.5 * ((index + 0.5) / len(readings) - 0.5)
        found = intervals([row.get(reading, Estimate(np.nan)) for row in rows.values()])
        at, shade = np.arange(len(rows)) + shift, shades[index]
        style.bars(axes, at, found, horizontal=True, fmt=marker, alpha=shade, label=reading)
    axes.set_yticks(np.arange(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.set_xlabel(xlabel)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@style.drawn
def steps_and_sum(
    amount: Floats, learned: Floats, frequency: Floats, total_amount: Floats, total: Floats
) -> Figure:
    """Draw what single quanta cost, steps each, and the smooth power law of their sum.

    Args:
        amount: Amounts at which the steps are drawn.
        learned: Amount at which each quantum is learned, shape (quantum,), nan if never.
        frequency: P(k) of these quanta, shape (quantum,).
        total: Loss summed over all quanta at `total_amount`.
    """
    figure, axes = style.new(height=3.6)
    shades = np.linspace(1, 0.3, len(frequency))
    for moment, share, shade in zip(learned, frequency, shades, strict=True):
        end = np.nan_to_num(moment, nan=np.inf)
        axes.plot(amount, np.where(amount < end, share, np.nan), color=_MEASURED, lw=1, alpha=shade)
        if np.isfinite(moment):
            axes.plot(moment, share, "v", color=_MEASURED, ms=4, alpha=shade)
    axes.plot([], [], "v-", color=_MEASURED, lw=1, ms=4, label="one quantum, until learned")
    axes.plot(total_amount, total, color=_THEORY, lw=3, alpha=0.8, label="all quanta together")
    axes.set(xscale="log", yscale="log", xlabel="samples", ylabel="share of the loss")
    axes.legend(loc="upper right", fontsize="small")
    return figure


@style.drawn
def order(times: Floats, median: Floats, *, horizon: float) -> Figure:
    """Draw the steps (seed, skill) at which skills are learned against their rank, and the law.

    Where a skill was not learned (nan), a hollow mark stands at the horizon, the end of training.
    """
    figure, axes = style.new(height=3.4)
    rank = np.arange(1, times.shape[1] + 1)
    axes.plot(rank, median, color=_THEORY, lw=3, alpha=0.6, label="law")
    spread = np.linspace(-0.2, 0.2, len(times))
    for shift, row in zip(spread, times, strict=True):
        never = np.isnan(row)
        axes.plot(rank + shift, row, ".", color=_MEASURED, ms=5, alpha=0.6)
        axes.plot(
            rank[never] + shift, np.full(never.sum(), horizon), "o", mfc="none", ms=4,
            color=_CONTROL,
        )  # fmt: skip
    axes.plot([], [], ".", color=_MEASURED, label="one network")
    axes.axhline(horizon, color=_CONTROL, lw=0.8, ls="--", zorder=0, label="end of training")
    axes.set(yscale="log", xlabel="rank $k$", ylabel="step at which it is learned")
    axes.set_xticks(rank[:: max(1, len(rank) // 8)])
    axes.legend(fontsize="small")
    return figure


def _plain(axes: Axes, which: str, values: Floats) -> None:
    """Label the given values of a logarithmic axis in full."""
    axes.minorticks_off()
    texts = [f"{value:,.12g}" if value < 1e4 else f"{value / 1000:g}k" for value in values]
    if which == "x":
        axes.set_xticks(values, texts)
    else:
        axes.set_yticks(values, texts)
