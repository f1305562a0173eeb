"""x² by plain networks of growing width: no penalty, no noise, every neuron counts.

The first experiment that comes to mind for a law in the number of neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.training import train
from skillscale.resource.experiments._penalised import Schedule


def _check_networks(settings: PlainScaling | PlainRates) -> None:
    """Check the ranges of what either experiment trains, and on what it measures."""
    if not settings.activations:
        raise ValueError("activations must not be empty")
    for activation in settings.activations:
        _checks.choice("activations", activation, ("silu", "relu"))
    if len(set(settings.activations)) < len(settings.activations):
        raise ValueError(f"activations must differ, got {settings.activations}")
    for width in settings.widths:
        _checks.integer("widths", width, minimum=1)
    _checks.increasing("widths", settings.widths)
    _checks.integer("n_points", settings.n_points, minimum=3)
    _checks.integer("n_fresh", settings.n_fresh, minimum=3)
    _checks.seeds("seeds", settings.seeds)


@dataclass(frozen=True)
class PlainScaling:
    """Settings of `plain_scaling`.

    Attributes:
        activations: "silu", "relu" or both.
        widths: numbers of hidden neurons, increasing.
        budgets: numbers of Adam steps, increasing; each is a training of its own.
        lr: largest rate of Adam, annealed to 0 within every budget.
        n_points: equidistant inputs on [-1, 1], all used in every step.
        n_fresh: equidistant inputs on [-1, 1] on which the loss is measured.
        seeds: seeds of the initial parameters; one network of every kind per seed.
    """

    activations: tuple[str, ...] = ("silu", "relu")
    widths: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 128, 256)
    budgets: tuple[int, ...] = (600, 2_000, 6_000)
    lr: float = 1e-2
    n_points: int = 256
    n_fresh: int = 1001
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_networks(self)
        for budget in self.budgets:
            _checks.integer("budgets", budget, minimum=1)
        _checks.increasing("budgets", self.budgets)
        _checks.number("lr", self.lr, above=0)


@dataclass(frozen=True)
class PlainRates:
    """Settings of `plain_rates`.

    Attributes:
        activations: "silu", "relu" or both.
        widths: numbers of hidden neurons, increasing.
        budget: number of Adam steps.
        rates: largest rates of Adam to choose from, increasing; annealed to 0.
        n_points: equidistant inputs on [-1, 1], all used in every step.
        n_fresh: equidistant inputs on [-1, 1] on which the loss is measured.
        tuning_seeds: seeds on which the rate is chosen, none of `seeds`.
        seeds: seeds of the networks trained at the chosen rate; one of every kind per seed.
    """

    activations: tuple[str, ...] = ("silu", "relu")
    widths: tuple[int, ...] = (8, 16, 32, 64, 128)
    budget: int = 6_000
    rates: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
    n_points: int = 256
    n_fresh: int = 1001
    tuning_seeds: tuple[int, ...] = tuple(range(100, 104))
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_networks(self)
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        _checks.increasing("rates", self.rates)
        _checks.integer("budget", self.budget, minimum=1)
        _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)


LIVE = {
    "plain_scaling": PlainScaling(widths=(8, 16, 32, 64, 128), budgets=(300,), seeds=(0, 1)),
    "plain_rates": PlainRates(
        activations=("silu",),
        widths=(8, 128),
        budget=300,
        rates=(1e-3, 1e-2, 1e-1),
        tuning_seeds=(100, 101),
        seeds=(0, 1),
    ),
}
STANDARD = {
    "plain_scaling": PlainScaling(seeds=tuple(range(200, 212))),
    "plain_rates": PlainRates(seeds=tuple(range(200, 212))),
}


def plain_scaling(settings: PlainScaling, *, progress: bool = False) -> xr.Dataset:
    """Train plain networks of many widths on x² and measure their loss.

    A network f(x) = Σ_i v_i h(w_i x + b_i) + c minimises the mean of (f - x²)² and nothing else.
    Training is in float64 and ends at rate 0, so that what is measured is neither rounding nor the
    optimizer's trembling but what the budget leaves.

    Args:
        settings: activations, widths, budgets and seeds.
        progress: show a bar over activations, widths and budgets.

    Returns:
        Dataset with `loss` (activation, budget, member, width), the mean squared error (not halved)
        on the fresh inputs at the end, and `training_loss`, that on the training's own; four
        digits.

    Raises:
        FloatingPointError: If members diverge.

    Source: the target is Song et al.'s (2024, figure 2); width in place of a penalty is ours. Equal
    to plain loops in `tests/test_resource_plain.py`.

    >>> small = PlainScaling(widths=(4, 8), budgets=(2,), seeds=(0,))
    >>> dict(plain_scaling(small)["loss"].sizes)
    {'activation': 2, 'budget': 1, 'member': 1, 'width': 2}
    """
    shape = [
        len(axis)
        for axis in (settings.activations, settings.budgets, settings.seeds, settings.widths)
    ]
    fresh, training = np.empty(shape), np.empty(shape)
    cells = [(a, b, w) for a in range(shape[0]) for b in range(shape[1]) for w in range(shape[3])]
    for a, b, w in _progress.bar(cells, show=progress):
        fresh[a, b, :, w], training[a, b, :, w] = _train(
            settings,
            settings.activations[a],
            settings.widths[w],
            settings.budgets[b],
            settings.seeds,
            [settings.lr] * len(settings.seeds),
        )
    dims = ("activation", "budget", "member", "width")
    return xr.Dataset(
        {
            name: (dims, records.significant(values), {"units": "1", "long_name": label})
            for name, values, label in (
                ("loss", fresh, "mean squared error"),
                ("training_loss", training, "mean squared error on the training points"),
            )
        },
        coords={
            "activation": list(settings.activations),
            "budget": ("budget", np.asarray(settings.budgets), {"units": "Adam steps"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "width": ("width", np.asarray(settings.widths), {"units": "neurons"}),
        },
    )


def plain_rates(settings: PlainRates, *, progress: bool = False) -> xr.Dataset:
    """Train the networks of `plain_scaling` at a rate chosen for every width and activation.

    All rates are tried on the tuning seeds, the one with the lowest geometric mean of their
    training losses is chosen, and the other seeds are trained at that rate only.

    Args:
        settings: activations, widths, rates and seeds.
        progress: show a bar over activations and widths.

    Returns:
        Dataset with `tuning_loss` (activation, width, rate, tuning), the mean squared error of the
        tuning seeds on the training inputs at the end; `chosen` (activation, width), the rate;
        `loss` and `training_loss` (activation, member, width) of the other seeds at that rate, on
        fresh and on training inputs; four digits. Coordinate `tuning_seed` on `tuning`.

    Raises:
        FloatingPointError: If members diverge.

    Source: ours, as `plain_scaling`. Equal to `plain_scaling` at the chosen rates in
    `tests/test_resource_plain.py`.

    >>> small = PlainRates(widths=(4, 8), budget=2, tuning_seeds=(1,), seeds=(0,))
    >>> dict(plain_rates(small).sizes)
    {'activation': 2, 'width': 2, 'rate': 9, 'tuning': 1, 'member': 1}
    """
    kinds, widths = settings.activations, settings.widths
    rates, tuning, seeds = settings.rates, settings.tuning_seeds, settings.seeds
    tried = np.empty((len(kinds), len(widths), len(rates), len(tuning)))
    chosen = np.empty(tried.shape[:2])
    fresh, training = (np.empty((len(kinds), len(seeds), len(widths))) for _ in range(2))
    cells = [(a, w) for a in range(len(kinds)) for w in range(len(widths))]
    for a, w in _progress.bar(cells, show=progress):
        common = settings, kinds[a], widths[w], settings.budget
        _, found = _train(*common, tuning * len(rates), np.repeat(rates, len(tuning)).tolist())
        tried[a, w] = found.reshape(len(rates), len(tuning))
        chosen[a, w] = rates[int(np.log(tried[a, w]).mean(1).argmin())]
        fresh[a, :, w], training[a, :, w] = _train(*common, seeds, [chosen[a, w]] * len(seeds))
    on_training = "mean squared error on the training points"
    record = xr.Dataset(
        {
            name: (dims, records.significant(values), {"units": "1", "long_name": label})
            for name, dims, values, label in (
                ("tuning_loss", ("activation", "width", "rate", "tuning"), tried, on_training),
                ("loss", ("activation", "member", "width"), fresh, "mean squared error"),
                ("training_loss", ("activation", "member", "width"), training, on_training),
            )
        },
        coords={
            "activation": list(kinds),
            "width": ("width", np.asarray(widths), {"units": "neurons"}),
            "rate": ("rate", np.asarray(rates), {"units": "1"}),
            "tuning_seed": ("tuning", np.asarray(tuning)),
            "seed": ("member", np.asarray(seeds)),
        },
    )
    # not rounded: equal to one of the coordinates
    rate = (("activation", "width"), chosen, {"units": "1", "long_name": "chosen rate of Adam"})
    return record.assign(chosen=rate)


def _train(
    settings: PlainScaling | PlainRates,
    activation: str,
    width: int,
    budget: int,
    seeds: Sequence[int],
    rates: Sequence[float],
) -> tuple[Tensor, Tensor]:
    """Return the losses on fresh and on training inputs, each (member,), of one kind of network.

    A member is a seed with its rate, in the order of `seeds` and `rates`.
    """
    count = len(seeds)
    model = MLPEnsemble(
        1,
        [width] * count,
        seeds=seeds,
        activation="silu" if activation == "silu" else "relu",
        dtype=torch.float64,
    )
    x, finer = (
        torch.linspace(-1, 1, n, dtype=torch.float64)[:, None].expand(count, -1, -1)
        for n in (settings.n_points, settings.n_fresh)
    )
    batch = Batch(x, torch.zeros(x.shape[:2], dtype=torch.int64), x.square()[..., 0])

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        return {
            name: (model(inputs) - inputs.square()).square().mean((1, 2))
            for name, inputs in (("fresh", finer), ("training", x))
        }

    found = train(
        model,
        lambda _: batch,
        optimizer=Adam(rates, betas=(0.9, 0.99)),
        steps=budget,
        measure=measure,
        at=[budget],
        schedule=Schedule(budget).factor,
    )
    return found["fresh"][0], found["training"][0]
