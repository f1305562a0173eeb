"""Figures of the slingshot chapter."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style
from skillscale.fits import Summary

COLOUR = style.COLOURS["slingshot"]


@style.drawn
def curves(
    bad_fraction: ArrayLike,
    theory: Mapping[str, ArrayLike],
    measured_at: ArrayLike,
    measured: Mapping[str, Summary],
) -> Figure:
    """Draw failure factors against the fraction of bad skills.

    The theory's curves, the loosest first, are nan where they do not exist; measured are
    adversaries.
    """
    figure, axes = style.new(height=4.0)
    styles = (":", "--", "-.", "-")[-len(theory) :]
    for (label, curve), line in zip(theory.items(), styles, strict=True):
        axes.plot(bad_fraction, curve, line, color=COLOUR, label=label)
    for (label, values), marker in zip(measured.items(), "ov^s", strict=False):
        style.bars(axes, measured_at, values, fmt=marker, label=label, ms=5)
    axes.set(
        xlabel="fraction $a$ of skills counted as bad",
        ylabel=r"failure factor $\beta$",
        xlim=(0, None),
        ylim=(0.8, 8),
    )
    axes.legend(fontsize="small")
    return figure


@style.drawn
def finite_size(
    texts_per_skill: ArrayLike,
    measured: Mapping[str, Summary],
    bound: ArrayLike,
    exact: float,
    *,
    bad_fraction: float,
) -> Figure:
    """Draw how adversaries approach the exact limit of many texts per skill, and a finite bound."""
    figure, axes = style.new(height=3.4)
    axes.plot(texts_per_skill, bound, "--", color=COLOUR, label="finite bound")
    axes.axhline(exact, color=COLOUR, label=r"exact, $N_2/N_1 \to \infty$")
    for (label, values), marker in zip(measured.items(), "ov^s", strict=False):
        style.bars(axes, texts_per_skill, values, fmt=marker + ":", lw=0.8, label=label, ms=5)
    axes.set(
        xscale="log",
        xlabel="texts per skill $N_2/N_1$",
        ylabel=rf"$\beta$ at $a = {bad_fraction:g}$",
    )
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@style.drawn
def ladder(halvings: ArrayLike, certified: Mapping[int, ArrayLike]) -> Figure:
    """Draw the certified fraction by tuple size while the fraction of wrong texts halves."""
    figure, axes = style.new(height=3.4)
    for place, (size, values) in enumerate(certified.items()):
        label = f"{size}-tuples" if size > 1 else "single skills"
        axes.plot(
            halvings,
            values,
            "o-",
            color=COLOUR,
            alpha=1 - 0.75 * place / max(len(certified) - 1, 1),
            markersize=4,
            label=label,
        )
    axes.set(
        xlabel=r"halvings of the wrong texts' fraction $\theta$",
        ylabel="certified fraction",
        ylim=(-0.02, 1.02),
    )
    axes.legend(fontsize="small")
    return figure
