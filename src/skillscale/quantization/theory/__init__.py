r"""Theory 2, the quantization model: all-or-nothing skills learned in order (Michaud et al. 2023).

Prediction is taken to split into quanta that are either learned or not, quantum k is used with
probability $P(k) \propto k^{-(\alpha+1)}$, and a well-trained network has learned the first n.
Everything that follows from those three hypotheses is exact unless its name says otherwise.

Where nothing else is said, `alpha` runs from 1e-9 to 1e6, `n_skills`, the number of quanta in the
world, is at most 2^53 or `math.inf`, and `cost` is > 0. An array may have any shape, which is that
of the result.
"""

from skillscale.quantization.theory.forms import Derivation, derivation
from skillscale.quantization.theory.law import (
    ALPHA_SEARCHED,
    apparent_exponent,
    complete_tail,
    local_exponent,
    loss,
    loss_integral,
    true_exponent,
)
from skillscale.quantization.theory.resources import (
    RESOURCES,
    Resource,
    compute_optimal,
    count_exponents,
    exponents,
    quanta_learned,
)
from skillscale.quantization.theory.toy import (
    apparent_data_exponent,
    censored_exponent,
    expected_rank_correlation,
    staircase,
)
from skillscale.quantization.theory.variants import (
    entropy,
    loss_with_entropy,
    loss_with_entropy_integral,
)

__all__ = [
    "ALPHA_SEARCHED",
    "RESOURCES",
    "Derivation",
    "Resource",
    "apparent_data_exponent",
    "apparent_exponent",
    "censored_exponent",
    "complete_tail",
    "compute_optimal",
    "count_exponents",
    "derivation",
    "entropy",
    "expected_rank_correlation",
    "exponents",
    "local_exponent",
    "loss",
    "loss_integral",
    "loss_with_entropy",
    "loss_with_entropy_integral",
    "quanta_learned",
    "staircase",
    "true_exponent",
]
