"""Power-law skill frequencies and their exact tail masses.

The only place where the exponent α of the papers meets the Zipf exponent α + 1.
"""

from __future__ import annotations

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
def tail_mass(alpha: float, n: ArrayLike) -> NDArray[np.float64]:
    """Return the probability Σ_{k>n} P(k) of all skills, infinitely many, rarer than the n-th.

    With s = α + 1 and the Hurwitz zeta function ζ(s, a) = Σ_{j≥0} (j + a)^-s it is
    ζ(s, n+1) / ζ(s), for α from 1e-6 to 300 and n >= 0 of any shape; real n
    give the analytic interpolation.

    Source: derived here; equals one minus the sum of the head to 1e-12.

    >>> round(float(tail_mass(0.4, 10)), 4)
    0.3142
    """
    counted = _checks.array("n", n, minimum=0.0)
    s = endless(alpha) + 1.0
    return np.asarray(zeta(s, counted + 1.0) / zeta(s, 1.0))
