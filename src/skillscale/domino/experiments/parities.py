"""Two independent parities in one network, one of them rare: does the rare one have to wait?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks
from skillscale.domino.experiments import _shared
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD, Adam, NormalisedGradient, Optimizer
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Seeds, Shares, Steps, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import train

ARMS = ("joint", "rare alone")
RULES: dict[str, Callable[[float], Optimizer]] = {
    "adam": Adam,
    "sgd": partial(SGD, momentum=0.9),
    "plain": SGD,
    "normalised": NormalisedGradient,
}

_TASKS = ((0, 1), (2, 3))  # bits of the common and of the rare parity
_GROUP = 4  # members trained at once: their activations of 10 000 samples still fit the cache


@dataclass(frozen=True)
class TwoParities(Experiment):
    """Accuracy on a common and a rare parity over training, together and the rare one alone.

    Task 1 is the parity of bits 1 and 2 of random strings; task 2, of bits 3 and 4, counts on a
    random fraction of them. In the arm "rare alone" the same network sees the same samples, without
    task 1. The loss is the squared error of outputs against 0/1 parities, summed over outputs and
    averaged over all samples. Rules differ in what sets a step's length: "sgd", with momentum 0.9,
    and "plain", without, leave it to the gradient; "normalised" steps are as long as the rate; Adam
    scales every parameter by itself.

    `accuracy` (rule, rare_fraction, member, arm, step, task) is the share of all samples, with or
    without the task in training, on which the output, cut at ½, is right, to 1e-3.

    Source: Liu et al. 2025 (public code: Adam, joint arm); control arm and other rules are ours.
    """

    rare_fractions: Shares = (1.0, 0.5, 0.2, 0.1, 0.05)  #: of samples that carry task 2
    #: of `RULES`, each with its rate
    rules: Annotated[tuple[tuple[str, float], ...], _checks.filled] = (("adam", 1e-3),)
    n_bits: Annotated[int, whole(4)] = 32  #: length of the bit strings
    n_samples: Count = 10_000  #: bit strings, all used in every step
    width: Count = 50  #: hidden neurons (ReLU, one layer)
    steps: Steps = 2000  #: updates
    every: Count = 10  #: steps between measurements
    seeds: Seeds = tuple(range(12))  #: draw data, nested shares and initial parameters

    order = ("rule", "rare_fraction", "member", "arm", "step", "task")
    about = {
        "accuracy": ("1", "share of samples answered correctly"),
        "rate": ("1", "rate"),
        "rare_fraction": ("1", "share of samples that carry the rare task"),
    }

    def together(self) -> None:
        for rule, rate in self.rules:
            _checks.choice("rules", rule, tuple(RULES))
            _checks.number(f"rate of {rule}", rate, above=0)

    def grid(self) -> Grid:
        groups = [self.seeds[first : first + _GROUP] for first in range(0, len(self.seeds), _GROUP)]
        return {
            "rule": self.rules,
            "rare_fraction": self.rare_fractions,
            "arm": ARMS,
            "member": groups,
        }

    def coords(self) -> Coords:
        return {
            "rule": [name for name, _ in self.rules],
            "rate": ("rule", [rate for _, rate in self.rules]),
            "step": range(0, self.steps + 1, self.every),
            "task": ["common", "rare"],
        }

    def measure(
        self, rule: tuple[str, float], rare_fraction: float, arm: str, member: tuple[int, ...]
    ) -> Found:
        name, rate = rule
        data = [_data(self, seed, rare_fraction) for seed in member]
        bits, present = (torch.stack(part) for part in zip(*data, strict=True))
        target = _shared.parities(bits, _TASKS)
        seen, weight = (bits, present) if arm == "joint" else _rare_samples(bits, present)
        batch = _shared.task_batch(seen, _shared.parities(seen, _TASKS), weight)
        record = train(
            MLPEnsemble(self.n_bits, [self.width] * len(member), seeds=member, n_outputs=2),
            lambda _: batch,
            optimizer=RULES[name](rate),
            steps=self.steps,
            loss=partial(_shared.masked_error, n_samples=self.n_samples),
            measure=lambda model, _: {"accuracy": _shared.accuracy(model(bits), target)},
            at=range(0, self.steps + 1, self.every),
        )["accuracy"]
        return {"accuracy": (("step", "member", "task"), record.numpy().round(3))}


TwoParities.records = {
    "domino_two_parities": {
        # 250 samples of the rare parity do not single out its bits among 32, but do among 16
        "live": TwoParities((0.1,), n_bits=16, n_samples=2500, steps=800, seeds=(0, 1, 2)),
        "standard": TwoParities(
            rules=(("adam", 1e-3), ("sgd", 0.05)), seeds=tuple(range(200, 212))
        ),
    },
    "domino_plain_parities": {
        "standard": TwoParities(
            (0.2, 0.1, 0.05), rules=(("plain", 0.2),), steps=6000, seeds=tuple(range(400, 416))
        )
    },
    "domino_normalised_parities": {
        "standard": TwoParities((0.1,), rules=(("normalised", 0.05),), seeds=tuple(range(200, 212)))
    },
}


def _data(of: TwoParities, seed: int, fraction: float) -> tuple[Tensor, Tensor]:
    """Return a seed's bit strings, (sample, bit), and which tasks a sample carries."""
    draws = Stream(seed, "two parities").at(0)
    bits = draws.integers(0, 2, (of.n_samples, of.n_bits)).astype(np.float32)
    present = np.ones((of.n_samples, 2), dtype=np.float32)
    present[:, 1] = draws.random(of.n_samples) < fraction
    return torch.from_numpy(bits), torch.from_numpy(present)


def _rare_samples(bits: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Return the samples that carry task 2, with weights for it alone.

    The others would add nothing to loss or gradient; members with fewer samples are padded.
    """
    rows = [each.nonzero().flatten() for each in present[..., 1]]
    shape = (len(rows), max(1, *map(len, rows)))
    found, weight = torch.zeros(*shape, bits.shape[-1]), torch.zeros(*shape, 2)
    for member, chosen in enumerate(rows):
        found[member, : len(chosen)] = bits[member, chosen]
        weight[member, : len(chosen), 1] = 1.0
    return found, weight
