"""Readings of networks on finite data, half points in the number of samples."""

from __future__ import annotations

import itertools

import numpy as np
import xarray as xr

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import ALPHAS, Floats, half_points, of_alpha

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
    halves = {name: half_samples(run, *which) for name, which in _parts().items()}
    return {name: fits.power_law(*half).exponent for name, half in halves.items()}


def first_skill_predicts_samples(run: xr.Dataset) -> dict[str, Estimate]:
    return {name: _error(run, *which) for name, which in _parts().items()}


def lone_skill_predicts_samples(run: xr.Dataset) -> dict[str, Estimate]:
    needed = needed_alone(run)
    return {name: _error_with(run, *which, needed) for name, which in _parts().items()}


def published_sample_count_holds_at_paper_size(run: xr.Dataset) -> Estimate:
    return fits.mean(needed_alone(run))


def one_constant_predicts_samples_at_paper_size(run: xr.Dataset) -> dict[str, Estimate]:
    which = 0.6, "disjoint bits"
    return {
        "first skill": _error(run, *which),
        "one-skill network": _error_with(run, *which, needed_alone(run)),
    }


def _parts() -> dict[str, tuple[float, str]]:
    return {f"α = {a}, {kind}": (a, kind) for kind, a in itertools.product(KINDS, ALPHAS)}


def _blind(run: xr.Dataset, alpha: float, kind: str) -> Floats:
    shares, _ = curves(run, alpha, kind)
    needed = needed_by_first(run, alpha, kind)
    return np.array([theory.emergence_data(shares, D_c=constant)[1:] for constant in needed])


def _error(run: xr.Dataset, alpha: float, kind: str) -> Estimate:
    return calibration.blind_error(
        _blind(run, alpha, kind), half_samples(run, alpha, kind)[1][:, 1:]
    )


def _error_with(run: xr.Dataset, alpha: float, kind: str, needed: Floats) -> Estimate:
    """Return the error of all half points that the one-skill networks of the same seeds predict."""
    shares, measured = half_samples(run, alpha, kind)
    # In the paper's form R/S = 1/2 at D P = 3/4 D_c.
    return calibration.blind_error(0.75 * needed[:, None] / shares, measured)
