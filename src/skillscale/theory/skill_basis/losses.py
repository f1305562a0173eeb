"""Theory 1, the skill basis: every skill follows its own logistic clock (Nam et al. 2024).

The model f(i, x) = Σ_k a_k b_k g_k(i, x) is a product of two layers in a fixed orthogonal basis of
skills. Gradient flow on the ½-loss decouples into one logistic equation per skill, whose clock
runs at a rate proportional to the frequency P(k) of the skill:

    dR_k/dT = 2 · eta · clock · P(k) · R_k · (S - R_k),      R_k(0) = R0.

Losses are in units of ½·squared error: a skill that is not learned at all costs S²/2. A network
trained on plain mean squared error has eta = 2 · learning rate.
"""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, zeta
from scipy.stats import binom

from skillscale import _checks
from skillscale.frequencies import power_law, tail_mass

FloatArray = NDArray[np.float64]

RESOURCES = ("T", "D", "N", "C")


def strength_time(
    T: ArrayLike,
    frequency: ArrayLike,
    *,
    S: float = 1.0,
    R0: float,
    eta: float,
    clock: float = 1.0,
) -> FloatArray:
    """Return the relative strength R/S of a skill after training for a time `T`.

    R(T)/S = 1 / (1 + (S/R0 - 1) · exp(-2 · eta · clock · frequency · S · T)), a sigmoid in T.

    Args:
        T: Training time in steps of rate `eta`, >= 0; broadcasts with `frequency`.
        frequency: Share P(k) of the data that exercises the skill, > 0.
        S: Target scale.
        R0: Strength at T = 0, between 0 and `S` (both excluded), in units of the output.
        eta: Rate of the gradient flow on the ½-loss; 2 · lr for plain squared error.
        clock: Factor on the rate: 1 in the bare model, the one fitted constant for a network
            (written B² in the paper, fitted there as 1/22).

    Returns:
        R/S with the broadcast shape of `T` and `frequency`.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024, Eq. 14 (clock = 1: their bare multilinear model); equals the
    integrated gradient flow of a_k and b_k in `tests/test_skill_basis_theory.py`.

    >>> strength_time([0, 10, 20], 0.5, R0=0.01, eta=1.0).round(4)
    array([0.01  , 0.9955, 1.    ])
    """
    times = _checks.array("T", T, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    log_gap = _log_gap(S, R0)
    return np.asarray(expit(_rate(S, eta, clock) * shares * times - log_gap), dtype=np.float64)


def emergence_time(
    frequency: ArrayLike,
    *,
    S: float = 1.0,
    R0: float,
    eta: float,
    clock: float = 1.0,
    eps: float = 0.05,
) -> FloatArray:
    """Return the time at which a skill reaches the relative strength R/S = `eps`.

    τ = ln[(S/R0 - 1) / (1/eps - 1)] / (2 · eta · clock · S · frequency). For power-law frequencies
    τ ∝ k^(alpha+1). With eps = 0.5 it is the half-time.

    Args:
        frequency: Share P(k) of the data that exercises the skill, > 0.
        S: Target scale.
        R0: Strength of each skill at T = 0, in (0, S).
        eta: Rate of the gradient flow on the ½-loss.
        clock: Factor on the rate.
        eps: Level to reach, in (0, 1); a level at or below R0/S gives a time <= 0.

    Returns:
        Times in the unit of 1/eta, same shape as `frequency`.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024, Appendix D; inverse of `strength_time`, tested.

    >>> float(emergence_time(0.5, R0=0.01, eta=1.0, eps=0.5).round(4))
    4.5951
    """
    shares = _checks.array("frequency", frequency, positive=True)
    eps = _checks.number("eps", eps, above=0, below=1)
    phase = _log_gap(S, R0) - math.log(1.0 / eps - 1.0)
    return np.asarray(phase / (_rate(S, eta, clock) * shares))


def linear_control(T: ArrayLike, frequency: ArrayLike, *, eta: float) -> FloatArray:
    """Return the relative strength R/S of a skill in the one-layer (linear) control model.

    R(T)/S = 1 - exp(-eta · frequency · T) for f = Σ_k w_k g_k with w_k(0) = 0. It scales with the
    same exponents as the two-layer model but rises at once: no delay, no sigmoid.

    Args:
        T: Training time, >= 0; broadcasts with `frequency`.
        frequency: Share P(k) of the data that exercises the skill, > 0.
        eta: Rate of the gradient flow on the ½-loss.

    Returns:
        R/S with the broadcast shape of `T` and `frequency`.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024, Appendix H; equals the integrated flow in
    `tests/test_skill_basis_theory.py`.

    >>> float(linear_control(2.0, 0.5, eta=1.0).round(4))
    0.6321
    """
    times = _checks.array("T", T, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    return np.asarray(-np.expm1(-_checks.number("eta", eta, above=0) * shares * times))


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
        n_skills: Number of skills.
        T: Training time, >= 0 or inf.
        D: Number of samples, whole numbers >= 1 or inf. With `T` also finite the expectation runs
            over all likely counts d_k (mass beyond 1e-15 is cut), which costs time.
        N: Number of skills the model can represent, whole numbers >= 1 or inf.
        S: Target scale.
        R0: Strength of each skill at T = 0, in (0, S).
        eta: Rate of the gradient flow on the ½-loss.

    Returns:
        Loss in units of ½·squared error, with the broadcast shape of `T`, `D` and `N`.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024, Eq. 12, with the expectation over d_k taken here; compared with drawn
    counts and with integrated flows in `tests/test_skill_basis_theory.py`.

    >>> float(loss(alpha=0.6, n_skills=100, T=0, R0=0.1).round(4))
    0.405
    >>> loss(alpha=0.6, n_skills=100, N=[1, 10, 100]).round(4)
    array([0.2707, 0.0691, 0.    ])
    """
    frequency = power_law(n_skills, alpha)
    times = _resource("T", T, minimum=0, whole=False)
    samples = _resource("D", D, minimum=1, whole=True)
    skills = _resource("N", N, minimum=1, whole=True)
    log_gap = _log_gap(S, R0)
    rate = _rate(S, eta)
    points = np.broadcast(times, samples, skills)
    values = [
        _skill_losses(frequency, t, d, log_gap=log_gap, rate=rate)[: _count(n, n_skills)].sum()
        + frequency[_count(n, n_skills) :].sum()
        for t, d, n in points
    ]
    return 0.5 * S**2 * np.reshape(np.asarray(values, dtype=np.float64), points.shape)


def missing_tail(
    alpha: float, n_skills: ArrayLike, *, S: float = 1.0, exact: bool = False
) -> FloatArray:
    """Return L_C, the loss that all skills beyond the last one would add.

    L_C = S² · A · n_skills^-alpha / (2 · alpha) with A = 1/Σ_{k<=n_skills} k^-(alpha+1): the
    integral of (S²/2) · A · k^-(alpha+1) over k > n_skills. With `exact` the integral is replaced
    by the sum over k > n_skills. L + L_C is the pure power law where L alone bends down.

    Args:
        alpha: Exponent α > 0 (else the tail is infinite).
        n_skills: Number of skills of the finite problem, >= 1; broadcasts.
        S: Target scale.
        exact: Sum instead of integral.

    Returns:
        Loss in units of ½·squared error, same shape as `n_skills`.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024, Eq. 56; the sum is derived here and tested.

    >>> missing_tail(0.6, [100, 1000]).round(4)
    array([0.0241, 0.0058])
    """
    alpha = _checks.number("alpha", alpha, above=0)
    counts = _checks.array("n_skills", n_skills, minimum=1.0)
    S = _checks.number("S", S, above=0)
    tail = tail_mass(alpha, counts)
    if exact:
        return np.asarray(0.5 * S**2 * tail / (1.0 - tail))
    normalised = 1.0 / (zeta(alpha + 1.0, 1.0) * (1.0 - tail))
    return np.asarray(0.5 * S**2 * normalised * counts**-alpha / alpha)


def exponents(alpha: float) -> dict[str, float]:
    """Return the decay exponents of the loss in time, data, skills and compute.

    L ∝ T^-(α/(α+1)), D^-(α/(α+1)), N^-α and, with C = T · N split at its best, C^-(α/(α+2)).

    Args:
        alpha: Exponent α > 0 of P(k) ∝ k^-(α+1).

    Returns:
        Positive decay exponents under the keys "T", "D", "N" and "C".

    Raises:
        ValueError: If `alpha` is not a finite number > 0.

    Source: Nam et al. 2024, their scaling laws; slopes of the exact sums in
    `tests/test_skill_basis_theory.py`.

    >>> {name: round(value, 4) for name, value in exponents(0.6).items()}
    {'T': 0.375, 'D': 0.375, 'N': 0.6, 'C': 0.2308}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    shared = alpha / (alpha + 1.0)
    return dict(zip(RESOURCES, (shared, shared, alpha, alpha / (alpha + 2.0)), strict=True))


def prefactor(
    resource: str, alpha: float, *, S: float = 1.0, R0: float = 0.01, eta: float = 1.0
) -> float:
    """Return c of the power law L = c · x^(-exponent) for infinitely many skills.

    With p = α/(α+1), ζ = ζ(α+1), M = S/R0 - 1:

    - "T": (S²/2) · ζ^(p-1)/(α+1) · (2 · eta · S)^(-p) · Γ(p) · [Li_{p-1}(-M) - Li_p(-M)]
    - "D": ((S - R0)²/2) · ζ^(p-1)/(α+1) · Γ(p)
    - "N": S² / (2 · α · ζ)

    Args:
        resource: "T", "D" or "N".
        alpha: Exponent α > 0.
        S: Target scale.
        R0: Strength of each skill at T = 0, in (0, S).
        eta: Rate of the gradient flow on the ½-loss.

    Returns:
        Prefactor in units of ½·squared error.

    Raises:
        ValueError: If an argument is out of range.

    Source: Nam et al. 2024 as integrals; the polylogarithms are derived here. Tested against
    quadrature and against the exact sums.

    >>> [round(2 * prefactor("T", alpha), 4) for alpha in (0.3, 0.6, 0.9)]
    [1.2906, 1.2001, 1.0607]
    """
    resource = _checks.choice("resource", resource, ("T", "D", "N"))
    alpha = _checks.number("alpha", alpha, above=0)
    log_gap, rate = _log_gap(S, R0), _rate(S, eta)
    norm = float(zeta(alpha + 1.0, 1.0))
    if resource == "N":
        return float(0.5 * S**2 / (alpha * norm))
    p = alpha / (alpha + 1.0)
    common = 0.5 * norm ** (p - 1.0) / (alpha + 1.0) * math.gamma(p)
    if resource == "D":
        return float(common * (S - R0) ** 2)
    M = mp.exp(log_gap)
    fermi = mp.re(mp.polylog(p - 1.0, -M) - mp.polylog(p, -M))
    return float(common * S**2 * rate**-p * fermi)


def derivation() -> dict[str, sp.Expr]:
    """Return the closed forms of the chapter as sympy expressions.

    The chapter derives each from the gradient flow and asserts that it agrees. All symbols are
    positive: T, P (the frequency), R (the strength), S, R0, eta, clock, k, alpha, A.

    Returns:
        "rate" dR/dT; "strength" R/S after time T; "skill_loss" L_k in units of ½·squared error;
        "half_time" at which R = S/2; "missing_tail" L_C for frequencies A · k^-(alpha+1) beyond k.

    Source: Nam et al. 2024, Eqs. 14 and 56; `tests/test_skill_basis_theory.py` checks them
    against each other and against the numerical functions.

    >>> derivation()["missing_tail"]
    A*S**2/(2*alpha*k**alpha)
    """
    T, P, S, R0, eta, clock, k, alpha, A, R = sp.symbols(
        "T P S R0 eta clock k alpha A R", positive=True
    )
    phase = 2 * eta * clock * P * S
    strength = 1 / (1 + (S / R0 - 1) * sp.exp(-phase * T))
    return {
        "rate": 2 * eta * clock * P * R * (S - R),
        "strength": strength,
        "skill_loss": S**2 / 2 * (1 - strength) ** 2,
        "half_time": sp.log(S / R0 - 1) / phase,
        "missing_tail": S**2 * A * k**-alpha / (2 * alpha),
    }


def _log_gap(S: float, R0: float) -> float:
    S = _checks.number("S", S, above=0)
    R0 = _checks.number("R0", R0, above=0, below=S)
    return math.log(S - R0) - math.log(R0)


def _rate(S: float, eta: float, clock: float = 1.0) -> float:
    eta = _checks.number("eta", eta, above=0)
    return 2.0 * S * eta * _checks.number("clock", clock, above=0)


def _resource(name: str, value: ArrayLike, *, minimum: int, whole: bool) -> FloatArray:
    kind = "whole numbers" if whole else "numbers"
    values = np.asarray(value, dtype=np.float64)
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
    losses = np.empty_like(frequency)
    # Skills of like frequency share one window of counts, so that no term is left out.
    start = 0
    while start < frequency.size:
        stop = min(frequency.size, start + max(1, start // 4))
        low = int(binom.ppf(1e-15, D, frequency[stop - 1]))
        high = int(binom.isf(1e-15, D, frequency[start]))
        counts = np.arange(max(low - 1, 0), min(high + 1, int(D)) + 1)
        share = binom.pmf(counts, D, frequency[start:stop, None])
        remaining = expit(log_gap - rate * T * counts / D) ** 2
        losses[start:stop] = frequency[start:stop] * (share @ remaining)
        start = stop
    return losses
