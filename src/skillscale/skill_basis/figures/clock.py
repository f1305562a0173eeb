"""Figures on what fixes the clock of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY = style.COLOURS["skill_basis"]
_NAMES = {
    "base": "base",
    "n_bits": r"bits $n_b$",
    "subset_size": r"bits of the skill $m$",
    "width": r"width $W$",
    "init_std": r"initial scale $\sigma$",
    "scale": r"target scale $S$",
    "phase_step": r"step $\eta S$",
}


@style.drawn
def half_times(varied: Sequence[str], predicted: Floats, measured: Summary) -> Figure:
    """Draw measured half-times (setting,) over predicted ones (setting,), by what `varied`."""
    figure, axes = style.new(height=4.2)
    ends = np.array([predicted.min() / 1.3, predicted.max() * 1.3])
    axes.fill_between(ends, 0.85 * ends, 1.15 * ends, color=_THEORY, alpha=0.15, lw=0)
    axes.loglog(ends, ends, color=_THEORY, label="independent neurons, ± 15 %")
    markers = iter("o^sDvPX")
    for name in dict.fromkeys(varied):
        chosen = np.asarray(varied) == name
        look: dict[str, Any] = {
            "fmt": next(markers),
            "ms": 5,
            "mfc": "white",
            "label": _NAMES.get(name, name),
        }
        style.bars(axes, predicted[chosen], measured[chosen], **look)
    axes.set(
        xlabel=r"predicted half-time $\eta S T$",
        ylabel=r"measured half-time $\eta S T$",
        xlim=ends,
        ylim=ends,
    )
    axes.legend(fontsize="small")
    return figure


@style.drawn
def inverse_clocks(panels: Mapping[str, tuple[Floats, Summary, Floats, Floats]]) -> Figure:
    """Draw fitted 1/clock over each setting.

    A panel has the setting's values, ascending, and for each the measured 1/clock, the one
    predicted by independent neurons and that of the best neuron.
    """
    rows = -(-len(panels) // 3)
    figure, axes = style.new(rows, 3, width=7.2, height=2.5 * rows, squeeze=False, sharey=True)
    for panel, (name, (values, measured, predicted, best)) in zip(
        axes.flat, panels.items(), strict=False
    ):
        panel.plot(values, best, color=_THEORY, ls=":", label=r"best neuron, $1/c^*$")
        panel.plot(values, predicted, color=_THEORY, label="independent neurons")
        style.bars(panel, values, measured, label="networks")
        panel.set(xscale="log", xlabel=_NAMES.get(name, name))
        panel.set_xticks(values, [f"{value:g}" for value in values], fontsize="small")
        panel.set_xticks([], minor=True)
    for panel in axes.flat[len(panels) :]:
        panel.set_axis_off()
    for row in axes:
        row[0].set(ylabel="fitted 1/clock", ylim=(0, None))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure
