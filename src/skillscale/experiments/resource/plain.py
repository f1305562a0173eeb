"""x² by plain networks of growing width: no penalty, no noise, every neuron counts.

The first experiment that comes to mind for a law in the number of neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.experiments.resource._penalised import Schedule
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.training import train


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
        for name in ("activations", "widths", "budgets", "seeds"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        for activation in self.activations:
            _checks.choice("activations", activation, ("silu", "relu"))
        if len(set(self.activations)) < len(self.activations):
            raise ValueError(f"activations must differ, got {self.activations}")
        for name, least in (("widths", 1), ("budgets", 1), ("seeds", 0)):
            for value in getattr(self, name):
                _checks.integer(name, value, minimum=least)
        for name in ("widths", "budgets"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise ValueError(f"{name} must increase, got {values}")
        _checks.number("lr", self.lr, above=0)
        _checks.integer("n_points", self.n_points, minimum=3)
        _checks.integer("n_fresh", self.n_fresh, minimum=3)


LIVE = {"plain_scaling": PlainScaling(widths=(8, 16, 32, 64, 128), budgets=(300,), seeds=(0, 1))}
STANDARD = {"plain_scaling": PlainScaling(seeds=tuple(range(200, 212)))}


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
            settings, settings.activations[a], settings.budgets[b], settings.widths[w]
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


def _train(
    settings: PlainScaling, activation: str, budget: int, width: int
) -> tuple[Tensor, Tensor]:
    """Return the losses on fresh and on training inputs, each (member,), of one kind of network."""
    count = len(settings.seeds)
    model = MLPEnsemble(
        1,
        [width] * count,
        seeds=settings.seeds,
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

    schedule = Schedule(budget, lr=settings.lr)
    found = train(
        model,
        lambda _: batch,
        optimizer=Adam(schedule.lr, betas=(0.9, 0.99)),
        steps=budget,
        measure=measure,
        at=[budget],
        schedule=schedule.factor,
    )
    return found["fresh"][0], found["training"][0]
