"""Quanta discovery from gradients in a small language model, and the controls it needs."""

from skillscale.quanta_discovery.experiments import measures
from skillscale.quanta_discovery.experiments._shared import novel_trigram, spectral_sweep
from skillscale.quanta_discovery.experiments.clusters import Clusters
from skillscale.quanta_discovery.experiments.envelope import Envelope, PlantedGroups
from skillscale.quanta_discovery.experiments.known_quanta import KnownQuanta
from skillscale.quanta_discovery.experiments.measures import excess_cosine
from skillscale.quanta_discovery.experiments.sizes import ModelSizes

__all__ = [
    "Clusters",
    "Envelope",
    "KnownQuanta",
    "ModelSizes",
    "PlantedGroups",
    "excess_cosine",
    "measures",
    "novel_trigram",
    "spectral_sweep",
]
