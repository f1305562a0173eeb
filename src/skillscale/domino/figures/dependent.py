"""Figures of parities and a third that is made of both."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["domino"], style.COLOURS["measured"]
_CONTROL, _CONTRAST = style.COLOURS["control"], style.COLOURS["resource"]


@style.drawn
def composition(
    steps: Floats, parents: Summary, third: dict[str, Summary], model: Floats | None = None
) -> Figure:
    """Draw accuracies (step,) of two parents and, by label, of a third task in other company.

    The model's are of parent and child, shape (step, 2).
    """
    figure, axes = style.new(height=3.6)
    colours = cycle((_THEORY, _MEASURED, _CONTRAST))
    axes.plot(steps, parents.members.T, ":", color=_CONTROL, lw=0.5, alpha=0.5)
    axes.plot(steps, parents.value, ":", color=_CONTROL, label="parents")
    for (label, curves), colour in zip(third.items(), colours, strict=False):
        axes.plot(steps, curves.members.T, color=colour, lw=0.5, alpha=0.3)
        axes.plot(steps, curves.value, color=colour, label=label)
    if model is not None:
        axes.plot(steps, model, "--", color=_CONTROL, lw=1.2)
        axes.plot([], [], "--", color=_CONTROL, lw=1.2, label="gated dynamics")
    axes.set(xlabel="Adam step", ylabel="accuracy", ylim=(0.45, 1.02))
    axes.legend(loc="lower right", fontsize="small")
    return figure
