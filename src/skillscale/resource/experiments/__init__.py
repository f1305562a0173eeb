"""Networks that share out neurons: how the loss falls with the number of neurons in use."""

from skillscale.resource.experiments._penalised import Penalty, Schedule
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute
from skillscale.resource.experiments.chain import NoiseChain
from skillscale.resource.experiments.noise import NoiseScaling, NoiseStep, expected_loss
from skillscale.resource.experiments.noise_pairs import NoiseParallel, NoisyPair
from skillscale.resource.experiments.parallel import ParallelTasks
from skillscale.resource.experiments.plain import PlainRates
from skillscale.resource.experiments.samples import NoiseSamples
from skillscale.resource.experiments.series import RootChain
from skillscale.resource.experiments.sparse import SparseScaling

__all__ = [
    "Attribution",
    "NoiseChain",
    "NoiseParallel",
    "NoiseSamples",
    "NoiseScaling",
    "NoiseStep",
    "NoisyPair",
    "ParallelTasks",
    "Penalty",
    "PlainRates",
    "RootChain",
    "Schedule",
    "SparseScaling",
    "Subtask",
    "attribute",
    "expected_loss",
]
