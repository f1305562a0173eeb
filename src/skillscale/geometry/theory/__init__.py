"""The geometry model: skills are directions in parameter space, and the optimizer decides the pace.

Liu et al. 2025: parameters θ in R^d, skill k has a unit task vector t_k and the progress t_k·θ; its
unlearned fraction is u_k = 1 - t_k·θ, the loss Σ_k p_k u_k². Sign descent moves every coordinate by
`lr` whatever the gradient's size. For task vectors with Gaussian-like entries the expected progress
of a step is a skill's demand w_k = p_k u_k divided by the L2 norm of all demands; this module holds
that mean field, gradient descent for comparison, and what follows from them.

Throughout, `t` is ≥ 0 in steps, of any shape, `frequency` holds p_k > 0, shape (skill,), `lr`
is > 0, `dim` ≥ 1 the number of parameters d, `noise` ≥ 0 the standard deviation σ of Gaussian noise
on each coordinate of the gradient, and `eps` in (1e-15, 1) the residual ε that counts as learned.
"""

from skillscale.geometry.theory.capacity import (
    alignment,
    modular_loss,
    separable_fraction,
)
from skillscale.geometry.theory.descent import (
    completion_time,
    normalised_descent,
    sgd,
    sign_descent,
    two_skill_ratio,
    wasted_resource,
)
from skillscale.geometry.theory.quadratic import rotated_quadratic

__all__ = [
    "alignment",
    "completion_time",
    "modular_loss",
    "normalised_descent",
    "rotated_quadratic",
    "separable_fraction",
    "sgd",
    "sign_descent",
    "two_skill_ratio",
    "wasted_resource",
]
