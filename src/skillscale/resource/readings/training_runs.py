"""The claims on published training runs, from the stored fit of their law."""

from __future__ import annotations

import numpy as np
import xarray as xr

from skillscale.fits import Estimate
from skillscale.lab import records


def constants(run: xr.Dataset) -> dict[str, Estimate]:
    n_runs = records.provenance(run, "settings")["runs"]
    found = {}
    for name in run.parameter.values.tolist():
        low, high = np.quantile(run["draws"].sel(parameter=name), [0.025, 0.975])
        one = run.sel(parameter=name)
        found[name] = Estimate(
            float(one["value"]), float(low), float(high), str(one["status"].values), n_runs
        )
    return found


def chinchilla_exponent_in_parameters_is_one_third(run: xr.Dataset) -> Estimate:
    return constants(run)["alpha_N"]


def chinchilla_exponent_follows_from_the_shapes_of_the_models(run: xr.Dataset) -> Estimate:
    return constants(run)["alpha_N"]
