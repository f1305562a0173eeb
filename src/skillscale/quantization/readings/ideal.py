"""Claims on learners that only count samples; and what fits read off the law itself."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits, frequencies
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.readings.shared import ALPHAS


def counting_learners_have_the_three_exponents(run: xr.Dataset) -> dict[str, Estimate]:
    axes = {
        "N": ("loss_capacity", "capacity"),
        "D": ("loss_samples", "samples"),
        "S": ("loss_soft", "samples"),
    }
    return {
        f"{resource}, alpha {alpha}": fits.power_law(run[x], run[loss].sel(alpha=alpha)).exponent
        for resource, (loss, x) in axes.items()
        for alpha in ALPHAS
    }


def exponents_of_500_skills(alpha: float) -> dict[str, float]:
    """Exponents that fits read off the exact law for 500 skills over the paper's amounts."""
    samples, steps = np.geomspace(1e4, 5e6, 25), np.geomspace(500, 15_000, 40)
    # A skill takes steps in proportion to 1/P; the first takes 700 at alpha = 0.4.
    first, at_04 = (frequencies.power_law(500, each)[0] for each in (alpha, 0.4))
    n = theory.quanta_learned("S", steps, alpha, cost=700 * at_04 / first)
    return {
        "N": theory.apparent_exponent(alpha, n_min=1, n_max=40, n_skills=500),
        "D": theory.apparent_data_exponent(alpha, amounts=samples, cost=2e4, n_skills=500),
        "S": fits.power_law(steps, theory.loss(n, alpha, n_skills=500)).exponent.value,
    }
