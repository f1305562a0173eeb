"""Figures of the domino chapter's speed-ups: grokking, and a language model."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import NDArray

from skillscale import fits
from skillscale.figures import style

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]
# Okabe and Ito's palette without yellow, which is faint on white
_ARMS = ("#333333", "#8A4F9E", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
_MARKS = "osvD^Pd"


def grokking(steps: Floats, panels: dict[str, Floats]) -> Figure:
    """Draw train and test accuracy over steps, a panel per label, a thin line per network.

    Args:
        steps: Steps, the first 0, shape (step,).
        panels: By title, accuracies (member, split, step), train first; a run that has ended (nan)
            keeps its last value.
    """
    n_columns = 2
    n_rows = -(-len(panels) // n_columns)
    figure, axes = style.new(
        n_rows, n_columns, width=6.4, height=1.2 + 2.0 * n_rows, sharex=True, sharey=True,
        squeeze=False,
    )  # fmt: skip
    with style.context():
        for ax, (title, accuracy) in zip(axes.flat, panels.items(), strict=False):
            for split, (colour, line) in enumerate(((_CONTROL, "--"), (_THEORY, "-"))):
                curves = _carried(accuracy[:, split])
                ax.semilogx(steps[1:], curves[:, 1:].T, line, color=colour, lw=0.5, alpha=0.5)
                label = ("trained on", "not trained on")[split]
                middle = np.median(curves, 0)[1:]
                ax.semilogx(steps[1:], middle, line, color=colour, lw=2, label=label)
            ax.set_title(title)
            ax.set_ylim(-0.03, 1.03)
        for ax in axes[:, 0]:
            ax.set_ylabel("right sums")
        for ax in axes[-1]:
            ax.set_xlabel("step")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize="small")
    return figure


def tuning(rates: dict[str, Floats], losses: dict[str, Floats]) -> Figure:
    """Draw the final loss over the learning rate by arm; the best rate's mark is filled.

    Args:
        rates: Rates tried by arm, shape (tried,).
        losses: Mean final held-out losses by arm, shape (tried,); not finite is left out.
    """
    figure, axes = style.new(height=3.9)
    with style.context():
        for (label, tried), colour, mark in zip(
            rates.items(), cycle(_ARMS), cycle(_MARKS), strict=False
        ):
            loss, best = losses[label], int(np.nanargmin(losses[label]))
            axes.semilogx(tried, loss, mark, ls="-", color=colour, mfc="white", lw=1.2, label=label)
            axes.semilogx(tried[best], loss[best], mark, color=colour)
        axes.set(xlabel="largest learning rate", ylabel="final held-out loss (nats)")
        axes.legend(fontsize="small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.28))
    return figure


def loss_changes(steps: Floats, changes: dict[str, Floats]) -> Figure:
    """Draw over steps how far an arm's loss lies above the baseline's, mean and interval.

    Args:
        steps: Steps, shape (step,).
        changes: Held-out loss minus that of the baseline with the same seed, by arm, in nats, shape
            (member, step).
    """
    figure, axes = style.new(height=4.1)
    with style.context():
        axes.axhline(0, color=_MEASURED, lw=1)
        for (label, values), colour, mark in zip(
            changes.items(), cycle(_ARMS[1:]), cycle(_MARKS[1:]), strict=False
        ):
            low, middle, high = _intervals(values)
            axes.fill_between(steps, low, high, color=colour, alpha=0.2, lw=0)
            axes.plot(steps, middle, marker=mark, markevery=4, ms=5, color=colour, label=label)
        axes.set(xlabel="step", ylabel="loss above AdamW's (nats)")
        axes.legend(fontsize="small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.26))
    return figure


def group_changes(changes: dict[str, Floats], groups: list[str]) -> Figure:
    """Draw the change of the final loss by arm and group of tokens, mean and interval.

    Args:
        changes: Final held-out loss minus that of the baseline with the same seed, by arm, in nats,
            shape (member, group).
        groups: Name of each group.
    """
    figure, axes = style.new(height=1.3 + 0.62 * len(changes))
    shifts = np.linspace(-0.25, 0.25, len(groups))
    colours = (_MEASURED, "#0072B2", "#D55E00", _THEORY)
    with style.context():
        axes.axvline(0, color=_CONTROL, lw=1, zorder=0)
        for g, group in enumerate(groups):
            found = [_intervals(values[:, g : g + 1]) for values in changes.values()]
            low, middle, high = np.array(found)[..., 0].T
            at = np.arange(len(changes)) + shifts[g]
            axes.errorbar(
                middle, at, xerr=[middle - low, high - middle], fmt=_MARKS[g], ms=5, lw=1.4,
                color=colours[g % len(colours)], label=group,
            )  # fmt: skip
        axes.set_yticks(range(len(changes)), list(changes))
        axes.invert_yaxis()
        axes.set_xlabel("final loss above AdamW's (nats)")
        axes.legend(fontsize="small", ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))
    return figure


def speed_ups(ratios: dict[str, Floats]) -> Figure:
    """Draw by arm the baseline's steps over the arm's to one loss, a point a network.

    Args:
        ratios: By arm, shape (member,); 1 is no gain.
    """
    figure, axes = style.new(height=1.0 + 0.42 * len(ratios))
    with style.context():
        axes.axvline(1, color=_CONTROL, lw=1, zorder=0)
        for row, values in enumerate(ratios.values()):
            axes.semilogx(values, np.full(len(values), row), "o", color=_MEASURED, ms=4, alpha=0.4)
            middle = fits.mean(np.log(values))
            low, high = np.exp(middle.low), np.exp(middle.high)
            below = row + 0.22
            axes.plot([low, high], [below, below], "|-", color=_THEORY, ms=7, lw=3)
        axes.margins(y=0.12)
        axes.set_yticks(range(len(ratios)), list(ratios))
        axes.invert_yaxis()
        ticks = [0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("speed-up: steps of AdamW / steps of the arm")
    return figure


def _carried(curves: Floats) -> Floats:
    """Return curves (member, step) with each nan replaced by the last value before it."""
    known = np.where(np.isnan(curves), 0, np.arange(curves.shape[1]))
    return np.take_along_axis(curves, np.maximum.accumulate(known, 1), 1)


def _intervals(values: Floats) -> Floats:
    """Return lower end, mean and upper end over members, shape (3, column)."""
    found = [fits.mean(column) for column in values.T]
    return np.array([[each.low, each.value, each.high] for each in found]).T
