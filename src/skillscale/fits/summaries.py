"""What many members measured, for a figure: each of them, their centre, and its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from skillscale import _checks
from skillscale.fits.estimates import LEVEL, Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """Members (member, …) and for each point their centre, (…), with its 95 % interval.

    Ends are nan where none exists. Without members, as of a prediction, their shape is (0, …).
    """

    members: Floats
    value: Floats
    low: Floats
    high: Floats

    def __getitem__(self, place: object) -> Summary:
        """Return the summary of some points: `place` indexes what follows the axis of members."""
        places = place if isinstance(place, tuple) else (place,)
        return Summary(
            self.members[(slice(None), *places)],
            self.value[places],
            self.low[places],
            self.high[places],
        )

    def apply(self, function: Callable[[Floats], Floats]) -> Summary:
        """Return what an increasing function makes of members, centre and ends."""
        parts = (self.members, self.value, self.low, self.high)
        return Summary(*(np.asarray(function(np.asarray(part))) for part in parts))


def means(values: ArrayLike) -> Summary:
    """Summarise (member, …) by their mean with Student's t interval m ± t(0.975, n-1)·s/√n.

    Returns:
        The summary; a single member has no interval, and its ends are nan, as are points in which a
        nan stands; inf likewise. What is beyond all floats is inf or nan.

    Source: Student's t; equals `mean` point by point in `tests/test_fits.py`.

    >>> means([[1.0, 4.0], [2.0, 4.0], [3.0, 4.0]]).high.round(3)
    array([4.484, 4.   ])
    """
    members = _members(values)
    with np.errstate(over="ignore", invalid="ignore"):
        centre = members.mean(0)
        half = np.full_like(centre, np.nan)
        if len(members) > 1:
            factor = stats.t.ppf(0.5 + LEVEL / 2, len(members) - 1)
            half = factor * members.std(0, ddof=1) / np.sqrt(len(members))
        return Summary(members, centre, centre - half, centre + half)


def medians(values: ArrayLike) -> Summary:
    """Summarise (member, …) by their median, with an interval between two of the ordered members.

    The members of rank k and n + 1 - k enclose the median of the population with a probability of
    at least 95 %, whatever it is, where k is the largest with P(Binomial(n, ½) < k) <= 2.5 %.
    Fewer than six members have no such k and no interval. A nan, an event that never came, lies
    beyond all others.

    Returns:
        The summary; the ends of fewer than six members are nan, and what never came is at inf.

    Source: the sign test; its coverage is counted in `tests/test_fits.py`.

    >>> found = medians([1.0, 9.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> found.value.item(), found.low.item(), found.high.item()
    (4.0, 1.0, 9.0)
    """
    members = _members(values)
    ordered = np.sort(np.where(np.isnan(members), np.inf, members), axis=0)
    rank = int(stats.binom.ppf(0.5 - LEVEL / 2, len(members), 0.5))
    middle = np.median(ordered, axis=0)
    low = high = np.full_like(middle, np.nan)
    if rank:
        low, high = ordered[rank - 1], ordered[-rank]
    return Summary(members, middle, low, high)


def intervals(estimates: list[Any]) -> Summary:
    """Collect estimates, in any nesting of lists of equal lengths, into one summary.

    >>> intervals([Estimate(1.0, 0.5, 2.0), Estimate(3.0)]).low
    array([0.5, nan])
    """
    nested = np.asarray(estimates if isinstance(estimates, list) else [None], dtype=object)
    if not all(isinstance(each, Estimate) for each in nested.flat):
        raise ValueError(
            f"estimates must be Estimates in lists of equal lengths, got {estimates!r:.60}"
        )
    ends = [
        np.array([getattr(each, name) for each in nested.flat], dtype=float).reshape(nested.shape)
        for name in ("value", "low", "high")
    ]
    return Summary(np.empty((0, *nested.shape)), *ends)


def _members(values: ArrayLike) -> Floats:
    members = _checks.array("values", values, finite=False)
    if not members.ndim:
        raise ValueError(f"values must have an axis of members, got {values!r}")
    return members
