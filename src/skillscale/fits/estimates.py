"""Numbers with intervals: means, exponents, onsets, proportions and rank correlations.

Intervals come from the spread over members by Student's t, which keeps its coverage for few members
where a percentile bootstrap does not. A measurement y has shape (n_points,) for one member or
(n_members, n_points).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from skillscale import _checks

LEVEL = 0.95
_NOTES = {
    "ok": "",
    "too_few_points": "too few points",
    "bound_hit": "at the edge of the range",
    "not_converged": "not converged",
}


@dataclass(frozen=True)
class Estimate:
    """A measured number with its 95 % interval.

    Attributes:
        low: Lower end of the interval; nan where none exists, as is `high`.
        status: "ok"; "too_few_points" (one member: no interval), "bound_hit" (censored: the event
            lies outside the observed range for some members) or "not_converged".
        n_members: Number of independent runs behind the estimate.

    >>> str(Estimate(1.02, 0.97, 1.07, n_members=10)), str(Estimate(1451.0, 990.0, 2000.0))
    ('1.02 [0.97, 1.07]', '1,451 [990, 2,000]')
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    status: str = "ok"
    n_members: int = 1

    def __str__(self) -> str:
        """Return value and interval to three significant digits, thousands in full, or a dash."""
        value, low, high = map(_short, (self.value, self.low, self.high))
        if math.isnan(self.low) and math.isnan(self.high):
            return value if math.isnan(self.value) else f"{value} (no interval)"
        return f"{value} [{low}, {high}]"

    @property
    def note(self) -> str:
        """What the status says, in words; empty where it is "ok"."""
        return _NOTES[self.status]


def _short(number: float) -> str:
    if math.isnan(number):
        return "–"
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e6 else f"{number:.3g}"


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law y = prefactor · x^(−exponent): the exponent is positive where y falls."""

    exponent: Estimate
    prefactor: Estimate


def mean(values: ArrayLike) -> Estimate:
    """Estimate the mean of one number per member with Student's t interval m ± t(0.975, n-1)·s/√n.

    A single member has no interval and the status "too_few_points".

    Source: Student's t; its coverage is tested.

    >>> str(mean([1.0, 2.0, 3.0]))
    '2 [-0.484, 4.48]'
    """
    members = _checks.array("values", values, dims=(1,))
    centre, count = float(members.mean()), members.size
    if count < 2:
        return Estimate(centre, status="too_few_points", n_members=count)
    with np.errstate(over="ignore"):
        half = float(stats.t.ppf(0.5 + LEVEL / 2, count - 1) * stats.sem(members))
    if not math.isfinite(half):
        raise ValueError(f"values must have a finite spread, got {values!r}")
    return Estimate(centre, centre - half, centre + half, n_members=count)


def power_law(x: ArrayLike, y: ArrayLike) -> PowerLaw:
    """Fit y ∝ x^(−exponent) by least squares on logarithms, one fit per member.

    The exponent is the mean of the members' slopes, its interval the t interval over them; the
    prefactor likewise on the logarithmic scale. x and y are > 0, at least three points, x of shape
    (n_points,) or that of y and not the same throughout.

    Source: derived here; tested on planted exponents, with their coverage.

    >>> x = [1.0, 10.0, 100.0]
    >>> round(power_law(x, [2.0, 0.2, 0.02]).exponent.value, 6)
    1.0
    """
    ordinates = np.atleast_2d(_checks.array("y", y, positive=True, dims=(1, 2)))
    abscissae = np.atleast_2d(_checks.array("x", x, positive=True, dims=(1, 2)))
    if abscissae.shape not in ((1, ordinates.shape[1]), ordinates.shape):
        raise ValueError(
            f"x must match y of shape {ordinates.shape} along points (and members), "
            f"got shape {abscissae.shape}"
        )
    if ordinates.shape[1] < 3:
        raise ValueError(f"x must hold at least 3 points, got {ordinates.shape[1]}")
    log_x = np.log(np.broadcast_to(abscissae, ordinates.shape))
    log_y = np.log(ordinates)
    centred = log_x - log_x.mean(1, keepdims=True)
    spread = (centred**2).sum(1)
    if (spread == 0).any():
        raise ValueError("x must hold at least two different values per member, got a constant")
    slopes = (centred * log_y).sum(1) / spread
    level = mean(log_y.mean(1) - slopes * log_x.mean(1))
    prefactor = Estimate(
        math.exp(level.value),
        math.exp(level.low),
        math.exp(level.high),
        level.status,
        level.n_members,
    )
    return PowerLaw(exponent=mean(-slopes), prefactor=prefactor)


def crossing_times(t: ArrayLike, y: ArrayLike, *, threshold: float) -> NDArray[np.float64]:
    """Return when each curve first reaches `threshold` from below, by linear interpolation.

    Times `t` increase, shape (n_times,), and run along the last axis of `y`.

    Returns:
        Times of the shape of y without its last axis; nan where a curve never reaches the level,
        and t[0] where it starts at or above it.

    Source: derived here.

    >>> crossing_times([0, 1, 2], [[0.0, 0.4, 0.8], [0.0, 0.1, 0.2]], threshold=0.5)
    array([1.25,  nan])
    """
    times = _checks.array("t", t, dims=(1,))
    curves = _checks.array("y", y)
    threshold = _checks.number("threshold", threshold)
    if (np.diff(times) <= 0).any():
        raise ValueError(f"t must increase strictly, got {t!r}")
    if curves.shape[-1:] != times.shape:
        raise ValueError(f"y must have {times.size} times last like t, got shape {curves.shape}")
    reached = curves >= threshold
    after = reached.argmax(-1)
    before = np.maximum(after - 1, 0)
    high = np.take_along_axis(curves, after[..., None], -1)[..., 0]
    low = np.take_along_axis(curves, before[..., None], -1)[..., 0]
    rise = np.where(after > 0, high - low, 1.0)
    share = np.where(after > 0, (threshold - low) / rise, 0.0)
    crossing = times[before] + share * (times[after] - times[before])
    return np.where(reached.any(-1), crossing, np.nan)


def proportion(successes: int, trials: int) -> Estimate:
    """Estimate a proportion of independent `trials` >= 1 with the exact Clopper–Pearson interval.

    Source: Clopper and Pearson (1934), by `scipy.stats.binomtest`.

    >>> str(proportion(0, 20))
    '0 [0, 0.168]'
    """
    trials = _checks.integer("trials", trials, minimum=1, maximum=2**53)
    successes = _checks.integer("successes", successes, minimum=0)
    if successes > trials:
        raise ValueError(f"successes must be at most trials = {trials}, got {successes}")
    interval = stats.binomtest(successes, trials).proportion_ci(LEVEL, method="exact")
    return Estimate(successes / trials, interval.low, interval.high, n_members=trials)


def rank_correlation(x: ArrayLike, y: ArrayLike) -> Estimate:
    """Estimate Kendall's τ_b between `x` and each member's `y`, neither constant, over members.

    Source: Kendall's τ_b, by `scipy.stats.kendalltau`.

    >>> rank_correlation([1, 2, 3], [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]).value
    1.0
    """
    order = _checks.array("x", x, dims=(1,))
    members = np.atleast_2d(_checks.array("y", y, dims=(1, 2)))
    if members.shape[1] != order.size or order.size < 2:
        raise ValueError(
            f"y must have as many points as x ({order.size}, at least 2), got shape {members.shape}"
        )
    constant = np.ptp(members, axis=1) == 0
    if np.ptp(order) == 0 or constant.any():
        raise ValueError("x and y must vary: the rank correlation of a constant is undefined")
    return mean([stats.kendalltau(order, member).statistic for member in members])
