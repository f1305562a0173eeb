"""Emergence of skills in training time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale.lab.optimizers import SGD
from skillscale.lab.settings import Count, Flag, Positive, Seeds, each, real
from skillscale.lab.strengths import BatchAverages
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.skill_basis.experiments import _shared

# Networks trained together: on fresh samples there is nothing to gain from more.
_LISTED, _SAMPLED = 20, 3

Members = Sequence[tuple[float, int]]
"""Pairs of α and seed."""


@dataclass(frozen=True)
class TimeEmergence(Experiment):
    """Train networks by gradient descent and follow the strength of every skill.

    On the enumerated population gradient and strengths are exact. On fresh batches the strengths of
    a step are averages over the `every` updates before the next measurement, which are unbiased and
    stand at the middle of that window; the strengths at step 0 are measured on inputs of their own.

    Over (member, step, skill): `strength`, R_k/S, and `skill_loss`, E[(S·g_k - f(k, x))²]/S², which
    equals (1 - R_k/S)² only where f is parallel to g_k; `frequency` (member, skill), 1 the most
    frequent; `strength_alone` (member_alone, step_alone), in a network that is trained on one skill
    only; `seed` and `alpha` (member).

    Source: after Nam et al. 2024, time emergence of two-layer networks; their skills share no bits.
    """

    n_skills: Count = 5
    n_bits: Count = 6
    subset_size: Count = 3  #: bits that a skill depends on
    #: exponents α of the skill frequencies; every seed is run with each of them
    alphas: Annotated[tuple[float, ...], each(real())] = (0.6,)
    disjoint: Flag = False  #: whether no bit may belong to two skills
    width: Count = 500  #: hidden units of the network
    init_std: Positive = 0.01  #: standard deviation of all initial weights and biases
    learning_rate: Positive = 0.02  #: of plain gradient descent on the squared error (without ½)
    #: fresh samples per update; None enumerates all n_skills · 2^n_bits inputs
    batch_size: int | None = None
    scale: Positive = 5.0  #: S, the target is S · g_k
    steps: Count = 20_000  #: updates
    every: Count = 50  #: updates between two measurements
    steps_alone: Count = 1500  #: updates of the networks with a single skill
    every_alone: Count = 5  #: updates between two measurements of these
    seeds: Seeds = (0,)  #: bits of the skills, initial weights and samples

    about = _shared.ABOUT | {
        "strength_alone": _shared.ABOUT["strength"],
        "step": ("updates", ""),
        "step_alone": ("updates", ""),
    }

    def together(self) -> None:
        for steps, every in (("steps", "every"), ("steps_alone", "every_alone")):
            if getattr(self, steps) % getattr(self, every):
                raise ValueError(
                    f"{steps} must be a multiple of {every} = {getattr(self, every)}, "
                    f"got {getattr(self, steps)}"
                )

    def alone(self) -> TimeEmergence:
        return replace(self, n_skills=1, steps=self.steps_alone, every=self.every_alone)

    def coords(self) -> Coords:
        return {
            "alpha": ("member", np.repeat(self.alphas, len(self.seeds))),
            "seed": ("member", np.tile(self.seeds, len(self.alphas))),
            "seed_alone": ("member_alone", list(self.seeds)),
            "step": times(self),
            "step_alone": times(self.alone()),
            "skill": range(1, self.n_skills + 1),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        size = _LISTED if self.batch_size is None else _SAMPLED
        groups = [self.seeds[first : first + size] for first in range(0, len(self.seeds), size)]
        members = [[(alpha, seed) for seed in group] for alpha in self.alphas for group in groups]
        alone = [[(1.0, seed) for seed in group] for group in groups]
        found = sweep(self.measure, {"member": members})
        return found.merge(sweep(self.measure_alone, {"member_alone": alone}))

    def measure(self, member: Members) -> Found:
        found = follow(self, member)
        frequency = np.stack([task.frequency for task in _shared.tasks(self, member)])
        return {
            "strength": (("member", "step", "skill"), found["strength"]),
            "skill_loss": (("member", "step", "skill"), found["skill_loss"]),
            "frequency": (("member", "skill"), frequency),
        }

    def measure_alone(self, member_alone: Members) -> Found:
        strength = follow(self.alone(), member_alone)["strength"][..., 0]
        return {"strength_alone": (("member_alone", "step_alone"), strength)}


_DISJOINT = TimeEmergence(
    n_bits=16, disjoint=True, width=300, batch_size=2000, steps=30_000, every=100
)
TimeEmergence.records = {
    "skill_basis_time_emergence": {
        "live": TimeEmergence(steps=10_000, steps_alone=800, seeds=(0, 1)),
        # Where skills share bits, half-times still change with the rate at 0.02.
        "standard": TimeEmergence(
            alphas=(0.3, 0.6, 0.9),
            learning_rate=0.005,
            steps=60_000,
            every=250,
            steps_alone=6000,
            every_alone=20,
            seeds=tuple(range(20, 40)),
        ),
    },
    "skill_basis_time_emergence_disjoint": {
        "standard": replace(_DISJOINT, alphas=(0.3, 0.6, 0.9), seeds=tuple(range(60, 84))),
        "paper": replace(
            _DISJOINT,
            n_bits=32,
            width=1000,
            batch_size=4000,
            steps=20_000,
            seeds=tuple(range(10, 25)),
        ),
    },
}


def times(of: TimeEmergence) -> NDArray[np.float64]:
    """Return the steps of the measurements: on fresh samples the middles of their windows."""
    found = np.arange(0, of.steps + 1, of.every).astype(np.float64)
    if of.batch_size is not None:
        found[1:] -= of.every / 2
    return found


def follow(of: TimeEmergence, members: Members) -> dict[str, NDArray[np.float32]]:
    """Train one network per member; return what was measured at `times`."""
    fresh = of.batch_size is not None
    return _shared.trained(
        of,
        _shared.tasks(of, members),
        seeds=[seed for _, seed in members],
        width=of.width,
        windows=BatchAverages(len(members), of.n_skills, of.scale) if fresh else None,
        optimizer=SGD(of.learning_rate),
        at=range(0, of.steps + 1, of.every),
    )
