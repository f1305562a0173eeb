"""Claims on width and steps when both are scarce: which one sets the loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import optimize, special

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.readings.shared import ALPHAS, N_SKILLS, Floats


def misfits(run: xr.Dataset, alpha: float, coupling: float) -> Floats:
    r"""Rms of the log residual of L = ((A N^-a)^(1/g) + (B S^-b)^(1/g))^g, one fit per seed.

    L is the loss completed by the tail beyond the skills of the toy, N the width, S the steps
    before the rate falls; A, B, a and b are fitted. The coupling g is 1 for the sum of two power
    laws, and 0, its limit, for the larger of the two: the smaller of two numbers of quanta.
    """
    early = run.sel(alpha=alpha).isel(step=slice(-1)).transpose("seed", "width", "step", "skill")
    loss = theory.complete_tail((early.loss * early.frequency).sum("skill"), alpha, N_SKILLS)
    axes = [np.log(axis / axis.mean()) for axis in (run.width.values, early.step.values)]
    x, t = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    return np.array([_misfit(x, t, np.log(each).ravel(), coupling) for each in loss])


def width_or_steps_alone_set_the_loss(run: xr.Dataset) -> dict[str, Estimate]:
    return _less(run, lambda alpha: (0.0, 1.0))


def width_and_steps_couple_smoothly(run: xr.Dataset) -> dict[str, Estimate]:
    return _less(run, lambda alpha: (alpha, 0.0))


def _less(
    run: xr.Dataset, couplings: Callable[[float], tuple[float, float]]
) -> dict[str, Estimate]:
    """Misfit with the first coupling minus that with the second, by α."""
    found = {}
    for alpha in ALPHAS:
        first, second = (misfits(run, alpha, coupling) for coupling in couplings(alpha))
        found[f"alpha {alpha}"] = fits.mean(first - second)
    return found


def _misfit(x: Floats, t: Floats, y: Floats, coupling: float) -> float:
    def terms(point: Floats) -> tuple[Floats, Floats]:
        return point[0] - point[1] * x, point[2] - point[3] * t

    def residual(point: Floats) -> Floats:
        width, steps = terms(point)
        if coupling == 0:
            return np.asarray(np.maximum(width, steps) - y)
        return np.asarray(coupling * np.logaddexp(width / coupling, steps / coupling) - y)

    def slopes(point: Floats) -> Floats:
        width, steps = terms(point)
        part = special.expit((width - steps) / coupling) if coupling else 1.0 * (width > steps)
        return np.stack([part, -part * x, 1 - part, -(1 - part) * t], 1)

    starts = [[y.mean(), 0.5, y.mean() + ahead, 0.5] for ahead in (-1.0, -0.5, 0.0, 0.5)]
    tried = [optimize.least_squares(residual, start, slopes, method="lm") for start in starts]
    return float(np.sqrt(2 * min(found.cost for found in tried) / y.size))
