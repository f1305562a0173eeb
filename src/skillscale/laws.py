"""What a fitted Chinchilla law says of the best split of compute: in words, drawn, and stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits.parametric import HUBER, PARAMETERS
from skillscale.resource import theory as resource

if TYPE_CHECKING:
    from skillscale.drawing.style import Drawn

Array = NDArray[np.float64]


def frontier(law: fits.Chinchilla, compute: Array) -> dict[str, Array]:
    """Return best "N", "D" and "loss" of compute C = 6 N D for a law with resamples.

    Each is value, low and high end of the interval, shape (3, point). There is none where a fit or
    a resample has lost one of the two terms: the split then has no best.

    Source: Hoffmann et al. 2022; `tests/test_cli_fit.py`.
    """
    fitted = np.vstack([law.values, law.draws])
    if law.model_exponent.status == "bound_hit" or not (fitted > 0).all():
        return {}
    found = np.array(
        [
            resource.compute_optimal(compute, resource.ChinchillaParameters(*values))
            for values in fitted.tolist()
        ]
    )
    ends = np.quantile(found[1:], [0.025, 0.975], axis=0)
    bands = np.concatenate([found[:1], ends]).swapaxes(0, 1)
    return dict(zip(("N", "D", "loss"), bands, strict=True))


def lines(law: fits.Chinchilla, *, largest: float) -> list[str]:
    """Return parameters and best splits of the `largest` N D and of ten times that, in words."""
    told = [f"loss = E + A N^-alpha_N + B D^-alpha_D   {law.A.n_members} runs"]
    for name in PARAMETERS:
        estimate = getattr(law, name)
        told.append(f"{name:8} {estimate}   {estimate.note}".rstrip())
    told.append(f"95 % intervals over {len(law.draws)} resamples of the runs")
    compute = np.array([1.0, 10.0]) * 6 * largest
    best = frontier(law, compute)
    if not best:
        lost = "no best split of compute: a term cannot be told from none or from the floor"
        return [*told, lost]
    told.append(f"best N grows as C^{law.model_exponent}")
    for place, amount in enumerate(compute):
        parts = [
            f"{name} = {value:.3g} [{low:.3g}, {high:.3g}]"
            for name, (value, low, high) in ((n, b[:, place]) for n, b in best.items())
        ]
        told.append(f"C = {amount:.3g}: {', '.join(parts)}")
    return told


def record(
    law: fits.Chinchilla,
    table: bytes,
    digitised: bool,
    *,
    seed: int,
    seconds: float,
    claims: Mapping[str, str],
) -> xr.Dataset:
    """Return parameters, their status and resamples, stamped with how they were fitted."""
    from skillscale.lab import records

    estimates = [getattr(law, name) for name in PARAMETERS]
    described = {"long_name": "parameters of loss = E + A N^-alpha_N + B D^-alpha_D"}
    found = xr.Dataset(
        {
            "value": ("parameter", [estimate.value for estimate in estimates], described),
            "status": ("parameter", [estimate.status for estimate in estimates]),
            "draws": (
                ("draw", "parameter"),
                law.draws.astype(np.float32),
                {"long_name": "parameters fitted to resampled runs"},
            ),
            "objective": ((), law.objective, {"long_name": "summed Huber loss of log residuals"}),
        },
        coords={"parameter": list(PARAMETERS), "seed": seed},
    )
    settings = {
        "bootstrap": len(law.draws),
        "runs": law.A.n_members,
        "digitised": digitised,
        "huber": HUBER,
        "table_sha256": hashlib.sha256(table).hexdigest(),
    }
    return records.stamp(
        found, settings=settings, seeds=[seed], wall_seconds=seconds, claims=claims
    )


def picture(law: fits.Chinchilla, N: Array, D: Array, loss: Array) -> Drawn:
    """Return runs, fitted law and best split up to ten times the largest compute, drawn."""
    from skillscale.resource import figures

    spent = 6 * N * D
    compute = np.geomspace(spent.min(), 10 * spent.max(), 80)
    A, B, E, alpha, beta = law.values
    curves = {
        float(size): E + A * size**-alpha + B * (compute / (6 * size)) ** -beta
        for size in np.geomspace(N.min(), N.max(), 4)
    }
    none = np.empty((0, compute.size))
    best = {name: fits.Summary(none, *band) for name, band in frontier(law, compute).items()}
    return figures.law(N, D, loss, compute=compute, curves=curves, best=best or None)
