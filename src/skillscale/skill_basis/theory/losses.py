"""Loss of all skills together: exact sums over finitely many skills, and what they leave out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, zeta
from scipy.stats import binom

from skillscale import _checks
from skillscale.frequencies import endless, power_law, tail_mass
from skillscale.skill_basis.theory import _shared
from skillscale.skill_basis.theory._shared import FloatArray

_MOST_SAMPLES = 1e8


@_checks.finite
def loss(
    *,
    alpha: float,
    n_skills: int,
    T: ArrayLike = math.inf,
    D: ArrayLike = math.inf,
    N: ArrayLike = math.inf,
    S: float = 1.0,
    R0: float = 0.01,
    eta: float = 1.0,
) -> FloatArray:
    """Return the loss with a finite time `T`, `D` samples and the first `N` skills representable.

    L = (S²/2) · { Σ_{k<=N} P(k) · E[(1 + exp(2 · eta · S · T · d_k/D) / M)^-2] + Σ_{k>N} P(k) }
    with M = S/R0 - 1 and d_k ~ Binomial(D, P(k)) the number of samples of skill k; infinite D puts
    d_k/D = P(k), infinite T learns every skill with d_k >= 1. Terms are summed without any
    approximation by integrals.

    Args:
        alpha: Exponent α > -1 of P(k) ∝ k^-(alpha+1).
        n_skills: At most 10^8.
        T: Training time, >= 0 or inf; `T`, `D` and `N` broadcast.
        D: Number of samples, whole numbers >= 1 or inf. With `T` also finite the expectation runs
            over all likely counts d_k (mass beyond 1e-15 is cut), which costs time and allows
            neither D > 10^8 nor more than 10^8 counts of like skills.
        N: Number of skills the model can represent, whole numbers >= 1 or inf.

    Source: Nam et al. 2024, Eq. 12, with the expectation over d_k taken here; tested against drawn
    counts and integrated flows.

    >>> float(loss(alpha=0.6, n_skills=100, T=0, R0=0.1).round(4))
    0.405
    """
    frequency = power_law(n_skills, alpha)
    times = _resource("T", T, minimum=0, whole=False)
    samples = _resource("D", D, minimum=1, whole=True)
    skills = _resource("N", N, minimum=1, whole=True)
    S, R0 = _shared.scale_and_start(S, R0)
    log_gap = _shared.log_gap(S, R0)
    rate = _shared.rate(S, eta)
    points = np.broadcast(times, samples, skills)
    values = [
        _skill_losses(frequency, t, d, log_gap=log_gap, rate=rate)[: _count(n, n_skills)].sum()
        + frequency[_count(n, n_skills) :].sum()
        for t, d, n in points
    ]
    return 0.5 * S**2 * np.reshape(np.asarray(values, dtype=np.float64), points.shape)


@_checks.finite
def missing_tail(
    alpha: float, n_skills: ArrayLike, *, S: float = 1.0, exact: bool = False
) -> FloatArray:
    """Return L_C, the loss that all skills beyond the last one would add.

    L_C = S² · A · n_skills^-alpha / (2 · alpha) with A = 1/Σ_{k<=n_skills} k^-(alpha+1): the
    integral of (S²/2) · A · k^-(alpha+1) over k > n_skills. With `exact` the integral is replaced
    by the sum over k > n_skills. L + L_C is the pure power law where L alone bends down.

    The tail completion of the quantization chapter is the same step in other units: with
    m = 1 - `tail_mass(alpha, n_skills)`, the weight of these skills among infinitely many,
    (L + L_C) · m / (S²/2) = m · ℓ + (1 - m) where L_C is exact and ℓ = L / (S²/2), which is
    `quantization.complete_tail(ℓ)`; for the loss of N skills it is `quantization.loss(N)`.

    Args:
        alpha: Exponent α from 1e-6 to 300 (at 0 the tail is infinite).
        n_skills: Number of skills of the finite problem, >= 1; broadcasts.

    Source: Nam et al. 2024, Eq. 56, there for T; the sum, its use for D and N, and the identity are
    derived here.

    >>> missing_tail(0.6, [100, 1000]).round(4)
    array([0.0241, 0.0058])
    """
    alpha = endless(alpha)
    counts = _checks.array("n_skills", n_skills, minimum=1.0)
    S = _checks.number("S", S, above=0)
    exact = _checks.flag("exact", exact)
    tail = tail_mass(alpha, counts)
    if exact:
        return np.asarray(0.5 * S**2 * tail / (1.0 - tail))
    normalised = 1.0 / (zeta(alpha + 1.0, 1.0) * (1.0 - tail))
    return np.asarray(0.5 * S**2 * normalised * counts**-alpha / alpha)


def _resource(name: str, value: ArrayLike, *, minimum: int, whole: bool) -> FloatArray:
    kind = "whole numbers" if whole else "numbers"
    values = _checks.array(name, value, finite=False)
    finite = values[np.isfinite(values)]
    fractional = whole and (finite != np.floor(finite)).any()
    if fractional or not (values >= minimum).all():
        raise ValueError(f"{name} must be {kind} >= {minimum} or inf, got {value!r}")
    return values


def _count(n: float, n_skills: int) -> int:
    return n_skills if n >= n_skills else int(n)


def _skill_losses(
    frequency: FloatArray, T: float, D: float, *, log_gap: float, rate: float
) -> FloatArray:
    """P(k) · E[(1 - R_k/S)²] for each skill."""
    if math.isinf(D):
        phase = np.full_like(frequency, math.inf) if math.isinf(T) else rate * T * frequency
        return np.asarray(frequency * expit(log_gap - phase) ** 2)
    if math.isinf(T):
        unseen = (1.0 - frequency) ** D
        return np.asarray(frequency * unseen * expit(log_gap) ** 2)
    if D > _MOST_SAMPLES:
        raise ValueError(f"D must be at most {_MOST_SAMPLES:g} where T is finite, got {D:g}")
    losses = np.empty_like(frequency)
    # Skills of like frequency share one window of counts, so that no term is left out.
    start = 0
    while start < frequency.size:
        stop = min(frequency.size, start + max(1, start // 4))
        low = int(binom.ppf(1e-15, D, frequency[stop - 1]))
        high = int(binom.isf(1e-15, D, frequency[start]))
        counts = np.arange(max(low - 1, 0), min(high + 1, int(D)) + 1)
        if counts.size * (stop - start) > _checks.LARGEST_SIZE:
            raise ValueError(f"D and n_skills must be smaller where T is finite, got {D:g} samples")
        share = binom.pmf(counts, D, frequency[start:stop, None])
        remaining = expit(log_gap - rate * T * counts / D) ** 2
        losses[start:stop] = frequency[start:stop] * (share @ remaining)
        start = stop
    return losses
