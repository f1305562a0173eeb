"""Checked combinations of the model's constants that its modules share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks

FloatArray = NDArray[np.float64]


def log_gap(S: float, R0: float) -> float:
    """Return ln(S/R0 - 1), the initial distance on the logistic curve.

    >>> round(log_gap(1.0, 0.01), 4)
    4.5951
    """
    S = _checks.number("S", S, above=0)
    R0 = _checks.number("R0", R0, above=0, below=S)
    return math.log(S - R0) - math.log(R0)


def rate(S: float, eta: float, clock: float = 1.0) -> float:
    """Return 2 · S · eta · clock, the rate of the logistic curve of a skill of frequency 1.

    >>> rate(5.0, 0.1)
    1.0
    """
    S = _checks.number("S", S, above=0)
    eta = _checks.number("eta", eta, above=0)
    return 2.0 * S * eta * _checks.number("clock", clock, above=0)
