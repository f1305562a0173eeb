r"""The loss after n quanta: exact, as an integral, its local slope, and what a line fit reads."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import zeta

from skillscale import _checks
from skillscale.frequencies import zipf_exponent
from skillscale.quantization.theory._shared import (
    Floats,
    check_alpha,
    check_count,
    check_finite,
    check_skills,
    log_tail,
    unlearned,
)

ALPHA_SEARCHED = (0.002, 10.0)
"""Where `true_exponent` looks for alpha."""

_EACH = 2048
"""Whole numbers at either end of a fit that are taken one by one, before quadrature takes over."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def loss(
    n: ArrayLike, alpha: float, *, a: float = 0.0, b: float = 1.0, n_skills: float = math.inf
) -> Floats:
    r"""Expected loss once the n most frequent quanta are learned, exactly.

    $L_n = a + (b - a) \sum_{k>n} P(k)$ with $P(k) \propto k^{-(\alpha+1)}$ over `n_skills` quanta;
    for infinitely many the sum is $\zeta(\alpha+1, n+1) / \zeta(\alpha+1)$ (Hurwitz over Riemann).

    Args:
        n: Number of quanta learned, 0 <= n <= n_skills.
        alpha: Frequency exponent; may be below 0, above -1, for a finite `n_skills`.
        a: Loss on a sample whose quantum is learned.
        b: Loss on one whose quantum is not learned yet, > a.

    Source: Michaud et al. 2023, theory (the sum); Hurwitz and finite forms derived here.

    >>> loss([0, 10, 100], alpha=0.4).round(4).tolist()
    [1.0, 0.3142, 0.1273]
    """
    a, b = _checks.number("a", a), _checks.number("b", b, above=a)
    check_finite("b", b, b - a)
    check_skills(n_skills)
    alpha = check_alpha(alpha, above=0.0 if n_skills == math.inf else -1.0)
    left = unlearned(alpha, _checks.array("n", n, minimum=0), n_skills)
    return np.asarray(a + (b - a) * left, dtype=np.float64)


def loss_integral(n: ArrayLike, alpha: float, *, midpoint: bool = True) -> Floats:
    r"""Power law that replaces the sum over unlearned quanta by an integral, with a = 0 and b = 1.

    $L_n \approx (n + h)^{-\alpha} / (\alpha \zeta(\alpha+1))$. With h = 0 (the published form,
    n > 0) it is too large by a factor $1 + \alpha/(2n) + O(n^{-2})$; with the `midpoint` h = 1/2 by
    only $1 + \alpha(\alpha+1)/(24 n^2) + O(n^{-3})$.

    Source: Michaud et al. 2023, theory (h = 0); midpoint and error terms derived here.

    >>> loss_integral(10, alpha=0.4, midpoint=False).round(4).item()
    0.3205
    >>> loss_integral(10, alpha=0.4).round(4).item()
    0.3143
    """
    alpha = check_alpha(alpha)
    midpoint = _checks.flag("midpoint", midpoint)
    learned = _checks.array("n", n, positive=not midpoint, minimum=0)
    start = learned + 0.5 if midpoint else learned
    with np.errstate(over="ignore"):
        value = np.asarray(start**-alpha / (alpha * zeta(zipf_exponent(alpha))), dtype=np.float64)
    check_finite("n", n, value)
    return value


def local_exponent(n: ArrayLike, alpha: float, *, n_skills: float = math.inf) -> Floats:
    r"""Slope that the exact reducible loss has on log-log axes at n learned quanta.

    $-d\ln(L_n - a)/d\ln n = (\alpha+1)\, n\, [\zeta(\alpha+2,n+1)]
    / [\zeta(\alpha+1,n+1) - \zeta(\alpha+1,n_{skills}+1)]$, with n continued to real values by the
    Hurwitz zeta function, 0 <= n < n_skills. It is $\alpha(1 - 1/(2n) + \dots)$ for an infinite
    world, so too low at small n, and grows without bound as n approaches a finite `n_skills`.

    Source: derived here.

    >>> local_exponent([1, 10, 1000], alpha=0.4).round(3).tolist()
    [0.255, 0.381, 0.4]
    """
    alpha = check_alpha(alpha)
    check_skills(n_skills)
    learned = _checks.array("n", n, minimum=0)
    if np.any(learned >= n_skills):
        raise ValueError(f"n must be < n_skills = {n_skills!r}, got {n!r}")
    # Both sums are over all quanta or both over a world's; log_tail takes alpha times an infinite.
    steeper = log_tail(alpha + 1, learned, math.inf) - math.log1p(alpha)
    scale = alpha if n_skills == math.inf else 1.0
    ratio = scale * np.exp(steeper - log_tail(alpha, learned, n_skills))
    return np.asarray(zipf_exponent(alpha) * learned * ratio, dtype=np.float64)


def apparent_exponent(alpha: float, *, n_min: int, n_max: int, n_skills: float = math.inf) -> float:
    """Exponent that a straight-line fit reads off the exact loss curve, noise-free.

    Minus the ordinary-least-squares slope of ln(L_n - a) against ln n over the integers n_min, ...,
    n_max. A small n reads low, a finite number of skills reads high: this is the bias to compare a
    measured exponent with before comparing it with `alpha`.

    Of more than 4096 integers the first and last 2048 are taken one by one and the sums over the
    others are integrals with their Euler-Maclaurin terms, so that any window takes milliseconds.

    Args:
        n_min: First number of learned quanta in the fit, >= 1.
        n_max: Last one, < n_skills, at most 2^53; beyond n_min by a millionth of it.

    Source: derived here.

    >>> round(apparent_exponent(0.4, n_min=1, n_max=40), 3)
    0.37
    >>> round(apparent_exponent(0.4, n_min=1, n_max=40, n_skills=500), 3)
    0.478
    """
    alpha = check_alpha(alpha)
    n_min = check_count("n_min", n_min, minimum=1)
    n_max = check_count("n_max", n_max, minimum=2)
    if n_max <= n_min or n_max - n_min < 1e-6 * n_min:
        # Rounding of ln(loss), some 1e-14, would be over 1e-8 of its change.
        raise ValueError(f"n_max must exceed n_min = {n_min} by a millionth of it, got {n_max}")
    check_skills(n_skills)
    if n_max >= n_skills:
        raise ValueError(f"n_max must be < n_skills = {n_skills!r}, got {n_max!r}")
    n, weight = _whole(n_min, n_max)
    x = np.log(n) - np.average(np.log(n), weights=weight)
    return float(-(weight * x) @ log_tail(alpha, n, n_skills) / (weight @ x**2))


def _whole(first: int, last: int) -> tuple[Floats, Floats]:
    """Places and weights with which sums over first, ..., last of smooth functions are taken."""
    if last - first < 2 * _EACH:
        each = np.arange(first, last + 1, dtype=np.float64)
        return each, np.ones_like(each)
    low, high = first + _EACH, last - _EACH  # the numbers from low to high are integrated over
    n_panels = 1 + math.ceil(math.log2(1 + (high - low) / _EACH))
    # Panels grow from both ends, with the distance from where the integrand may be singular.
    grown = _EACH * (2.0 ** np.arange(n_panels) - 1)
    half = (high - low + 1) / 2
    grown = np.append(grown[grown < half], half)
    edges = np.concatenate([low - 0.5 + grown, high + 0.5 - grown[-2::-1]])
    width, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    ends = np.arange(_EACH, dtype=np.float64)
    places = [first + ends, (middle[:, None] + width[:, None] * _NODES).ravel(), last - ends[::-1]]
    weights = [np.ones(_EACH), (width[:, None] * _WEIGHTS).ravel(), np.ones(_EACH)]
    # Minus a 24th of the change of the slope: differences between the numbers next to either edge.
    places.append(np.array([low - 1.0, low, high, high + 1.0]))
    weights.append(np.array([-1, 1, 1, -1]) / 24)
    return np.concatenate(places), np.concatenate(weights)


def true_exponent(apparent: float, *, n_min: int, n_max: int, n_skills: float = math.inf) -> float:
    """Alpha, to about 1e-12, whose exact loss curve a straight-line fit reads as `apparent` > 0.

    The inverse of `apparent_exponent` in alpha, found by bracketing between the ends of
    `ALPHA_SEARCHED`, 0.002 and 10. With finitely many skills there is a smallest exponent that a
    fit over the window can read at all, however flat the frequencies are; the ValueError for
    another one says which can be read.

    Source: derived here.

    >>> round(true_exponent(0.478, n_min=1, n_max=40, n_skills=500), 2)
    0.4
    """
    wanted = _checks.number("apparent", apparent, above=0)

    def excess(alpha: float) -> float:
        return apparent_exponent(alpha, n_min=n_min, n_max=n_max, n_skills=n_skills) - wanted

    ends = [excess(alpha) for alpha in ALPHA_SEARCHED]
    if not ends[0] <= 0 <= ends[1]:
        low, high = (wanted + end for end in ends)
        raise ValueError(
            f"apparent must be what such a fit can read for some alpha in {ALPHA_SEARCHED}, "
            f"between {low:.3g} and {high:.3g}, got {apparent!r}"
        )
    return float(brentq(excess, *ALPHA_SEARCHED, xtol=1e-13, rtol=1e-13))


def complete_tail(loss: ArrayLike, alpha: float, n_skills: int) -> Floats:
    """Loss of a finite toy re-expressed in the infinite problem it truncates.

    $L' = m L + (1 - m)$ with m the mass that the first `n_skills` (finite) quanta have in the
    infinite power law, and L in units of the unlearned loss (a = 0, b = 1). It *assumes* that law
    for the quanta beyond `n_skills` and that they are all unlearned: an exponent read from L' is no
    evidence for the power law of the frequencies.

    Source: derived here.

    >>> complete_tail(0.0, alpha=0.4, n_skills=100).round(4).item()
    0.1273
    """
    alpha = check_alpha(alpha)
    count = check_count("n_skills", n_skills, minimum=1)
    toy = _checks.array("loss", loss, minimum=0)
    beyond = unlearned(alpha, np.asarray(count, dtype=np.float64))
    return np.asarray((1 - beyond) * toy + beyond, dtype=np.float64)
