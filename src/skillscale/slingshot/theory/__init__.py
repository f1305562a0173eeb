"""Slingshot generalisation: how many skills can be bad when only few texts go wrong.

N2 texts need k skills each, drawn independently from N1 skills. A model fails on the texts of a set
Y, a fraction θ of all. A skill *fails at rate* βθ if a fraction βθ of its texts, counted against
their expected number k N2 / N1, lies in Y. The functions here say how large β can be for a fraction
a of all skills, whichever Y an adversary chooses.

Arguments come in the order (bad_fraction a in (0, 1), theta θ in (0, 1), k >= 1); a may be of any
shape, which is then that of the result. Logarithms are natural; H(θ) is the binary entropy and
KL(q‖a) the binary divergence. Fractions below 1e-150 are refused, as are sums of more than 10^8
terms.
"""

from skillscale.slingshot.theory.curves import (
    closed_form_bound,
    exact_curve,
    explicit_bound,
    max_bad_fraction,
    performance_curve,
)
from skillscale.slingshot.theory.finite import busiest_curve, concentration_bound, finite_curve
from skillscale.slingshot.theory.forms import derivation, explicit_form
from skillscale.slingshot.theory.ladder import (
    Ladder,
    doubling_compute,
    scaling_ladder,
    theta_from_loss,
)
from skillscale.slingshot.theory.skillmix import (
    break_even_correlation,
    co_occurrence,
    novel_fraction,
    skillmix_expected_texts,
)
from skillscale.slingshot.theory.stimulus import (
    Coverage,
    classical_sample_bound,
    stimulus_coverage,
)
from skillscale.slingshot.theory.tuples import (
    certified_fraction,
    structured_tuples,
    tuple_failure_bound,
)

__all__ = [
    "Coverage",
    "Ladder",
    "break_even_correlation",
    "busiest_curve",
    "certified_fraction",
    "classical_sample_bound",
    "closed_form_bound",
    "co_occurrence",
    "concentration_bound",
    "derivation",
    "doubling_compute",
    "exact_curve",
    "explicit_bound",
    "explicit_form",
    "finite_curve",
    "max_bad_fraction",
    "novel_fraction",
    "performance_curve",
    "scaling_ladder",
    "skillmix_expected_texts",
    "stimulus_coverage",
    "structured_tuples",
    "theta_from_loss",
    "tuple_failure_bound",
]
