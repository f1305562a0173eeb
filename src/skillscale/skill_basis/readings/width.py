"""Readings of networks of finite width, half points in the number of hidden units."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import (
    ALPHAS,
    Floats,
    forecast_ratios,
    half_points,
    of_alpha,
)


def by_restart(run: xr.Dataset, alpha: float) -> tuple[Floats, Floats]:
    """Return strengths and losses, (seed, restart, skill, width) and (seed, restart, width)."""
    part = of_alpha(run, alpha).transpose("member", "skill", "width", ...).astype(np.float64)
    strength = part.strength.values
    loss = (part.skill_loss * part.frequency).sum("skill").values
    shape = (-1, len(np.unique(run.restart)))
    return strength.reshape(*shape, *strength.shape[1:]), loss.reshape(*shape, *loss.shape[1:])


def best_curves(run: xr.Dataset, alpha: float) -> Floats:
    """Return strengths (seed, skill, width) of the restart of lowest loss at every width."""
    strength, loss = by_restart(run, alpha)
    best = loss.argmin(1)[:, None, None]
    return np.take_along_axis(strength, best, 1)[:, 0]


def half_widths(run: xr.Dataset, alpha: float) -> Floats:
    return half_points(run.width.values, best_curves(run, alpha))


def units_needed(N: Floats, strengths: Floats) -> Floats:
    """Return N_c of each member from its curve of the first skill, shape (member, N)."""

    def predict(amount: Floats, N_c: float) -> Floats:
        return theory.strength_width(amount, 1, N_c=N_c)

    return calibration.calibrate_each(predict, N, strengths, bounds=(1, 50))


def needed_by_first(run: xr.Dataset, alpha: float) -> Floats:
    return units_needed(run.width.values, best_curves(run, alpha)[:, 0])


def needed_alone(run: xr.Dataset) -> Floats:
    """Return N_c of each seed from its networks with a single skill, the best at every width."""
    shape = (-1, len(np.unique(run.restart_alone)), run.sizes["width_alone"])
    strength = run.strength_alone.values.astype(np.float64).reshape(shape)
    best = run.skill_loss_alone.values.reshape(shape).argmin(1)[:, None]
    return units_needed(run.width_alone.values, np.take_along_axis(strength, best, 1)[:, 0])


def slope(half: Floats) -> Estimate:
    """Return the slope of ln half point against ln(k - ½)."""
    return fits.power_law(1 / (np.arange(1, half.shape[1] + 1) - 0.5), half).exponent


def width_ratios(run: xr.Dataset, alpha: float) -> Floats:
    """Return half points over those that each seed's first skill predicts, skills 2 and on."""
    return (half_widths(run, alpha) / _predicted(run, needed_by_first(run, alpha)))[:, 1:]


def _predicted(run: xr.Dataset, needed: Floats) -> Floats:
    return np.asarray(needed[:, None] * (run.skill.values - 0.5))


def _slopes(run: xr.Dataset) -> dict[str, Estimate]:
    return {f"α = {a}": slope(half_widths(run, a)) for a in ALPHAS}


def _errors(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for a in ALPHAS:
        predicted = _predicted(run, needed_by_first(run, a))
        found[f"α = {a}"] = calibration.blind_error(predicted[:, 1:], half_widths(run, a)[:, 1:])
    return found


def _errors_alone(run: xr.Dataset) -> dict[str, Estimate]:
    predicted = _predicted(run, needed_alone(run))
    return {f"α = {a}": calibration.blind_error(predicted, half_widths(run, a)) for a in ALPHAS}


def first_skill_predicts_widths_on_disjoint_bits(run: xr.Dataset) -> dict[str, Estimate]:
    predicted = np.stack([_predicted(run, needed_by_first(run, a)) for a in ALPHAS], 1)
    return forecast_ratios(_halves(run)[..., 1:], predicted[..., 1:], 2)


def lone_skill_predicts_widths_on_disjoint_bits(run: xr.Dataset) -> dict[str, Estimate]:
    return forecast_ratios(_halves(run), _predicted(run, needed_alone(run))[:, None])


def _halves(run: xr.Dataset) -> Floats:
    """Return the half points (seed, α, skill)."""
    return np.stack([half_widths(run, a) for a in ALPHAS], 1)


skills_take_equal_width_on_shared_bits = _slopes
skills_take_equal_width_on_disjoint_bits = _slopes
first_skill_predicts_widths_on_shared_bits = _errors
lone_skill_predicts_widths_on_shared_bits = _errors_alone
