"""Figures of the slingshot chapter: networks that learn a language of known entropy."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from skillscale.drawing import style

COLOUR = style.COLOURS["slingshot"]
MEASURED = style.COLOURS["measured"]
CONTROL = style.COLOURS["control"]
MARKERS = "osv^Dph"


@style.drawn
def loss_links(
    excess: ArrayLike,
    wrong: ArrayLike,
    widths: ArrayLike,
    *,
    linear: float,
    margin: float,
    pinsker: float,
    window: tuple[float, float],
) -> Figure:
    """Draw the fraction of wrong texts θ against the excess ε in nats, both (width, run).

    Lines are θ = linear · ε, θ <= margin · ε and θ <= pinsker · √ε; the excess is judged in
    `window`. Runs with θ = 0 are left out.
    """
    x, y = np.asarray(excess, dtype=float), np.asarray(wrong, dtype=float)
    figure, axes = style.new(height=4.4)
    grid = np.geomspace(x.min() * 0.8, x.max() * 1.1, 100)
    axes.axvspan(*window, color=CONTROL, alpha=0.15, linewidth=0, label="judged")
    for values, line, label in (
        (pinsker * np.sqrt(grid), ":", "Pinsker's bound"),
        (margin * grid, "--", "margin bound"),
        (linear * grid, "-", "linear, calibrated"),
    ):
        axes.plot(grid, np.minimum(values, 1), line, color=COLOUR, label=label)
    _by_width(axes, x, y, widths)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"excess cross entropy per text $\varepsilon$ (nats)",
        ylabel=r"fraction of wrong texts $\theta$",
        ylim=(0.5 * y[y > 0].min(), 1.5),
    )
    axes.legend(fontsize="small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    return figure


@style.drawn
def unseen_tuples(
    forecast: Mapping[str, ArrayLike], failed: Mapping[str, ArrayLike], widths: ArrayLike
) -> Figure:
    """Draw failure rates of tuples against those forecast, a panel for each task by name.

    Rates are of shape (width, run); those of 0 and nan are left out.
    """
    every = np.concatenate(
        [np.ravel(rates) for law in (forecast, failed) for rates in law.values()]
    )
    ends = np.array([0.7, 1.3]) * (every[every > 0].min(), every[every > 0].max())
    figure, axes = style.new(1, len(failed), height=3.9, sharex=True, sharey=True)
    for panel, (task, rates) in zip(axes, failed.items(), strict=True):
        panel.plot(ends, ends, color=COLOUR, label="as forecast")
        _by_width(panel, forecast[task], rates, widths)
        panel.set(xscale="log", yscale="log", xlim=ends, ylim=ends, title=task)
        panel.set_xlabel("failures forecast")
    axes[0].set_ylabel("failures measured")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    return figure


def _by_width(axes: Axes, x: ArrayLike, y: ArrayLike, widths: ArrayLike) -> None:
    """Points of every network, one marker per width, filled darker for the wider ones."""
    sizes = np.asarray(widths)
    for place, width in enumerate(sizes):
        across, up = np.asarray(x)[place], np.asarray(y)[place]
        drawn = (across > 0) & (up > 0)
        axes.plot(
            across[drawn],
            up[drawn],
            MARKERS[place % len(MARKERS)],
            color=MEASURED,
            markersize=4,
            alpha=0.25 + 0.6 * place / max(len(sizes) - 1, 1),
            markeredgewidth=0,
            label=f"{width} neurons",
        )
