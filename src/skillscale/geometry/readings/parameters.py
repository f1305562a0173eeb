"""Claims on what fits into the parameters: skills satisfied at once, and what modules gain."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale import fits, frequencies
from skillscale.fits import Estimate
from skillscale.geometry import theory
from skillscale.geometry.readings.shared import Floats
from skillscale.lab import records


def satisfiable_shares(run: xr.Dataset) -> dict[int, Estimate]:
    counts = run.satisfiable.sum("member").values.tolist()
    return {
        dim: fits.proportion(count, run.sizes["member"])
        for dim, count in zip(run.dim.values.tolist(), counts, strict=True)
    }


def satisfiable_share_follows_wendel_and_cover(run: xr.Dataset) -> dict[str, Estimate]:
    below = run.satisfiable.where(run.dim < 500, 0)
    parts = {"where": run.satisfiable, "by chance": below}
    return {part: fits.mean(sizes.sum("dim").values) for part, sizes in parts.items()}


def gains_at(run: xr.Dataset, dim: int) -> dict[str, Floats]:
    """Dense over modular loss (member, α ≥ 0): optimum, end of training, and one label off."""
    n = records.provenance(run, "settings")["n_skills"]
    limit = [theory.modular_loss(frequencies.power_law(n, a), dim) for a in run.alpha.values]
    end = run.loss.isel(step=-1).sel(dim=dim).transpose("arrangement", "member", "alpha")
    dense, modular = (end.sel(arrangement=name).values for name in ("dense", "modular"))
    optimum = run.optimum.sel(dim=dim).values / np.array(limit)
    return {
        "optimum": optimum[:, 1:],
        "sign descent": (dense / modular)[:, 1:],
        "one label off": dense[:, :-1] / modular[:, 1:],
    }


def modules_gain_less_than_the_notebook_shows(run: xr.Dataset) -> dict[str, Estimate]:
    few, many = gains_at(run, 40), gains_at(run, 200)
    read = {
        "alpha 0 (Zipf 1), 40 parameters, optimum": few["optimum"][:, 0],
        "alpha 0 (Zipf 1), 200 parameters, optimum": many["optimum"][:, 0],
        "alpha 1 (Zipf 2), 40 parameters, optimum": few["optimum"][:, -1],
        "alpha 1 (Zipf 2), 200 parameters, sign descent": many["sign descent"][:, -1],
        "dense at Zipf 0.5 over modular at 1, 200 parameters": many["one label off"][:, 0],
        "dense at Zipf 1.8 over modular at 2, 200 parameters": many["one label off"][:, -1],
    }
    return {part: fits.mean(values) for part, values in read.items()}
