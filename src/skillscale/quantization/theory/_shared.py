"""What the modules of the quantization theory share: sums over quanta, and checks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import exprel, zeta

from skillscale import _checks
from skillscale.frequencies import zipf_exponent

Floats = NDArray[np.float64]

COUNTED = 2**53
"""Largest finite number of quanta: beyond it floats no longer tell n from n + 1."""
FLATTEST = 1e-9
"""Smallest alpha: below it a float alpha + 1 no longer holds seven digits of alpha."""
STEEPEST = 1e6
"""Largest alpha: the loss then falls by e^-700000 from n = 0 to n = 1."""

_DIRECT = 32
# Terms of the Euler-Maclaurin formula from the midpoint: coefficient and order of derivative.
_CORRECTIONS = ((1 / 24, 1), (-7 / 5760, 3), (31 / 967680, 5))


def log_tail(alpha: float, n: Floats, n_skills: float) -> Floats:
    r"""Logarithm of $\sum_{k=n+1}^{n_{skills}} k^{-(\alpha+1)}$ without cancellation or underflow.

    Of alpha times the sum where the quanta are infinitely many, which is finite down to alpha = 0.
    The first 32 terms are added one by one, relative to the first, the rest by the Euler-Maclaurin
    formula; n may be real, with the analytic continuation of the zeta functions.
    """
    s = alpha + 1
    first = n + 1.0
    rank = first[..., None] + np.arange(_DIRECT)
    start = first + (_DIRECT - 0.5)
    terms = np.exp(-s * np.log(rank / first[..., None]))
    beyond = np.exp(-s * np.log(start / first))
    change = [np.prod(s + np.arange(order)) * start**-order for _, order in _CORRECTIONS]
    if n_skills == math.inf:
        # alpha (sum) = 1 + [start^-alpha - 1] + alpha (...) keeps the digits of a small alpha.
        smooth = terms.sum(-1) - beyond * sum(
            c * each for (c, _), each in zip(_CORRECTIONS, change, strict=True)
        )
        power = -alpha * np.log(start)
        flat = np.log1p(np.expm1(np.maximum(power, -1.0)) + alpha * first**-s * smooth)
        steep = np.log(alpha * smooth + beyond * start) - s * np.log(first)
        return np.asarray(np.where(power > -1, flat, steep))
    left = n_skills - n
    span = np.log1p(left / start)
    smooth = start * span * exprel(-alpha * span) + sum(
        c * each * np.expm1(-(s + order) * span)
        for (c, order), each in zip(_CORRECTIONS, change, strict=True)
    )
    terms *= -np.expm1(-s * np.log1p(left[..., None] / rank))
    return np.asarray(np.log(terms.sum(-1) + beyond * smooth) - s * np.log(first))


def normaliser(alpha: float, n_skills: float) -> float:
    """Sum of k^-(alpha+1) over the quanta."""
    if math.isinf(n_skills):
        return float(zeta(zipf_exponent(alpha)))
    return float(np.exp(log_tail(alpha, np.zeros(()), n_skills)))


def unlearned(alpha: float, n: Floats, n_skills: float = math.inf) -> Floats:
    """Probability of the quanta after the n-th; 0 from n = n_skills on."""
    with np.errstate(divide="ignore"):
        tail = log_tail(alpha, np.minimum(n, n_skills), n_skills)
    return np.asarray(np.exp(tail - log_tail(alpha, np.zeros(()), n_skills)))


def check_alpha(alpha: float, *, above: float = 0.0) -> float:
    """Return `alpha` as a float, or raise ValueError unless it is in the range computed.

    From `FLATTEST` to `STEEPEST`, or from `above` for a finite world.
    """
    number = _checks.number("alpha", alpha, above=above)
    least = FLATTEST if above == 0 else -math.inf
    return _checks.number("alpha", number, minimum=least, maximum=STEEPEST)


def check_skills(n_skills: float) -> None:
    """Raise ValueError unless `n_skills` is infinite or an integer from 1 to `COUNTED`."""
    if not (isinstance(n_skills, float) and n_skills == math.inf):
        check_count("n_skills", n_skills, minimum=1)


def check_count(name: str, value: float, *, minimum: int) -> int:
    """Return `value` as an int, or raise ValueError unless it is one from `minimum` to 2^53."""
    return _checks.integer(name, value, minimum=minimum, maximum=COUNTED)


def check_finite(name: str, given: object, result: Floats | float) -> None:
    """Raise ValueError, naming an argument, if a result has overflowed."""
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must leave a finite result, got {given!r}")
