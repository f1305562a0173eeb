"""Claims on plain networks of growing width, without penalty and without noise."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits import Estimate

Floats = NDArray[np.float64]

NAMES = {"silu": "SiLU", "relu": "ReLU"}


def plain_loss_is_inverse_to_width(run: xr.Dataset) -> dict[str, Estimate]:
    return {label: fits.mean(_exponents(run, name, 8, 128)) for name, label in NAMES.items()}


def plain_loss_is_a_power_of_width(run: xr.Dataset) -> Estimate:
    return fits.mean(_exponents(run, "relu", 32, 128) - _exponents(run, "relu", 8, 32))


def tuned_plain_loss_is_inverse_to_width(run: xr.Dataset) -> dict[str, Estimate]:
    loss = run.loss.transpose("activation", "member", "width")
    return {
        label: fits.power_law(run.width.values, loss.sel(activation=name).values).exponent
        for name, label in NAMES.items()
    }


def _exponents(run: xr.Dataset, activation: str, low: int, high: int) -> Floats:
    """Exponents between two widths at the largest budget, one per seed."""
    loss = run.loss.isel(budget=-1) if "budget" in run.dims else run.loss
    loss = loss.transpose("activation", "member", "width")
    part = loss.sel(activation=activation, width=slice(low, high))
    return np.asarray(-np.polyfit(np.log(part.width), np.log(part.values).T, 1)[0])
