"""Readings of networks in training time, half-times and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.lab import records, subsets
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import ALPHAS, Floats, forecast_ratios, of_alpha


def curves(run: xr.Dataset) -> NDArray[Any]:
    return np.asarray(run.strength.transpose("member", "skill", "step"))


def start_of(run: xr.Dataset, settings: Mapping[str, Any] | None = None) -> dict[str, float]:
    """Return scale, initial strength and rate of the gradient flow on the ½-loss of a run."""
    made = records.provenance(run, "settings") if settings is None else settings
    untrained = made["scale"] * run.strength.isel(step=0).values
    rms = np.sqrt((untrained**2).mean())
    return {"S": made["scale"], "R0": rms, "eta": 2 * made["learning_rate"]}


def published_start(run: xr.Dataset) -> dict[str, float]:
    """Return the same with the paper's initial strength, σ²/3.6."""
    init_std: float = records.provenance(run, "settings")["init_std"]
    return start_of(run) | {"R0": init_std**2 / 3.6}


def fitted_clocks(
    steps: Floats, strengths: NDArray[Any], frequency: float, start: Mapping[str, float]
) -> Floats:
    """Return the clock of each member from its curve of one skill, shape (member, step)."""

    def predict(T: Floats, clock: float) -> Floats:
        return theory.strength_time(T, frequency, clock=clock, **start)

    return calibration.calibrate_each(predict, steps, strengths, bounds=(1e-3, 1.0))


def first_clocks(run: xr.Dataset, alpha: float, start: Mapping[str, float]) -> Floats:
    part = of_alpha(run, alpha)
    return fitted_clocks(run.step.values, curves(part)[:, 0], part.frequency.values[0, 0], start)


def one_skill_clocks(run: xr.Dataset, start: Mapping[str, float]) -> Floats:
    return fitted_clocks(run.step_alone.values, run.strength_alone.values, 1.0, start)


def half_times(run: xr.Dataset, alpha: float) -> tuple[Floats, Floats]:
    """Return frequencies of the skills and half-times (member, skill)."""
    part = of_alpha(run, alpha)
    reached = fits.crossing_times(run.step.values, curves(part), threshold=0.5)
    return part.frequency.values[0], reached


def time_ratios(run: xr.Dataset, alpha: float) -> Floats:
    """Return half-times over those that each member's first skill predicts, skills 2 and on."""
    return half_times(run, alpha)[1][:, 1:] / _blind(run, alpha)[:, 1:]


def more_frequent_kin(run: xr.Dataset, alpha: float) -> NDArray[np.int64]:
    """Return how many more frequent skills share two bits with each, (member, skills 2 and on)."""
    made = records.provenance(run, "settings")
    size = made["n_skills"], made["n_bits"], made["subset_size"]
    draw = subsets.disjoint if made["disjoint"] else subsets.distinct
    drawn = [draw(*size, seed=int(seed)) for seed in of_alpha(run, alpha).seed]
    bits = np.array(drawn)[..., None]
    shared = (bits[:, :, None] == bits[:, None].swapaxes(-1, -2)).sum((-1, -2))
    return np.asarray(np.tril(shared == 2, -1).sum(-1)[:, 1:])


def lags(run: xr.Dataset, alpha: float) -> Floats:
    """Return each member's slope of ln(half-time times frequency) against ln of the rank."""
    shares, reached = half_times(run, alpha)
    return np.asarray(np.polyfit(np.log(run.skill.values), np.log(reached * shares).T, 1)[0])


def first_skill_predicts_times_on_disjoint_bits(run: xr.Dataset) -> dict[str, Estimate]:
    predicted = np.stack([_blind(run, a) for a in ALPHAS], 1)[..., 1:]
    return forecast_ratios(_halves(run)[..., 1:], predicted, 2)


def lone_skill_predicts_times(run: xr.Dataset) -> dict[str, Estimate]:
    start = start_of(run)
    clocks = one_skill_clocks(run, start)[:, None, None]
    shares = np.array([of_alpha(run, a).frequency.values[0] for a in np.unique(run.alpha)])
    predicted = theory.emergence_time(shares, eps=0.5, clock=1.0, **start) / clocks
    return forecast_ratios(_halves(run), predicted)


def later_skills_lag_by_their_rank(run: xr.Dataset) -> dict[str, Estimate]:
    shares = np.array([of_alpha(run, a).frequency.values[0] for a in ALPHAS])
    late = _halves(run) * shares
    return {
        "skill 5": fits.mean((late[..., -1] / late[..., 0]).mean(1)),
        "frequency": fits.mean(lags(run, ALPHAS[-1]) - lags(run, ALPHAS[0])),
    }


def strength_alone_sets_a_skills_loss(run: xr.Dataset) -> Estimate:
    part = of_alpha(run, 0.6)
    paths = part[["strength", "skill_loss"]].transpose("member", "skill", "step")
    levels, losses = (paths[name].values.reshape(-1, paths.sizes["step"]) for name in paths)
    # Up to the first crossing: noise may take the strength through ½ again.
    ends = (levels >= 0.5).argmax(-1) + 1
    found = zip(levels, losses, ends, strict=True)
    at_half = [np.interp(0.5, level[:end], loss[:end]) for level, loss, end in found]
    return fits.mean(np.reshape(at_half, (part.sizes["member"], part.sizes["skill"])).mean(1))


def shared_bits_give_a_head_start(run: xr.Dataset) -> Estimate:
    each = zip(more_frequent_kin(run, 0.6), time_ratios(run, 0.6), strict=True)
    return fits.mean([np.polyfit(kin, ratio, 1)[0] for kin, ratio in each if np.ptp(kin)])


def only_the_first_skills_come_in_stages(run: xr.Dataset) -> dict[str, Estimate]:
    rising = curves(of_alpha(run, 0.6))
    low, high = (fits.crossing_times(run.step.values, rising, threshold=e) for e in (0.05, 0.95))
    wait, rise = np.diff(low), (high - low)[:, :-1]
    return {f"gap {k}": fits.mean((wait / rise)[:, k - 1]) for k in (1, 3)}


def published_clock_holds_at_paper_size(run: xr.Dataset) -> dict[str, Estimate]:
    start = published_start(run)
    return {
        "one skill": fits.mean(1 / one_skill_clocks(run, start)),
        "first of five": fits.mean(1 / first_clocks(run, 0.6, start)),
    }


def emergence_time_follows_frequency_at_paper_size(run: xr.Dataset) -> Estimate:
    return fits.power_law(*half_times(run, 0.6)).exponent


def _halves(run: xr.Dataset) -> Floats:
    """Return the half-times (seed, α, skill)."""
    return np.stack([half_times(run, a)[1] for a in np.unique(run.alpha)], 1)


def _slopes(run: xr.Dataset) -> dict[str, Estimate]:
    return {f"α = {a}": fits.power_law(*half_times(run, a)).exponent for a in ALPHAS}


def _blind(run: xr.Dataset, alpha: float) -> Floats:
    """Return the half-times (member, skill) that each member's first skill predicts."""
    start, shares = start_of(run), of_alpha(run, alpha).frequency.values[0]
    found = first_clocks(run, alpha, start)
    return np.array([theory.emergence_time(shares, eps=0.5, clock=c, **start) for c in found])


def _blind_errors(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"α = {a}": calibration.blind_error(_blind(run, a)[:, 1:], half_times(run, a)[1][:, 1:])
        for a in ALPHAS
    }


emergence_time_follows_frequency_on_shared_bits = _slopes
emergence_time_follows_frequency_on_disjoint_bits = _slopes
first_skill_predicts_times_on_shared_bits = _blind_errors
lone_skill_predicts_times_on_disjoint_bits = lone_skill_predicts_times
lone_skill_predicts_times_at_paper_size = lone_skill_predicts_times
