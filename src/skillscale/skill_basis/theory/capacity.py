"""Strength of one skill with a finite number of samples or of hidden units.

The extended models of the paper: a skill is put together from many features, of which `D_c` samples
of the skill (or `N_c` units) are enough for the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from skillscale import _checks
from skillscale.skill_basis.theory._shared import FloatArray

FORMS = ("projection", "loss_matched")


@_checks.finite
def strength_data(
    D: ArrayLike, frequency: ArrayLike, *, D_c: float, form: str = "projection"
) -> FloatArray:
    """Return the relative strength R/S of a skill learned to the end from `D` samples in all.

    With x = min(D · frequency / D_c, 1), the share of the skill's features that the samples show:

    - "projection": R/S = x. Least squares from a small start learns f = S · Π u, with u the skill's
      direction and Π the projection on what was seen, so that the strength S · u·Πu is S · x on
      average, and the skill's loss (S²/2) · (1 - x).
    - "loss_matched": R/S = 1 - √(1 - x), the paper's formula. It is read off the same loss as if
      that were ½(S - R)², which needs an output along u only.

    Args:
        D: Samples of all skills together, >= 0; broadcasts with `frequency`. The skill's own are
            taken at their mean D · frequency.
        D_c: Samples of its own that a skill needs, > 0.

    Source: "loss_matched" is Nam et al. 2024, Eq. 17; "projection" is derived here from their
    definition of the strength. Both are tested against a minimum-norm least-squares fit.

    >>> strength_data([100, 200, 400], 0.5, D_c=100.0).round(4)
    array([0.5, 1. , 1. ])
    """
    samples = _checks.array("D", D, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    D_c = _checks.number("D_c", D_c, above=0)
    seen = np.minimum(samples * shares / D_c, 1.0)
    if _checks.choice("form", form, FORMS) == "projection":
        return np.asarray(seen)
    return np.asarray(1.0 - np.sqrt(1.0 - seen))


@_checks.finite
def emergence_data(
    frequency: ArrayLike, *, D_c: float, eps: float = 0.5, form: str = "projection"
) -> FloatArray:
    """Return the number of samples, not rounded, at which a skill reaches R/S = `eps`.

    D = x · D_c / frequency with x = eps ("projection") or 1 - (1 - eps)² ("loss_matched"), so that
    D ∝ k^(alpha+1) for power-law frequencies in both. With `eps` in (0, 1]; the other arguments are
    those of `strength_data`.

    Source: inverse of `strength_data`.

    >>> float(emergence_data(0.5, D_c=100.0))
    100.0
    """
    shares = _checks.array("frequency", frequency, positive=True)
    D_c = _checks.number("D_c", D_c, above=0)
    eps = _checks.number("eps", eps, above=0, maximum=1)
    projection = _checks.choice("form", form, FORMS) == "projection"
    return np.asarray((eps if projection else eps * (2.0 - eps)) * D_c / shares)


@_checks.finite
def strength_width(N: ArrayLike, k: ArrayLike, *, N_c: float) -> FloatArray:
    """Return the relative strength R/S of skill k in a model with `N` hidden units.

    R/S = min(max((N - (k - 1) · N_c) / N_c, 0), 1): units are handed out skill by skill, most
    frequent first, `N_c` to each, and a skill with r < N_c of them has r/N_c of its strength.

    Args:
        N: Hidden units (not skills), >= 0; broadcasts with the ranks `k` >= 1.
        N_c: Units that one skill needs, > 0.

    Source: Nam et al. 2024, the extended model in N.

    >>> strength_width(10, [1, 2, 3, 4], N_c=4.0)
    array([1. , 1. , 0.5, 0. ])
    """
    units = _checks.array("N", N, minimum=0.0)
    ranks = _checks.array("k", k, minimum=1.0)
    N_c = _checks.number("N_c", N_c, above=0)
    return np.asarray(np.clip((units - (ranks - 1.0) * N_c) / N_c, 0.0, 1.0))
