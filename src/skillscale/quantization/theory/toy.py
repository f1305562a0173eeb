"""What the law predicts for a finite toy: whole counts, spread of learning times, selection.

Each function takes one property that a simulated toy has and the law has not, and says without
noise what it does to a number that is read off the toy.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, log_ndtr, ndtr

from skillscale import _checks
from skillscale.frequencies import zipf_exponent
from skillscale.quantization.theory._shared import (
    COUNTED,
    Floats,
    check_alpha,
    check_finite,
    check_skills,
    log_tail,
    normaliser,
)
from skillscale.quantization.theory.resources import quanta_learned

_MOST_TIMES = 10_000
_MOST_SKILLS = 10**7


def staircase(
    amounts: ArrayLike, alpha: float, *, cost: float, n_skills: float = math.inf
) -> NDArray[np.int64]:
    r"""Whole number of quanta that a data set of D samples is enough for.

    $n(D) = \#\{k : D\,P(k) \ge cost\}$, for amounts D >= 0, the literal count of which
    `quanta_learned("D", ...)` is the real continuation; fewer than 2^53 in an infinite world. P(k)
    is normalised over `n_skills`.

    Source: Michaud et al. 2023, theory of the quanta.

    >>> staircase([1e4, 1e5, 1e6], 0.4, cost=2e4, n_skills=500).tolist()
    [0, 1, 7]
    """
    D = _checks.array("amounts", amounts, minimum=0)
    alpha = check_alpha(alpha)
    count = np.floor(quanta_learned("D", D, alpha, cost=cost, n_skills=n_skills))
    if np.any((count >= COUNTED) & (count < n_skills)):
        raise ValueError(
            f"amounts must be enough for fewer than 2**53 quanta, got up to {D.max():g}"
        )
    scale = cost * normaliser(alpha, n_skills)
    s = zipf_exponent(alpha)
    # The real solution is rounded, so an edge may be missed by one: compare again.
    count += (count < n_skills) & (D * (count + 1) ** -s >= scale)
    count -= (count > 0) & (D * np.maximum(count, 1) ** -s < scale)
    return np.asarray(count, dtype=np.int64)


def apparent_data_exponent(
    alpha: float,
    *,
    amounts: ArrayLike,
    cost: float,
    n_skills: float = math.inf,
    start: float = 0.95,
) -> float:
    """Exponent that a line fit reads off the loss of a noise-free toy against data.

    The loss is the exact one of the whole counts `staircase(amounts)` with a = 0 and b = 1. As in
    the published analysis, the fit of ln L against ln D begins at the first amount with a loss
    below `start` and goes to the last. Raises ValueError where fewer than three amounts are left to
    fit, or the last is enough for every quantum, where ln L has no value.

    Args:
        amounts: Numbers of samples D, increasing, shape (m,), > 0.
        cost: Own samples that a quantum needs.
        start: Loss below which the fit begins, in units of the unlearned loss, in (0, 1].

    Source: rule of the fit from the code of Michaud et al. 2023; derived here.

    >>> D = np.geomspace(1e4, 5e6, 25)
    >>> round(apparent_data_exponent(0.4, amounts=D, cost=2e4, n_skills=500), 3)
    0.327
    >>> round(0.4 / 1.4, 3)  # the law itself
    0.286
    """
    alpha = check_alpha(alpha)
    check_skills(n_skills)
    D = _checks.array("amounts", amounts, positive=True, dims=(1,))
    if np.any(np.diff(D) <= 0):
        raise ValueError(f"amounts must increase, got {amounts!r}")
    _checks.number("start", start, above=0, maximum=1)
    count = staircase(D, alpha, cost=cost, n_skills=n_skills)
    if count[-1] >= n_skills:
        raise ValueError(
            f"amounts must leave some of the {n_skills!r} quanta unlearned at a cost of {cost:g}, "
            f"got up to {D[-1]:g}"
        )
    everything, left = (
        log_tail(alpha, np.zeros(()), n_skills),
        log_tail(alpha, count.astype(np.float64), n_skills),
    )
    fitted = left - everything < math.log(start)
    if fitted.sum() < 3:
        raise ValueError(
            f"amounts must hold at least 3 with a loss < start = {start:g} at a cost of {cost:g}, "
            f"got {fitted.sum()}"
        )
    slope, _ = np.polyfit(np.log(D[fitted]), left[fitted], 1)
    return float(-slope)


def expected_rank_correlation(log_times: ArrayLike, spread: ArrayLike) -> float:
    r"""Kendall's τ between rank and learning time that the spread between seeds leaves.

    If $\ln T_k$ is normal with mean $m_k$ = `log_times` and standard deviation $s_k$ = `spread`,
    independently, a pair j > i is in order with a margin $E\,\mathrm{sign}(T_j - T_i)
    = \mathrm{erf}\left((m_j - m_i) / \sqrt{2(s_i^2 + s_j^2)}\right)$, and the expected τ is the
    mean of that over all pairs. For the law itself pass $m_k = q(\alpha+1)\ln k$. An observed τ is
    no evidence against the predicted order unless it is below this.

    Args:
        log_times: In order of rank, shape (n,), 2 <= n <= 10,000.
        spread: Shape (n,), or one number for all, >= 0.

    Source: derived here; tested on drawn times.

    >>> m = 1.4 * np.log(np.arange(1, 16))
    >>> round(expected_rank_correlation(m, 0.2), 3), expected_rank_correlation(m, 0.0)
    (0.897, 1.0)
    """
    mean = _checks.array("log_times", log_times, dims=(1,))
    if not 2 <= mean.size <= _MOST_TIMES:
        raise ValueError(
            f"log_times must hold at least 2 times and at most {_MOST_TIMES}, got {mean.size}"
        )
    deviation = _spread(spread, mean.size, "log_times")
    in_order = 0.0
    for k in range(mean.size - 1):
        gap = mean[k + 1 :] - mean[k]
        noise = np.hypot(deviation[k + 1 :], deviation[k])
        with np.errstate(over="ignore"):
            scaled = np.divide(gap, math.sqrt(2) * noise, out=np.zeros_like(gap), where=noise > 0)
        margin = erf(scaled)
        in_order += np.where(noise > 0, margin, np.sign(gap)).sum()
    return float(in_order / math.comb(mean.size, 2))


def censored_exponent(
    alpha: float,
    *,
    n_skills: int,
    cost: float,
    budget: float,
    spread: ArrayLike,
    q: float = 1.0,
) -> float:
    r"""Convergence exponent that a fit over the learned skills alone reads.

    The time of skill k is $\ln T_k = \ln(cost) + q(\alpha+1)\ln k + s_k\,\xi$ with ξ standard
    normal; only $T_k \le S$ is seen. With $z_k = (\ln S - E \ln T_k)/s_k$, skill k is in the fit
    with probability $\Phi(z_k)$, and its mean there is $E \ln T_k - s_k\,\varphi(z_k)/\Phi(z_k)$:
    among the rare skills the lucky ones are kept. Minus the slope of these means against ln P(k),
    weighted by $\Phi(z_k)$, is the exponent read; it is below q wherever the budget cuts. This is
    the fit over many runs pooled; the fit to a single run scatters around nearly the same number.
    Raises ValueError where fewer than two skills are learned on average.

    Args:
        alpha: Frequency exponent, > -1 and <= 1e6.
        n_skills: From 2 to 10^7.
        cost: Median time of the most frequent skill, in the unit of `budget`.
        budget: Length S of the run, > 0.
        spread: Standard deviation $s_k$ between seeds, > 0: shape (n_skills,), or one number.
        q: True convergence exponent, T_k ∝ P(k)^-q, > 0.

    Source: derived here; tested on drawn times.

    >>> run = {"n_skills": 100, "cost": 100.0, "budget": 5000.0}
    >>> round(censored_exponent(0.4, **run, spread=0.4), 3)
    0.888
    """
    n_skills = _checks.integer("n_skills", n_skills, minimum=2, maximum=_MOST_SKILLS)
    _checks.number("cost", cost, above=0)
    _checks.number("budget", budget, above=0)
    _checks.number("q", q, above=0)
    deviation = _spread(spread, n_skills, "the skills")
    if not (deviation > 0).all():
        raise ValueError(f"spread must be > 0, got {spread!r}")
    rarity = zipf_exponent(check_alpha(alpha, above=-1.0)) * np.log(np.arange(1, n_skills + 1))
    # Beyond 38 standard deviations the probability is below any float, and so is the weight.
    with np.errstate(over="ignore"):
        mean = math.log(cost) + q * rarity
        z = np.clip((math.log(budget) - mean) / deviation, -38.0, 38.0)
    learned = ndtr(z)
    if learned.sum() < 2:
        raise ValueError(
            f"budget must let at least 2 skills be learned on average at a cost of {cost:g}, alpha "
            f"= {alpha:g} and q = {q:g}, got {budget!r}, enough for {learned.sum():.3g}"
        )
    seen = mean - deviation * np.exp(-0.5 * z**2 - 0.5 * math.log(2 * math.pi) - log_ndtr(z))
    x = rarity - np.average(rarity, weights=learned)
    with np.errstate(over="ignore"):
        read = float((learned * x * seen).sum() / (learned * x**2).sum())
    check_finite("spread", spread, read)
    return read


def _spread(spread: ArrayLike, size: int, whose: str) -> Floats:
    deviation = _checks.array("spread", spread, minimum=0, dims=(0, 1))
    if deviation.ndim == 1 and deviation.size != size:
        raise ValueError(
            f"spread must be one number or {size}, one for each of {whose}, got {deviation.size}"
        )
    return np.asarray(np.broadcast_to(deviation, (size,)), dtype=np.float64)
