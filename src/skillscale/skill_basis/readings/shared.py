"""What readings of several topics need."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import optimize

from skillscale import fits

Floats = NDArray[np.float64]
ALPHAS = (0.3, 0.6, 0.9)


def of_alpha(run: xr.Dataset, alpha: float) -> xr.Dataset:
    return run.isel(member=np.isclose(run.alpha, alpha))


def half_points(x: Floats, curves: Floats) -> Floats:
    """Return where the isotonic fit of curves (..., point) passes ½."""
    fitted = np.apply_along_axis(lambda y: optimize.isotonic_regression(y).x, -1, curves)
    return fits.crossing_times(x, fitted, threshold=0.5)
