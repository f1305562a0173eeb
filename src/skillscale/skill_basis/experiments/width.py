"""Emergence in width: which skills a network of few hidden units has room for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import xarray as xr

from skillscale.lab.optimizers import Adam
from skillscale.lab.settings import Count, Flag, Positive, Seeds, Sizes, each, real
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.skill_basis.experiments import _shared

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

    Source: after Nam et al. 2024, smaller and shorter; restarts and shared bits are ours.
    """

    widths: Sizes  #: hidden units N of the networks
    widths_alone: Sizes  #: hidden units of the networks with one skill
    #: bits of the skills and, with the number of the restart, initial weights and any data
    seeds: Seeds
    restarts: Count = 5  #: networks for each seed, α and width, from different initial weights
    #: exponents α of the skill frequencies
    alphas: Annotated[tuple[float, ...], each(real())] = (0.3, 0.6, 0.9)
    n_skills: Count = 5
    n_bits: Count = 6
    subset_size: Count = 3  #: bits that a skill depends on
    disjoint: Flag = False  #: whether no bit may belong to two skills
    init_std: Positive = 0.3  #: standard deviation of all initial weights and biases
    learning_rate: Positive = 0.02  #: of Adam at the first step
    final_rate: Positive = 0.002  #: of Adam at the last step
    #: fresh samples per update; None enumerates all n_skills · 2^n_bits inputs
    batch_size: int | None = None
    scale: Positive = 5.0  #: S, the target is S · g_k
    steps: Count = 2000  #: updates

    order = ("member", "width", "skill", "member_alone", "width_alone")
    about = _shared.ABOUT | {
        "strength_alone": ("1", f"{_shared.ABOUT['strength'][1]}, networks with one skill"),
        "skill_loss_alone": ("1", f"{_shared.ABOUT['skill_loss'][1]}, networks with one skill"),
        "width": ("unit", "hidden width N"),
        "width_alone": ("unit", "hidden width N"),
    }

    def together(self) -> None:
        _shared.below_restarts(self.seeds)

    def members(self) -> Members:
        return list(itertools.product(self.alphas, self.seeds, range(self.restarts)))

    def alone(self) -> WidthEmergence:
        return replace(self, n_skills=1, alphas=(1.0,))

    def coords(self) -> Coords:
        alphas, seeds, restarts = zip(*self.members(), strict=True)
        _, seeds_alone, restarts_alone = zip(*self.alone().members(), strict=True)
        frequency = [task.frequency for task in _shared.tasks(self, self.members())]
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
        return {name: (("member", "skill"), values) for name, values in found.items()}

    def measure_alone(self, width_alone: int) -> Found:
        alone = self.alone()
        found = _trained(alone, alone.members(), width_alone)
        return {f"{name}_alone": ("member_alone", found[name][:, 0]) for name in found}


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
            seeds=tuple(range(40, 50)),
            restarts=20,
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


def _trained(of: WidthEmergence, members: Members, width: int) -> dict[str, _shared.Floats]:
    fall = of.final_rate / of.learning_rate
    found = _shared.trained(
        of,
        _shared.tasks(of, members),
        seeds=[seed + _shared.RESTART * restart for _, seed, restart in members],
        width=width,
        optimizer=Adam(of.learning_rate),
        at=[of.steps],
        schedule=lambda step: fall ** (step / of.steps),
    )
    return {name: values[:, 0] for name, values in found.items()}
