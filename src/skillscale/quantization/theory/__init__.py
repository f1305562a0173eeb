r"""Theory 2, the quantization model: all-or-nothing skills learned in order (Michaud et al. 2023).

Prediction is taken to split into quanta that are either learned or not, quantum k is used with
probability $P(k) \propto k^{-(\alpha+1)}$, and a well-trained network has learned the first n.
Everything that follows from those three hypotheses is exact unless its name says otherwise.

`law` holds the loss after n quanta and what a straight-line fit reads off it, `resources` what
parameters, data, steps and compute buy, `variants` quanta that are never learned, samples that need
several and losses that are entropies, `toy` what a finite, noisy toy shows of the law, and `forms`
the law as sympy expressions.
"""

from skillscale.quantization.theory.forms import LAST_SHOWN, Derivation, derivation
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
    "LAST_SHOWN",
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
