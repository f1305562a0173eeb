"""A parity of four bits made of two parities of two: is it learned from its parts?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks
from skillscale.domino.experiments import _shared
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import (
    Count,
    Positive,
    Seeds,
    Share,
    Steps,
    distinct,
    each,
    whole,
    word,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import train

_BOTH = ((0, 1), (2, 3), (0, 1, 2, 3))  # bits of the tasks: the third takes the other two
_EITHER = ((0, 1, 2), (1, 2, 3), (0, 1, 2, 3))  # takes one of the other two, and one more bit
TASKS = {
    "composed": _BOTH,
    "composed alone": _BOTH,
    "independent": (*_BOTH[:2], (4, 5, 6, 7)),
    "both, second rare": _BOTH,
    "either": _EITHER,
    "either, second rare": _EITHER,
}


@dataclass(frozen=True)
class DependentParities(Experiment):
    """Accuracy on two parities and a third task over training, which is made of them or not.

    The tasks "first" and "second" are x₁⊕x₂ and x₃⊕x₄, "third" x₁⊕x₂⊕x₃⊕x₄: it needs both others.
    It is trained alone in "composed alone"; in "independent" it is x₅⊕x₆⊕x₇⊕x₈, equally hard and
    made of nothing else learned. In "either" the first two are x₁⊕x₂⊕x₃ and x₂⊕x₃⊕x₄, of which the
    third needs one. "Second rare" leaves the second task on a random share of the strings. All arms
    start and see the same. The loss is the squared error of outputs against 0/1 parities, summed
    over the tasks that a string carries and averaged over all strings. `accuracy` (member, arm,
    strings, step, task) is the share of strings with the output, cut at ½, right, to 1e-3.

    Source: Liu et al. 2025 (public code: composed and independent arm); the rest is ours.
    """

    #: of `TASKS`
    arms: Annotated[tuple[str, ...], _checks.filled, each(word(*TASKS)), distinct] = (
        "composed",
        "composed alone",
        "independent",
    )
    rare_fraction: Share = 0.1  #: of the strings that carry a rare task
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
            "arm": self.arms,
            "strings": ["trained", "fresh"],
            "step": range(0, self.steps + 1, self.every),
            "task": ["first", "second", "third"],
        }

    def measure(self, member: int) -> Found:
        arms = len(self.arms)
        strings = [_strings(self, member, part) for part in (0, 1)]
        asked = [
            (bits, torch.stack([_shared.parities(bits, TASKS[arm]) for arm in self.arms]))
            for bits in strings
        ]
        weight = torch.ones(arms, self.n_samples, 3)
        chance = Stream(member, "dependent parities").at(2).random(self.n_samples)
        for carried, arm in zip(weight, self.arms, strict=True):
            if arm == "composed alone":
                carried[:, :2] = 0.0
            if arm.endswith("second rare"):
                carried[:, 1] = torch.from_numpy(chance < self.rare_fraction)
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
    },
    "domino_rare_parts": {
        "standard": DependentParities(
            ("composed", "both, second rare", "either", "either, second rare"),
            n_bits=16,
            n_samples=3000,
            n_fresh=3000,
            steps=3000,
            seeds=tuple(range(400, 448)),
        )
    },
}


def _strings(of: DependentParities, seed: int, part: int) -> Tensor:
    """Return a seed's strings, (sample, bit): part 0 to train on, part 1 fresh."""
    draws = Stream(seed, "dependent parities").at(part)
    shape = ((of.n_samples, of.n_fresh)[part], of.n_bits)
    return torch.from_numpy(draws.integers(0, 2, shape).astype(np.float32))
