"""Two subtasks side by side, (x₁², x₂²), of unequal weight: how do they share out the neurons?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource.experiments._penalised import Penalty, Schedule, check_penalties, fit
from skillscale.resource.experiments._points import sobol
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute

TRAINING = Schedule(20_000, n_measured=11)


@dataclass(frozen=True)
class ParallelTasks:
    """Settings of `parallel_tasks`.

    Attributes:
        penalties: the penalties, each with the width that the networks start with.
        weights: weights β of the first subtask, increasing, in (0, 1); the second has 1 - β.
        strengths: factors of the weighted loss against the penalty, increasing.
        n_points: inputs in [-1, 1]², a power of 2; scrambled Sobol points, all used in every step.
        schedule: the training.
        seeds: seeds of the initial parameters and of the inputs; one network of every penalty,
            weight and strength per seed.
    """

    penalties: tuple[Penalty, ...] = (
        Penalty("L1 + L2", 5e-5, 5e-5, 64),
        Penalty("L2", 0.0, 1e-4, 64),
    )
    weights: tuple[float, ...] = (0.5, 0.75, 0.9, 0.95)
    strengths: tuple[float, ...] = (4.0, 8.0, 16.0, 32.0)
    n_points: int = 64
    schedule: Schedule = TRAINING
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_penalties(self.penalties)
        for weight in self.weights:
            _checks.number("weights", weight, above=0, below=1)
        for strength in self.strengths:
            _checks.number("strengths", strength, above=0)
        for name in ("weights", "strengths"):
            _checks.increasing(name, getattr(self, name))
        if _checks.integer("n_points", self.n_points, minimum=4).bit_count() != 1:
            raise ValueError(f"n_points must be a power of 2, got {self.n_points}")
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "parallel_tasks": ParallelTasks(
        penalties=(Penalty("L1 + L2", 5e-5, 5e-5, 32),),
        weights=(0.5, 0.9),
        strengths=(16.0,),
        schedule=Schedule(3_000, n_measured=5),
        seeds=(0, 1, 2),
    )
}
STANDARD = {"parallel_tasks": ParallelTasks(seeds=tuple(range(200, 212)))}


def parallel_tasks(settings: ParallelTasks, *, progress: bool = False) -> xr.Dataset:
    """Train networks on (x₁², x₂²) under penalties; count the neurons of either subtask.

    A network with one hidden layer minimises strength · (β ℓ₁ + (1 - β) ℓ₂) + Σ (l1 |p| + l2 p²),
    ℓ_k the mean squared error of output k and the last sum over hidden weights, hidden biases and
    readout weights. Neurons are attributed by `attribute`.

    Args:
        settings: penalties, weights, strengths, training and seeds.
        progress: show a bar over penalties.

    Returns:
        Dataset with `neurons` (penalty, weight, strength, member, step), the neurons in use, and
        `loss` (…, step, subtask), the mean squared errors (not halved, without penalty); at the
        end `owned` (penalty, weight, strength, member, subtask), the neurons of each subtask,
        `shared` (penalty, weight, strength, member), the share of neurons that serve both (nan if
        none is in use), and `single_input`, the share that hears one input only: whose other
        input weight is less than a tenth of its largest. Losses to four digits.

    Raises:
        FloatingPointError: If members diverge.

    Source: targets and weights after Song et al. 2024 (figure 3); penalties, width and training
    are ours. Equal to plain loops in `tests/test_resource_parallel.py`.

    >>> small = ParallelTasks(strengths=(4.0,), schedule=Schedule(2, n_measured=2), seeds=(0,))
    >>> dict(parallel_tasks(small)["loss"].sizes)
    {'penalty': 2, 'weight': 4, 'strength': 1, 'member': 1, 'step': 2, 'subtask': 2}
    """
    arms = _progress.bar(settings.penalties, show=progress)
    runs = [_train(settings, penalty) for penalty in arms]
    neurons, losses, owned, shared, single = map(np.stack, zip(*runs, strict=True))
    grid = ("penalty", "weight", "strength", "member")
    described = {
        "neurons": (("step",), neurons.astype(np.int16), "neurons", "neurons in use"),
        "loss": (("step", "subtask"), records.significant(losses), "1", "mean squared error"),
        "owned": (("subtask",), owned.astype(np.int16), "neurons", "neurons of a subtask"),
        "shared": ((), shared.astype(np.float32), "1", "share of neurons that serve both"),
        "single_input": ((), single.astype(np.float32), "1", "share that hears one input"),
    }
    return xr.Dataset(
        {
            name: ((*grid, *last), values, {"units": units, "long_name": label})
            for name, (last, values, units, label) in described.items()
        },
        coords={
            "penalty": [penalty.name for penalty in settings.penalties],
            "weight": ("weight", np.asarray(settings.weights), {"units": "1"}),
            "strength": ("strength", np.asarray(settings.strengths), {"units": "1"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", settings.schedule.measured(), {"units": "Adam steps"}),
            "subtask": ["first", "second"],
        },
    )


def _train(settings: ParallelTasks, penalty: Penalty) -> tuple[NDArray[np.float64], ...]:
    """Neurons, losses, owned, shared and single-input shares, (weight, strength, member, …)."""
    members = list(itertools.product(settings.weights, settings.strengths, settings.seeds))
    seeds = [seed for _, _, seed in members]
    model = MLPEnsemble(
        2, [penalty.width] * len(seeds), seeds=seeds, n_outputs=2, activation="silu"
    )
    inputs = 2 * torch.stack([sobol(settings.n_points, seed, n_inputs=2) for seed in seeds]) - 1
    per_task = torch.tensor(
        [[strength * weight, strength * (1 - weight)] for weight, strength, _ in members]
    )
    neurons, losses = fit(model, inputs, inputs.square(), per_task, penalty, settings.schedule)
    served = [
        attribute(
            model.member(i),
            [Subtask(inputs[i], (k,), share) for k, share in enumerate((weight, 1 - weight))],
        )
        for i, (weight, _, _) in enumerate(members)
    ]
    single = [_single_input(model.parameters[0][i], found) for i, found in enumerate(served)]
    parts = (
        neurons.numpy(),
        losses.numpy(),
        np.stack([found.counts for found in served]),
        np.asarray([found.shared for found in served]),
        np.asarray(single),
    )
    grid = (len(settings.weights), len(settings.strengths), len(settings.seeds))
    return tuple(part.reshape(*grid, *part.shape[1:]).astype(np.float64) for part in parts)


def _single_input(into: Tensor, found: Attribution) -> float:
    """Share of neurons in use whose smaller weight of two is below a tenth of the larger."""
    sizes = np.sort(into.detach().abs().numpy()[:, found.owner >= 0], axis=0)
    return float((sizes[0] < 0.1 * sizes[1]).mean()) if sizes.size else float("nan")
