"""Quanta discovery from gradients in a small language model, and the controls it needs.

`Clusters` finds clusters in one network and tests them in another; `Envelope` ranks cluster sizes
beside data without clusters and data with known ones; `ModelSizes` measures the loss of networks
of several sizes, token by token; `KnownQuanta` clusters gradients where the quanta are known.
"""

from skillscale.quanta_discovery.experiments import measures
from skillscale.quanta_discovery.experiments._shared import novel_trigram, spectral_sweep
from skillscale.quanta_discovery.experiments.clusters import Clusters
from skillscale.quanta_discovery.experiments.envelope import Envelope
from skillscale.quanta_discovery.experiments.known import KnownQuanta
from skillscale.quanta_discovery.experiments.measures import excess_cosine
from skillscale.quanta_discovery.experiments.sizes import ModelSizes

__all__ = [
    "Clusters",
    "Envelope",
    "KnownQuanta",
    "ModelSizes",
    "excess_cosine",
    "measures",
    "novel_trigram",
    "spectral_sweep",
]
