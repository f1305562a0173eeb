"""Readings of the multilinear model, trained: scaling laws, compute, few shots, unequal layers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from skillscale import fits, frequencies
from skillscale.fits import Estimate
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import ALPHAS, Floats, of_alpha

N_SKILLS = 10_000
BUDGET = np.geomspace(1e4, 1e6, 17)


def completed(loss: Floats, alpha: float, S: float = 1.0) -> tuple[Floats, float]:
    """Return the loss among infinitely many skills, and the factor by which T, D and C stretch."""
    beyond = float(frequencies.tail_mass(alpha, N_SKILLS))
    tail = theory.missing_tail(alpha, N_SKILLS, S=S, exact=True)
    return (1 - beyond) * (loss + tail), 1 / (1 - beyond)


def raw_losses(run: xr.Dataset, alpha: float) -> dict[str, tuple[Floats, Floats]]:
    """Return amounts and losses (member, amount) in T, D and N, and in T for one layer."""
    part = of_alpha(run, alpha).astype(np.float64)
    late = part.sel(time=slice(99.9, None))
    two, one = (late.loss_time.sel(model=layers).values for layers in ("two layers", "one layer"))
    return {
        "T": (late.time.values, two),
        "D": (part.samples.values, part.loss_data.mean("draw").values),
        "N": (part.skills.values, part.loss_skills.values),
        "one layer": (late.time.values, one),
    }


def prefactor(run: xr.Dataset, name: str, alpha: float) -> Estimate:
    """Return the prefactor of the completed loss, as a geometric mean over the window."""
    x, y = raw_losses(run, alpha)[name]
    full, stretch = completed(y, alpha)
    return _constant(full, x if name == "N" else stretch * x, theory.exponents(alpha)[name])


def frontier(run: xr.Dataset, alpha: float, *, complete: bool = True) -> Floats:
    """Return each member's smallest loss along N · T = C, shape (member, budget)."""
    loss, sizes, times = compute_grid(run, alpha, complete=complete)
    along = [
        [
            np.interp(np.log(BUDGET / N), np.log(times), np.log(row), left=np.inf, right=np.inf)
            for N, row in zip(sizes, member, strict=True)
        ]
        for member in loss
    ]
    return np.asarray(np.exp(np.min(along, axis=1)))


def compute_grid(
    run: xr.Dataset, alpha: float, *, complete: bool = True
) -> tuple[Floats, Floats, Floats]:
    """Return losses (member, N, T), sizes and times, among infinitely many skills if `complete`."""
    part = of_alpha(run, alpha).astype(np.float64)
    loss, stretch = part.loss.values, 1.0
    if complete:
        loss, stretch = completed(loss, alpha, S=5.0)
    return loss, part.skills.values, stretch * part.time.values


def prefactors_need_no_fit(run: xr.Dataset) -> dict[str, Estimate]:
    return {name: prefactor(run, name, 0.6) for name in "TDN"}


def best_split_gives_the_compute_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    return {f"alpha {a}": fits.power_law(BUDGET, frontier(run, a)).exponent for a in ALPHAS}


def compute_constant_is_the_theorem_minimum(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"alpha {a}": _constant(frontier(run, a), BUDGET, theory.exponents(a)["C"]) for a in ALPHAS
    }


def finitely_many_skills_bend_the_loss(run: xr.Dataset) -> dict[str, Estimate]:
    return {name: _bend(run, name, 0.3) for name in "TDN"}


def layers_delay_emergence_but_keep_the_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        "exponent, one layer": _exponent(run, "one layer", 0.6),
        "delay, one layer": _delay(run, "one layer"),
        "delay, two layers": _delay(run, "two layers"),
    }


def few_shot_strength_is_proportional_to_samples(run: xr.Dataset) -> dict[str, Estimate]:
    strength = run.strength.astype(np.float64).sel(features=120)
    return {f"d/D_c = {d}": fits.mean(strength.sel(share=d).values) for d in (0.25, 0.5, 0.75)}


def few_shot_loss_is_proportional_to_samples(run: xr.Dataset) -> Estimate:
    return fits.mean(run.loss.astype(np.float64).sel(features=120, share=0.5).values)


def unequal_layers_learn_sooner(run: xr.Dataset) -> dict[str, Estimate]:
    last = run.astype(np.float64).sel(skill=5)
    fine = np.linspace(0, float(run.time[-1]), 20_000)
    found = {}
    for ratio in run.ratio.values:
        closed = theory.unbalanced_strength_time(
            fine, float(last.frequency[0]), S=5.0, R0=0.01, eta=1.0,
            imbalance=0.01 * (ratio - 1 / ratio),
        )  # fmt: skip
        expected = fits.crossing_times(fine, closed, threshold=0.5)
        rising = last.strength.sel(ratio=ratio).values
        seen = fits.crossing_times(run.time.values, rising, threshold=0.5)
        found[f"a/b = {int(ratio)}"] = fits.mean(seen / expected)
    return found


def _exponents(run: xr.Dataset, alpha: float) -> dict[str, Estimate]:
    return {name: _exponent(run, name, alpha) for name in "TDN"}


def _exponent(run: xr.Dataset, name: str, alpha: float) -> Estimate:
    x, y = raw_losses(run, alpha)[name]
    return fits.power_law(x, completed(y, alpha)[0]).exponent


def _bend(run: xr.Dataset, name: str, alpha: float) -> Estimate:
    """Return the exponent of the raw loss minus that of the exact finite sum on the same points."""
    x, y = raw_losses(run, alpha)[name]
    resource: dict[str, Any] = {name: x}
    exact = theory.loss(alpha=alpha, n_skills=N_SKILLS, **resource)
    by_sum = fits.power_law(x, exact).exponent.value
    return fits.mean([fits.power_law(x, row).exponent.value - by_sum for row in y])


def _constant(loss: Floats, x: Floats, exponent: float) -> Estimate:
    """Return loss · x^exponent, a geometric mean over x, then the mean over members."""
    return fits.mean(np.exp(np.log(loss * x**exponent).mean(1)))


def _delay(run: xr.Dataset, layers: str) -> Estimate:
    rising = of_alpha(run, 0.6).strength.sel(skill=10, model=layers).values.astype(np.float64)
    early, half = (fits.crossing_times(run.time.values, rising, threshold=e) for e in (0.05, 0.5))
    return fits.mean(early / half)


loss_is_power_law_at_alpha_03 = partial(_exponents, alpha=0.3)
loss_is_power_law_at_alpha_06 = partial(_exponents, alpha=0.6)
loss_is_power_law_at_alpha_09 = partial(_exponents, alpha=0.9)
