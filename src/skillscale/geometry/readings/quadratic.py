"""Claims on a quadratic loss in a basis that does not fit its parameters."""

from __future__ import annotations

import xarray as xr

from skillscale import fits
from skillscale.fits import Estimate


def hadamard_directions_are_learned_in_turn(run: xr.Dataset) -> dict[str, Estimate]:
    done = run.completion
    pauses = 2 * 1e-4 * done.sel(rule="sign 0.0001", basis="hadamard").diff("direction").values
    parts = {f"pause before direction {k}": fits.mean(pauses[:, k - 2]) for k in (2, 3, 4)}
    last = done.sel(rule="sgd").mean("basis")
    parts["gradient descent"] = fits.mean(last[:, 3] / last[:, 2])
    return parts
