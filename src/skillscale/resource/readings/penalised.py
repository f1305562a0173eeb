"""Claims on neurons kept under a penalty: one subtask, two side by side, two in series."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits import Estimate

Floats = NDArray[np.float64]

WINDOW = slice(1.4, 22.6)  # of strengths, where exponents of one subtask are read
STRENGTHS = [4.0, 8.0, 16.0, 32.0]  # of two subtasks side by side
CARRIED = 0.979  # correlation with g, half way between 0.99 and the 0.968 of sqrt(g)


def at_end(run: xr.Dataset) -> xr.Dataset:
    """Trained networks of one subtask, with `size`, the rms input weight of neurons in use."""
    end = run.isel(step=-1).transpose("penalty", "member", "strength", "neuron", ...)
    used = end.neurons.where(end.neurons > 0)
    return end.assign(size=np.sqrt((end.weight**2).sum("neuron") / used))


def in_window(run: xr.Dataset, quantity: str, penalty: str = "L2") -> Floats:
    chosen = at_end(run)[quantity].sel(penalty=penalty, strength=WINDOW)
    values: Floats = chosen.values.astype(float)
    return values


def penalised_loss_is_inverse_to_neurons(run: xr.Dataset) -> Estimate:
    return fits.power_law(in_window(run, "neurons"), in_window(run, "loss")).exponent


def penalised_networks_balance_like_symmetric_pairs(run: xr.Dataset) -> dict[str, Estimate]:
    N, loss, weight = (in_window(run, quantity) for quantity in ("neurons", "loss", "size"))
    strengths = run.strength.sel(strength=WINDOW).values
    return {
        "loss in neurons": penalised_loss_is_inverse_to_neurons(run),
        "neurons in strength": fits.power_law(strengths, 1 / N).exponent,
        "loss in strength": fits.power_law(strengths, loss).exponent,
        "weight in neurons": fits.power_law(N, weight).exponent,
    }


def neuron_count_fixes_the_input_weights(run: xr.Dataset) -> Estimate:
    return _geometric_mean(in_window(run, "size") * (in_window(run, "neurons") / 4) ** (1 / 3))


def kept_neurons_ignore_the_start_width(run: xr.Dataset) -> Estimate:
    return _geometric_mean(in_window(run, "neurons", "L2, wide") / in_window(run, "neurons"))


def loss_falls_faster_once_biases_appear(run: xr.Dataset) -> Estimate:
    beyond = at_end(run).loss.sel(penalty="L1 + L2", strength=slice(22.6, None))
    return fits.power_law(beyond.strength.values, beyond.values).exponent


def parallel_loss_is_inverse_to_neurons(run: xr.Dataset) -> dict[str, Estimate]:
    end = run.sel(penalty="L1 + L2", strength=STRENGTHS).isel(step=-1)
    end = end.transpose("weight", "member", "strength", ...)
    total = end.loss.sel(subtask="first") * end.weight
    total = total + end.loss.sel(subtask="second") * (1 - end.weight)
    return {
        f"weight {weight:g}": fits.power_law(
            end.neurons.sel(weight=weight), total.sel(weight=weight)
        ).exponent
        for weight in (0.5, 0.75, 0.9)
    }


def ratios_at_32(run: xr.Dataset) -> tuple[Floats, Floats]:
    """ℓ₂/ℓ₁ and N₁/N₂ at strength 32, each (weight, member)."""
    chosen = run.sel(penalty="L1 + L2", strength=32.0)
    end = chosen.loss.isel(step=-1)
    losses = end.sel(subtask="second") / end.sel(subtask="first")
    neurons = chosen.owned.sel(subtask="first") / chosen.owned.sel(subtask="second")
    return losses.values, neurons.values


def parallel_subtasks_behave_as_single_ones(run: xr.Dataset) -> dict[str, Estimate]:
    odds = (run.weight / (1 - run.weight)).values
    losses, neurons = (ratio.T for ratio in ratios_at_32(run))
    return {
        "losses": fits.power_law(odds, 1 / losses).exponent,
        "neurons": fits.power_law(odds, 1 / neurons).exponent,
    }


def modules_grow_in_proportion_under_penalty(run: xr.Dataset) -> Estimate:
    owned = run.owned.sel(penalty="L1 + L2", weight=0.75)
    share = owned.sel(subtask="first") / owned.sum("subtask")
    return fits.mean((share.sel(strength=64.0) - share.sel(strength=16.0)).values)


def every_neuron_serves_one_subtask(run: xr.Dataset) -> dict[str, Estimate]:
    # a network without neurons counts as an error and is not left out
    share = run.shared.sel(strength=STRENGTHS).mean(("weight", "strength"), skipna=False)
    return {name: fits.mean(share.sel(penalty=name)) for name in ("L1 + L2", "L2")}


def largest_correlations(run: xr.Dataset) -> xr.DataArray:
    """Largest correlation with g in size among a layer's neurons: (layer, strength, member)."""
    largest: xr.DataArray = abs(run.correlation).max("neuron")
    return largest.transpose("layer", "strength", "member")


def series_loss_is_inverse_to_neurons(run: xr.Dataset) -> dict[str, Estimate]:
    """A network that no neuron is left in has no place on a power law: the rest of its seed has."""
    end = run.isel(step=-1).transpose("member", "strength", ...)
    seeds = [end.isel(member=k) for k in range(end.sizes["member"])]
    seeds = [seed.isel(strength=seed.neurons.values > 0) for seed in seeds]
    return {
        name: fits.mean([fits.power_law(one.neurons, one[key]).exponent.value for one in seeds])
        for name, key in (("fresh points", "loss"), ("training points", "training_loss"))
    }


def single_neuron_carries_the_inner_step(run: xr.Dataset) -> dict[str, Estimate]:
    carried = largest_correlations(run).sel(layer=3) > CARRIED
    ends = {"few neurons": slice(2, 8), "many neurons": slice(32, 128)}
    return {
        name: fits.mean(carried.sel(strength=end).mean("strength")) for name, end in ends.items()
    }


def _geometric_mean(values: Floats) -> Estimate:
    return fits.mean(np.exp(np.log(values).mean(1)))
