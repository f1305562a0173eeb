"""Emergence in width: which skills a network of few hidden units has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import xarray as xr
from torch import Tensor

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fresh_batches, whole_population
from skillscale.lab.settings import Count, Positive, Seeds, Sizes, each, real
from skillscale.lab.strengths import antithetic_strengths, by_skill
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.lab.training import Measure, train

_BACKGROUNDS = 2000
_RESTART = 1_000_000  # distance between the seeds of two initial weights for the same task

_STRENGTH = "strength R_k of a skill over the target scale S"
_LOSS = "mean squared error of a skill over S²"

Members = Sequence[tuple[float, int, int]]
"""α, seed and number of the restart."""


@dataclass(frozen=True)
class WidthEmergence(Experiment):
    """Train networks of many widths and measure what they know of every skill.

    All inputs, listed or drawn afresh, are trained on until nothing changes any more; the rate of
    Adam falls exponentially. Small networks get stuck: every width is therefore trained from
    several initial weights, so that what a width can hold may be told from what one descent happens
    to find. A member is one seed with one α and one restart, trained anew at every width.

    Over (member, width, skill): `strength`, R_k/S, and `skill_loss`, E[(S·g_k - f(k, x))²]/S²; over
    (member_alone, width_alone) the same for networks with one skill: `strength_alone` and
    `skill_loss_alone`. `frequency` (member, skill); `seed`, `alpha` and `restart` (member);
    `seed_alone` and `restart_alone` (member_alone).

    Source: after Nam et al. 2024, width emergence of two-layer networks, whose skills share no
    bits; smaller, with fewer updates, and with restarts, which are ours.
    """

    widths: Sizes  #: hidden units N of the networks
    widths_alone: Sizes  #: hidden units of the networks with one skill
    #: bits of the skills and, with the number of the restart, initial weights and any data
    seeds: Seeds
    restarts: Count = 5  #: networks for each seed, α and width, from different initial weights
    #: exponents α of the skill frequencies
    alphas: Annotated[tuple[float, ...], each(real())] = (0.3, 0.6, 0.9)
    n_skills: int = 5
    n_bits: int = 6
    subset_size: int = 3  #: bits that a skill depends on
    disjoint: bool = False  #: whether no bit may belong to two skills
    init_std: Positive = 0.3  #: standard deviation of all initial weights and biases
    learning_rate: Positive = 0.02  #: of Adam at the first step
    final_rate: Positive = 0.002  #: of Adam at the last step
    #: fresh samples per update; None enumerates all n_skills · 2^n_bits inputs
    batch_size: int | None = None
    scale: Positive = 5.0  #: S, the target is S · g_k
    steps: Count = 2000  #: updates

    order = ("member", "width", "skill", "member_alone", "width_alone")
    about = {
        "strength": ("1", _STRENGTH),
        "skill_loss": ("1", _LOSS),
        "strength_alone": ("1", f"{_STRENGTH}, networks with one skill"),
        "skill_loss_alone": ("1", f"{_LOSS}, networks with one skill"),
        "frequency": ("1", "probability of a skill"),
        "width": ("unit", "hidden width N"),
        "width_alone": ("unit", "hidden width N"),
        "skill": ("", "rank"),
    }

    def together(self) -> None:
        if max(self.seeds) >= _RESTART:
            raise ValueError(f"seeds must be < {_RESTART}, got {self.seeds!r}")

    def members(self) -> Members:
        return [
            (alpha, seed, restart)
            for alpha in self.alphas
            for seed in self.seeds
            for restart in range(self.restarts)
        ]

    def alone(self) -> WidthEmergence:
        return replace(self, n_skills=1, alphas=(1.0,))

    def coords(self) -> Coords:
        alphas, seeds, restarts = zip(*self.members(), strict=True)
        _, seeds_alone, restarts_alone = zip(*self.alone().members(), strict=True)
        frequency = [task.frequency for task in _tasks(self, self.members())]
        return {
            "frequency": (("member", "skill"), np.stack(frequency)),
            "alpha": ("member", list(alphas)),
            "seed": ("member", list(seeds)),
            "restart": ("member", list(restarts)),
            "seed_alone": ("member_alone", list(seeds_alone)),
            "restart_alone": ("member_alone", list(restarts_alone)),
            "width": self.widths,
            "width_alone": self.widths_alone,
            "skill": range(1, self.n_skills + 1),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = sweep(self.measure, {"width": self.widths})
        return found.merge(sweep(self.measure_alone, {"width_alone": self.widths_alone}))

    def measure(self, width: int) -> Found:
        found = _trained(self, self.members(), width)
        return {
            name: (("member", "skill"), values.float().numpy()) for name, values in found.items()
        }

    def measure_alone(self, width_alone: int) -> Found:
        alone = self.alone()
        found = _trained(alone, alone.members(), width_alone)
        return {
            f"{name}_alone": ("member_alone", values[:, 0].float().numpy())
            for name, values in found.items()
        }


WidthEmergence.records = {
    "skill_basis_width_emergence": {
        "live": WidthEmergence(
            widths=(2, 4, 6, 8, 12, 16),
            widths_alone=(1, 2, 3, 4, 6),
            seeds=(0, 1),
            restarts=3,
            alphas=(0.6,),
            steps=1500,
        ),
        "standard": WidthEmergence(
            widths=(1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32),
            widths_alone=(1, 2, 3, 4, 5, 6, 7, 8),
            seeds=tuple(range(20, 40)),
        ),
    },
    "skill_basis_width_emergence_disjoint": {
        "standard": WidthEmergence(
            widths=(1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20),
            widths_alone=(1, 2, 3, 4, 5, 6, 7, 8),
            seeds=tuple(range(20, 30)),
            n_skills=3,
            n_bits=9,
            disjoint=True,
        ),
        "paper": WidthEmergence(
            widths=(1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40),
            widths_alone=(1, 2, 3, 4, 5, 6, 8),
            seeds=tuple(range(10)),
            restarts=3,
            alphas=(0.6,),
            n_bits=32,
            disjoint=True,
            batch_size=1000,
            steps=25_000,
        ),
    },
}


def _tasks(of: WidthEmergence, members: Members) -> list[MultitaskParity]:
    return [
        MultitaskParity(
            of.n_skills,
            of.n_bits,
            of.subset_size,
            alpha,
            of.disjoint,
            seed=seed,
        )
        for alpha, seed, _ in members
    ]


def _trained(of: WidthEmergence, members: Members, width: int) -> dict[str, Tensor]:
    """Train one network per member and measure it, each (member, skill)."""
    tasks = _tasks(of, members)
    seeds = [seed + _RESTART * restart for _, seed, restart in members]
    model = MLPEnsemble(
        of.n_bits,
        [width] * len(members),
        seeds=seeds,
        n_categories=of.n_skills,
        init=of.init_std,
    )
    if of.batch_size is None:
        batches, measure = _listed(of, tasks)
    else:
        batches, measure = _drawn(of, tasks, seeds, of.batch_size)
    fall = of.final_rate / of.learning_rate
    record = train(
        model,
        batches,
        optimizer=Adam(of.learning_rate),
        steps=of.steps,
        measure=measure,
        at=[of.steps],
        schedule=lambda step: fall ** (step / of.steps),
    )
    return {name: values[0] for name, values in record.items()}


def _listed(of: WidthEmergence, tasks: Sequence[MultitaskParity]) -> tuple[Batches, Measure]:
    """Return all inputs as the batch of every step, and exact measurements on them."""
    population = whole_population(tasks)(0)
    target = of.scale * population.target
    whole = population._replace(target=target)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        outputs = model(population.bits, population.skill).squeeze(-1)
        square = of.scale**2
        return {
            "strength": by_skill(outputs * target, of.n_skills) / square,
            "skill_loss": by_skill((outputs - target).square(), of.n_skills) / square,
        }

    return lambda _: whole, measure


def _drawn(
    of: WidthEmergence,
    tasks: Sequence[MultitaskParity],
    seeds: Sequence[int],
    batch_size: int,
) -> tuple[Batches, Measure]:
    """Return fresh samples as the batch of every step, and measurements on further inputs."""
    source = fresh_batches(tasks, batch_size, seeds=seeds)

    def batches(step: int) -> Batch:
        batch = source(step)
        return batch._replace(target=of.scale * batch.target)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        strength, power = antithetic_strengths(model, tasks, backgrounds=_BACKGROUNDS)
        relative = strength / of.scale
        # E(S g - f)² = S² - 2 S R + E f².
        loss = 1 - 2 * relative + power / of.scale**2
        return {"strength": relative, "skill_loss": loss}

    return batches, measure
