"""Claims on the race of optimizers, at the rate of the public code and at rates of their own."""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from skillscale import fits
from skillscale.fits import Estimate

PUBLISHED_RATE = 0.01
NOISY = tuple((n, sigma) for n in (10, 40) for sigma in (0.2, 1.0))  # skills, noise


def judging_seeds(run: xr.Dataset) -> xr.Dataset:
    return run.isel(member=run.tuning.values == 0)


def best_rates(run: xr.Dataset, window: str) -> xr.DataArray:
    """Index of the rate with the least mean loss in a window, over the seeds for tuning."""
    tuning = run[window].isel(member=run.tuning.values == 1)
    return tuning.mean("member").argmin("rate")


def window_losses(run: xr.Dataset, window: str, *, tuned: bool) -> xr.DataArray:
    """Mean loss of a window, "early" or "late", at the best rates or at the published one."""
    published = int(np.argmin(abs(run.rate.values - PUBLISHED_RATE)))
    chosen = best_rates(run, window) if tuned else published
    return judging_seeds(run)[window].isel(rate=chosen)


def _lead(losses: xr.DataArray, first: str, second: str, n: int, sigma: float) -> Estimate:
    cell = losses.sel(n_skills=n, noise=sigma)
    return fits.mean(np.log(cell.sel(rule=second).values / cell.sel(rule=first).values))


def _lion(run: xr.Dataset, *, tuned: bool) -> dict[str, Estimate]:
    losses = window_losses(run, "early", tuned=tuned)
    return {
        f"n {n}, sigma {sigma:g}": _lead(losses, "lion", "adam", n, sigma) for n, sigma in NOISY
    }


def _ademamix(run: xr.Dataset, *, tuned: bool) -> dict[str, Estimate]:
    losses = window_losses(run, "late", tuned=tuned)
    parts = {
        f"n {n}, sigma {sigma:g}": _lead(losses, "ademamix", "adam", n, sigma) for n, sigma in NOISY
    }
    parts["n 40, no noise: behind"] = _lead(losses, "adam", "ademamix", 40, 0.0)
    return parts


lion_leads_adam_early_at_published_rates = partial(_lion, tuned=False)
lion_leads_adam_early_at_tuned_rates = partial(_lion, tuned=True)
ademamix_leads_adam_late_at_published_rates = partial(_ademamix, tuned=False)
ademamix_leads_adam_late_at_tuned_rates = partial(_ademamix, tuned=True)
