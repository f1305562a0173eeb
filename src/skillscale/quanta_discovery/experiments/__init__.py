"""Quanta discovery from gradients in a small language model, and the controls it needs.

`clusters` finds clusters in one network and tests them in another; `envelope` ranks cluster sizes
beside data without clusters and data with known ones; `model_sizes` measures the loss of networks
of several sizes, token by token; `known_quanta` clusters gradients where the quanta are known.
"""

from skillscale.quanta_discovery.experiments import measures
from skillscale.quanta_discovery.experiments._shared import novel_trigram, spectral_sweep
from skillscale.quanta_discovery.experiments.clusters import LIVE as _LIVE_CLUSTERS
from skillscale.quanta_discovery.experiments.clusters import STANDARD as _STANDARD_CLUSTERS
from skillscale.quanta_discovery.experiments.clusters import (
    Clusters,
    clusters,
    clusters_again,
)
from skillscale.quanta_discovery.experiments.envelope import STANDARD as _STANDARD_ENVELOPE
from skillscale.quanta_discovery.experiments.envelope import Envelope, envelope
from skillscale.quanta_discovery.experiments.known import LIVE as _LIVE_KNOWN
from skillscale.quanta_discovery.experiments.known import STANDARD as _STANDARD_KNOWN
from skillscale.quanta_discovery.experiments.known import KnownQuanta, known_quanta
from skillscale.quanta_discovery.experiments.measures import excess_cosine
from skillscale.quanta_discovery.experiments.sizes import STANDARD as _STANDARD_SIZES
from skillscale.quanta_discovery.experiments.sizes import ModelSizes, model_sizes

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
