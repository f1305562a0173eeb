"""Curves that several theories draw alike."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style

Floats = NDArray[np.float64]

_CONTROL = style.COLOURS["control"]


@style.drawn
def local_exponents(
    t: Floats,
    exponents: dict[str, Floats],
    asymptotes: dict[str, float],
    *,
    xlabel: str,
    colour: str,
) -> Figure:
    """Draw local loss exponents -dlnL/dlnT by label over times `t`, with the levels they tend to.

    A level whose label is not a curve's is written at the line.
    """
    figure, axes = style.new(height=3.4)
    shades = np.linspace(1.0, 0.4, len(exponents))
    lines = cycle(("-", "--", "-.", ":"))
    for (label, curve), shade, line in zip(exponents.items(), shades, lines, strict=False):
        axes.semilogx(t, curve, line, color=colour, alpha=shade, label=label)
    for label, level in asymptotes.items():
        axes.axhline(level, color=_CONTROL, lw=0.8, zorder=0)
        if label not in exponents:
            axes.annotate(label, (t[0], level), xytext=(2, 3), textcoords="offset points")
    axes.set(xlabel=xlabel, ylabel="local exponent")
    axes.legend(fontsize="small")
    return figure
