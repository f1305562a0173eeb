"""Claims on noise in the gradient, which acts as a wasted resource."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits
from skillscale.domino import theory as domino
from skillscale.fits import Estimate
from skillscale.geometry import theory
from skillscale.geometry.readings.shared import PUBLISHED_WASTE, Floats, rms_of_seeds
from skillscale.lab import records

LABELS = (PUBLISHED_WASTE, 0.006)  # N0 of the published default run: in its code, on its panel


def exact_arms(run: xr.Dataset) -> dict[tuple[float, float], xr.Dataset]:
    arms = (run.isel(arm=i) for i in range(run.sizes["arm"]))
    return {(float(arm.noise), float(arm.factor)): arm for arm in arms if not arm.batch_size}


def default_arm(run: xr.Dataset) -> xr.Dataset:
    return run.isel(arm=int(np.argmax(run.batch_size.values)))


def predicted_waste(arm: xr.Dataset) -> float:
    dim = records.provenance(arm, "settings")["dim"]
    return float(theory.wasted_resource(arm.noise, dim, gradient_factor=float(arm.factor)))


def plain_sum(arm: xr.Dataset, N0: float) -> Floats:
    """Unlearned fractions (time, skill) by the form with the plain sum."""
    ran = records.provenance(arm, "settings")
    t, rate = arm.step.values.astype(float), 2 * ran["lr"] * ran["dim"] ** 0.5
    return domino.unlearned(t, arm.frequency.values, rate=rate, N0=N0)


def l2_norm(arm: xr.Dataset) -> Floats:
    """Unlearned fractions (time, skill) by the mean field."""
    ran = records.provenance(arm, "settings")
    return theory.sign_descent(
        arm.step.values.astype(float),
        arm.frequency.values,
        lr=ran["lr"],
        dim=ran["dim"],
        noise=float(arm.noise),
        gradient_factor=float(arm.factor),
    )


def fitted_waste(arm: xr.Dataset) -> Floats:
    """Best N0 of each seed among 241 values between a third and three times the predicted one.

    Fitted to the changes between measured times, each over the root of the steps it took: the signs
    of noise make a walk, so that these have errors of one size, and independent ones.
    """
    # without noise none is predicted; the grid then holds the small values that may fit
    grid = max(predicted_waste(arm), 0.004) * np.geomspace(1 / 3, 3, 241)
    root = np.sqrt(np.diff(arm.step.values))[:, None]
    changes = np.diff(arm.unlearned.values.astype(float), axis=1) / root
    forms = (np.diff(plain_sum(arm, float(N0)), axis=0) / root for N0 in grid)
    return np.asarray(grid[np.argmin([rms_of_seeds(changes, form) for form in forms], axis=0)])


def noise_acts_as_a_predicted_waste(run: xr.Dataset) -> dict[str, Estimate]:
    arms = exact_arms(run)
    fitted = {sigma: fitted_waste(arms[sigma, 2.0]) for sigma in (0.2, 0.5, 1.0)}
    parts = {
        f"sigma {sigma:g}": fits.mean(values / predicted_waste(arms[sigma, 2.0]))
        for sigma, values in fitted.items()
    }
    parts["gradient factor 1 over 2"] = fits.mean(fitted_waste(arms[0.2, 1.0]) / fitted[0.2])
    return parts


def l2_mean_field_holds_at_every_noise(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        f"sigma {sigma:g}": fits.mean(_squared_bias(arm))
        for (sigma, factor), arm in exact_arms(run).items()
        if factor == 2
    }


def waste_choice_matters_less_than_form_error(run: xr.Dataset) -> dict[str, Estimate]:
    arm = default_arm(run)
    forms = {N0: plain_sum(arm, N0) for N0 in LABELS}
    apart = np.sqrt(np.mean((forms[LABELS[0]] - forms[LABELS[1]]) ** 2))
    return {
        f"N0 {N0:g}": fits.mean(rms_of_seeds(arm.unlearned.values, form) - apart)
        for N0, form in forms.items()
    }


def _squared_bias(arm: xr.Dataset) -> Floats:
    """Squared deviation of the mean over seeds from the mean field, as one value per seed."""
    off = arm.unlearned.values.astype(float) - l2_norm(arm)
    n = len(off)
    others = (off.sum(0) - off) / (n - 1)
    product = np.mean(off * others, axis=(1, 2))
    # each seed enters all products: jackknife pseudo-values have the same mean and an honest spread
    return np.asarray((2 * (n - 1) * product - n * product.mean()) / (n - 2))
