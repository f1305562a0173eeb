"""Figures of scaling in the geometry model: steps, parameters, capacity, modularity."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["geometry"], style.COLOURS["measured"]
_CONTROL, _OTHER = style.COLOURS["control"], style.COLOURS["domino"]


@style.drawn
def step_exponents(
    curves: tuple[Floats, Floats],
    alphas: Floats,
    measured: dict[str, Summary],
    read_off: dict[str, Floats],
    references: dict[str, Floats],
) -> Figure:
    """Draw losses over steps, and their two-point slopes over the frequency exponent.

    Args:
        curves: Steps (step,) and losses under sign descent (alpha, step), in nats.
        measured: Slopes by optimizer, shape (alpha,).
        read_off: Slopes read off the published figure, alike.
        references: Laws by label, shape (alpha,).
    """
    figure, (left, right) = style.new(1, 2, width=7.6, height=3.5)
    steps, losses = curves
    shades = np.linspace(0.25, 1, len(alphas))
    left.axvspan(80, 200, color=_CONTROL, alpha=0.2, lw=0)
    for shade, loss in zip(shades, losses, strict=True):
        left.loglog(steps[1:], loss[1:], color=_THEORY, alpha=shade, lw=1.4)
    for index in (0, -1):
        text = rf"$\alpha={alphas[index]:g}$"
        left.annotate(text, (steps[-1], losses[index, -1]), (3, 0), textcoords="offset points")
    left.set(xlabel="step", ylabel="cross entropy (nats)", title="sign descent")
    left.set_xlim(1, steps[-1] * 4)
    left.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    left.minorticks_off()
    for (label, line), dash in zip(references.items(), cycle(("--", ":")), strict=False):
        right.plot(alphas, line, dash, color=_OTHER, lw=1.2, label=label)
    for (name, slopes), marker in zip(measured.items(), cycle("os"), strict=False):
        colour = _MEASURED if marker == "o" else _CONTROL
        style.bars(right, alphas, slopes, fmt=marker, color=colour, capsize=2, label=name)
        right.plot(alphas, read_off[name], "x", color=_THEORY, ms=7, mew=1.5)
    right.plot([], [], "x", color=_THEORY, label="read off")
    right.set(xlabel=r"$\alpha$", ylabel="exponent, steps 80 to 200", ylim=(0, 1.15))
    right.legend(fontsize="x-small", loc="upper left")
    return figure


@style.drawn
def width_exponents(
    n_skills: Floats, measured: dict[str, Summary], tail: dict[str, Floats], reference: float
) -> Figure:
    """Draw exponents in the number of parameters over the number of skills, by label.

    `tail` is what the mass beyond the last learned skill gives, `reference` Chinchilla's exponent.
    """
    figure, ax = style.new(height=3.5)
    ax.axhline(reference, color=_CONTROL, lw=1)
    ax.annotate(
        f"Chinchilla, {reference:g}", (np.sqrt(n_skills[-2] * n_skills[-1]), reference),
        (0, 3), textcoords="offset points", ha="center", fontsize="small", color=_CONTROL,
    )  # fmt: skip
    for (label, exponents), marker in zip(measured.items(), cycle("os^"), strict=False):
        style.bars(ax, n_skills, exponents, fmt=marker, ms=5, capsize=2, label=label)
        ax.plot(n_skills, tail[label], "--", color=_THEORY, lw=1.3)
    ax.plot([], [], "--", color=_THEORY, label=r"$\ln 2\,\sum_{k>d}p_k$")
    _whole_ticks(ax, n_skills)
    ax.set(xlabel="number of skills", ylabel="exponent, 40 to 220 parameters")
    ax.set_ylim(0, 1.55)
    ax.legend(fontsize="small", ncols=2, loc="upper center")
    return figure


@style.drawn
def local_exponents(
    steps: Floats, measured: dict[str, Summary], forms: dict[str, dict[str, Floats]]
) -> Figure:
    """Draw local exponents (window,) of the loss, one panel per title, and forms of each by label.

    `steps` are the ends of the windows, shape (window + 1,).
    """
    figure, axes = style.new(1, len(measured), width=7.6, height=3.3, sharey=True)
    middle = np.sqrt(steps[1:] * steps[:-1])
    for ax, (title, exponents) in zip(np.atleast_1d(axes), measured.items(), strict=True):
        for (label, curve), line, colour in zip(
            forms[title].items(), cycle(("-", "--")), cycle((_THEORY, _OTHER)), strict=False
        ):
            ax.semilogx(middle, curve, line, color=colour, label=label)
        style.bars(ax, middle, exponents, capsize=2, label="simulation")
        _whole_ticks(ax, steps[::2])
        ax.set(title=title, xlabel="step")
    first = np.atleast_1d(axes)[0]
    first.set_ylim(0, 1.1 * max(each.members.max() for each in measured.values()))
    first.set_ylabel("local exponent")
    first.legend(fontsize="small")
    return figure


@style.drawn
def cliff(dims: Floats, share: Summary, fine: Floats, predicted: Floats, losses: Floats) -> Figure:
    """Draw the share of seeds whose skills are all satisfiable, and each seed's loss (member, dim).

    Predicted is the probability at `fine` numbers of parameters.
    """
    figure, (left, right) = style.new(1, 2, width=7.6, height=3.3)
    left.plot(fine, predicted, color=_THEORY, label="exact probability")
    style.bars(left, dims, share, capsize=2, label="share of seeds")
    left.set(xlabel="parameters", ylabel="all skills satisfiable", ylim=(-0.05, 1.05))
    left.legend(fontsize="small", loc="upper left")
    rng = np.random.default_rng(0)
    shift = rng.uniform(-1, 1, losses.shape) * 0.2 * np.diff(dims).min()
    right.plot(dims + shift, losses, ".", color=_MEASURED, ms=3, alpha=0.4)
    right.set(xlabel="parameters", ylabel="optimum (nats)", ylim=(-0.01, None))
    return figure


@style.drawn
def modular_gain(
    alphas: Floats, ratios: dict[str, dict[str, Summary]], plotted: dict[str, tuple[Floats, Floats]]
) -> Figure:
    """Draw dense over modular loss (alpha,) by label, one panel per number of parameters.

    `plotted` are, by panel, α and the ratios read off the stored notebook.
    """
    figure, axes = style.new(1, len(ratios), width=7.6, height=3.5, sharey=True)
    lines = (("-", "o", _MEASURED), ("-", "s", _THEORY), ("--", "^", _CONTROL))
    for ax, (title, each) in zip(np.atleast_1d(axes), ratios.items(), strict=True):
        for (label, ratio), (dash, marker, colour) in zip(each.items(), cycle(lines), strict=False):
            look: dict[str, Any] = {"fmt": marker + dash, "color": colour, "lw": 1.2, "capsize": 2}
            style.bars(ax, alphas, ratio, label=label, **look)
        ax.plot(*plotted[title], "x", color=_OTHER, ms=8, mew=2, label="read off")
        ax.axhline(1, color=_CONTROL, lw=0.8, zorder=0)
        ax.set(title=title, xlabel=r"$\alpha$")
    first = np.atleast_1d(axes)[0]
    ends = [ratio.high.max() for each in ratios.values() for ratio in each.values()]
    first.set_ylim(0, 1.05 * max([*ends, *(1.1 * read.max() for _, read in plotted.values())]))
    first.set_ylabel("dense loss / modular loss")
    first.legend(fontsize="x-small", loc="upper left")
    return figure


def _whole_ticks(ax: Axes, ticks: Floats) -> None:
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
