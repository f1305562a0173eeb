"""Claims on modules of noisy neurons in series: u = x², then f(u)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import fits
from skillscale.fits import Estimate
from skillscale.resource import theory
from skillscale.resource.readings.noisy_neurons import NOISE, neurons_at

Floats = NDArray[np.float64]

TOTAL = 128  # neurons of both modules, to split
SMOOTH = ("sine", "exponential", "shifted root")  # functions f of finite slope


def squared_slopes(u: Floats) -> dict[str, Floats]:
    """f'(u)² of the functions that follow module 1, but for the root, which has none at 0."""
    return {
        "sine": (np.pi * np.cos(np.pi * u)) ** 2,
        "exponential": np.exp(2 * u),
        "shifted root": 1 / (4 * (u + 0.1)),
    }


def over_sums(run: xr.Dataset, function: str) -> tuple[Floats, Floats]:
    """Loss of the chain over the sum with the mean slope and over that with the slope at the error.

    Both of shape (member, width), with modules of equal widths.
    """
    slope = squared_slopes(run.input.values**2)[function]
    chosen = run.sel(function=function)
    plain = slope.mean() * chosen["first"].values + chosen.second.values
    weighted = (slope * chosen.error_first.values).mean(axis=-1) + chosen.second.values
    chain = _equal_widths(run, function)
    return chain / plain, chain / weighted


def module_tasks(run: xr.Dataset, function: str) -> Iterator[tuple[theory.Series, theory.Subtask]]:
    """The chain as a task and the module beside it, per member, with costs read at one width."""
    at = 64
    slope = squared_slopes(run.input.values**2)[function]
    chosen = run.sel(function=function, width_first=at, width_second=at)
    for member in range(run.sizes["member"]):
        one = chosen.isel(member=member)
        first, second = (theory.Subtask(at * float(one[key])) for key in ("first", "second"))
        gain = float((slope * one.error_first).mean() / one.error_first.mean())
        yield theory.Series((first, second), gains=(gain,)), theory.Subtask(at * float(one.other))


def losses_of_splits(run: xr.Dataset, function: str) -> tuple[NDArray[np.int64], Floats]:
    """Sizes of module 1, and losses of the chain along N₁ + N₂ = 128: (member, split)."""
    sizes = [n for n in run.width_first.values if TOTAL - n in run.width_second.values]
    chain = run.chain.sel(function=function)
    losses = [chain.sel(width_first=n, width_second=TOTAL - n).values for n in sizes]
    return np.array(sizes), np.stack(losses, axis=1)


def best_modules(x: Floats, sizes: NDArray[np.int64]) -> Iterator[tuple[Floats, Floats]]:
    """Mean and variance at x of x² made by the best noisy modules of given sizes."""
    psi = neurons_at(x)
    psi = psi / np.sqrt((psi**2).mean(axis=0))
    best = theory.noise_limited_optimum(psi, x**2, noise=NOISE, N=sizes)
    for copies in best.copies:
        c, used = copies[copies > 0], psi[:, copies > 0]
        gram = (used * c) @ used.T + x.size * NOISE**2 * np.eye(x.size)
        total = c * (used.T @ np.linalg.solve(gram, x**2))
        yield used @ total, NOISE**2 * used**2 @ (total**2 / c)


def root_loss(x: Floats, mean: Floats, variance: Floats) -> float:
    """Expected squared error, against abs(x), of the root of a normal variable; mean over x."""
    z = np.linspace(-8, 8, 801)
    weight = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    root = np.sqrt(np.maximum(mean[:, None] + np.sqrt(variance)[:, None] * z, 0))
    return float(((root - np.abs(x)[:, None]) ** 2 @ weight).mean())


def series_losses_add_with_the_mean_slope(run: xr.Dataset) -> dict[str, Estimate]:
    return {function: fits.mean(over_sums(run, function)[0][:, -1]) for function in SMOOTH}


def series_losses_add_with_the_local_slope(run: xr.Dataset) -> dict[str, Estimate]:
    return {function: fits.mean(over_sums(run, function)[1][:, -1]) for function in SMOOTH}


def noisy_chain_loss_is_inverse_to_neurons(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        function: fits.power_law(run.width_first.values, _equal_widths(run, function)).exponent
        for function in run.function.values.tolist()
    }


def loss_falls_more_slowly_through_a_root(run: xr.Dataset) -> Estimate:
    losses = run.exact_second.sel(function="root").values
    return fits.power_law(run.width_first.values, losses).exponent


def square_root_rule_splits_a_chain_best(run: xr.Dataset) -> dict[str, Estimate]:
    return {function: _excess_of_predicted(run, function) for function in ("sine", "exponential")}


def nested_loss_follows_from_its_modules(run: xr.Dataset) -> Estimate:
    total, beta = 192, 0.5
    widths = run.width_first.values.tolist()
    chain, other = run.chain.sel(function="exponential"), run.other
    losses = [
        beta * chain.sel(width_first=a, width_second=b).values
        + (1 - beta) * other.sel(width_first=total - a - b).values
        for a in widths
        for b in widths
        if total - a - b in widths
    ]
    predicted = [
        theory.as_subtask(theory.Parallel(pair, weights=(beta, 1 - beta))).cost / total
        for pair in module_tasks(run, "exponential")
    ]
    return fits.mean(np.min(losses, axis=0) / predicted)


def _equal_widths(run: xr.Dataset, function: str) -> Floats:
    return np.diagonal(run.chain.sel(function=function).values, axis1=1, axis2=2)


def _excess_of_predicted(run: xr.Dataset, function: str) -> Estimate:
    """Loss at the measured split nearest to the predicted one, over the least of all splits."""
    sizes, losses = losses_of_splits(run, function)
    parts = [theory.leaves(task) for task, _ in module_tasks(run, function)]
    shares = np.array([theory.allocate(part.weights, part.costs, 1.0)[0] for part in parts])
    nearest = np.abs(sizes - TOTAL * shares[:, None]).argmin(axis=1)
    return fits.mean(losses[np.arange(len(nearest)), nearest] / losses.min(axis=1))
