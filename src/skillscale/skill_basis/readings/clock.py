"""Readings of the clock sweep: networks with one skill, and independent neurons in their place."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from skillscale import calibration, fits
from skillscale.fits import Estimate
from skillscale.skill_basis import theory
from skillscale.skill_basis.readings.shared import Floats


def groups_of(run: xr.Dataset, **wanted: Any) -> list[xr.Dataset]:
    """Return the groups of networks that differ by their seeds, those with these settings."""
    size = len(np.unique(run.seed))
    groups = [run.isel(member=slice(i, i + size)) for i in range(0, run.sizes["member"], size)]
    return [
        group.astype(np.float64)
        for group in groups
        if all(np.isclose(group[name][0], value) for name, value in wanted.items())
    ]


def half_phases(group: xr.Dataset) -> Floats:
    return fits.crossing_times(_phase(group), group.strength.values, threshold=0.5)


def expected_half_phase(group: xr.Dataset) -> float:
    rising, _ = _independent(group)
    return float(fits.crossing_times(_phase(group), rising[None], threshold=0.5)[0])


def inverse_clocks(group: xr.Dataset) -> Floats:
    start = float(np.sqrt((group.strength.values[:, 0] ** 2).mean()))
    return _inverse_clocks(group, group.strength.values, start)


def expected_inverse_clock(group: xr.Dataset) -> float:
    rising, start = _independent(group)
    return float(_inverse_clocks(group, rising[None], start)[0])


def best_neuron_sets_the_clock(run: xr.Dataset) -> dict[str, Estimate]:
    found = {}
    for size in (1, 2, 3, 4):
        small, large = (
            half_phases(_like_base(run, subset_size=size, init_std=std)) for std in (0.001, 0.01)
        )
        found[f"m = {size}"] = fits.mean(np.log(100) / (2 * (small - large)))
    return found


def target_scale_enters_only_by_its_logarithm(run: xr.Dataset) -> Estimate:
    wide, narrow = (half_phases(_like_base(run, scale=scale)) for scale in (10.0, 1.0))
    return fits.mean(np.log(10) / (2 * (wide - narrow)))


def larger_steps_slow_the_clock(run: xr.Dataset) -> Estimate:
    fast, slow = (_like_base(run, phase_step=step) for step in (0.4, 0.05))
    expected = expected_half_phase(fast) / expected_half_phase(slow)
    return fits.mean(half_phases(fast) / half_phases(slow) - expected)


def independent_neurons_predict_the_clock(run: xr.Dataset) -> dict[str, Estimate]:
    groups = groups_of(run)
    half, expected_half, clock, expected_clock = (
        np.array([of(group) for group in groups])
        for of in (half_phases, expected_half_phase, inverse_clocks, expected_inverse_clock)
    )
    return {
        "half-time": calibration.blind_error(expected_half, half.T),
        "clock": calibration.blind_error(expected_clock, clock.T),
    }


def _like_base(run: xr.Dataset, **setting: float) -> xr.Dataset:
    base = {"n_bits": 8, "subset_size": 3, "width": 300, "init_std": 0.01, "scale": 5.0,
            "phase_step": 0.05}  # fmt: skip
    return groups_of(run, **base | setting)[0]


def _phase(group: xr.Dataset) -> Floats:
    return np.asarray(group.step.values[0] * float(group.phase_step[0]))


def _independent(group: xr.Dataset) -> tuple[Floats, float]:
    """Return R/S in time and rms R(0)/S of networks of independent neurons."""
    n_bits, subset_size, step, width, init_std, S = (
        group[name].values[0]
        for name in ("n_bits", "subset_size", "phase_step", "width", "init_std", "scale")
    )
    times = tuple(group.step.values[0].round())
    growth = _growth(times, float(step), int(n_bits), int(subset_size))
    scale = init_std**2 / S
    total = np.maximum(width * scale * growth.mean(0), 1e-300)
    rms = width**0.5 * scale * np.sqrt((growth[:, 0] ** 2).mean())
    return 1 / (1 + 1 / total), float(rms)


@cache
def _growth(times: tuple[float, ...], step: float, n_bits: int, subset_size: int) -> Floats:
    return theory.neuron_growth(
        times, step=step, n_neurons=600, limit=1e7, n_bits=n_bits, subset_size=subset_size, seed=0
    )


def _inverse_clocks(group: xr.Dataset, strengths: Floats, start: float) -> Floats:
    def predict(time: Floats, clock: float) -> Floats:
        return theory.strength_time(time, 1.0, R0=start, eta=1.0, clock=clock)

    return 1 / calibration.calibrate_each(predict, _phase(group), strengths, bounds=(0.01, 2))
