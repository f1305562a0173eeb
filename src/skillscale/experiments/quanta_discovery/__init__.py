"""Quanta discovery from gradients in a small language model, and the controls it needs.

`clusters` finds clusters in one network and tests them in another; `envelope` ranks cluster sizes
beside data without clusters and data with known ones; `model_sizes` measures the loss of networks
of several sizes, token by token; `known_quanta` clusters gradients where the quanta are known.
"""

from skillscale.experiments.quanta_discovery import measures
from skillscale.experiments.quanta_discovery._shared import novel_trigram, spectral_sweep
from skillscale.experiments.quanta_discovery.clusters import LIVE as _LIVE_CLUSTERS
from skillscale.experiments.quanta_discovery.clusters import STANDARD as _STANDARD_CLUSTERS
from skillscale.experiments.quanta_discovery.clusters import (
    Clusters,
    clusters,
    clusters_again,
)
from skillscale.experiments.quanta_discovery.envelope import STANDARD as _STANDARD_ENVELOPE
from skillscale.experiments.quanta_discovery.envelope import Envelope, envelope
from skillscale.experiments.quanta_discovery.known import LIVE as _LIVE_KNOWN
from skillscale.experiments.quanta_discovery.known import STANDARD as _STANDARD_KNOWN
from skillscale.experiments.quanta_discovery.known import KnownQuanta, known_quanta
from skillscale.experiments.quanta_discovery.measures import excess_cosine
from skillscale.experiments.quanta_discovery.sizes import STANDARD as _STANDARD_SIZES
from skillscale.experiments.quanta_discovery.sizes import ModelSizes, model_sizes

LIVE = {**_LIVE_CLUSTERS, **_LIVE_KNOWN}
STANDARD = {**_STANDARD_CLUSTERS, **_STANDARD_ENVELOPE, **_STANDARD_SIZES, **_STANDARD_KNOWN}

__all__ = [
    "LIVE",
    "STANDARD",
    "Clusters",
    "Envelope",
    "KnownQuanta",
    "ModelSizes",
    "clusters",
    "clusters_again",
    "envelope",
    "excess_cosine",
    "known_quanta",
    "measures",
    "model_sizes",
    "novel_trigram",
    "spectral_sweep",
]
