"""Claims on the pace of skills: one for all, without noise, and modules that do not share it."""

from __future__ import annotations

import xarray as xr

from skillscale import fits
from skillscale.domino import theory as domino
from skillscale.fits import Estimate
from skillscale.geometry import theory
from skillscale.geometry.readings.shared import PUBLISHED_WASTE, Floats, rms_of_seeds
from skillscale.lab import records

MODULE_SIZES = ((10, -0.99), (10, 0.0), (10, 1.0), (4, 1.0), (40, 1.0))  # skills, α


def deviations_from_forms(run: xr.Dataset) -> dict[str, Floats]:
    ran = records.provenance(run, "settings")
    t, p = run.step.values.astype(float), run.frequency.values
    lr, dim = ran["sign_lr"], ran["dim"]
    forms = {
        "L2 norm": theory.sign_descent(t, p, lr=lr, dim=dim),
        "plain sum": domino.unlearned(t, p, rate=2 * lr * dim**0.5, N0=PUBLISHED_WASTE),
    }
    curves = run.unlearned.sel(optimizer="sign").values.astype(float)
    return {name: rms_of_seeds(curves, form) for name, form in forms.items()}


def sign_descent_follows_the_l2_mean_field(run: xr.Dataset) -> dict[str, Estimate]:
    off = deviations_from_forms(run)
    return {
        "deviation": fits.mean(off["L2 norm"]),
        "gain": fits.mean(off["plain sum"] - off["L2 norm"]),
    }


def completion_ratios(run: xr.Dataset) -> xr.DataArray:
    ratios: xr.DataArray = run.completion.sel(skill=2) / run.completion.sel(skill=1)
    return ratios


def rare_skill_takes_under_twice_the_time(run: xr.Dataset) -> dict[str, Estimate]:
    at_ten = completion_ratios(run).sel(ratio=10.0)
    names = {"sign": "sign descent", "sgd": "gradient descent"}
    return {label: fits.mean(at_ten.sel(optimizer=name)) for name, label in names.items()}


def deviations_at_fixed_length(run: xr.Dataset) -> dict[tuple[str, int], Floats]:
    length = records.provenance(run, "settings")["length"]
    t, p = run.step.values.astype(float), run.frequency.values
    found = {}
    for dim in run.dim.values.tolist():
        forms = {
            "sign": theory.sign_descent(t, p, lr=length / dim**0.5, dim=dim),
            "normalised": theory.normalised_descent(t, p, lr=length),
        }
        for rule, form in forms.items():
            found[rule, dim] = rms_of_seeds(run.unlearned.sel(rule=rule, dim=dim).values, form)
    return found


def fixed_length_steps_order_the_skills(run: xr.Dataset) -> dict[str, Estimate]:
    off = deviations_at_fixed_length(run)
    return {
        "normalised gradient, d = 20": fits.mean(off["normalised", 20]),
        "normalised gradient, d = 1000": fits.mean(off["normalised", 1000]),
        "signs deviate more at d = 20": fits.mean(off["sign", 20] - off["normalised", 20]),
    }


def modular_speedups(run: xr.Dataset) -> xr.DataArray:
    """Steps to finish all skills without modules over those with modules."""
    finish = run.completion.max("skill")
    speedups: xr.DataArray = finish.sel(design="dense") / finish.sel(design="modular")
    return speedups


def module_speedup_stays_far_below_root_n(run: xr.Dataset) -> dict[str, Estimate]:
    speedups = modular_speedups(run)
    return {
        f"{n} skills, alpha {alpha:g}": fits.mean(speedups.sel(n_skills=n, alpha=alpha))
        for n, alpha in MODULE_SIZES
    }
