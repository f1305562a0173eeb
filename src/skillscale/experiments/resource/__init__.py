"""Networks that share out neurons: how the loss falls with the number of neurons in use.

Neurons that are noisy, and neurons kept under a penalty on all weights, for one subtask, for two
side by side and for two in series; noisy neurons on few samples; plain networks of growing width;
and whom the neurons of a network serve.
"""

from skillscale.experiments import _profiles
from skillscale.experiments.resource import (
    chain,
    noise,
    noise_pairs,
    parallel,
    plain,
    samples,
    series,
    sparse,
)
from skillscale.experiments.resource._penalised import Penalty, Schedule
from skillscale.experiments.resource.attribution import Attribution, Subtask, attribute
from skillscale.experiments.resource.chain import NoiseChain, noise_chain
from skillscale.experiments.resource.noise import (
    NoiseScaling,
    expected_loss,
    noise_scaling,
    noise_step,
)
from skillscale.experiments.resource.noise_pairs import NoiseParallel, NoisyPair, noise_parallel
from skillscale.experiments.resource.parallel import ParallelTasks, parallel_tasks
from skillscale.experiments.resource.plain import (
    PlainRates,
    PlainScaling,
    plain_rates,
    plain_scaling,
)
from skillscale.experiments.resource.samples import NoiseSamples, noise_samples
from skillscale.experiments.resource.series import RootChain, root_chain
from skillscale.experiments.resource.sparse import SparseScaling, sparse_scaling

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
