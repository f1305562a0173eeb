"""Figures of emergence in data and in width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["skill_basis"], style.COLOURS["measured"]


@dataclass(frozen=True)
class Ladder:
    """Strengths R/S of skills over sizes of networks or data, measured at `x` (size, skill).

    Predicted by form at the sizes of `grid`, shape (size, skill).
    """

    x: Floats
    measured: Summary
    grid: Floats
    predicted: dict[str, Floats]


@style.drawn
def ladders(panels: dict[str, Ladder], *, xlabel: str, logarithmic: bool) -> Figure:
    """Draw one panel per ladder: networks on the predictions, of the same forms in all.

    Skills are numbered where they pass 1/2.
    """
    height = 0.5 + 2.1 * len(panels)
    figure, column = style.new(len(panels), 1, height=height, sharex=True, squeeze=False)
    for axes, (title, ladder) in zip(column[:, 0], panels.items(), strict=True):
        for skill in range(ladder.measured.value.shape[1]):
            found = ladder.measured[:, skill]
            for (name, predicted), dashes in zip(
                ladder.predicted.items(), ("-", "--", ":"), strict=False
            ):
                label = f"theory, {name}" if skill == 0 else None
                curve = predicted[:, skill]
                axes.plot(ladder.grid, curve, dashes, color=_THEORY, lw=1.6, label=label)
            label = "networks: mean, 95 % interval" if skill == 0 else ""
            look: dict[str, Any] = {"marker": ".", "color": _MEASURED, "lw": 1, "ms": 4}
            style.band(axes, ladder.x, found, label=label, **look)
            reached = np.flatnonzero(found.value >= 0.5)
            if reached.size:
                axes.annotate(
                    f"{skill + 1}",
                    (ladder.x[reached[0]], found.value[reached[0]]),
                    textcoords="offset points",
                    xytext=(-12, 2),
                    color=_MEASURED,
                )
        axes.set(ylabel=r"$R_k/S$", ylim=(-0.04, 1.08))
        axes.set_title(title, loc="left")
        if logarithmic:
            axes.set_xscale("log")
    column[-1, 0].set(xlabel=xlabel)
    handles, labels = column[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure
