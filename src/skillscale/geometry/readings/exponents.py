"""Claims on exponents of the loss: in steps and in parameters."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits, frequencies
from skillscale.domino import theory as domino
from skillscale.fits import Estimate
from skillscale.geometry import theory
from skillscale.geometry.readings.shared import PUBLISHED_WASTE, Floats
from skillscale.lab import records


def exponents_in_steps(run: xr.Dataset) -> xr.DataArray:
    return _between(run.loss, "step", 80, 200)


def exponents_in_width(run: xr.Dataset) -> xr.DataArray:
    return _between(run.loss, "dim", 40, 220)


def sign_descent_has_the_published_step_exponents(run: xr.Dataset) -> dict[str, Estimate]:
    return _by_alpha(exponents_in_steps(run).sel(vectors="published", optimizer="sign"))


def adam_has_the_published_step_exponents(run: xr.Dataset) -> dict[str, Estimate]:
    return _by_alpha(exponents_in_steps(run).sel(vectors="published", optimizer="adam"))


def step_exponent_falls_with_more_skills(run: xr.Dataset) -> dict[str, Estimate]:
    few, middle, many = (
        exponents_in_steps(run)
        .sel(n_skills=[100, 1000, 10_000])
        .transpose("n_skills", "member")
        .values
    )
    return {
        "100 over 1000 skills": fits.mean(few / middle),
        "1000 over 10,000 skills": fits.mean(middle / many),
    }


def local_exponents(run: xr.Dataset, alpha: float) -> Floats:
    return _successive(run, run.loss.sel(alpha=alpha).values.astype(float))


def local_exponents_of_forms(run: xr.Dataset, alpha: float) -> dict[str, Floats]:
    """Exponents of both closed forms between the same steps (window,)."""
    ran, t = records.provenance(run, "settings"), run.step.values.astype(float)
    n, lr = ran["n_skills"], ran["lr"]  # as many parameters as skills
    p = frequencies.power_law(n, alpha)
    forms = {
        "L2 norm": theory.sign_descent(t, p, lr=lr, dim=n),
        "plain sum": domino.unlearned(t, p, rate=2 * lr * n**0.5, N0=PUBLISHED_WASTE),
    }
    return {name: _successive(run, u**2 @ p) for name, u in forms.items()}


def orthonormal_exponents_follow_the_l2_norm(run: xr.Dataset) -> dict[str, Estimate]:
    found = {alpha: local_exponents(run, alpha) for alpha in (0.3, 0.5)}
    forms = {alpha: local_exponents_of_forms(run, alpha) for alpha in found}

    def errors(form: str) -> Floats:
        both = [(found[alpha] - forms[alpha][form]) ** 2 for alpha in found]
        return np.asarray(np.sqrt(np.mean(np.concatenate(both, axis=1), axis=1)))

    return {
        "alpha 0.3, steps 1600 to 2900": fits.mean(found[0.3][:, 4]),
        "alpha 0.5, steps 400 to 800": fits.mean(found[0.5][:, 2]),
        "alpha 0.5, steps 1600 to 2900": fits.mean(found[0.5][:, 4]),
        "error, L2 over plain sum": fits.mean(errors("L2 norm") / errors("plain sum")),
    }


def optimum_has_the_published_width_exponents(run: xr.Dataset) -> dict[str, Estimate]:
    return _by_alpha(exponents_in_width(run).sel(n_skills=1000))


def width_exponent_falls_with_more_skills(run: xr.Dataset) -> dict[str, Estimate]:
    slopes = exponents_in_width(run)
    drop = slopes.sel(n_skills=1000) - slopes.sel(n_skills=4000)
    parts = {f"drop, alpha {a:g}": fits.mean(drop.sel(alpha=a)) for a in run.alpha.values}
    parts["4000 skills, alpha 0"] = fits.mean(slopes.sel(n_skills=4000, alpha=0.0))
    return parts


def _between(loss: xr.DataArray, name: str, low: int, high: int) -> xr.DataArray:
    ratio = loss.sel({name: low}) / loss.sel({name: high})
    exponents: xr.DataArray = np.log(ratio) / np.log(high / low)
    return exponents


def _successive(run: xr.Dataset, loss: Floats) -> Floats:
    t = run.step.values.astype(float)
    return np.asarray(-np.diff(np.log(loss), axis=-1) / np.diff(np.log(t)))


def _by_alpha(slopes: xr.DataArray) -> dict[str, Estimate]:
    return {
        f"alpha {a:g} (Zipf {a + 1:g})": fits.mean(slopes.sel(alpha=a)) for a in slopes.alpha.values
    }
