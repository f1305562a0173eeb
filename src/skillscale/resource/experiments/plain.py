"""x² by plain networks of growing width: no penalty, no noise, every neuron counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.settings import (
    Count,
    Rates,
    Seeds,
    Sizes,
    distinct,
    each,
    whole,
    word,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import train
from skillscale.resource.experiments._penalised import Schedule

Activations = Annotated[tuple[str, ...], each(word("silu", "relu")), distinct]
Points = Annotated[int, whole(3)]  # fewer do not tell x² from a line


@dataclass(frozen=True)
class PlainRates(Experiment):
    """Train plain networks of many widths on x², at a rate chosen for every width and activation.

    A network f(x) = Σ_i v_i h(w_i x + b_i) + c minimises the mean of (f - x²)² and nothing else, by
    Adam, annealed to 0. Training is in float64, so that what is measured is neither rounding nor
    the optimizer's trembling but what the budget leaves. All rates are tried on the tuning seeds,
    the one with the lowest geometric mean of their training losses is chosen, and the other seeds
    are trained at that rate only.

    Mean squared errors at the end, not halved, to four digits: `tuning_loss` (activation, width,
    rate, tuning), on the training inputs; `loss`, on the fresh ones, and `training_loss`
    (activation, member, width) of the other seeds at the rate `chosen` (activation, width);
    `tuning_seed` (tuning).

    Source: target of Song et al. 2024 (figure 2); width in place of a penalty is ours.
    """

    activations: Activations = ("silu", "relu")  #: of the hidden neurons
    widths: Sizes = (8, 16, 32, 64, 128)  #: numbers of hidden neurons
    budget: Count = 6_000  #: Adam steps
    rates: Rates = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)  #: to choose from
    n_points: Points = 256  #: equidistant inputs on [-1, 1], all used in every step
    n_fresh: Points = 1001  #: equidistant inputs on [-1, 1] on which the loss is measured
    tuning_seeds: Seeds = tuple(range(100, 104))  #: on which the rate is chosen
    seeds: Seeds = tuple(range(12))  #: of the networks trained at the chosen rate

    order = ("activation", "member", "width", "rate", "tuning")
    about = {
        "loss": ("1", "mean squared error"),
        "training_loss": ("1", "mean squared error on the training points"),
        "tuning_loss": ("1", "mean squared error on the training points"),
        "width": ("neurons", ""),
        "chosen": ("1", "chosen rate of Adam"),
        "rate": ("1", ""),
    }

    def together(self) -> None:
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)

    def grid(self) -> Grid:
        return {"activation": self.activations, "width": self.widths}

    def coords(self) -> Coords:
        return {"rate": self.rates, "tuning_seed": ("tuning", list(self.tuning_seeds))}

    def measure(self, activation: str, width: int) -> Found:
        kind = self, activation, width
        tuning, count = self.tuning_seeds, len(self.rates)
        _, found = _train(*kind, tuning * count, np.repeat(self.rates, len(tuning)).tolist())
        tried = found.reshape(count, -1).numpy()
        chosen = self.rates[int(np.log(tried).mean(1).argmin())]
        measured = _train(*kind, self.seeds, [chosen] * len(self.seeds))
        fresh, training = (records.significant(values.numpy()) for values in measured)
        return {
            "tuning_loss": (("rate", "tuning"), records.significant(tried)),
            # not rounded: equal to one of the coordinates
            "chosen": ((), chosen),
            "loss": ("member", fresh),
            "training_loss": ("member", training),
        }


PlainRates.records = {
    "resource_plain_rates": {
        "live": PlainRates(
            activations=("silu",),
            widths=(8, 128),
            budget=300,
            rates=(1e-3, 1e-2, 1e-1),
            tuning_seeds=(100, 101),
            seeds=(0, 1),
        ),
        "standard": PlainRates(tuning_seeds=(400, 401, 402, 403), seeds=tuple(range(300, 348))),
    }
}


def _train(
    of: PlainRates, activation: str, width: int, seeds: Sequence[int], rates: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Return the losses on fresh and on training inputs, each (member,); a seed has a rate each."""
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
        for n in (of.n_points, of.n_fresh)
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
        steps=of.budget,
        measure=measure,
        at=[of.budget],
        schedule=Schedule(of.budget).factor,
    )
    return found["fresh"][0], found["training"][0]
