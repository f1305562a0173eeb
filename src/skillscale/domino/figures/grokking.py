"""Figures of sums that are memorised and then generalised."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY = style.COLOURS["domino"]
_CONTROL = style.COLOURS["control"]


@style.drawn
def grokking(steps: Floats, panels: dict[str, Summary]) -> Figure:
    """Draw train and test accuracy (2, step) over steps from 0, by panel, a line per network."""
    n_columns = 2
    n_rows = -(-len(panels) // n_columns)
    figure, axes = style.new(
        n_rows, n_columns, width=6.4, height=1.2 + 2.0 * n_rows, sharex=True, sharey=True,
        squeeze=False,
    )  # fmt: skip
    for ax, (title, accuracy) in zip(axes.flat, panels.items(), strict=False):
        for split, (colour, line) in enumerate(((_CONTROL, "--"), (_THEORY, "-"))):
            curves = accuracy[split, 1:]
            ax.semilogx(steps[1:], curves.members.T, line, color=colour, lw=0.5, alpha=0.5)
            label = ("trained on", "not trained on")[split]
            ax.semilogx(steps[1:], curves.value, line, color=colour, lw=2, label=label)
        ax.set_title(title)
        ax.set_ylim(-0.03, 1.03)
    for ax in axes[:, 0]:
        ax.set_ylabel("right sums")
    for ax in axes[-1]:
        ax.set_xlabel("step")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize="small")
    return figure
