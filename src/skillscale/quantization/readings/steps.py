"""Claims on wide networks in the course of training."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import calibration, fits, learning_order
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.readings import shared
from skillscale.quantization.readings.shared import ALPHA, HALF, LATE, N_SKILLS, Floats


def losses_from_count(run: xr.Dataset, mark: float = HALF) -> Floats:
    count = run["count"].sel(threshold=mark).transpose("seed", "step")
    return theory.loss(count, ALPHA, n_skills=N_SKILLS)


def late_error(run: xr.Dataset, mark: float = HALF) -> Estimate:
    late = run.sel(step=LATE)
    return calibration.blind_error(losses_from_count(late, mark), shared.losses(late))


def exponents_in_steps(run: xr.Dataset) -> dict[str, tuple[Floats, Floats, Estimate]]:
    """Exponents of the loss as `loss_exponents`, by optimizer."""
    found = {}
    for label, each in shared.by_optimizer(run).items():
        late, cost = each.sel(step=LATE), shared.median_costs(shared.learned_at(each), n_max=20)
        found[label] = shared.loss_exponents(late.step.values, shared.losses(late), "S", cost)
    return found


def count_follows_step_law(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        label: learning_order.count_growth(shared.learned_at(each))
        for label, each in shared.by_optimizer(run).items()
    }


def count_follows_step_law_at_other_alphas(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"{label}, alpha {alpha}": learning_order.count_growth(shared.learned_at(each), n_max=n_max)
        for alpha, n_max in ((0.2, 20), (0.8, 10))
        for label, each in shared.by_optimizer(run, alpha).items()
    }


def half_bit_count_predicts_loss_at_every_step(run: xr.Dataset) -> dict[str, Estimate]:
    return {label: late_error(each) for label, each in shared.by_optimizer(run).items()}


def sudden_skills_sum_to_a_smooth_law(run: xr.Dataset) -> dict[str, Estimate]:
    runs = shared.by_optimizer(run)
    single = {f"one skill, {label}": _e_folds(each) for label, each in runs.items()}
    return single | {f"total, {label}": _distance_from_law(each) for label, each in runs.items()}


def truncation_explains_loss_exponent_in_steps(run: xr.Dataset) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    for label, each in exponents_in_steps(run).items():
        found |= shared.raw_and_completed(label, *each)
    return found


def published_loss_exponent_holds_at_paper_size(run: xr.Dataset) -> Estimate:
    late = run.sel(optimizer="adam", alpha=ALPHA, step=LATE)
    return fits.power_law(late.step, shared.losses(late)).exponent


def _e_folds(run: xr.Dataset) -> Estimate:
    """ln(step at 0.1 bits / step at 0.9 bits), median of the 15 most frequent skills."""
    drop = np.log(shared.learned_at(run, 0.1) / shared.learned_at(run, 0.9))[:, :15]
    return learning_order.mean_of_all(np.median(drop, 1))  # nan where one was not learned


def _distance_from_law(run: xr.Dataset) -> Estimate:
    seen = run.sel(step=slice(100, None))

    def law(step: Floats, cost: float) -> Floats:
        n = theory.quanta_learned("S", step, ALPHA, cost=cost, n_skills=N_SKILLS)
        return theory.loss(n, ALPHA, n_skills=N_SKILLS)

    cost = calibration.calibrate_each(law, seen.step, shared.losses(seen), bounds=(1.0, 1e4))
    predicted = [law(seen.step.values, each) for each in cost]
    return calibration.blind_error(predicted, shared.losses(seen))
