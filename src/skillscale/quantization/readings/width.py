"""Claims on networks of growing width."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.readings import shared
from skillscale.quantization.readings.shared import ALPHA, HALF, KNOWN, N_SKILLS, Floats


def counts(run: xr.Dataset, mark: float = KNOWN) -> xr.DataArray:
    known: xr.DataArray = (run.loss < mark).sum("skill")
    return known.transpose("alpha", "seed", "width", "step")


def last_counts(run: xr.Dataset, alpha: float, mark: float = KNOWN) -> Floats:
    return np.asarray(counts(run, mark).sel(alpha=alpha).isel(step=-1))


def n_stopped(run: xr.Dataset, alpha: float) -> int:
    seen = counts(run).sel(alpha=alpha).mean("seed")
    before, after = seen.isel(step=-2), seen.isel(step=-1)
    growing = ((after > 1.05 * before) & (after > before + 0.25)).values
    return int(growing.argmax()) if growing.any() else growing.size


def growth_with_width(run: xr.Dataset, alpha: float) -> Estimate:
    """Growth of n with width where training has stopped."""
    last = last_counts(run, alpha)[:, : n_stopped(run, alpha)]
    if (last == 0).any() or last.shape[1] < 3:  # a slope needs a skill at every width
        return Estimate(np.nan, status="bound_hit", n_members=len(last))
    found = fits.power_law(run.width[: last.shape[1]], 1 / last).exponent
    return _of_enough_widths(found, run, alpha)


def exponents_in_width(run: xr.Dataset) -> tuple[Floats, Floats, Estimate]:
    """Exponents of the loss as `loss_exponents`, over the widths that have stopped."""
    stop = n_stopped(run, ALPHA)
    width, known = run.width.values[:stop], last_counts(run, ALPHA)[:, :stop]
    cost = np.median(width / np.maximum(known, 0.5), 1)
    return shared.loss_exponents(width, _last_losses(run, ALPHA)[:, :stop], "N", cost)


def count_follows_width_law(run: xr.Dataset) -> Estimate:
    return growth_with_width(run, ALPHA)


def count_follows_width_law_at_other_alphas(run: xr.Dataset) -> dict[str, Estimate]:
    return {f"alpha {alpha}": growth_with_width(run, alpha) for alpha in (0.2, 0.8)}


def half_bit_count_predicts_loss_at_every_width(run: xr.Dataset) -> Estimate:
    predicted = theory.loss(last_counts(run, ALPHA, HALF), ALPHA, n_skills=N_SKILLS)
    return calibration.blind_error(predicted, _last_losses(run, ALPHA))


def truncation_explains_loss_exponent_in_width(run: xr.Dataset) -> dict[str, Estimate]:
    found = shared.raw_and_completed("N", *exponents_in_width(run))
    return {name: _of_enough_widths(each, run, ALPHA) for name, each in found.items()}


def width_exponent_rises_slower_than_alpha(run: xr.Dataset) -> dict[str, Estimate]:
    common = min(n_stopped(run, 0.2), n_stopped(run, 0.8))
    flat, steep = (
        shared.exponents(run.width.values[:common], _last_losses(run, alpha)[:, :common])
        for alpha in (0.2, 0.8)
    )
    rise = _of_enough_widths(fits.mean((steep - flat) / 0.6), run, 0.2)
    return {
        "alpha 0.2": _of_enough_widths(fits.mean(flat - 0.2), run, 0.2),
        "rise": _of_enough_widths(rise, run, 0.8),
    }


def _last_losses(run: xr.Dataset, alpha: float) -> Floats:
    end = run.sel(alpha=alpha).isel(step=-1).transpose("seed", "width", "skill")
    return np.asarray((end.loss * end.frequency).sum("skill"))


def _of_enough_widths(found: Estimate, run: xr.Dataset, alpha: float) -> Estimate:
    n = n_stopped(run, alpha)
    enough = n >= 4 and run.width[n - 1] >= 3 * run.width[0]
    return found if enough else replace(found, status="not_converged")
