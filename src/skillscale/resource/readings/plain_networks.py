"""Claims on plain networks of growing width, without penalty and without noise."""

from __future__ import annotations

import xarray as xr

from skillscale import fits
from skillscale.fits import Estimate

NAMES = {"silu": "SiLU", "relu": "ReLU"}


def tuned_plain_loss_is_inverse_to_width(run: xr.Dataset) -> dict[str, Estimate]:
    loss = run.loss.transpose("activation", "member", "width")
    return {
        label: fits.power_law(run.width.values, loss.sel(activation=name).values).exponent
        for name, label in NAMES.items()
    }
