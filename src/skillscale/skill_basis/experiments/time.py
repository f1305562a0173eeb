"""Emergence of skills in training time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import Batch, MultitaskParity, fresh_batches, whole_population
from skillscale.lab.strengths import (
    BatchAverages,
    antithetic_strengths,
    by_skill,
)
from skillscale.lab.training import train

_BACKGROUNDS = 2000


@dataclass(frozen=True)
class TimeEmergence:
    """Settings of `time_emergence`.

    Attributes:
        n_skills: Number of skills.
        n_bits: Number of bits.
        subset_size: Bits that a skill depends on.
        alphas: Exponents α of the skill frequencies; every seed is run with each of them.
        disjoint: Whether no bit may belong to two skills.
        width: Hidden units of the network.
        init_std: Standard deviation of all initial weights and biases.
        learning_rate: Rate of plain gradient descent on the squared error (without ½).
        batch_size: Fresh samples per update; None enumerates all n_skills · 2^n_bits inputs.
        scale: S, the target is S · g_k.
        steps: Number of updates.
        every: Updates between two measurements.
        steps_alone: Number of updates of the networks with a single skill.
        every_alone: Updates between two measurements of the networks with a single skill.
        seeds: A seed sets the bits of the skills, the initial weights and the samples.
    """

    n_skills: int = 5
    n_bits: int = 6
    subset_size: int = 3
    alphas: tuple[float, ...] = (0.6,)
    disjoint: bool = False
    width: int = 500
    init_std: float = 0.01
    learning_rate: float = 0.02
    batch_size: int | None = None
    scale: float = 5.0
    steps: int = 20_000
    every: int = 50
    steps_alone: int = 1500
    every_alone: int = 5
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _checks.number("scale", self.scale, above=0)
        _checks.number("init_std", self.init_std, above=0)
        for name in ("steps", "every", "steps_alone", "every_alone"):
            _checks.integer(name, getattr(self, name), minimum=1)
        for steps, every in (("steps", "every"), ("steps_alone", "every_alone")):
            if getattr(self, steps) % getattr(self, every):
                raise ValueError(
                    f"{steps} must be a multiple of {every} = {getattr(self, every)}, "
                    f"got {getattr(self, steps)}"
                )
        _checks.seeds("seeds", self.seeds)
        if not self.alphas:
            raise ValueError("alphas must hold at least one entry, got ()")


_SAMPLED = TimeEmergence(
    n_bits=16, disjoint=True, width=300, batch_size=2000, steps=30_000, every=100
)
LIVE = {"time_emergence": TimeEmergence(steps=10_000, every=50, steps_alone=800, seeds=(0, 1))}
STANDARD = {
    # Where skills share bits, half-times still change with the rate at 0.02.
    "time_emergence": TimeEmergence(
        alphas=(0.3, 0.6, 0.9),
        learning_rate=0.005,
        steps=60_000,
        every=250,
        steps_alone=6000,
        every_alone=20,
        seeds=tuple(range(20, 40)),
    ),
    "time_emergence_disjoint": replace(
        _SAMPLED, alphas=(0.3, 0.6, 0.9), seeds=tuple(range(20, 30))
    ),
}
PAPER = {
    "time_emergence_disjoint": replace(
        _SAMPLED,
        n_bits=32,
        width=1000,
        batch_size=4000,
        steps=20_000,
        seeds=tuple(range(10)),
    )
}


def time_emergence(settings: TimeEmergence, *, progress: bool = False) -> xr.Dataset:
    """Train networks by gradient descent and follow the strength of every skill.

    On the enumerated population gradient and strengths are exact. On fresh batches the strengths
    of a step are averages over the `every` updates before the next measurement, which are unbiased
    and stand at the middle of that window; the strengths at step 0 are those of `strengths`.

    Args:
        settings: Task, network, rate and seeds.
        progress: Whether to show a progress bar.

    Returns:
        Dataset over (member, step, skill): `strength`, R_k/S, and `skill_loss`,
        E[(S·g_k - f(k, x))²]/S², which equals (1 - R_k/S)² only where f is parallel to g_k;
        `frequency` over (member, skill); `strength_alone` over (member_alone, step_alone), the
        strength in a network that is trained on one skill only. Coordinates: `seed` and `alpha` of
        a member, `seed_alone`, `step`, `step_alone` and `skill` (1 is the most frequent).

    Raises:
        ValueError: If a setting is out of range.

    Source: after Nam et al. 2024, time emergence of two-layer networks.

    >>> tiny = TimeEmergence(n_skills=2, n_bits=4, width=8, steps=4, every=2, steps_alone=5)
    >>> dict(time_emergence(tiny).sizes)
    {'member': 1, 'step': 3, 'skill': 2, 'member_alone': 1, 'step_alone': 2}
    """
    members = [(alpha, seed) for alpha in settings.alphas for seed in settings.seeds]
    at, record = follow(settings, members, progress)
    alone = replace(
        settings,
        n_skills=1,
        steps=settings.steps_alone,
        every=settings.every_alone,
    )
    at_alone, record_alone = follow(alone, [(1.0, seed) for seed in settings.seeds], progress)
    frequency = np.stack([task.frequency for task in _tasks(settings, members)])
    dims = ("member", "step", "skill")
    strength = {"units": "1", "long_name": "strength R_k of a skill over the target scale S"}
    return xr.Dataset(
        {
            "strength": (dims, record["strength"], strength),
            "skill_loss": (
                dims,
                record["skill_loss"],
                {"units": "1", "long_name": "mean squared error of a skill over S²"},
            ),
            "frequency": (
                ("member", "skill"),
                frequency,
                {"units": "1", "long_name": "probability of a skill"},
            ),
            "strength_alone": (
                ("member_alone", "step_alone"),
                record_alone["strength"][..., 0],
                strength,
            ),
        },
        coords={
            "alpha": ("member", [alpha for alpha, _ in members]),
            "seed": ("member", [seed for _, seed in members]),
            "seed_alone": ("member_alone", list(settings.seeds)),
            "step": ("step", at, {"units": "updates"}),
            "step_alone": ("step_alone", at_alone, {"units": "updates"}),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank"}),
        },
    )


def time_emergence_disjoint(settings: TimeEmergence, *, progress: bool = False) -> xr.Dataset:
    """Follow skills that share no bits; as `time_emergence`, which says what is returned.

    Raises:
        ValueError: If the settings allow skills to share bits.

    Source: after Nam et al. 2024, whose skills share no bits.
    """
    if not settings.disjoint:
        raise ValueError(f"disjoint must be True, got {settings.disjoint!r}")
    return time_emergence(settings, progress=progress)


def _tasks(settings: TimeEmergence, members: Iterable[tuple[float, int]]) -> list[MultitaskParity]:
    shape = settings.n_skills, settings.n_bits, settings.subset_size
    return [MultitaskParity(*shape, alpha, settings.disjoint, seed=seed) for alpha, seed in members]


def follow(
    settings: TimeEmergence, members: list[tuple[float, int]], progress: bool
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float32]]]:
    """Train one network per member; return the times of measurement and what was measured."""
    tasks = _tasks(settings, members)
    seeds = [seed for _, seed in members]
    model = MLPEnsemble(
        settings.n_bits,
        [settings.width] * len(members),
        seeds=seeds,
        n_categories=settings.n_skills,
        init=settings.init_std,
    )
    windows = BatchAverages(len(members), settings.n_skills, settings.scale)
    if settings.batch_size is None:
        whole = _scaled(whole_population(tasks)(0), settings.scale)
    else:
        fresh = fresh_batches(tasks, settings.batch_size, seeds=seeds)

    def batches(step: int) -> Batch:
        return whole if settings.batch_size is None else _scaled(fresh(step), settings.scale)

    def measure(model: MLPEnsemble, step: int) -> dict[str, Tensor]:
        if settings.batch_size is None:
            outputs = model(whole.bits, whole.skill).squeeze(-1)
            strength = by_skill(outputs * whole.target, settings.n_skills) / settings.scale**2
            error = by_skill((outputs - whole.target).square(), settings.n_skills)
            return {"strength": strength, "skill_loss": error / settings.scale**2}
        if step == 0:
            initial, power = antithetic_strengths(model, tasks, backgrounds=_BACKGROUNDS)
            strength = initial / settings.scale
            return {
                "strength": strength,
                "skill_loss": 1 - 2 * strength + power / settings.scale**2,
            }
        strength, error = windows.read()
        return {"strength": strength, "skill_loss": error}

    at = np.arange(0, settings.steps + 1, settings.every)
    record = train(
        model,
        batches,
        optimizer=SGD(settings.learning_rate),
        steps=settings.steps,
        measure=measure,
        at=at.tolist(),
        observe=None if settings.batch_size is None else windows.observe,
        progress=progress,
    )
    times = at.astype(np.float64)
    if settings.batch_size is not None:
        times[1:] -= settings.every / 2
    found = {name: value.movedim(0, 1).float().numpy() for name, value in record.items()}
    return times, found


def _scaled(batch: Batch, scale: float) -> Batch:
    return batch._replace(target=scale * batch.target)
