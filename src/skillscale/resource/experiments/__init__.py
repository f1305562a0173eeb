"""Networks that share out neurons: how the loss falls with the number of neurons in use.

Neurons that are noisy, and neurons kept under a penalty on all weights, for one subtask, for two
side by side and for two in series; noisy neurons on few samples; plain networks of growing width;
and whom the neurons of a network serve.
"""

from skillscale.lab import _profiles
from skillscale.resource.experiments import (
    chain,
    noise,
    noise_pairs,
    parallel,
    plain,
    samples,
    series,
    sparse,
)
from skillscale.resource.experiments._penalised import Penalty, Schedule
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute
from skillscale.resource.experiments.chain import NoiseChain, noise_chain
from skillscale.resource.experiments.noise import (
    NoiseScaling,
    expected_loss,
    noise_scaling,
    noise_step,
)
from skillscale.resource.experiments.noise_pairs import NoiseParallel, NoisyPair, noise_parallel
from skillscale.resource.experiments.parallel import ParallelTasks, parallel_tasks
from skillscale.resource.experiments.plain import (
    PlainRates,
    PlainScaling,
    plain_rates,
    plain_scaling,
)
from skillscale.resource.experiments.samples import NoiseSamples, noise_samples
from skillscale.resource.experiments.series import RootChain, root_chain
from skillscale.resource.experiments.sparse import SparseScaling, sparse_scaling

_MODULES = (noise, noise_pairs, chain, samples, sparse, parallel, plain, series)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "Attribution",
    "NoiseChain",
    "NoiseParallel",
    "NoiseSamples",
    "NoiseScaling",
    "NoisyPair",
    "ParallelTasks",
    "Penalty",
    "PlainRates",
    "PlainScaling",
    "RootChain",
    "Schedule",
    "SparseScaling",
    "Subtask",
    "attribute",
    "expected_loss",
    "noise_chain",
    "noise_parallel",
    "noise_samples",
    "noise_scaling",
    "noise_step",
    "parallel_tasks",
    "plain_rates",
    "plain_scaling",
    "root_chain",
    "sparse_scaling",
]
