"""Figures of a Chinchilla law: runs, fit, the best use of compute, and how well it is known."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["resource"]
MEASURED = style.COLOURS["measured"]


@style.drawn
def law(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    *,
    compute: ArrayLike,
    curves: Mapping[float, ArrayLike],
    best: Mapping[str, Summary] | None,
) -> Figure:
    """Draw runs, the fitted loss at some sizes, and the best size, data and loss for a compute.

    Args:
        N: parameters of each run, with D training tokens and a loss, shape (run,).
        compute: abscissa C = 6ND of all curves, shape (point,).
        curves: fitted loss of a model of N parameters by that N, shape (point,).
        best: "N", "D" and "loss" at the best split of C; None leaves the frontier out.
    """
    size, tokens, measured = (np.asarray(column, dtype=float) for column in (N, D, loss))
    spent, x = 6 * size * tokens, np.asarray(compute, dtype=float)
    figure, (above, below) = style.new(2, 1, height=7.0, sharex=True)
    above.plot(spent, measured, ".", color=MEASURED, alpha=0.5, label="runs")
    for place, (parameters, curve) in enumerate(sorted(curves.items())):
        y = np.asarray(curve, dtype=float)
        largest = place == len(curves) - 1  # close to the frontier on its left
        label = "fit at one $N$" if place == 0 else None
        above.plot(x, y, color=style.COLOURS["control"], linewidth=1, label=label)
        above.annotate(
            f"$N$ = {_count(parameters)}",
            (x[-1], y[-1]),
            xytext=(0, -2 if largest else 2),
            textcoords="offset points",
            fontsize="small",
            va="top" if largest else "bottom",
            ha="right",
        )
    below.plot(spent, size, ".", color=MEASURED, alpha=0.5, label="$N$ of runs")
    if best is not None:
        style.band(above, x, best["loss"], color=COLOUR, label="fit at the best $N$")
        style.band(below, x, best["N"], color=COLOUR, label="best $N$")
        style.band(below, x, best["D"], color=COLOUR, ls="--", label="best $D$")
    # Curves of large models rise without end at little compute.
    span = np.ptp(np.log(measured))
    limits = measured.min() * np.exp(-0.15 * span), measured.max() * np.exp(0.15 * span)
    above.set(xscale="log", yscale="log", ylabel="loss", ylim=limits)
    ticks = sorted({float(f"{tick:.2g}") for tick in np.geomspace(*limits, 6)[1:-1]})
    above.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    above.minorticks_off()
    below.set(xscale="log", yscale="log", xlabel="compute $C = 6ND$", ylabel="parameters, tokens")
    for axes in (above, below):
        axes.legend(fontsize="small")
    return figure


@style.drawn
def exponents(
    draws: Mapping[str, ArrayLike],
    shapes: Mapping[str, float],
    published: Mapping[str, tuple[float, float]],
) -> Figure:
    """Draw resampled exponents "alpha_N" and "alpha_D" of a fit beside predictions for the first.

    Published are pairs (alpha_N, alpha_D) by label.
    """
    figure, axes = style.new(height=4.4)
    alpha = [np.asarray(draws[name], dtype=float) for name in ("alpha_N", "alpha_D")]
    axes.plot(*alpha, ".", color=MEASURED, alpha=0.25, markersize=3)
    axes.plot([], [], ".", color=MEASURED, label="resamples of the runs")
    for marker, (label, pair) in zip(cycle("ovs^"), published.items(), strict=False):
        axes.plot(*pair, marker, color=MEASURED, mfc="white", markersize=8, label=label)
    for label, value in shapes.items():
        axes.axvline(value, color=COLOUR)
        axes.annotate(
            label,
            (value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize="small",
        )
    axes.set(xlabel=r"exponent in parameters $\alpha_N$", ylabel=r"in tokens $\alpha_D$")
    # lines run behind the legend: it has to hide them
    axes.legend(fontsize="small", loc="lower right", frameon=True, framealpha=1, edgecolor="1")
    return figure


def _count(number: float) -> str:
    """Return a number of parameters as people write it."""
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{name}"
    return f"{number:.3g}"
