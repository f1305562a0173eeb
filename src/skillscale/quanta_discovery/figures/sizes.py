"""Figures of the controls of quanta discovery: ranks with nulls, sizes, tokens, known quanta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["quantization"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]
_LOOKS = (
    (_MEASURED, "-", "o"),
    (style.COLOURS["skill_basis"], "-", "s"),
    (style.COLOURS["skill_basis"], "--", "D"),
    (style.COLOURS["resource"], "-", "^"),
    (style.COLOURS["resource"], "--", "v"),
    (style.COLOURS["resource"], ":", "P"),
)


@style.drawn
def envelopes(
    sources: Mapping[str, Floats],
    exponents: Mapping[str, Summary],
    windows: Sequence[tuple[int, int]],
    *,
    predicted: float,
    margin: float = 0.0,
) -> Figure:
    """Draw envelopes over rank, and the exponent that each window of ranks reads.

    Args:
        sources: by name, mean of the largest cluster size at each rank; the measured first.
        exponents: by name, shape (window,), positive where sizes fall.
        windows: first and last rank of each window.
        predicted: the exponent that the model expects, with a band of half width `margin`.
    """
    figure, (left, right) = style.new(2, 1, height=7.2)
    for (name, mean), (colour, line, _) in zip(sources.items(), _LOOKS, strict=False):
        ranks = np.arange(1, len(mean) + 1)
        # With a mean of less than one sample the line would show the number of seeds.
        drawn = mean >= 1
        left.loglog(ranks[drawn], mean[drawn], color=colour, ls=line, label=name)
    left.set(xlabel="rank of the cluster", ylabel="samples, largest over settings")
    left.legend(fontsize="small", loc="lower left")
    right.axhspan(predicted - margin, predicted + margin, color=_THEORY, alpha=0.15, lw=0)
    right.axhline(predicted, color=_THEORY, lw=1.3, label="model: 1 + α of the loss")
    right.axhline(1, color=_CONTROL, lw=1, ls=":", label="equal sizes")
    x = np.arange(len(windows))
    shifts = np.linspace(-0.3, 0.3, len(exponents))
    for (name, found), shift, look in zip(exponents.items(), shifts, _LOOKS, strict=False):
        style.bars(right, x + shift, found, fmt=look[2], ms=4.5, color=look[0], label=name)
    right.set(
        xticks=x,
        xticklabels=[f"{low}–{high}" for low, high in windows],
        xlabel="ranks of the fit",
        ylabel="exponent of the envelope",
    )
    right.legend(fontsize="small", ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


@style.drawn
def size_series(
    parameters: Floats, losses: Mapping[str, Summary], near_zero: Mapping[str, Summary]
) -> Figure:
    """Draw mean loss and share of tokens predicted almost surely over size, by training length."""
    figure, (left, right) = style.new(1, 2, height=3.3)
    for axes, values in ((left, losses), (right, near_zero)):
        for (name, found), colour in zip(values.items(), (_CONTROL, _MEASURED), strict=False):
            axes.plot(parameters, found.members.T, color=colour, lw=0.7, alpha=0.5)
            axes.plot(parameters, found.value, "o-", ms=4, color=colour, label=name)
        axes.set(xscale="log", xlabel="parameters of the blocks")
    left.set(yscale="log", ylabel="mean loss of a token, nats")
    low, high = left.get_ylim()
    ticks = np.geomspace(low, high, 5).round(2)
    left.set_yticks(ticks, [f"{tick:g}" for tick in ticks.tolist()])
    left.minorticks_off()
    right.set(ylabel="tokens predicted almost surely", ylim=(0, None))
    left.legend(fontsize="small")
    return figure


@style.drawn
def token_curves(
    parameters: Floats, rows: Mapping[str, tuple[Sequence[str], Sequence[Summary]]]
) -> Figure:
    """Draw single tokens' losses (width,), in nats, each network a thin line.

    A row of axes has, by its name, texts that end in the token and the losses of each.
    """
    n_columns = max(1, *(len(titles) for titles, _ in rows.values()))
    figure, grid = style.new(
        len(rows), n_columns, height=0.4 + 2.1 * len(rows), sharex=True, sharey=True, squeeze=False
    )
    for line, (name, (titles, losses)) in zip(grid, rows.items(), strict=True):
        for axes, title, curves in zip(line, titles, losses, strict=False):
            axes.plot(parameters, curves.members.T, color=_CONTROL, lw=0.9, alpha=0.8)
            axes.plot(parameters, curves.value, "o-", ms=3.5, color=_MEASURED)
            axes.set_title(title.replace("$", r"\$"), fontsize=7.5, family="monospace")
            axes.set(xscale="log")
            axes.minorticks_off()
        line[0].set_ylabel(f"{name}\nloss, nats", fontsize="small")
    for axes in grid[-1]:
        axes.set_xlabel("parameters", fontsize="small")
    return figure


@style.drawn
def recovered(scores: Mapping[str, Mapping[str, Summary]], names: Sequence[str]) -> Figure:
    """Draw how well each recipe, the published one first, recovers known groups, by score."""
    figure, row = style.new(1, len(scores), height=3.3, sharey=True, squeeze=False)
    place = np.arange(len(names))[::-1]
    for axes, (score, found) in zip(row[0], scores.items(), strict=True):
        for y, name in zip(place, names, strict=True):
            values = found[name]
            colour = _THEORY if name == names[0] else _MEASURED
            spread = np.linspace(-0.18, 0.18, len(values.members))
            axes.plot(values.members, y + spread, "o", ms=3, color=colour, alpha=0.55)
            axes.plot(values.value, y, "|", ms=16, mew=2.4, color=colour)
        axes.set(xlabel=score, xlim=(0, None), ylim=(-0.6, len(names) - 0.4))
        axes.set_yticks(place, names)
    return figure
