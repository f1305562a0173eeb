"""Emergence of skills in two-layer networks on multitask sparse parity.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the network's output on the
parity of that skill, over all bit strings x. It is measured on the enumerated population: there is
no sampling noise, in the gradient or in the measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import MultitaskParity, whole_population
from skillscale.lab.training import train


@dataclass(frozen=True)
class TimeEmergence:
    """Settings of `time_emergence`.

    Attributes:
        n_skills: Number of skills.
        n_bits: Number of bits; all 2^n_bits strings are enumerated.
        subset_size: Bits that a skill depends on.
        alpha: Exponent α of the skill frequencies.
        disjoint: Whether no bit may belong to two skills.
        width: Hidden units of the network.
        init_std: Standard deviation of all initial weights and biases.
        learning_rate: Rate of plain gradient descent on the squared error (without ½).
        scale: S, the target is S · g_k.
        steps: Number of updates.
        every: Updates between two measurements.
        seeds: One network per seed; a seed sets the bits of the skills and the initial weights.
    """

    n_skills: int = 5
    n_bits: int = 6
    subset_size: int = 3
    alpha: float = 0.6
    disjoint: bool = False
    width: int = 500
    init_std: float = 0.01
    learning_rate: float = 0.05
    scale: float = 5.0
    steps: int = 8000
    every: int = 25
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _checks.number("scale", self.scale, above=0)
        _checks.number("init_std", self.init_std, above=0)
        _checks.integer("steps", self.steps, minimum=1)
        _checks.integer("every", self.every, minimum=1)
        if not self.seeds:
            raise ValueError(f"seeds must hold at least one seed, got {self.seeds!r}")


LIVE = {"time_emergence": TimeEmergence(steps=4500, seeds=(0, 1))}
STANDARD = {
    "time_emergence": TimeEmergence(seeds=tuple(range(20))),
    "time_emergence_disjoint": TimeEmergence(
        n_skills=3, n_bits=9, disjoint=True, width=300, steps=4000, seeds=tuple(range(10))
    ),
}


def time_emergence(settings: TimeEmergence, *, progress: bool = False) -> xr.Dataset:
    """Train networks by exact gradient descent and follow the strength of every skill.

    Args:
        settings: Task, network, rate and seeds.
        progress: Whether to show a progress bar.

    Returns:
        Dataset over (member, step, skill): `strength`, R_k/S, and `skill_loss`,
        E[(S·g_k - f(k, x))²]/S², which equals (1 - R_k/S)² only where f is parallel to g_k;
        `frequency` over skill; coordinates `seed`, `step` and `skill` (1 is the most frequent).

    Raises:
        ValueError: If a setting is out of range.

    Source: after Nam et al. 2024, time emergence of two-layer networks, on a smaller population.

    >>> tiny = TimeEmergence(n_skills=2, n_bits=4, width=8, steps=4, every=2)
    >>> dict(time_emergence(tiny).sizes)
    {'member': 1, 'step': 3, 'skill': 2}
    """
    tasks = [
        MultitaskParity(
            settings.n_skills,
            settings.n_bits,
            settings.subset_size,
            settings.alpha,
            settings.disjoint,
            seed=seed,
        )
        for seed in settings.seeds
    ]
    population = whole_population(tasks)(0)
    target = settings.scale * population.target
    scaled = population._replace(target=target)
    model = MLPEnsemble(
        settings.n_bits,
        [settings.width] * len(tasks),
        seeds=settings.seeds,
        n_categories=settings.n_skills,
        init=settings.init_std,
    )

    def by_skill(values: Tensor) -> Tensor:
        return values.reshape(len(values), settings.n_skills, 2**settings.n_bits).mean(-1)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        outputs = model(population.bits, population.skill).squeeze(-1)
        square = settings.scale**2
        return {
            "strength": by_skill(outputs * target) / square,
            "skill_loss": by_skill((outputs - target).square()) / square,
        }

    at = np.unique(np.append(np.arange(0, settings.steps, settings.every), settings.steps))
    record = train(
        model,
        lambda _: scaled,
        optimizer=SGD(settings.learning_rate),
        steps=settings.steps,
        measure=measure,
        at=at.tolist(),
        progress=progress,
    )
    return _dataset(settings, at, record, tasks[0].frequency)


def time_emergence_disjoint(settings: TimeEmergence, *, progress: bool = False) -> xr.Dataset:
    """Follow skills that share no bits; as `time_emergence`, which says what is returned.

    Raises:
        ValueError: If the settings allow skills to share bits.

    Source: after Nam et al. 2024, whose skills share no bits.
    """
    if not settings.disjoint:
        raise ValueError(f"disjoint must be True, got {settings.disjoint!r}")
    return time_emergence(settings, progress=progress)


def _dataset(
    settings: TimeEmergence,
    at: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    record: dict[str, Tensor],
    frequency: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> xr.Dataset:
    dims = ("member", "step", "skill")
    names = {
        "strength": "strength R_k of a skill over the target scale S",
        "skill_loss": "mean squared error of a skill over S²",
    }
    curves = {
        name: (
            dims,
            record[name].movedim(0, 1).to(torch.float32).numpy(),
            {"units": "1", "long_name": long_name},
        )
        for name, long_name in names.items()
    }
    share = {"units": "1", "long_name": "probability of a skill"}
    return xr.Dataset(
        {**curves, "frequency": ("skill", frequency, share)},
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", at, {"units": "updates"}),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank"}),
        },
    )
