"""Claims on one subtask of noisy neurons: widths, targets with and without a jump, samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.resource import theory

Floats = NDArray[np.float64]

NOISE = 0.1  # σ of all runs read here
POINTS = np.linspace(-1, 1, 48)
STEP_POINTS = np.linspace(-1, 1, 256)
SMOOTH = ("square", "sine", "exponential")


def targets() -> dict[str, Floats]:
    """Targets of finite variation norm on `POINTS`, scaled to rms 1."""
    plain = {"square": POINTS**2, "sine": np.sin(np.pi * POINTS), "exponential": np.exp(POINTS)}
    plain["ramp"] = np.maximum(POINTS, 0)
    return {name: y / np.sqrt((y**2).mean()) for name, y in plain.items()}


def neurons_at(x: ArrayLike) -> Floats:
    """SiLU neurons of all slopes and positions of the bend, shape (sample, neuron)."""
    outside = np.geomspace(1.6, 12, 20)
    bends = np.concatenate([-outside, np.linspace(-1.5, 1.5, 121), outside])
    return theory.silu_dictionary(x, np.geomspace(0.1, 64, 40), bends)


def steep_neurons() -> Floats:
    """Neurons on `STEP_POINTS`, steep enough for the best ramp in the place of a step."""
    return theory.silu_dictionary(
        STEP_POINTS, np.geomspace(0.5, 150, 20), np.linspace(-1.1, 1.1, 111)
    )


@cache
def variation_norm(target: str) -> float:
    return theory.variation_norm(neurons_at(POINTS), targets()[target])


def predicted_losses(target: str, widths: ArrayLike) -> Floats:
    """The law σ²γ²/N, with nothing fitted."""
    return NOISE**2 * variation_norm(target) ** 2 / np.asarray(widths)


def least_step_losses(widths: ArrayLike) -> Floats:
    """Least loss of so many noisy neurons on a step of rms 1."""
    best = theory.noise_limited_optimum(
        steep_neurons(), np.sign(STEP_POINTS), noise=NOISE, N=widths
    )
    return best.loss


def losses_at(run: xr.Dataset, target: str, step: int | None = None) -> Floats:
    """Losses (member, width) after so many Adam steps, by default at the end."""
    stage = run.loss.isel(step=-1) if step is None else run.loss.sel(step=step)
    values: Floats = stage.sel(target=target).transpose("member", "width").values
    return values


def exponent_in_width(run: xr.Dataset, target: str, step: int | None = None) -> Estimate:
    return fits.power_law(run.width.values, losses_at(run, target, step)).exponent


def least_losses(target: str, widths: ArrayLike) -> Floats:
    """Least loss of so many noisy neurons, which falls below σ²γ²/N where they are few."""
    best = theory.noise_limited_optimum(
        neurons_at(POINTS), targets()[target], noise=NOISE, N=widths
    )
    return best.loss


def noisy_loss_is_inverse_to_neurons(run: xr.Dataset) -> dict[str, Estimate]:
    return {target: exponent_in_width(run, target) for target in SMOOTH}


def training_reaches_the_least_noisy_loss(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        target: fits.mean(losses_at(run, target)[:, -1] / least_losses(target, 256))
        for target in SMOOTH
    }


def noisy_ramp_loss_is_inverse_to_neurons(run: xr.Dataset) -> Estimate:
    return exponent_in_width(run, "ramp")


def step_target_slows_the_noisy_loss(run: xr.Dataset) -> dict[str, Estimate]:
    least = least_step_losses(run.width.values)
    return {
        "exponent": exponent_in_width(run, "step"),
        "constant": fits.mean(losses_at(run, "step")[:, -1] / least[-1]),
    }


def exponents_by_samples(run: xr.Dataset) -> dict[int, Estimate]:
    return {
        count: fits.power_law(run.width.values, run.loss.sel(samples=count).values).exponent
        for count in run.samples.values.tolist()
    }


def exponent_is_one_at_any_sample_size(run: xr.Dataset) -> dict[str, Estimate]:
    found = exponents_by_samples(run)
    return {f"{count} samples": found[count] for count in (16, 256, 16384)}


def excess_loss_is_inverse_to_samples(run: xr.Dataset) -> Estimate:
    excess = (run.loss - run.whole).sel(width=256).transpose("member", "samples")
    return fits.power_law(run.samples.values, excess.values).exponent
