"""Strength of one skill in training time, and the times that follow from it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from skillscale import _checks
from skillscale.skill_basis.theory._shared import FloatArray, log_gap, rate, scale_and_start


@_checks.finite
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
        R0: Strength at T = 0 in units of the output, in (0, S).
        eta: Rate of the gradient flow on the ½-loss; 2 · lr for plain squared error.
        clock: Factor on the rate: 1 in the bare model, the one fitted constant for a network
            (written B² in the paper, fitted there as 1/22).

    Source: Nam et al. 2024, Eq. 14 (clock = 1: their bare multilinear model); tested against the
    integrated flow of a_k and b_k.

    >>> strength_time([0, 10, 20], 0.5, R0=0.01, eta=1.0).round(4)
    array([0.01  , 0.9955, 1.    ])
    """
    times = _checks.array("T", T, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    gap = log_gap(S, R0)
    return np.asarray(expit(rate(S, eta, clock) * shares * times - gap), dtype=np.float64)


@_checks.finite
def emergence_time(
    frequency: ArrayLike,
    *,
    S: float = 1.0,
    R0: float,
    eta: float,
    clock: float = 1.0,
    eps: float = 0.05,
) -> FloatArray:
    """Return the time, in the unit of 1/eta, at which a skill reaches R/S = `eps`.

    τ = ln[(S/R0 - 1) / (1/eps - 1)] / (2 · eta · clock · S · frequency), ∝ k^(alpha+1) for
    power-law frequencies. With eps = 0.5 it is the half-time.

    Args:
        eps: Level to reach, in (0, 1); one at or below R0/S gives a time <= 0.

    Source: Nam et al. 2024, Appendix D; inverse of `strength_time`.

    >>> float(emergence_time(0.5, R0=0.01, eta=1.0, eps=0.5).round(4))
    4.5951
    """
    shares = _checks.array("frequency", frequency, positive=True)
    eps = _checks.number("eps", eps, above=0, below=1)
    phase = log_gap(S, R0) - math.log(1.0 / eps - 1.0)
    return np.asarray(phase / (rate(S, eta, clock) * shares))


@_checks.finite
def linear_control(T: ArrayLike, frequency: ArrayLike, *, eta: float) -> FloatArray:
    """Return the relative strength R/S of a skill in the one-layer (linear) control model.

    R(T)/S = 1 - exp(-eta · frequency · T) for f = Σ_k w_k g_k with w_k(0) = 0 and T >= 0. It scales
    with the same exponents as the two-layer model but rises at once: no delay, no sigmoid.

    Source: Nam et al. 2024, Appendix H; tested against the integrated flow.

    >>> float(linear_control(2.0, 0.5, eta=1.0).round(4))
    0.6321
    """
    times = _checks.array("T", T, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    return np.asarray(-np.expm1(-_checks.number("eta", eta, above=0) * shares * times))


@_checks.finite
def unbalanced_strength_time(
    T: ArrayLike,
    frequency: ArrayLike,
    *,
    S: float = 1.0,
    R0: float,
    imbalance: float,
    eta: float,
    clock: float = 1.0,
) -> FloatArray:
    """Return the relative strength R/S of a skill whose two layers start with different sizes.

    The flow of f = a·b conserves Δ = a² - b² and gives

        dR/dT = eta · clock · frequency · √(4R² + Δ²) · (S - R).

    Its solution is a logistic curve for W = (a + b)² = 2R + √(4R² + Δ²): with K = √(4S² + Δ²)

        W(T) = 2S - K + 2K / (1 + exp(-K · eta · clock · frequency · T) / Q),
        Q = (W(0) - 2S + K) / (2S + K - W(0)),      R = (W - Δ²/W) / 4.

    Δ = 0 is the sigmoid of `strength_time`; for Δ much larger than S it is an exponential, the
    `linear_control` at the rate eta · Δ.

    Args:
        R0: Product a·b at T = 0, in [0, S); above 0 where `imbalance` is 0.
        imbalance: Δ at T = 0, any sign, in the unit of `S`.

    Source: derived here; tested against the integrated flow of a and b, and in both limits.

    >>> unbalanced_strength_time([0, 2, 4], 0.5, R0=0.01, imbalance=1.0, eta=1.0).round(4)
    array([0.01  , 0.7425, 0.9664])
    """
    times = _checks.array("T", T, minimum=0.0)
    shares = _checks.array("frequency", frequency, positive=True)
    imbalance = _checks.number("imbalance", imbalance)
    clocks = 0.5 * rate(S, eta, clock) / S * shares * times
    S, R0 = scale_and_start(S, R0, zero=imbalance != 0.0)
    # Differences of large numbers are written as quotients, for Δ much larger than S.
    root, end_root = math.hypot(2 * R0, imbalance), math.hypot(2 * S, imbalance)
    start, end = 2 * R0 + root, 2 * S + end_root
    offset = imbalance**2 / end
    remaining = 2 * (S - R0) + 4 * (S - R0) * (S + R0) / (end_root + root)
    ratio = (start + offset) / remaining
    if not ratio > 0:
        raise OverflowError("the start is no float")
    phase = end_root * clocks + math.log(ratio)
    W = 2 * end_root * expit(phase) - offset
    return np.asarray(1.0 - 0.5 * end_root / S * expit(-phase) * (1.0 + imbalance**2 / (W * end)))
