"""What the modules of the quantization theory share: an array type, the normaliser, a check."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import zeta

from skillscale import _checks
from skillscale.frequencies import tail_mass, zipf_exponent

Floats = NDArray[np.float64]


def normaliser(alpha: float, n_skills: float) -> float:
    """Sum of k^-(alpha+1) over the quanta."""
    head: float = zeta(zipf_exponent(alpha))
    beyond = 0.0 if math.isinf(n_skills) else tail_mass(alpha, n_skills)
    return float(head * (1 - beyond))


def check_skills(n_skills: float) -> None:
    """Raise ValueError unless `n_skills` is infinite or an integer >= 1."""
    if n_skills != math.inf:
        _checks.integer("n_skills", n_skills, minimum=1)


def check_levels(a: float, b: float) -> None:
    """Raise ValueError unless `a` and `b` are finite and a < b."""
    _checks.number("a", a)
    _checks.number("b", b, above=a)
