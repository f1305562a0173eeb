"""Figures of emergence in data and in width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.figures import style

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["skill_basis"], style.COLOURS["measured"]


@dataclass(frozen=True)
class Ladder:
    """Strengths of skills over a ladder of sizes, measured and predicted.

    Attributes:
        x: Sizes of the networks or of their data, shape (n_sizes,).
        measured: R/S, shape (member, n_sizes, skill).
        grid: Sizes of the predictions, shape (n_grid,).
        predicted: For each form of the prediction R/S, shape (n_grid, skill).
    """

    x: Floats
    measured: Floats
    grid: Floats
    predicted: dict[str, Floats]


def ladders(panels: dict[str, Ladder], *, xlabel: str, logarithmic: bool) -> Figure:
    """Draw one panel per ladder: mean and range over members on the predictions.

    Args:
        panels: One ladder for each panel title; all with the same forms of the prediction.
        xlabel: Name of the sizes.
        logarithmic: Whether the sizes are on a logarithmic axis.

    Returns:
        A figure with the panels below each other. Skills are numbered where they pass 1/2.
    """
    height = 0.5 + 2.1 * len(panels)
    figure, column = style.new(len(panels), 1, height=height, sharex=True, squeeze=False)
    with style.context():
        for axes, (title, ladder) in zip(column[:, 0], panels.items(), strict=True):
            for skill in range(ladder.measured.shape[2]):
                curves = ladder.measured[:, :, skill]
                for (name, predicted), dashes in zip(
                    ladder.predicted.items(), ("-", "--", ":"), strict=False
                ):
                    label = f"theory, {name}" if skill == 0 else None
                    curve = predicted[:, skill]
                    axes.plot(ladder.grid, curve, dashes, color=_THEORY, lw=1.6, label=label)
                axes.fill_between(
                    ladder.x, curves.min(0), curves.max(0), color=_MEASURED, alpha=0.14, lw=0
                )
                label = "networks: mean and range" if skill == 0 else None
                middle = curves.mean(0)
                axes.plot(ladder.x, middle, ".-", color=_MEASURED, lw=1, ms=4, label=label)
                reached = np.flatnonzero(middle >= 0.5)
                if reached.size:
                    axes.annotate(
                        f"{skill + 1}",
                        (ladder.x[reached[0]], middle[reached[0]]),
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
