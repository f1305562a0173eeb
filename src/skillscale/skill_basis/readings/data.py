"""Readings of networks on finite data, half points in the number of samples."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import Floats, forecast_ratios, half_points, of_alpha

KINDS = ("shared bits", "disjoint bits")


def curves(run: xr.Dataset, alpha: float, kind: str) -> tuple[Floats, Floats]:
    """Return frequencies of the skills and strengths (member, skill, D) of one α and kind."""
    part = of_alpha(run, alpha)
    part = part.isel(member=part.disjoint.values == KINDS.index(kind))
    strength = part.strength.transpose("member", "skill", "samples").values
    return part.frequency.values[0], strength.astype(np.float64)


def half_samples(run: xr.Dataset, alpha: float, kind: str) -> tuple[Floats, Floats]:
    """Return frequencies of the skills and half points (member, skill)."""
    shares, rising = curves(run, alpha, kind)
    return shares, np.exp(half_points(np.log(run.samples.values), rising))


def samples_needed(D: Floats, frequency: float, strengths: Floats, form: str) -> Floats:
    """Return D_c of each member from its curve of one skill, shape (member, D)."""

    def predict(amount: Floats, D_c: float) -> Floats:
        return theory.strength_data(amount, frequency, D_c=D_c, form=form)

    return calibration.calibrate_each(predict, D, strengths, bounds=(10, 1e4))


def needed_by_first(run: xr.Dataset, alpha: float, kind: str, form: str = "projection") -> Floats:
    shares, rising = curves(run, alpha, kind)
    return samples_needed(run.samples.values, shares[0], rising[:, 0], form)


def needed_alone(run: xr.Dataset) -> Floats:
    """Return D_c of the networks with a single skill, in the paper's form of the curve."""
    strengths = run.strength_alone.values.astype(np.float64)
    return samples_needed(run.samples_alone.values, 1.0, strengths, "loss_matched")


def sample_ratios(run: xr.Dataset, alpha: float, kind: str) -> Floats:
    """Return half points over those that each member's first skill predicts, skills 2 and on."""
    return half_samples(run, alpha, kind)[1][:, 1:] / _blind(run, alpha, kind)


def samples_at_half_strength_follow_frequency(run: xr.Dataset) -> dict[str, Estimate]:
    """Return the slope of each kind, a mean over α of the members' own."""
    found = {}
    for kind in KINDS:
        shares = np.stack([curves(run, a, kind)[0] for a in np.unique(run.alpha)])
        x = np.log(shares) - np.log(shares).mean(1, keepdims=True)
        slopes = -(np.log(_halves(run, kind)) * x).sum(-1) / (x**2).sum(-1)
        found[kind] = fits.mean(slopes.mean(1))
    return found


def samples_follow_frequency_at_paper_size(run: xr.Dataset) -> Estimate:
    return fits.power_law(*half_samples(run, 0.6, "disjoint bits")).exponent


def first_skill_predicts_samples(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"{skill}, {kind}": found
        for kind in KINDS
        for skill, found in _from_first(run, kind).items()
    }


def lone_skill_predicts_samples(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"{skill}, {kind}": found
        for kind in KINDS
        for skill, found in _from_alone(run, kind).items()
    }


def published_sample_count_holds_at_paper_size(run: xr.Dataset) -> Estimate:
    return fits.mean(needed_alone(run))


def one_constant_predicts_samples_at_paper_size(run: xr.Dataset) -> dict[str, Estimate]:
    return _from_first(run, "disjoint bits")


def lone_skill_predicts_samples_at_paper_size(run: xr.Dataset) -> dict[str, Estimate]:
    return _from_alone(run, "disjoint bits")


def _halves(run: xr.Dataset, kind: str) -> Floats:
    """Return the half points (seed, α, skill)."""
    return np.stack([half_samples(run, a, kind)[1] for a in np.unique(run.alpha)], 1)


def _blind(run: xr.Dataset, alpha: float, kind: str) -> Floats:
    shares, _ = curves(run, alpha, kind)
    needed = needed_by_first(run, alpha, kind)
    return np.array([theory.emergence_data(shares, D_c=constant)[1:] for constant in needed])


def _from_first(run: xr.Dataset, kind: str) -> dict[str, Estimate]:
    predicted = np.stack([_blind(run, a, kind) for a in np.unique(run.alpha)], 1)
    return forecast_ratios(_halves(run, kind)[..., 1:], predicted, 2)


def _from_alone(run: xr.Dataset, kind: str) -> dict[str, Estimate]:
    """Return half points over the forecast of each seed's networks with one skill."""
    measured = _halves(run, kind)
    needed = needed_alone(run).reshape(len(measured), -1).mean(1)[:, None, None]
    shares = np.stack([curves(run, a, kind)[0] for a in np.unique(run.alpha)])
    # In the paper's form R/S = 1/2 at D P = 3/4 D_c.
    return forecast_ratios(measured, 0.75 * needed / shares)
