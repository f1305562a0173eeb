"""Claims on when skills are learned, by their rarity: the order, and q of T ∝ P^-q."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from skillscale import fits, learning_order
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.readings import shared
from skillscale.quantization.readings.shared import ALPHA, LATE, N_SKILLS, OPTIMIZERS, Floats


def convergence_exponents(run: xr.Dataset, select: str) -> Floats:
    """Exponent q of each seed, by one of `learning_order.SELECTIONS`."""
    return learning_order.convergence_exponents(
        run.frequency, shared.learned_at(run), horizon=float(run.step[-1]), select=select
    )


def expected_over_learned(run: xr.Dataset) -> float:
    """What q a fit over all learned skills should read, by the theory of the selection."""
    log_times = np.log(shared.learned_at(run))
    return theory.censored_exponent(
        ALPHA,
        n_skills=N_SKILLS,
        cost=float(np.exp(np.nanmedian(log_times[:, 0]))),
        budget=float(run.step[-1]),
        spread=np.nanstd(log_times[:, np.isfinite(log_times).all(0)], 0, ddof=1).mean(),
        q=float(np.nanmean(convergence_exponents(run, "gap-free"))),
    )


def expected_order(run: xr.Dataset) -> float:
    """The τ that the law's times with the seeds' spread would have."""
    log_times = np.log(shared.learned_at(run)[:, :15])
    q = learning_order.mean_of_all(convergence_exponents(run, "gap-free")).value
    middle = q * np.log(shared.relative_costs(np.arange(1, 16)))
    return theory.expected_rank_correlation(middle, np.nanstd(log_times, 0, ddof=1))


def of_number(run: xr.Dataset, optimizer: str, n_skills: int) -> xr.Dataset:
    return run.sel(optimizer=optimizer, n_skills=n_skills).isel(skill=slice(n_skills))


def exponents_of_number(run: xr.Dataset) -> tuple[Floats, Floats]:
    late, cost = run.sel(step=LATE), shared.median_costs(shared.learned_at(run), n_max=8)
    return shared.raw_and_lawful(
        late.step.values, shared.losses(late), "S", cost, run.sizes["skill"]
    )


def frequent_skills_are_learned_first(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for label, each in shared.by_optimizer(run).items():
        seen = learning_order.order_correlation(shared.learned_at(each))
        expected = expected_order(each)
        ends = {end: getattr(seen, end) - expected for end in ("value", "low", "high")}
        found[label] = replace(seen, **ends)
    return found


def fitting_only_learned_skills_lowers_the_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for label, each in shared.by_optimizer(run).items():
        lucky = convergence_exponents(each, "all learned") - expected_over_learned(each)
        found[f"all learned, {label}"] = learning_order.mean_of_all(lucky)
    return found


def more_skills_change_only_the_loss_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for name, label in OPTIMIZERS.items():
        few, many = (of_number(run, name, size) for size in (100, 500))
        gap, other = (raw - law for raw, law in map(exponents_of_number, (few, many)))
        q, of_many = (convergence_exponents(each, "censored") for each in (few, many))
        found[f"loss, {label}"] = fits.mean(gap - other)
        found[f"q, {label}"] = learning_order.mean_of_all(of_many - q)
    return found


def q_matched(run: xr.Dataset, rule: str, first: int) -> Floats:
    """Exponent q of each seed over the gap-free prefix, the first skill learned at a given step."""
    return convergence_exponents(run.sel(optimizer=rule, first_step=first), "gap-free")


def adam_and_sgd_agree_at_matched_rates(run: xr.Dataset) -> dict[str, Estimate]:
    return {f"first skill at {at}": _q_difference(run, "adam", "sgd", at) for at in (100, 240)}


def normalised_control_weights_lower_the_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for at in (100, 240):
        free = q_matched(run, "adam_free_control", at)
        found[f"all pooled, {at}"] = _q_difference(run, "adam_pooled", "sgd", at)
        found[f"control pooled, {at}"] = _q_difference(run, "adam_pooled_control", "sgd", at)
        found[f"control free, {at}"] = learning_order.mean_of_all(free)
    return found


def sign_descent_exponent_does_not_exceed_adams(run: xr.Dataset) -> Estimate:
    return _q_difference(run, "sign", "adam", 240)


def adam_favours_rare_skills_at_paper_size(run: xr.Dataset) -> dict[str, Estimate]:
    adam, pooled = (run.sel(optimizer=name, alpha=ALPHA) for name in ("adam", "adam_pooled"))
    # A network with too few learned skills for a q is later than all others: above the median.
    middle = fits.medians(convergence_exponents(pooled, "censored"))
    value, low, high = (float(each) for each in (middle.value, middle.low, middle.high))
    found = {
        f"Adam, {select}": learning_order.mean_of_all(convergence_exponents(adam, select))
        for select in ("all learned", "censored")
    }
    return found | {"pooled, censored": Estimate(value, low, high, n_members=pooled.sizes["seed"])}


def _q_difference(run: xr.Dataset, rule: str, other: str, first: int) -> Estimate:
    q = q_matched(run, rule, first) - q_matched(run, other, first)
    return learning_order.mean_of_all(q)
