"""Figures of the geometry chapter: noise, overlaps and modules."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["geometry"], style.COLOURS["measured"]
_OTHER, _CONTROL = style.COLOURS["domino"], style.COLOURS["control"]


@style.drawn
def noisy_curves(
    times: dict[str, Floats],
    measured: dict[str, Summary],
    mean_field: dict[str, Floats],
    resource: dict[str, Floats],
    *,
    names: tuple[str, str] = ("mean field", "resource dynamics"),
) -> Figure:
    """Draw learned fractions over time, a panel per label, simulation under two theories.

    The measured are learned, the predicted unlearned fractions, shape (time, skill).
    """
    width = max(5.4, 2.7 * len(times))
    figure, axes = style.new(1, len(times), width=width, height=3.2, sharey=True)
    panels = np.atleast_1d(axes)
    for ax, (label, t) in zip(panels, times.items(), strict=True):
        ax.plot(t, 1 - mean_field[label], color=_THEORY, lw=1.6)
        ax.plot(t, 1 - resource[label], color=_OTHER, lw=1.1, ls="--")
        ax.plot(t, measured[label].value, color=_MEASURED, ls="", marker="o", ms=1.8)
        ax.set(title=label, xlabel="step", ylim=(-0.05, 1.1))
        ax.locator_params(axis="x", nbins=3)
    panels[0].set_ylabel(r"learned fraction $1-u_k$")
    for colour, line, mark, name in (
        (_MEASURED, "", "o", "simulation"),
        (_THEORY, "-", "", names[0]),
        (_OTHER, "--", "", names[1]),
    ):
        panels[0].plot([], [], color=colour, ls=line, marker=mark, ms=3, label=name)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@style.drawn
def wasted(noise: Floats, fitted: Summary, fine: Floats, predicted: Floats) -> Figure:
    """Draw the fitted wasted resource over noise > 0 on logarithmic axes, and the prediction."""
    figure, ax = style.new(height=3.4, width=5.4)
    ax.loglog(fine, predicted, color=_THEORY, label="predicted, nothing fitted")
    style.bars(ax, noise, fitted, ms=5, label="fitted to the simulation")
    ax.set(xlabel=r"noise per parameter $\sigma$", ylabel=r"wasted resource $N_0$")
    ax.legend(fontsize="small")
    return figure


@style.drawn
def module_speedups(
    n_skills: Floats, measured: dict[str, Summary], fine: Floats, predicted: dict[str, Floats],
    serial: Floats,
) -> Figure:  # fmt: skip
    """Draw the speed-up by modules, by label, over the number of skills; curves are at `fine` ones.

    `serial` is what dominoes that take equal times would give, √n.
    """
    figure, ax = style.new(height=3.6)
    ax.loglog(fine, serial, color=_CONTROL, ls=":", label=r"equal times in turn, $\sqrt{n}$")
    for (label, curve), line in zip(predicted.items(), cycle((":", "--", "-")), strict=False):
        ax.plot(fine, curve, line, color=_THEORY)
        style.bars(ax, n_skills, measured[label], ms=3.5)
        ax.annotate(
            label, (fine[-1], curve[-1]), xytext=(5, 0), textcoords="offset points", va="center"
        )
    ax.axhline(1, color=_CONTROL, lw=0.7, zorder=0)
    ax.plot([], [], color=_THEORY, label="mean field")
    ax.plot([], [], "o", color=_MEASURED, label="simulation")
    ax.set(xlabel="number of skills and modules $n$", ylabel="speed-up")
    ax.set_yticks([1, 2, 4], labels=["1", "2", "4"])
    ax.set_xticks(n_skills, labels=[f"{n:g}" for n in n_skills])
    ax.minorticks_off()
    ax.set_xlim(None, fine[-1] * 1.6)
    ax.legend(fontsize="small")
    return figure


@style.drawn
def alignment(steps: Floats, measured: Summary, predicted: Floats) -> Figure:
    """Draw the share of aligned parameters (step, skill), and that from the measured demands."""
    figure, ax = style.new(height=3.2)
    shades = np.linspace(1.0, 0.35, predicted.shape[-1])
    for skill, shade in enumerate(shades):
        ax.plot(steps, predicted[:, skill], color=_THEORY, alpha=shade)
        style.bars(ax, steps, measured[:, skill], ms=3.5, alpha=shade)
    ax.axhline(0.5, color=_CONTROL, lw=0.7, zorder=0)
    ax.plot([], [], color=_THEORY, label="from the demands")
    ax.plot([], [], "o", color=_MEASURED, label="counted")
    ax.set(xlabel="step", ylabel="share of parameters")
    ax.legend(fontsize="small")
    return figure
