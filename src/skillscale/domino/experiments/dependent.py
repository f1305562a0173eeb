"""A parity of four bits made of two parities of two: is it learned from its parts?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale.domino.experiments import _shared
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Positive, Seeds, Steps, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import train

ARMS = ("composed", "composed alone", "independent")

_PARENTS = ((0, 1), (2, 3))
_THIRD = {"composed": (0, 1, 2, 3), "composed alone": (0, 1, 2, 3), "independent": (4, 5, 6, 7)}


@dataclass(frozen=True)
class DependentParities(Experiment):
    """Accuracy on two parities and a third task over training: composed, alone or independent.

    Tasks are x₁⊕x₂, x₃⊕x₄ and "third": x₁⊕x₂⊕x₃⊕x₄, alone in "composed alone", and in "independent"
    x₅⊕x₆⊕x₇⊕x₈, equally hard and made of nothing else learned. All arms start and see the same. The
    loss is the squared error of outputs against 0/1 parities, summed over the tasks that the arm
    trains and averaged over all strings. `accuracy` (member, arm, strings, step, task) is the share
    of strings with the output, cut at ½, right, to 1e-3.

    Source: Liu et al. 2025 (public code: composed and independent arm); the rest is ours.
    """

    n_bits: Annotated[int, whole(8)] = 32  #: length of the bit strings
    n_samples: Count = 10_000  #: bit strings, all used in every step
    n_fresh: Count = 5000  #: further strings, on which the networks are tested only
    width: Count = 50  #: hidden neurons (ReLU, one layer)
    lr: Positive = 1e-3  #: learning rate of Adam
    steps: Steps = 4500  #: updates
    every: Count = 20  #: steps between measurements
    seeds: Seeds = tuple(range(12))  #: draw strings and initial parameters, alike in all arms

    order = ("member", "arm", "strings", "step", "task")
    about = {"accuracy": ("1", "share of strings answered correctly")}

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {
            "arm": ARMS,
            "strings": ["trained", "fresh"],
            "step": range(0, self.steps + 1, self.every),
            "task": ["first", "second", "third"],
        }

    def measure(self, member: int) -> Found:
        arms = len(ARMS)
        tasks = [(*_PARENTS, _THIRD[arm]) for arm in ARMS]
        strings = [_strings(self, member, part) for part in (0, 1)]
        asked = [
            (bits, torch.stack([_shared.parities(bits, each) for each in tasks]))
            for bits in strings
        ]
        weight = torch.ones(arms, 1, 3)
        weight[ARMS.index("composed alone"), :, :2] = 0.0
        trained, target = asked[0]
        batch = _shared.task_batch(trained.expand(arms, -1, -1), target, weight)

        def accuracy(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
            right = [_shared.accuracy(model(bits), target) for bits, target in asked]
            return {"accuracy": torch.stack(right, dim=1)}

        record = train(
            MLPEnsemble(self.n_bits, [self.width] * arms, seeds=[member] * arms, n_outputs=3),
            lambda _: batch,
            optimizer=Adam(self.lr),
            steps=self.steps,
            loss=partial(_shared.masked_error, n_samples=self.n_samples),
            measure=accuracy,
            at=range(0, self.steps + 1, self.every),
        )["accuracy"]
        return {"accuracy": (("step", "arm", "strings", "task"), record.numpy().round(3))}


DependentParities.records = {
    "domino_dependent_parities": {
        "live": DependentParities(
            n_bits=10, n_samples=1000, n_fresh=1000, steps=1200, seeds=(0, 1, 2)
        ),
        "standard": DependentParities(seeds=tuple(range(200, 212))),
    }
}


def _strings(of: DependentParities, seed: int, part: int) -> Tensor:
    """Return a seed's strings, (sample, bit): part 0 to train on, part 1 fresh."""
    draws = Stream(seed, "dependent parities").at(part)
    shape = ((of.n_samples, of.n_fresh)[part], of.n_bits)
    return torch.from_numpy(draws.integers(0, 2, shape).astype(np.float32))
