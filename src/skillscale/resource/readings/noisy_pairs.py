"""Claims on two subtasks of noisy neurons side by side."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.resource import theory
from skillscale.resource.readings.noisy_neurons import (
    NOISE,
    STEP_POINTS,
    least_step_losses,
    steep_neurons,
)

Floats = NDArray[np.float64]


def neuron_ratio(run: xr.Dataset, count: str = "owned") -> xr.DataArray:
    """N₁/N₂, counting whom neurons serve ("owned") or which input they hear ("hears")."""
    ratio = run[count].sel(subtask="first") / run[count].sel(subtask="second")
    return ratio.transpose("pair", "step", "member", "width")


def growth_slopes(run: xr.Dataset) -> list[Estimate]:
    end = neuron_ratio(run).isel(step=-1).values
    return [fits.power_law(run.width.values, 1 / ratio).exponent for ratio in end]


def ratios_at_widest(run: xr.Dataset) -> list[Estimate]:
    return [fits.mean(ratio) for ratio in neuron_ratio(run).isel(step=-1, width=-1).values]


def best_ratios(run: xr.Dataset) -> list[Floats]:
    """N₁/N₂ of the split with the least loss: (width,), for every pair of the run."""
    found = []
    for weight, second in zip(run.weight.values, run.second.values, strict=True):
        if second == "step":
            found.append(_best_beside_a_step(run.width.values, weight))
        else:
            found.append(np.full(run.sizes["width"], np.sqrt(weight / (1 - weight))))
    return found


def modules_grow_in_proportion_under_noise(run: xr.Dataset) -> Estimate:
    """The mean over weights of the change of the first subtask's share from end to end."""
    share = 1 - 1 / (1 + neuron_ratio(run).isel(step=-1).values)
    change = (share[..., -1] - share[..., 0])[[_place(run, weight) for weight in (0.75, 0.9, 0.95)]]
    return fits.mean(change.mean(0))


def training_finds_the_best_proportion(run: xr.Dataset) -> Estimate:
    return ratios_at_widest(run)[_place(run)]


def training_keeps_the_best_proportion(run: xr.Dataset) -> Estimate:
    return ratios_at_widest(run)[_place(run, planted=0.75)]


def noisy_parallel_loss_is_inverse_to_neurons(run: xr.Dataset) -> dict[str, Estimate]:
    end = run.loss.isel(step=-1)
    total = run.weight * end.sel(subtask="first") + (1 - run.weight) * end.sel(subtask="second")
    total = total.transpose("pair", "member", "width")
    return {
        f"weight {weight:g}": fits.power_law(run.width.values, total[_place(run, weight)]).exponent
        for weight in (0.5, 0.75, 0.9, 0.95)
    }


def slower_subtask_takes_a_growing_share(run: xr.Dataset) -> Estimate:
    return growth_slopes(run)[_place(run, second="step")]


def _place(
    run: xr.Dataset, weight: float = 0.9, *, second: str = "square", planted: float = 0.0
) -> int:
    """Index of a pair by its weight, second target and planted share (0: a random start)."""
    same = (run.weight == weight) & (run.second == second) & (run.planted.fillna(0) == planted)
    return int(same.values.nonzero()[0].item())


def _best_beside_a_step(widths: NDArray[np.int64], weight: float) -> Floats:
    """Best N₁/N₂ of a square, whose loss falls as 1/N, beside a step with N^(-1/3)."""
    x, at = STEP_POINTS, np.array([16, 32, 64, 128, 256])
    square = theory.noise_limited_optimum(
        steep_neurons(), x**2 / (x**2).std(), noise=NOISE, N=64, offset=True
    )
    step = np.exp(np.log(least_step_losses(at) * at ** (1 / 3)).mean())
    costs = [64 * float(square.loss), float(step)]
    split = theory.allocate([weight, 1 - weight], costs, widths, exponent=[1, 1 / 3])
    return np.asarray(split[:, 0] / split[:, 1])
