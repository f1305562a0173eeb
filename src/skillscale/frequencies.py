"""Power-law skill frequencies and their exact tail masses.

The only place where the exponent α of the papers meets the Zipf exponent α + 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import zeta

from skillscale import _checks


def zipf_exponent(alpha: float) -> float:
    """Return the Zipf exponent α + 1 of P(k) ∝ k^-(α+1), for α > -1.

    Source: Nam et al. 2024, Michaud et al. 2023 (definition of α).

    >>> zipf_exponent(0.6)
    1.6
    """
    return _checks.number("alpha", alpha, above=-1) + 1.0


def endless(alpha: float) -> float:
    """Return α, or raise ValueError unless infinitely many skills of that α have a sum in floats.

    Below 1e-6 the sum, about 1/α, loses its digits in α + 1; above 300 there is but one skill.

    >>> endless(0.6)
    0.6
    """
    alpha = _checks.number("alpha", alpha, above=0)
    return _checks.number("alpha", alpha, minimum=1e-6, maximum=300)


def power_law(n_skills: int, alpha: float) -> NDArray[np.float64]:
    """Return the normalised frequencies P(k) = k^-(α+1) / Σ_j j^-(α+1) of skills k = 1…n_skills.

    For α > -1 and up to 10^8 skills, most frequent first.

    Source: Nam et al. 2024, definition of the skill frequencies.

    >>> power_law(3, 0.0).round(4)
    array([0.5455, 0.2727, 0.1818])
    """
    n_skills = _checks.integer("n_skills", n_skills, minimum=1, maximum=_checks.LARGEST_SIZE)
    weights = np.arange(1, n_skills + 1, dtype=np.float64) ** -zipf_exponent(alpha)
    return np.asarray(weights / weights.sum())


@_checks.finite
def tail_mass(alpha: float, n: ArrayLike, *, n_skills: float = math.inf) -> NDArray[np.float64]:
    """Return the probability Σ_{k>n} P(k) of all skills rarer than the n-th; 0 where n >= n_skills.

    With s = α + 1 and the Hurwitz zeta function ζ(s, a) = Σ_{j≥0} (j + a)^-s the mass is ζ(s, n+1)
    / ζ(s) for infinitely many skills and [ζ(s, n+1) - ζ(s, K+1)] / [ζ(s) - ζ(s, K+1)] for
    K = `n_skills`.

    Args:
        alpha: α; from 1e-6 to 300 for infinitely many skills, > -1 otherwise.
        n: >= 0, any shape. Whole numbers give the sum itself; real ones its analytic interpolation
            (whole only where `n_skills` is finite and α < 0.001).

    Source: derived here; equals the finite sum to 1e-12.

    >>> round(float(tail_mass(0.4, 10)), 4)
    0.3142
    """
    counted = _checks.array("n", n, minimum=0.0)
    if isinstance(n_skills, float) and n_skills == math.inf:
        s = endless(alpha) + 1.0
        return np.asarray(zeta(s, counted + 1.0) / zeta(s, 1.0))
    total = _checks.integer("n_skills", n_skills, minimum=1)
    s = zipf_exponent(alpha)
    if s > 1.001:
        end = zeta(s, total + 1.0)
        mass = (zeta(s, np.minimum(counted, total) + 1.0) - end) / (zeta(s, 1.0) - end)
        return np.asarray(mass)
    # The Hurwitz series diverges for s <= 1, and its differences cancel close to that pole.
    if (counted != np.floor(counted)).any():
        raise ValueError(f"n must be whole numbers when alpha < 0.001, got {n!r}")
    remaining = np.append(np.cumsum(power_law(total, alpha)[::-1])[::-1], 0.0)
    return np.asarray(remaining[np.minimum(counted, total).astype(int)])
