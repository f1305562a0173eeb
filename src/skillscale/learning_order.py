"""When skills are learned: how their number grows, in which order, how learning times scale.

Learning `times` are > 0, shape (member, skill), skills by falling frequency, nan where a skill was
not learned while the network was watched. Such skills are censored, not missing: a fit over those
that were learned keeps the lucky ones among the rare. What names no source is derived here.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from skillscale import _checks, fits
from skillscale.fits import Estimate

Floats = NDArray[np.float64]

SELECTIONS = ("all learned", "gap-free", "censored")


def gap_free(learned: ArrayLike) -> NDArray[np.int64]:
    """Return how many of the most frequent skills, first in `learned`, are learned without a gap.

    >>> gap_free([[True, True, False, True], [False, True, True, True]]).tolist()
    [2, 0]
    """
    return np.asarray(np.cumprod(_checks.array("learned", learned) != 0, axis=-1).sum(-1))


def count_growths(times: ArrayLike, *, n_min: int = 2, n_max: int = 20) -> Floats:
    """Return the exponent g of n ∝ (amount)^g from the amounts at which n skills are learned.

    The n-th smallest time of a member is the amount (steps, samples) that n skills take; g is the
    slope of ln n against its logarithm, for n = n_min … n_max, so that whole-number counts do not
    blur the amount.

    Returns:
        Shape (member,), nan for a member that has learned fewer than `n_max` skills.

    Source: derived here; tested on planted growth.

    >>> n = np.arange(1, 31)
    >>> count_growths([n**1.4, 2 * n**1.4]).round(4)
    array([0.7143, 0.7143])
    """
    n_min = _checks.integer("n_min", n_min, minimum=1)
    n_max = _checks.integer("n_max", n_max, minimum=1)
    members = _members(times)
    if not n_min + 2 <= n_max <= members.shape[1]:
        raise ValueError(
            f"n_max must lie in {n_min + 2}..{members.shape[1]} for n_min = {n_min} and as many "
            f"skills as times has, got {n_max}"
        )
    amount = np.log(np.sort(members, 1)[:, n_min - 1 : n_max])
    count = np.log(np.arange(n_min, n_max + 1))
    centred = amount - amount.mean(1, keepdims=True)
    spread = (centred**2).sum(1)
    if (spread == 0).any():
        raise ValueError("times must differ among the skills of a member, got a constant")
    return np.asarray((centred * count).sum(1) / spread)


def count_growth(times: ArrayLike, *, n_min: int = 2, n_max: int = 20) -> Estimate:
    """Estimate the growth as the mean of `count_growths`, with a t interval over members.

    Where a member has learned fewer than `n_max` skills it is the mean over the others, without an
    interval and as "bound_hit".

    >>> n = np.arange(1, 31)
    >>> round(count_growth([n**1.4, 2 * n**1.4]).value, 4)
    0.7143
    """
    growths = count_growths(times, n_min=n_min, n_max=n_max)
    found = mean_of_all(growths)
    return found if np.isfinite(growths).all() else replace(found, status="bound_hit")


def order_correlation(times: ArrayLike, *, n: int = 15) -> Estimate:
    """Estimate Kendall's τ between rank and learning time of the n most frequent skills.

    Skills that were not learned count as last together; the status is then "bound_hit", since a
    longer run would order them.

    >>> order_correlation([[1.0, 2.0, 4.0, 3.0], [1.0, 2.0, 3.0, 4.0]], n=4).value.__round__(4)
    0.8333
    """
    members = _members(times)
    n = _checks.integer("n", n, minimum=2)
    if n > members.shape[1]:
        raise ValueError(f"n must be <= the number of skills in times {members.shape[1]}, got {n}")
    first = members[:, :n]
    last = 2 * np.nanmax(members, initial=1.0)
    found = fits.rank_correlation(np.arange(n), np.where(np.isnan(first), last, first))
    return found if np.isfinite(first).all() else replace(found, status="bound_hit")


def convergence_exponents(
    frequency: ArrayLike, times: ArrayLike, *, horizon: float, select: str = "censored"
) -> Floats:
    r"""Return q of $T_k \propto P(k)^{-q}$ for each member, watched until `horizon`.

    - "all learned": least squares on logarithms over the skills that were learned;
    - "gap-free": the same over the most frequent ones up to the first that was not;
    - "censored": maximum likelihood over all skills with normal scatter of $\ln T_k$ about the
      line, where a skill that was not learned says $T_k >$ `horizon`.

    Returns:
        Shape (member,), nan for a member with fewer than three skills to fit.

    Source: "all learned" as in Michaud et al. 2023; the others derived here, tested on planted q.

    >>> p = np.array([0.5, 0.25, 0.125, 0.0625])
    >>> t = [[2.0, 4.0, 8.0, np.nan], [2.0, np.nan, 8.0, 16.0]]
    >>> convergence_exponents(p, t, horizon=20.0, select="gap-free").round(4)
    array([ 1., nan])
    """
    _checks.choice("select", select, SELECTIONS)
    share = _checks.array("frequency", frequency, positive=True, dims=(1,))
    members = _members(times)
    horizon = _checks.number("horizon", horizon, above=0)
    if members.shape[1] != share.size:
        raise ValueError(
            f"times must have {share.size} skills last, got shape {members.shape} for as many "
            "entries of frequency"
        )
    if np.nanmax(members, initial=0.0) > horizon:
        raise ValueError(f"times must be <= horizon = {horizon:g}, got {np.nanmax(members):g}")
    known = np.isfinite(members)
    if select == "gap-free":
        known &= np.arange(share.size) < gap_free(known)[:, None]
    end = horizon if select == "censored" else None
    return np.array([
        _exponent(np.log(share), row, which, end) if which.sum() >= 3 else math.nan
        for row, which in zip(members, known, strict=True)
    ])  # fmt: skip


def mean_of_all(values: ArrayLike) -> Estimate:
    """Estimate a mean over members, without an interval where a member has none (not finite).

    Returns:
        The mean over the others; nan where no member has one.

    >>> str(mean_of_all([1.0, 2.0, 3.0])), mean_of_all([1.0, np.nan, 3.0]).status
    ('2 [-0.484, 4.48]', 'too_few_points')
    """
    members = _checks.array("values", values, dims=(1,), finite=False)
    known = members[np.isfinite(members)]
    if known.size == members.size:
        return fits.mean(members)
    middle = float(known.mean()) if known.size else math.nan
    return Estimate(middle, status="too_few_points", n_members=members.size)


def _exponent(
    log_share: Floats, times: Floats, known: NDArray[np.bool_], horizon: float | None
) -> float:
    log_times = np.log(times[known])
    slope, level = np.polyfit(log_share[known], log_times, 1)
    if horizon is None or known.all():
        return float(-slope)
    end = math.log(horizon)

    def surprise(point: Floats) -> float:
        slope, level, log_scatter = point
        scatter = math.exp(log_scatter)
        seen = (log_times - slope * log_share[known] - level) / scatter
        unseen = (end - slope * log_share[~known] - level) / scatter
        seen_part = (0.5 * seen**2 + log_scatter).sum()
        return float(seen_part - stats.norm.logsf(unseen).sum())

    rest = log_times - slope * log_share[known] - level
    start = np.array([slope, level, math.log(max(float(rest.std()), 1e-3))])
    found = optimize.minimize(surprise, start, method="Nelder-Mead", options={"maxiter": 4000})
    return float(-found.x[0])


def _members(times: ArrayLike) -> Floats:
    members = np.atleast_2d(_checks.array("times", times, finite=False))
    if members.ndim != 2:
        raise ValueError(f"times must have shape (member, skill), got {members.shape}")
    if (members[~np.isnan(members)] <= 0).any() or np.isinf(members).any():
        raise ValueError("times must be positive and finite, or nan where a skill was not learned")
    return members
