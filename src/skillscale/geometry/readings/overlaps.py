"""Claims on task vectors that overlap, and on how far the gradient points along each of them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits, frequencies
from skillscale.fits import Estimate
from skillscale.geometry import theory
from skillscale.geometry.experiments import task_vectors
from skillscale.geometry.readings.shared import Floats, rms_of_seeds
from skillscale.lab import records

SIZES = ((40, 200), (40, 10), (100, 10))  # skills, parameters
WASTE = 0.01  # N0 of the public code with overlaps


def deviations_by_size(run: xr.Dataset) -> dict[tuple[int, int], dict[str, Floats]]:
    sizes = list(zip(run.n_skills.values.tolist(), run.dim.values.tolist(), strict=True))
    found = {}
    for n, dim in SIZES:
        level = run.level.sel(loss="mse").isel(size=sizes.index((n, dim)), skill=slice(n))
        vectors = task_vectors(n, dim, seeds=run.seed.values.tolist(), orthonormal=False).numpy()
        overlap = vectors @ vectors.swapaxes(1, 2)
        forms = {"L2 norm": l2_norm(run, overlap, dim), "plain sum": plain_sum(run, overlap)}
        found[n, dim] = {name: rms_of_seeds(1 - level.values, u) for name, u in forms.items()}
    return found


def l2_norm(run: xr.Dataset, overlap: Floats, dim: int) -> Floats:
    """Unlearned fractions (member, time, skill) by the mean field; overlaps come per member."""
    ran, t = records.provenance(run, "settings"), run.step.values.astype(float)
    p = frequencies.power_law(overlap.shape[-1], ran["alpha"])
    lr = ran["length"] / dim**0.5
    return np.stack([theory.sign_descent(t, p, lr=lr, dim=dim, overlap=C) for C in overlap])


def plain_sum(run: xr.Dataset, overlap: Floats) -> Floats:
    """The same by Euler steps of the form with the plain sum, without clipping."""
    ran, steps = records.provenance(run, "settings"), set(run.step.values.tolist())
    p = frequencies.power_law(overlap.shape[-1], ran["alpha"])
    u, kept = np.ones(overlap.shape[:2]), []
    for step in range(max(steps) + 1):
        if step in steps:
            kept.append(u)
        w = p * u
        pull = (overlap @ w[..., None])[..., 0]
        u = u - 2 * ran["length"] * pull / (w.sum(1, keepdims=True) + WASTE)
    return np.stack(kept, axis=1)


def l2_norm_beats_plain_sum_with_overlaps(run: xr.Dataset) -> dict[str, Estimate]:
    off = deviations_by_size(run)
    parts = {
        f"gain at {n} skills, {dim} parameters": fits.mean(each["plain sum"] - each["L2 norm"])
        for (n, dim), each in off.items()
    }
    parts["deviation at 40 skills, 200 parameters"] = fits.mean(off[40, 200]["L2 norm"])
    return parts


def predicted_shares(run: xr.Dataset) -> xr.DataArray:
    """Share of coordinates with the sign of each task vector, by the formula at the demands."""
    demand = _frequencies(run) * run.unlearned
    shares: xr.DataArray = 1 - np.arccos(demand / np.sqrt((demand**2).sum("skill"))) / np.pi
    return shares


def sign_agreement_follows_from_relative_demand(run: xr.Dataset) -> dict[str, Estimate]:
    busy = run.unlearned.min("skill") > 0.05
    squares = ((run.aligned - predicted_shares(run)) ** 2).where(busy)
    off = np.sqrt(squares.mean(("n_skills", "alpha", "step", "skill")))
    names = {"exact": "exact gradients", "sampled": "batches of 128"}
    return {label: fits.mean(off.sel(arm=name)) for name, label in names.items()}


def _frequencies(run: xr.Dataset) -> xr.DataArray:
    table = np.full([run.sizes[name] for name in ("n_skills", "alpha", "skill")], np.nan)
    for i, n in enumerate(run.n_skills.values.tolist()):
        for j, alpha in enumerate(run.alpha.values.tolist()):
            table[i, j, :n] = frequencies.power_law(n, alpha)
    return xr.DataArray(table, dims=("n_skills", "alpha", "skill"))
