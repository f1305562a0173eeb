"""Power laws of the loss for infinitely many skills, and the best split of compute."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, gammaincc, zeta

from skillscale import _checks
from skillscale.frequencies import endless
from skillscale.skill_basis.theory._shared import FloatArray, log_gap, rate, scale_and_start

RESOURCES = ("T", "D", "N", "C")


def exponents(alpha: float) -> dict[str, float]:
    """Return the decay exponents of the loss in time "T", data "D", skills "N" and compute "C".

    L ∝ T^-(α/(α+1)), D^-(α/(α+1)), N^-α and, with C = T · N split at its best, C^-(α/(α+2)), for
    P(k) ∝ k^-(α+1), α > 0.

    Source: Nam et al. 2024, their scaling laws; tested as slopes of the exact sums.

    >>> {name: round(value, 4) for name, value in exponents(0.6).items()}
    {'T': 0.375, 'D': 0.375, 'N': 0.6, 'C': 0.2308}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    shared = alpha / (alpha + 1.0)
    return dict(zip(RESOURCES, (shared, shared, alpha, alpha / (alpha + 2.0)), strict=True))


@_checks.finite
def prefactor(
    resource: str, alpha: float, *, S: float = 1.0, R0: float = 0.01, eta: float = 1.0
) -> float:
    """Return c of the power law L = c · x^(-exponent) for infinitely many skills.

    With p = α/(α+1), q = α/(α+2), ζ = ζ(α+1), M = S/R0 - 1:

    - "T": (S²/2) · ζ^(p-1)/(α+1) · (2 · eta · S)^(-p) · Γ(p) · [Li_{p-1}(-M) - Li_p(-M)]
    - "D": ((S - R0)²/2) · ζ^(p-1)/(α+1) · Γ(p)
    - "N": S² / (2 · α · ζ)
    - "C" (= T · N): (eta · S)^(-q) · min over λ of λ^p · A(μ), μ = λ^((α+2)/(α+1)), where A(μ) is
      `joint_law` at the time T = 1/(eta · S) for N = μ skills. There is one minimum.

    "C" is S² · (eta · S)^(-q) times a function of α and S/R0 that grows with a small start only
    like [ln(S/R0)]^q. It tends to (S²/2)/α · ζ^(-2/(α+2)) · [ln(S/R0) / (2 · eta · S)]^q, from
    which it differs by less than 1 % for S/R0 >= 500 and α <= 0.9.

    Args:
        alpha: Exponent α from 1e-6 to 300.

    Source: Nam et al. 2024, "T", "D" and "N" as integrals, "C" as Theorem 4 and Corollary 5; the
    text after the corollary misprints the sign of the exponent of λ. The polylogarithms, the one
    minimum and the limit of small starts are derived here.

    >>> [round(2 * prefactor("T", alpha), 4) for alpha in (0.3, 0.6, 0.9)]
    [1.2906, 1.2001, 1.0607]
    """
    resource = _checks.choice("resource", resource, RESOURCES)
    alpha = endless(alpha)
    S, R0 = scale_and_start(S, R0)
    eta = _checks.number("eta", eta, above=0)
    gap, speed = log_gap(S, R0), rate(S, eta)
    norm = float(zeta(alpha + 1.0, 1.0))
    if resource == "N":
        return float(0.5 * S**2 / (alpha * norm))
    if resource == "C":
        q = alpha / (alpha + 2.0)
        mu = _best_ratio(alpha, gap)
        return float(0.5 * S**2 * _relative_loss(alpha, gap, mu) * (mu / (eta * S)) ** q)
    p = alpha / (alpha + 1.0)
    common = 0.5 * norm ** (p - 1.0) / (alpha + 1.0) * math.gamma(p)
    if resource == "D":
        return float(common * (S - R0) ** 2)
    M = mp.exp(gap)
    fermi = mp.re(mp.polylog(p - 1.0, -M) - mp.polylog(p, -M))
    return float(common * S**2 * speed**-p * fermi)


@_checks.finite
def joint_law(
    resource: str,
    amount: ArrayLike,
    N: ArrayLike,
    alpha: float,
    *,
    S: float = 1.0,
    R0: float = 0.01,
    eta: float = 1.0,
) -> FloatArray:
    """Return the loss law in time or data and the number of skills `N` together.

    Infinitely many skills exist, the first N of which the model can represent. With the symbols of
    `prefactor`, the tail S² · N^-α / (2 · α · ζ) adds to

    - "T": (S²/2) · ζ^(p-1)/(α+1) · τ^-p · ∫ u^(p-1) · [1 + exp(2u)/M]^-2 du over u > τ · N^-(α+1)
      / ζ, with τ = eta · S · T
    - "D": ((S - R0)²/2) · ζ^(p-1)/(α+1) · D^-p · Γ(p, D · N^-(α+1) / ζ), an incomplete Γ.

    In both, with x the amount, L is x^-p times a function of N / x^(1/(α+1)), whose ends are the
    pure laws in x and in N. It is the limit of the exact sum for large amounts and N.

    Args:
        resource: "T" (data without end) or "D" (trained to the end).
        amount: Time or number of samples, > 0; broadcasts with `N`, real > 0 or inf.
        alpha: Exponent α from 1e-6 to 300.

    Source: Nam et al. 2024, Theorems 4 ("T", the function A) and 5 ("D"); tested against exact
    sums.

    >>> joint_law("T", 1e3, [10, 100, math.inf], 0.6).round(4)
    array([0.0916, 0.0455, 0.045 ])
    """
    resource = _checks.choice("resource", resource, ("T", "D"))
    amounts = _checks.array("amount", amount, positive=True)
    skills = _checks.array("N", N, finite=False)
    if not (skills > 0).all():
        raise ValueError(f"N must be numbers > 0 or inf, got {N!r}")
    alpha = endless(alpha)
    S, R0 = scale_and_start(S, R0)
    eta = _checks.number("eta", eta, above=0)
    gap, speed = log_gap(S, R0), rate(S, eta)
    p = alpha / (alpha + 1.0)
    if resource == "T":
        tau = 0.5 * speed * amounts
        points = np.broadcast(tau, skills)
        values = [t**-p * _relative_loss(alpha, gap, n * t ** (p - 1.0)) for t, n in points]
        return 0.5 * S**2 * np.reshape(np.asarray(values, dtype=np.float64), points.shape)
    norm = zeta(alpha + 1.0, 1.0)
    unseen = gammaincc(p, amounts * skills ** -(alpha + 1.0) / norm) * amounts**-p
    tail = 0.5 * S**2 * skills**-alpha / (alpha * norm)
    return np.asarray(prefactor("D", alpha, S=S, R0=R0, eta=eta) * unseen + tail)


def _relative_loss(alpha: float, gap: float, mu: float) -> float:
    """A(μ) / (S²/2): the loss at eta · S · T = 1 with μ skills, in units of S²/2."""
    norm = float(zeta(alpha + 1.0, 1.0))
    p = alpha / (alpha + 1.0)
    # u = x^(1/p) takes the singularity at u = 0 out of the integrand, a step at u = gap/2.
    step = max(0.5 * gap, 0.0)
    corners = [max(u, 0.0) ** p for u in (step - 10.0, step, step + 20.0)]
    low, high = (mu ** -(alpha + 1.0) / norm) ** p, corners.pop()
    head = 0.0
    if low < high:
        head = quad(
            lambda x: expit(gap - 2.0 * x ** (1.0 / p)) ** 2,
            low,
            high,
            points=[corner for corner in corners if corner > low] or None,
            epsabs=0.0,
            epsrel=1e-10,
            limit=200,
        )[0]
    return float(norm ** (p - 1.0) / alpha * head + mu**-alpha / (alpha * norm))


def _best_ratio(alpha: float, gap: float) -> float:
    """μ = N / (eta · S · T)^(1/(α+1)) at which μ^q · A(μ) is smallest, q = α/(α+2).

    dA/dμ = -μ^-(α+1)/ζ · (S²/2 - Φ), Φ the loss that the last skill still has. Hence the minimum
    is where q · μ^α · A = (S²/2 - Φ)/ζ: the left side grows with μ and the right one falls, so
    there is one. It begins where the left side is smaller, by (α+2)/2.
    """
    norm = float(zeta(alpha + 1.0, 1.0))

    def excess(log_mu: float) -> float:
        mu = math.exp(log_mu)
        learned = 1.0 - expit(gap - 2.0 * mu ** -(alpha + 1.0) / norm) ** 2
        scaled = mu**alpha * _relative_loss(alpha, gap, mu)
        return float(alpha / (alpha + 2.0) * scaled - learned / norm)

    low = high = -math.log(max(0.5 * gap, 0.5) * norm) / (alpha + 1.0)
    while excess(low) > 0:
        low -= 1.0
    while excess(high) < 0:
        high += 1.0
    return math.exp(brentq(excess, low, high, xtol=1e-13))
