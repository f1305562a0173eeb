"""Claims on networks that see the same samples again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from skillscale import fits, frequencies, learning_order
from skillscale.fits import Estimate
from skillscale.quantization.readings import shared
from skillscale.quantization.readings.shared import ALPHA, ALPHAS, KNOWN, N_SKILLS, Floats


def sizes_learned(run: xr.Dataset, alpha: float, loss: str = "lowest") -> Floats:
    """Training-set sizes at which the "lowest" or "early" loss falls below 0.1 bits."""
    curves = -run[loss].sel(alpha=alpha).transpose("seed", "skill", "samples")
    return np.exp(fits.crossing_times(np.log(run.samples), curves, threshold=-KNOWN))


def exponents_in_samples(run: xr.Dataset) -> tuple[Floats, Floats, Estimate]:
    """Exponents of the early-stopped loss as `loss_exponents`."""
    much = run.sel(alpha=ALPHA, samples=slice(4000, None))
    loss = much.loss.min("step").transpose("seed", "samples").values
    # The law counts a quantum's own samples; the first has this share of all.
    share = frequencies.power_law(N_SKILLS, ALPHA)[0]
    cost = shared.median_costs(sizes_learned(run, ALPHA, "early"), n_max=10) * share
    return shared.loss_exponents(much.samples.values, loss, "D", cost)


def count_follows_sample_law(run: xr.Dataset) -> dict[str, Estimate]:
    return _by_alpha(run, lambda a: learning_order.count_growth(sizes_learned(run, a), n_max=10))


def count_follows_sample_law_for_three_bits(run: xr.Dataset) -> dict[str, Estimate]:
    return count_follows_sample_law(run)


def early_stopping_keeps_the_count_exponent(run: xr.Dataset) -> dict[str, Estimate]:
    def change(alpha: float) -> Estimate:
        early, ever = (
            learning_order.count_growths(sizes_learned(run, alpha, loss), n_max=10)
            for loss in ("early", "lowest")
        )
        return learning_order.mean_of_all(early - ever)

    return _by_alpha(run, change)


def truncation_explains_loss_exponent_in_samples(run: xr.Dataset) -> dict[str, Estimate]:
    found = shared.raw_and_completed("D", *exponents_in_samples(run))
    return {name: _if_turned(each, run, ALPHA) for name, each in found.items()}


def _by_alpha(run: xr.Dataset, measure: Callable[[float], Estimate]) -> dict[str, Estimate]:
    return {f"alpha {alpha}": _if_turned(measure(alpha), run, alpha) for alpha in ALPHAS}


def _if_turned(found: Estimate, run: xr.Dataset, alpha: float) -> Estimate:
    falling = (run.early_step.sel(alpha=alpha) == run.step[-1]).any()
    return replace(found, status="not_converged") if falling else found
