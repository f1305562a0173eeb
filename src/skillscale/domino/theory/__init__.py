"""Domino learning: skills that share one unit of progress learn one after the other.

Resource dynamics of Liu et al. 2025 (not the resource model of Song et al. 2024): skill k with
frequency p_k and unlearned fraction u_k demands w_k = p_k u_k, and a step of size `rate` is shared
out in proportion to demand, with `N0` a constant demand that is met but teaches nothing:

    du_k/dt = -rate · w_k / (Σ_j w_j + N0).

One clock s(t), the same for every skill, solves it in closed form. Exponents are positive decay
rates, and p_k ∝ k^-(alpha+1): the Zipf exponent that Liu et al. call α is alpha + 1.

Throughout, `t` is ≥ 0 in steps, of any shape, `frequency` holds p_k > 0, shape (skill,), which need
not sum to one, `rate` is > 0, `N0` ≥ 0, and `eps` is the residual ε in (0, 1) that counts as
learned.
"""

from skillscale.domino.theory.dynamics import clock, completion_time, unlearned
from skillscale.domino.theory.gates import gated_dynamics
from skillscale.domino.theory.limits import domino_curve, exponents, two_skill_ratio
from skillscale.domino.theory.modularity import modularity_bound, modularity_speedup

__all__ = [
    "clock",
    "completion_time",
    "domino_curve",
    "exponents",
    "gated_dynamics",
    "modularity_bound",
    "modularity_speedup",
    "two_skill_ratio",
    "unlearned",
]
