"""Figures of the testbed chapter."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style


@style.drawn
def task(frequency: NDArray[np.float64], subsets: NDArray[np.int64], n_bits: int) -> Figure:
    """Draw the frequencies (skill,) and which bits each looks at, `subsets` (skill, bit of it)."""
    n_skills = len(frequency)
    used = np.zeros((n_skills, n_bits))
    np.put_along_axis(used, subsets, 1.0, axis=1)
    ranks = np.arange(1, n_skills + 1)
    figure, (left, right) = style.new(1, 2, height=2.6)
    left.barh(ranks, frequency, color=style.COLOURS["measured"])
    left.set(xlabel=r"frequency $P(k)$", ylabel="skill $k$", yticks=ranks)
    left.invert_yaxis()
    right.pcolormesh(
        np.arange(n_bits + 1) - 0.5,
        np.arange(n_skills + 1) + 0.5,
        used,
        cmap="Greys",
        vmin=0,
        vmax=1.4,
        edgecolors="white",
        linewidth=2,
    )
    right.set(xlabel="bit", xticks=np.arange(n_bits), yticks=ranks)
    right.invert_yaxis()
    return figure
