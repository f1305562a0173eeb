"""What the toy's experiments share: tasks, the test loss of every skill, learning steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import fits
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.parity import Batches, MultitaskParity, fresh_batches
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Flag, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found
from skillscale.lab.training import Measure, log_steps, train

Floats = NDArray[np.float32]

THRESHOLDS = (0.9, 0.5, 0.1)

Schedule = Callable[[int], float]

ABOUT = {
    "alpha": ("", "α of P(k) ∝ k^-(α+1)"),
    "step": ("step", "updates done"),
    "skill": ("", "rank k, most frequent first"),
    "frequency": ("1", "P(k)"),
    "threshold": ("bit", ""),
    "count": ("skill", "skills with test loss below the threshold"),
    "learned": ("step", "step at which a skill first reaches the threshold"),
    "rate": ("1", "learning rate"),
}


@dataclass(frozen=True, kw_only=True)
class Toy(Experiment):
    """Settings of the toy's task, multitask sparse parity, and of its training."""

    seeds: Seeds  #: each chooses subsets, initial parameters, training and test data
    n_skills: Count = 100
    n_bits: Count = 16  #: task bits
    subset_size: Count = 2  #: bits a skill depends on
    disjoint: Flag = False  #: whether no two skills share a bit
    batch_size: Count = 1000  #: samples of an update, fresh ones without a fixed data set
    n_test: Count = 100  #: test inputs per skill

    about = ABOUT

    def times(self) -> NDArray[np.int64]:
        """Return the steps at which losses are measured."""
        raise NotImplementedError

    def coords(self) -> Coords:
        ranks = range(1, self.n_skills + 1)
        return {"seed": self.seeds, "step": self.times(), "skill": ranks}

    def tasks(self, alphas: Iterable[float], seeds: Iterable[int]) -> list[MultitaskParity]:
        """Return the task of every exponent and seed, the seed fastest."""
        shape = self.n_skills, self.n_bits, self.subset_size
        return [
            MultitaskParity(*shape, alpha, self.disjoint, seed=seed)
            for alpha, seed in itertools.product(alphas, seeds)
        ]

    def frequency(self, alphas: Sequence[float]) -> xr.DataArray:
        """Return P(k), (alpha, skill), with its exponents; it is alike for all seeds."""
        table = np.stack([task.frequency for task in self.tasks(alphas, [0])])
        return xr.DataArray(table, {"alpha": list(alphas)}, ("alpha", "skill"))

    def trained(
        self,
        tasks: Sequence[MultitaskParity],
        *,
        width: int,
        optimizer: Optimizer,
        at: NDArray[np.int64],
        batches: Batches | None = None,
        schedule: Schedule | None = None,
    ) -> Floats:
        """Train one network per task to the last of the steps; return losses (member, at, skill).

        Losses are in bits. Batches are fresh where none are given.
        """
        seeds = [task.seed for task in tasks]
        widths = [width] * len(tasks)
        record = train(
            MLPEnsemble(self.n_bits, widths, seeds=seeds, n_categories=self.n_skills),
            batches or fresh_batches(tasks, self.batch_size, seeds=seeds),
            optimizer=optimizer,
            steps=int(at[-1]),
            loss="cross_entropy",
            measure=losses_on_test_inputs(tasks, seeds, self.n_test),
            at=at,
            schedule=schedule,
        )
        return np.asarray(record["loss"].transpose(0, 1).numpy())


@dataclass(frozen=True, kw_only=True)
class Followed(Toy):
    """The same for networks of one width that are measured at log-spaced steps."""

    width: Count
    steps: Count  #: updates
    n_times: Count  #: steps at which losses are measured (at most)

    def times(self) -> NDArray[np.int64]:
        return log_steps(self.steps, self.n_times)


def losses_on_test_inputs(
    tasks: Sequence[MultitaskParity], seeds: Sequence[int], n_test: int
) -> Measure:
    """Return a measure of each skill's mean cross entropy, in bits, on inputs never trained on.

    A member's inputs come from a stream of its own seed and are the same at every step.
    """
    n_skills = tasks[0].n_skills
    inputs, targets = [], []
    for task, seed in zip(tasks, seeds, strict=True):
        drawn = Stream(seed, "test inputs").at(0).integers(0, 2, (n_test, n_skills, task.n_bits))
        words = torch.from_numpy(drawn.astype(np.float32))
        inputs.append(words)
        targets.append(torch.stack([task.skill_basis(k, words[:, k]) for k in range(n_skills)], 1))
    bits, target = torch.stack(inputs, 1), torch.stack(targets, 1)
    skill = torch.arange(n_skills)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        total = torch.zeros(len(tasks), n_skills)
        # One test input of every skill at a time keeps the activations small.
        for words, sign in zip(bits, target, strict=True):
            total += functional.softplus(-sign * model(words, skill)[..., 0])
        return {"loss": total / (n_test * math.log(2))}

    return measure


def falling(steps: int, *, constant: float) -> Schedule:
    """Return a schedule: 1 for a share `constant` of the steps, then half a cosine down to 0.

    >>> [round(falling(8, constant=0.5)(step), 2) for step in (0, 4, 6, 8)]
    [1.0, 1.0, 0.5, 0.0]
    """
    start = constant * steps

    def factor(step: int) -> float:
        passed = max(0.0, step - start) / (steps - start)
        return 0.5 * (1 + math.cos(math.pi * passed))

    return factor


def learning_curves(
    loss: Floats, frequency: NDArray[np.float64], steps: NDArray[np.int64]
) -> Found:
    """Reduce losses (seed, time, skill) to what the law speaks about.

    `loss` (seed, step) is the frequency-weighted sum over skills; `count` (seed, threshold, step)
    the skills below each of `THRESHOLDS`; `learned` (seed, threshold, skill) the step at which a
    skill first reaches the threshold, linearly interpolated, nan where it never does.
    """
    by_skill = loss.swapaxes(1, 2)
    learned = [
        fits.crossing_times(steps, -by_skill, threshold=-threshold) for threshold in THRESHOLDS
    ]
    count = np.stack([(loss < mark).sum(-1) for mark in THRESHOLDS], 1).astype(np.int16)
    return {
        "loss": (("seed", "step"), (loss @ frequency).round(4).astype(np.float32)),
        "count": (("seed", "threshold", "step"), count),
        "learned": (("seed", "threshold", "skill"), records.significant(np.stack(learned, 1))),
    }
