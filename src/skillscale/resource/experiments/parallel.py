"""Two subtasks side by side, (x₁², x₂²), of unequal weight: how do they share out the neurons?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.settings import Fractions, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.resource.experiments._penalised import (
    Penalties,
    Penalty,
    Schedule,
    Strengths,
    called,
    fit,
    unfolded,
)
from skillscale.resource.experiments._points import SobolPoints, sobol
from skillscale.resource.experiments.attribution import Attribution, Subtask, attribute

TRAINING = Schedule(20_000, n_measured=11)


@dataclass(frozen=True)
class ParallelTasks(Experiment):
    """Train networks on (x₁², x₂²) under penalties; count the neurons of either subtask.

    A network with one hidden layer minimises strength · (β ℓ₁ + (1 - β) ℓ₂) + Σ (l1 |p| + l2 p²),
    ℓ_k the mean squared error of output k and the last sum over hidden weights, hidden biases and
    readout weights. Neurons are attributed by `attribute`.

    `neurons` (penalty, weight, strength, member, step), in use; `loss` (penalty, weight, strength,
    member, step, subtask), not halved, without penalty, to four digits. At the end, `owned`
    (penalty, weight, strength, member, subtask), the neurons of each subtask; `shared` and
    `single_input` (penalty, weight, strength, member), the share that serves both (nan if none is
    in use) and that whose other input weight is less than a tenth of its largest.

    Source: targets and weights after Song et al. 2024 (figure 3), the rest is ours.
    """

    penalties: Penalties = (
        Penalty("L1 + L2", 5e-5, 5e-5, 64),
        Penalty("L2", 0.0, 1e-4, 64),
    )  #: each with the width that the networks start with
    weights: Annotated[Fractions, _checks.increasing] = (0.5, 0.75, 0.9)  #: β; 1 - β is ℓ₂'s
    strengths: Strengths = (4.0, 8.0, 16.0, 32.0, 64.0)  #: factors of the weighted loss
    n_points: SobolPoints = 64  #: scrambled Sobol points in [-1, 1]², all used in every step
    schedule: Schedule = TRAINING  #: the training
    seeds: Seeds = tuple(range(12))  #: of the initial parameters and of the inputs

    order = ("penalty", "weight", "strength", "member", "step", "subtask")
    about = {
        "neurons": ("neurons", "neurons in use"),
        "loss": ("1", "mean squared error"),
        "owned": ("neurons", "neurons of a subtask"),
        "shared": ("1", "share of neurons that serve both"),
        "single_input": ("1", "share that hears one input"),
        "weight": ("1", ""),
        "strength": ("1", ""),
        "step": ("Adam steps", ""),
    }

    def grid(self) -> Grid:
        return {"penalty": [penalty.name for penalty in self.penalties]}

    def coords(self) -> Coords:
        return {
            "weight": self.weights,
            "strength": self.strengths,
            "step": self.schedule.measured(),
            "subtask": ["first", "second"],
        }

    def measure(self, penalty: str) -> Found:
        priced = called(penalty, self.penalties)
        members = list(itertools.product(self.weights, self.strengths, self.seeds))
        seeds = [seed for _, _, seed in members]
        model = MLPEnsemble(
            2, [priced.width] * len(seeds), seeds=seeds, n_outputs=2, activation="silu"
        )
        inputs = 2 * torch.stack([sobol(self.n_points, seed, n_inputs=2) for seed in seeds]) - 1
        per_task = torch.tensor(
            [[strength * weight, strength * (1 - weight)] for weight, strength, _ in members]
        )
        neurons, losses = fit(model, inputs, inputs.square(), per_task, priced, self.schedule)
        served = [
            attribute(
                model.member(i),
                [Subtask(inputs[i], (k,), share) for k, share in enumerate((weight, 1 - weight))],
            )
            for i, (weight, _, _) in enumerate(members)
        ]
        single = [_single_input(model.parameters[0][i], found) for i, found in enumerate(served)]
        parts = {
            "neurons": (("step",), neurons.numpy().astype(np.int16)),
            "loss": (("step", "subtask"), records.significant(losses.double().numpy())),
            "owned": (("subtask",), np.stack([found.counts for found in served]).astype(np.int16)),
            "shared": ((), np.asarray([found.shared for found in served], np.float32)),
            "single_input": ((), np.asarray(single, np.float32)),
        }
        sizes = len(self.weights), len(self.strengths), len(self.seeds)
        return unfolded(parts, weight=sizes[0], strength=sizes[1], member=sizes[2])


ParallelTasks.records = {
    "resource_parallel_tasks": {
        "live": ParallelTasks(
            penalties=(Penalty("L1 + L2", 5e-5, 5e-5, 32),),
            weights=(0.5, 0.9),
            strengths=(16.0,),
            schedule=Schedule(3_000, n_measured=5),
            seeds=(0, 1, 2),
        ),
        "standard": ParallelTasks(seeds=tuple(range(300, 324))),
    }
}


def _single_input(into: Tensor, found: Attribution) -> float:
    """Return the share of neurons in use with one weight of two below a tenth of the other."""
    sizes = np.sort(into.detach().abs().numpy()[:, found.owner >= 0], axis=0)
    return float((sizes[0] < 0.1 * sizes[1]).mean()) if sizes.size else float("nan")
