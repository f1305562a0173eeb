"""Figures of the quantization chapter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["quantization"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]


@style.drawn
def law(n: Floats, loss: Mapping[str, Floats], exponent: Mapping[str, Floats]) -> Figure:
    """Draw losses and local exponents against n, one curve a label, each shaped like `n`.

    The first curve of either mapping is the reference and is drawn broad and grey.
    """
    figure, (left, right) = style.new(1, 2, width=7.6, height=3.5)
    for axes, curves in ((left, loss), (right, exponent)):
        styles = ("-", "--", ":", "-.")
        for index, (label, curve) in enumerate(curves.items()):
            first = index == 0
            axes.plot(
                n,
                curve,
                label=label,
                color=_CONTROL if first else _THEORY,
                ls="-" if first else styles[(index - 1) % 4],
                lw=4 if first else 1.8,
                alpha=0.6 if first else 1.0,
            )
        axes.set_xscale("log")
        axes.set_xlabel("quanta learned $n$")
        axes.legend(fontsize="small")
    left.set(yscale="log", ylabel="loss $L_n$")
    right.set(ylabel="local exponent", ylim=(0, 1.2))
    return figure


@style.drawn
def skills(step: Floats, loss: Floats, total: Floats, *, threshold: float) -> Figure:
    """Draw the losses of single skills (step, skill) and their weighted sum (step,)."""
    figure, axes = style.new(height=3.4)
    shades = np.linspace(0.95, 0.25, loss.shape[1])
    for curve, shade in zip(loss.T, shades, strict=True):
        axes.plot(step, curve, color=_MEASURED, lw=1, alpha=shade)
    axes.plot([], [], color=_MEASURED, lw=1, label="one skill")
    axes.plot(step, total, color=_THEORY, lw=3, label="all skills, by frequency")
    axes.axhline(threshold, color=_CONTROL, lw=0.8, ls="--", zorder=0)
    axes.set(xscale="log", xlabel="step", ylabel="test loss (bits)", ylim=(0, 1.35))
    axes.legend(loc="center left")
    return figure


@style.drawn
def step_scaling(
    times: Mapping[str, Floats],
    line: Mapping[str, Floats],
    step: Floats,
    loss: Mapping[str, Floats],
    predicted: Mapping[str, Floats],
) -> Figure:
    """Draw, per optimizer, counts and losses through training over theory.

    Args:
        times: Step at which the n-th skill is learned, shape (seed, n), n = 1, ….
        line: The same predicted, shape (n,).
        loss: Shape (seed, step).
        predicted: Mean loss predicted from the counts, shape (step,).
    """
    figure, rows = style.new(2, len(times), width=7.6, height=5.6, sharex=True, sharey="row")
    for column, name in enumerate(times):
        above, below = rows[0, column], rows[1, column]
        rank = np.arange(1, times[name].shape[1] + 1)
        above.loglog(times[name].T, rank, color=_MEASURED, lw=0.8, alpha=0.6)
        above.loglog(line[name], rank, color=_THEORY, lw=3, alpha=0.7)
        below.loglog(step, loss[name].T, color=_MEASURED, lw=0.8, alpha=0.6)
        below.loglog(step, predicted[name], color=_THEORY, lw=3, alpha=0.7)
        above.set_title(name)
        below.set_xlabel("step $S$")
    above.plot([], [], color=_THEORY, lw=3, alpha=0.7, label="theory")
    above.plot([], [], color=_MEASURED, lw=0.8, label="one network")
    above.legend(loc="upper left")
    rows[0, 0].set_ylabel("skills learned $n$")
    rows[1, 0].set_ylabel("test loss (bits)")
    for axes, values in ((rows[0, 0], (1, 2, 5, 10, 20)), (rows[1, 0], (0.05, 0.1, 0.2, 0.5, 1))):
        axes.set_yticks(values, [f"{value:g}" for value in values])
        axes.minorticks_off()
    return figure


@style.drawn
def apparent(n_skills: Floats, exponent: Mapping[str, Floats], truth: float) -> Figure:
    """Draw the apparent exponent against the number of skills, one curve a window of the fit."""
    figure, axes = style.new(height=3.6)
    for (label, curve), ls in zip(exponent.items(), ("-", "--", ":", "-."), strict=False):
        axes.semilogx(n_skills, curve, color=_THEORY, ls=ls, label=label)
    axes.axhline(truth, color=_CONTROL, lw=3, alpha=0.6, zorder=0, label=r"$\alpha$")
    axes.set(xlabel="number of skills $K$", ylabel=r"apparent exponent of $L_n$", ylim=(0, 1))
    axes.legend(title="fit over")
    return figure


@style.drawn
def published(panels: Mapping[str, tuple[Floats, Floats, Mapping[str, Floats]]]) -> Figure:
    """Draw exponents against α, a panel a resource: α, what was read, and predictions by label.

    The first prediction is drawn broad.
    """
    figure, axes = style.new(1, len(panels), width=7.6, height=3.4, sharey=True, squeeze=False)
    for each, (title, (alpha, measured, curves)) in zip(axes[0], panels.items(), strict=True):
        for index, (label, curve) in enumerate(curves.items()):
            broad = index == 0
            each.plot(
                alpha,
                curve,
                color=_THEORY,
                lw=3 if broad else 1.6,
                ls="-" if broad else ("--", ":", "-.")[(index - 1) % 3],
                alpha=0.6 if broad else 1.0,
                label=label,
            )
        each.plot(alpha, measured, "o", color=_MEASURED, ms=4, label="published toy")
        each.set(title=title, xlabel=r"$\alpha$")
    axes[0, 0].set_ylabel("exponent of the loss")
    axes[0, 0].legend(fontsize="x-small", loc="upper left")
    return figure
