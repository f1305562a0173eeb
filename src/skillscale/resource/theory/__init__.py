"""The resource model: what a loss does when neurons are shared out over subtasks.

A composite task has subtasks with weight β_k; a subtask that owns N_k neurons has the loss c_k
N_k^-g. The functions here say how N neurons are best shared, what the total loss then is, and where
a subtask's law comes from: independent errors, neuron noise that equal copies share, or a weight
penalty. Exponents are positive decay rates throughout, and resources are treated as continuous.
"""

from skillscale.resource.theory.allocation import (
    allocate,
    composite_loss,
    homogeneous_growth,
    parameter_exponent,
)
from skillscale.resource.theory.chinchilla import (
    HOFFMANN_ROUNDED,
    HOFFMANN_UNROUNDED,
    REPLICATION,
    ChinchillaParameters,
    ComputeExponents,
    ComputeOptimal,
    chinchilla_loss,
    compute_exponents,
    compute_optimal,
)
from skillscale.resource.theory.composites import (
    Leaves,
    Parallel,
    Series,
    Subtask,
    as_subtask,
    leaves,
)
from skillscale.resource.theory.forms import derivation
from skillscale.resource.theory.noise import (
    noise_limited_loss,
    silu_dictionary,
    ticket_average,
    variation_norm,
)
from skillscale.resource.theory.optimum import NoiseOptimum, noise_limited_optimum
from skillscale.resource.theory.sparse import (
    SparsePair,
    sparse_pair_equilibrium,
    sparse_pair_minimum,
)

__all__ = [
    "HOFFMANN_ROUNDED",
    "HOFFMANN_UNROUNDED",
    "REPLICATION",
    "ChinchillaParameters",
    "ComputeExponents",
    "ComputeOptimal",
    "Leaves",
    "NoiseOptimum",
    "Parallel",
    "Series",
    "SparsePair",
    "Subtask",
    "allocate",
    "as_subtask",
    "chinchilla_loss",
    "composite_loss",
    "compute_exponents",
    "compute_optimal",
    "derivation",
    "homogeneous_growth",
    "leaves",
    "noise_limited_loss",
    "noise_limited_optimum",
    "parameter_exponent",
    "silu_dictionary",
    "sparse_pair_equilibrium",
    "sparse_pair_minimum",
    "ticket_average",
    "variation_norm",
]
