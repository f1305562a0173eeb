"""Figures of the quanta-discovery chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skillscale.drawing import style
from skillscale.fits import Summary

Floats = NDArray[np.float64]

_THEORY, _MEASURED = style.COLOURS["quantization"], style.COLOURS["measured"]
_CONTROL = style.COLOURS["control"]


@style.drawn
def similarity(cosine: Floats, label: NDArray[np.int64], target: NDArray[np.int64]) -> Figure:
    """Draw cosines (sample, sample), samples ordered by predicted token and by cluster."""
    figure, axes = style.new(1, 2, height=3.5, sharex=True, sharey=True)
    # The samples of a cluster stay together by token, and those of a token by cluster.
    orders = {"by predicted token": (label, target), "by cluster": (target, label)}
    for axis, (title, keys) in zip(axes, orders.items(), strict=True):
        order = np.lexsort((keys[0], _by_size(keys[1])))
        image = axis.imshow(cosine[np.ix_(order, order)], vmin=-1, vmax=1, cmap="RdBu_r")
        axis.set(title=title, xlabel="sample", aspect="equal")
    axes[0].set_ylabel("sample")
    bar = figure.colorbar(image, ax=axes, shrink=0.75, pad=0.02)
    bar.set_label("cosine of gradients")
    return figure


@style.drawn
def excess(
    shared: Sequence[int], own: Summary, other: Summary, untrained: Summary, null: Floats
) -> Figure:
    """Draw excess cosines (shared,) in the clustered, another and an untrained network.

    Between the ends `null` (2, shared) lie 95 % of shuffled labels in the other network.
    """
    figure, axes = style.new(height=3.4)
    x = np.arange(len(shared))
    for i in x:
        axes.fill_between([i - 0.32, i + 0.32], *null[:, i], color=_THEORY, alpha=0.45, lw=0)
    axes.axhline(0, color=_THEORY, lw=1.2, label="shuffled labels: mean 0, middle 95 %")
    for shift, values, colour, marker, name in (
        (-0.21, own, _CONTROL, "o", "in the clustered network"),
        (0.0, other, _MEASURED, "o", "in the other network"),
        (0.21, untrained, _CONTROL, "^", "in an untrained network"),
    ):
        spread = np.linspace(-0.07, 0.07, len(values.members))[:, None]
        axes.plot(x + shift + spread, values.members, marker, ms=3.5, color=colour, alpha=0.6)
        axes.plot(x + shift, values.value, "_", ms=20, mew=2.2, color=colour)
        axes.plot([], [], marker, ms=4, color=colour, label=name)
    names = [f"{n} token{'s' if n > 1 else ''}" for n in shared]
    axes.set(
        xticks=x,
        xticklabels=names,
        xlabel="what the two samples share, the predicted token included",
        ylabel="excess cosine",
        xlim=(-0.5, len(x) - 0.5),
    )
    axes.set_ylim(top=1.5 * max(own.members.max(), other.members.max()))
    axes.legend(loc="upper right", fontsize="small")
    return figure


@style.drawn
def rank_sizes(sizes: Mapping[int, Floats], envelope: Floats, alphas: Sequence[float]) -> Figure:
    """Draw cluster sizes over rank for each number of clusters, and their envelope (rank,)."""
    figure, axes = style.new(height=3.6)
    ranks = np.arange(1, len(envelope) + 1)
    for count, size in sizes.items():
        drawn = size[size > 0]
        axes.loglog(ranks[: len(drawn)], drawn, color=_CONTROL, lw=1, alpha=0.8)
        axes.annotate(
            f"{count}", (len(drawn), drawn[-1]), fontsize="small", color=_CONTROL, va="top"
        )
    axes.loglog(ranks, envelope, color=_MEASURED, lw=2.2, label="envelope")
    middle = int(np.sqrt(len(envelope)))
    for alpha, dashes in zip(alphas, ("-", "--", ":"), strict=False):
        guide = envelope[middle] * (ranks / ranks[middle]) ** -(1 + alpha)
        axes.loglog(ranks, guide, color=_THEORY, ls=dashes, lw=1.3, label=f"slope −(1 + {alpha:g})")
    axes.set(xlabel="rank of the cluster", ylabel="samples in the cluster")
    axes.set_ylim(0.8, envelope[0] * 2)
    axes.legend(fontsize="small")
    return figure


@style.drawn
def distinct(samples: Floats, exact: Floats, asymptotic: Floats, threshold: Floats) -> Figure:
    """Draw how many different quanta some samples hold: exact sum, its limit, sharp threshold."""
    figure, axes = style.new(height=3.3)
    axes.loglog(samples, asymptotic, color=_CONTROL, lw=4, alpha=0.5, label="asymptotic law")
    axes.loglog(samples, exact, color=_THEORY, label="exact sum")
    axes.loglog(samples, threshold, color=_THEORY, ls="--", label="quanta expected once")
    axes.set(xlabel="samples", ylabel="different quanta among them")
    axes.legend()
    return figure


def _by_size(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return group numbers renumbered so that the largest group comes first."""
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return rank[inverse]
