"""Theory 1, the skill basis: every skill follows its own logistic clock (Nam et al. 2024).

The model f(i, x) = Σ_k a_k b_k g_k(i, x) is a product of two layers in a fixed orthogonal basis of
skills. Gradient flow on the ½-loss decouples into one logistic equation per skill, whose clock runs
at a rate proportional to the frequency P(k) of the skill:

    dR_k/dT = 2 · eta · clock · P(k) · R_k · (S - R_k),      R_k(0) = R0.

Losses are in units of ½·squared error: a skill that is not learned at all costs S²/2. A network
trained on plain mean squared error has eta = 2 · learning rate. Arguments of one name mean the same
throughout: `frequency` P(k) > 0, target scale S > 0, start R0 in (0, S), `eta` > 0 and `clock` > 0.
"""

from skillscale.skill_basis.theory.capacity import (
    emergence_data,
    strength_data,
    strength_width,
)
from skillscale.skill_basis.theory.curves import (
    emergence_time,
    linear_control,
    strength_time,
    unbalanced_strength_time,
)
from skillscale.skill_basis.theory.forms import derivation
from skillscale.skill_basis.theory.laws import (
    RESOURCES,
    exponents,
    joint_law,
    prefactor,
)
from skillscale.skill_basis.theory.losses import loss, missing_tail
from skillscale.skill_basis.theory.neuron import (
    neuron_clock,
    neuron_growth,
    neuron_strength,
)

__all__ = [
    "RESOURCES",
    "derivation",
    "emergence_data",
    "emergence_time",
    "exponents",
    "joint_law",
    "linear_control",
    "loss",
    "missing_tail",
    "neuron_clock",
    "neuron_growth",
    "neuron_strength",
    "prefactor",
    "strength_data",
    "strength_time",
    "strength_width",
    "unbalanced_strength_time",
]
