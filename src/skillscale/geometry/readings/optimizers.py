"""Claims on the race of optimizers, at the rate of the public code and at rates of their own."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.geometry.readings.shared import Floats

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


def log_lead(losses: xr.DataArray, first: str, n: int, sigma: float) -> Floats:
    """Logarithm of Adam's loss over that of a rule in one setting, a number a seed."""
    cell = losses.sel(n_skills=n, noise=sigma)
    return np.asarray(np.log(cell.sel(rule="adam").values / cell.sel(rule=first).values))


def mean_log_lead(run: xr.Dataset, window: str, first: str, *, tuned: bool) -> Floats:
    """Mean of a rule's leads over Adam in the settings with noise, a number a seed."""
    losses = window_losses(run, window, tuned=tuned)
    return np.asarray(np.mean([log_lead(losses, first, *setting) for setting in NOISY], axis=0))


def _by_setting(losses: xr.DataArray, first: str) -> dict[str, Estimate]:
    return {f"n {n}, sigma {s:g}": fits.mean(log_lead(losses, first, n, s)) for n, s in NOISY}


def lion_leads_adam_early_at_published_rates(run: xr.Dataset) -> dict[str, Estimate]:
    return _by_setting(window_losses(run, "early", tuned=False), "lion")


def ademamix_leads_adam_late_at_published_rates(run: xr.Dataset) -> dict[str, Estimate]:
    losses = window_losses(run, "late", tuned=False)
    behind = fits.mean(-log_lead(losses, "ademamix", 40, 0.0))
    return {**_by_setting(losses, "ademamix"), "n 40, no noise: behind": behind}


def lion_early_lead_at_tuned_rates(run: xr.Dataset) -> dict[str, Estimate]:
    mean = fits.mean(mean_log_lead(run, "early", "lion", tuned=True))
    return {**_by_setting(window_losses(run, "early", tuned=True), "lion"), "mean": mean}


def ademamix_leads_adam_late_at_tuned_rates(run: xr.Dataset) -> dict[str, Estimate]:
    without = log_lead(window_losses(run, "late", tuned=True), "ademamix", 40, 0.0)
    return {
        "with noise": fits.mean(mean_log_lead(run, "late", "ademamix", tuned=True)),
        "n 40, no noise: behind": fits.mean(-without),
    }


def tuning_shrinks_the_leads_over_adam(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for part, window, rule in (
        ("Lion early", "early", "lion"),
        ("AdEMAMix late", "late", "ademamix"),
    ):
        tuned, published = (mean_log_lead(run, window, rule, tuned=t) for t in (True, False))
        found[part] = fits.mean(tuned - published)
    return found
