"""What readings of several topics need."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import optimize

from skillscale import fits
from skillscale.fits import Estimate

Floats = NDArray[np.float64]
ALPHAS = (0.3, 0.6, 0.9)


def of_alpha(run: xr.Dataset, alpha: float) -> xr.Dataset:
    return run.isel(member=np.isclose(run.alpha, alpha))


def half_points(x: Floats, curves: Floats) -> Floats:
    """Return where the isotonic fit of curves (..., point) passes ½."""
    fitted = np.apply_along_axis(lambda y: optimize.isotonic_regression(y).x, -1, curves)
    return fits.crossing_times(x, fitted, threshold=0.5)


def forecast_ratios(measured: Floats, predicted: Floats, first: int = 1) -> dict[str, Estimate]:
    """Return for each skill the mean of what was measured over the mean of what was forecast.

    Both are (seed, …, skill), from skill `first` on; means are over seeds, ratios are averaged over
    what stands between. Intervals are those of the seeds' jackknife values,
    n r - (n - 1) r without the seed.
    """
    n = len(measured)
    sums = measured.sum(0), predicted.sum(0)
    without = (sums[0] - measured) / (sums[1] - predicted)
    values = n * sums[0] / sums[1] - (n - 1) * without
    by_skill = values.reshape(n, -1, measured.shape[-1]).mean(1).T
    return {f"skill {k}": fits.mean(each) for k, each in enumerate(by_skill, first)}
