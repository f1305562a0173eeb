"""What readings of several topics need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PUBLISHED_WASTE = 0.003  # N0 of the public code without noise, in the form with the plain sum


def rms_of_seeds(curves: Floats, form: Floats) -> Floats:
    """Deviation of each seed (member, step, skill) from a form, over steps and skills."""
    return np.asarray(np.sqrt(np.mean((curves - form) ** 2, axis=(1, 2))))
