"""Figures of the Quanta discovery chapter: arrays and summaries in, a drawn figure out."""

from skillscale.quanta_discovery.figures.browser import ClusterBrowser
from skillscale.quanta_discovery.figures.clusters import distinct, excess, rank_sizes, similarity
from skillscale.quanta_discovery.figures.sizes import (
    envelopes,
    recovered,
    size_series,
    token_curves,
)

__all__ = [
    "ClusterBrowser",
    "distinct",
    "envelopes",
    "excess",
    "rank_sizes",
    "recovered",
    "similarity",
    "size_series",
    "token_curves",
]
