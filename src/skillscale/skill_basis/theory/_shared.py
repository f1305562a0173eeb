"""Checked combinations of the model's constants that its modules share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks

FloatArray = NDArray[np.float64]


def scale_and_start(S: float, R0: float, *, zero: bool = False) -> tuple[float, float]:
    """Return S > 0 and R0 in (0, S), or in [0, S) with `zero`."""
    S = _checks.number("S", S, above=0)
    if _checks.number("R0", R0) >= S:
        raise ValueError(f"R0 must be below S and thus < {S:g}, got {R0!r}")
    least = {"minimum": 0.0} if zero else {"above": 0.0}
    return S, _checks.number("R0", R0, **least, below=S)


def log_gap(S: float, R0: float) -> float:
    """Return ln(S/R0 - 1), the initial distance on the logistic curve."""
    S, R0 = scale_and_start(S, R0)
    return math.log(S - R0) - math.log(R0)


def rate(S: float, eta: float, clock: float = 1.0) -> float:
    """Return 2 · S · eta · clock, the rate of the logistic curve of a skill of frequency 1."""
    S = _checks.number("S", S, above=0)
    eta = _checks.number("eta", eta, above=0)
    return 2.0 * S * eta * _checks.number("clock", clock, above=0)
