"""What readings of several topics need."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from skillscale import fits, frequencies
from skillscale.fits import Estimate
from skillscale.quantization import theory
from skillscale.quantization.theory import Resource

Floats = NDArray[np.float64]

ALPHAS = (0.2, 0.4, 0.8)
ALPHA = 0.4  # where a claim names no other
N_SKILLS = 100  # likewise
KNOWN = 0.1  # bits of test loss below which a skill counts as learned
HALF = 0.5  # the same where what is half learned shall cancel
LATE = slice(500, None)  # steps over which losses are fitted
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam"}


def by_optimizer(run: xr.Dataset, alpha: float = ALPHA) -> dict[str, xr.Dataset]:
    return {label: run.sel(optimizer=name, alpha=alpha) for name, label in OPTIMIZERS.items()}


def learned_at(run: xr.Dataset, mark: float = KNOWN) -> Floats:
    return np.asarray(run.learned.sel(threshold=mark).transpose("seed", "skill"))


def n_learned(run: xr.Dataset) -> float:
    return float(np.isfinite(learned_at(run)).sum(1).mean())


def losses(run: xr.Dataset) -> Floats:
    return np.asarray(run.loss.transpose("seed", "step"))


def loss_exponents(
    x: ArrayLike, loss: Floats, resource: Resource, cost: Floats
) -> tuple[Floats, Floats, Estimate]:
    """Exponents of the loss, of the exact law at each seed's cost, and of the completed loss."""
    completed = fits.power_law(x, theory.complete_tail(loss, ALPHA, N_SKILLS)).exponent
    return *raw_and_lawful(x, loss, resource, cost, N_SKILLS), completed


def raw_and_lawful(
    x: ArrayLike, loss: Floats, resource: Resource, cost: Floats, n_skills: int
) -> tuple[Floats, Floats]:
    n = [theory.quanta_learned(resource, x, ALPHA, cost=c, n_skills=n_skills) for c in cost]
    return exponents(x, loss), exponents(x, theory.loss(n, ALPHA, n_skills=n_skills))


def exponents(x: ArrayLike, loss: Floats) -> Floats:
    return np.array([fits.power_law(x, each).exponent.value for each in loss])


def raw_and_completed(
    kind: str, raw: Floats, lawful: Floats, completed: Estimate
) -> dict[str, Estimate]:
    return {f"raw, {kind}": fits.mean(raw - lawful), f"completed, {kind}": completed}


def relative_costs(rank: NDArray[np.integer], alpha: float = ALPHA) -> Floats:
    """Cost of skills in steps or samples over that of the first, by the law."""
    return np.asarray(rank ** frequencies.zipf_exponent(alpha))


def median_costs(amounts: Floats, *, n_max: int) -> Floats:
    """Cost of the first skill by the law, median over n = 2 … n_max, per seed."""
    each = np.sort(amounts, 1)[:, 1:n_max] / relative_costs(np.arange(2, n_max + 1))
    return np.asarray(np.nanmedian(each, 1))
