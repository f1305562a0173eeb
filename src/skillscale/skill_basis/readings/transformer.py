"""Readings of a small transformer: when its skills emerge, in company and alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.skill_basis.readings.shared import Floats


def onset_slopes(run: xr.Dataset) -> dict[str, Estimate]:
    """Return the slopes of ln time against -ln P(k) at 5 % and 50 %."""

    def slope(reached: Floats) -> Estimate:
        return fits.power_law(run.frequency.values, reached).exponent

    return {f"R/S = {e}": _over_complete(slope, _reached(run, e)) for e in (0.05, 0.5)}


def ratio_to_alone(run: xr.Dataset) -> Estimate:
    """Return half-times over those expected from each skill alone, a geometric mean over skills."""
    shares = run.frequency.values
    single = run.strength_alone.transpose("member", "skill", ...).values
    alone = fits.crossing_times(run.alone_step.values, single, threshold=0.5) * shares[0] / shares
    ratios = (_reached(run, 0.5) / alone)[:, 1:]
    return _over_complete(lambda complete: fits.mean(np.exp(np.log(complete).mean(1))), ratios)


def _reached(run: xr.Dataset, threshold: float) -> Floats:
    joint = run.strength.transpose("member", "skill", ...).values
    return fits.crossing_times(run.step.values, joint, threshold=threshold)


def _over_complete(estimate: Callable[[Floats], Estimate], values: Floats) -> Estimate:
    """Return the estimate of networks that learned all skills in time; censored if some did not."""
    complete = values[np.isfinite(values).all(1)]
    status = "ok" if len(complete) == len(values) else "bound_hit"
    return replace(estimate(complete), status=status)


transformer_onset_follows_frequency_on_shared_bits = onset_slopes
transformer_onset_follows_frequency_on_disjoint_bits = onset_slopes
transformer_skills_decouple_on_shared_bits = ratio_to_alone
transformer_skills_decouple_on_disjoint_bits = ratio_to_alone
