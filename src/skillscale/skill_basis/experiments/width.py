"""Emergence in width: which skills a network of few hidden units has room for.

Networks of many widths are trained on all inputs, listed or drawn afresh, until nothing changes any
more. Small networks get stuck: every width is therefore trained from several initial weights, so
that what a width can hold may be told from what one descent happens to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fresh_batches, whole_population
from skillscale.lab.strengths import antithetic_strengths, by_skill
from skillscale.lab.training import Measure, train

Floats = NDArray[np.float32]

_BACKGROUNDS = 2000
_RESTART = 1_000_000  # distance between the seeds of two initial weights for the same task


@dataclass(frozen=True)
class WidthEmergence:
    """Settings of `width_emergence`.

    Attributes:
        widths: Hidden units N of the networks, increasing.
        widths_alone: Hidden units of the networks with one skill, increasing.
        seeds: A seed sets the bits of the skills and, with the number of the restart, the initial
            weights and any data.
        restarts: Networks trained for each seed, α and width, from different initial weights.
        alphas: Exponents α of the skill frequencies.
        n_skills: Number of skills.
        n_bits: Number of bits.
        subset_size: Bits that a skill depends on.
        disjoint: Whether no bit may belong to two skills.
        init_std: Standard deviation of all initial weights and biases.
        learning_rate: Rate of Adam at the first step.
        final_rate: Rate of Adam at the last step; it falls exponentially.
        batch_size: Fresh samples per update; None enumerates all n_skills · 2^n_bits inputs.
        scale: S, the target is S · g_k.
        steps: Number of updates.
    """

    widths: tuple[int, ...]
    widths_alone: tuple[int, ...]
    seeds: tuple[int, ...]
    restarts: int = 5
    alphas: tuple[float, ...] = (0.3, 0.6, 0.9)
    n_skills: int = 5
    n_bits: int = 6
    subset_size: int = 3
    disjoint: bool = False
    init_std: float = 0.3
    learning_rate: float = 0.02
    final_rate: float = 0.002
    batch_size: int | None = None
    scale: float = 5.0
    steps: int = 2000

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        if not self.alphas:
            raise ValueError("alphas must hold at least one entry, got ()")
        for name in ("widths", "widths_alone"):
            _checks.increasing(name, getattr(self, name))
        for name in ("init_std", "scale", "learning_rate", "final_rate"):
            _checks.number(name, getattr(self, name), above=0)
        for name in ("restarts", "steps"):
            _checks.integer(name, getattr(self, name), minimum=1)
        _checks.seeds("seeds", self.seeds)
        if max(self.seeds) >= _RESTART:
            raise ValueError(f"seeds must be < {_RESTART}, got {self.seeds!r}")


_THREE = WidthEmergence(
    widths=(1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20),
    widths_alone=(1, 2, 3, 4, 5, 6, 7, 8),
    seeds=tuple(range(20, 30)),
    n_skills=3,
    n_bits=9,
    disjoint=True,
)
LIVE = {
    "width_emergence": WidthEmergence(
        widths=(2, 4, 6, 8, 12, 16),
        widths_alone=(1, 2, 3, 4, 6),
        seeds=(0, 1),
        restarts=3,
        alphas=(0.6,),
        steps=1500,
    )
}
STANDARD = {
    "width_emergence": WidthEmergence(
        widths=(1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32),
        widths_alone=(1, 2, 3, 4, 5, 6, 7, 8),
        seeds=tuple(range(20, 40)),
    ),
    "width_emergence_disjoint": _THREE,
}
PAPER = {
    "width_emergence_disjoint": WidthEmergence(
        widths=(1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40),
        widths_alone=(1, 2, 3, 4, 5, 6, 8),
        seeds=tuple(range(10)),
        restarts=3,
        alphas=(0.6,),
        n_bits=32,
        disjoint=True,
        batch_size=1000,
        steps=25_000,
    )
}


def width_emergence(settings: WidthEmergence, *, progress: bool = False) -> xr.Dataset:
    """Train networks of many widths and measure what they know of every skill.

    Args:
        settings: Widths, seeds, task and training.
        progress: Whether to show a progress bar.

    Returns:
        Over (member, width, skill): `strength`, R_k/S, and `skill_loss`, E[(S·g_k - f(k, x))²]/S²;
        over (member_alone, width_alone) the same for networks with one skill: `strength_alone` and
        `skill_loss_alone`. `frequency` over (member, skill). A member is one seed with one α and
        one restart, trained anew at every width: coordinates `seed`, `alpha`, `restart`;
        `seed_alone` and `restart_alone` for the networks with one skill.

    Raises:
        ValueError: If a setting is out of range.

    Source: after Nam et al. 2024, width emergence of two-layer networks; smaller, with fewer
    updates, and with restarts, which are ours.

    >>> tiny = WidthEmergence((1, 2), (1,), (0,), restarts=3, alphas=(0.6,), n_skills=2, n_bits=4,
    ...     steps=2)
    >>> width_emergence(tiny).strength.shape
    (3, 2, 2)
    """
    members = [
        (alpha, seed, restart)
        for alpha in settings.alphas
        for seed in settings.seeds
        for restart in range(settings.restarts)
    ]
    single = [
        (1.0, seed, restart) for seed in settings.seeds for restart in range(settings.restarts)
    ]
    alone = replace(settings, n_skills=1)
    jobs = [(settings, members, width) for width in settings.widths]
    jobs += [(alone, single, width) for width in settings.widths_alone]
    found = [_trained(*job) for job in _progress.bar(jobs, show=progress)]
    n = len(settings.widths)
    return _dataset(settings, members, single, _stacked(found[:n]), _stacked(found[n:]))


def width_emergence_disjoint(settings: WidthEmergence, *, progress: bool = False) -> xr.Dataset:
    """Widths for skills that share no bits; as `width_emergence`, which says what is returned.

    Raises:
        ValueError: If the settings allow skills to share bits.

    Source: after Nam et al. 2024, whose skills share no bits.
    """
    if not settings.disjoint:
        raise ValueError(f"disjoint must be True, got {settings.disjoint!r}")
    return width_emergence(settings, progress=progress)


def _tasks(
    settings: WidthEmergence, members: Sequence[tuple[float, int, int]]
) -> list[MultitaskParity]:
    return [
        MultitaskParity(
            settings.n_skills,
            settings.n_bits,
            settings.subset_size,
            alpha,
            settings.disjoint,
            seed=seed,
        )
        for alpha, seed, _ in members
    ]


def _trained(
    settings: WidthEmergence, members: Sequence[tuple[float, int, int]], width: int
) -> dict[str, Tensor]:
    """Train one network per member and measure it, each (member, skill)."""
    tasks = _tasks(settings, members)
    seeds = [seed + _RESTART * restart for _, seed, restart in members]
    model = MLPEnsemble(
        settings.n_bits,
        [width] * len(members),
        seeds=seeds,
        n_categories=settings.n_skills,
        init=settings.init_std,
    )
    if settings.batch_size is None:
        batches, measure = _listed(settings, tasks)
    else:
        batches, measure = _drawn(settings, tasks, seeds, settings.batch_size)
    fall = settings.final_rate / settings.learning_rate
    record = train(
        model,
        batches,
        optimizer=Adam(settings.learning_rate),
        steps=settings.steps,
        measure=measure,
        at=[settings.steps],
        schedule=lambda step: fall ** (step / settings.steps),
    )
    return {name: values[0] for name, values in record.items()}


def _listed(settings: WidthEmergence, tasks: Sequence[MultitaskParity]) -> tuple[Batches, Measure]:
    """Return all inputs as the batch of every step, and exact measurements on them."""
    population = whole_population(tasks)(0)
    target = settings.scale * population.target
    whole = population._replace(target=target)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        outputs = model(population.bits, population.skill).squeeze(-1)
        square = settings.scale**2
        return {
            "strength": by_skill(outputs * target, settings.n_skills) / square,
            "skill_loss": by_skill((outputs - target).square(), settings.n_skills) / square,
        }

    return lambda _: whole, measure


def _drawn(
    settings: WidthEmergence,
    tasks: Sequence[MultitaskParity],
    seeds: Sequence[int],
    batch_size: int,
) -> tuple[Batches, Measure]:
    """Return fresh samples as the batch of every step, and measurements on further inputs."""
    source = fresh_batches(tasks, batch_size, seeds=seeds)

    def batches(step: int) -> Batch:
        batch = source(step)
        return batch._replace(target=settings.scale * batch.target)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        strength, power = antithetic_strengths(model, tasks, backgrounds=_BACKGROUNDS)
        relative = strength / settings.scale
        # E(S g - f)² = S² - 2 S R + E f².
        loss = 1 - 2 * relative + power / settings.scale**2
        return {"strength": relative, "skill_loss": loss}

    return batches, measure


def _stacked(parts: Sequence[dict[str, Tensor]]) -> dict[str, Floats]:
    """Stack measurements (member, skill) at several widths to (member, width, skill)."""
    return {
        name: torch.stack([part[name] for part in parts], 1).to(torch.float32).numpy()
        for name in parts[0]
    }


def _dataset(
    settings: WidthEmergence,
    members: Sequence[tuple[float, int, int]],
    single: Sequence[tuple[float, int, int]],
    together: dict[str, Floats],
    alone: dict[str, Floats],
) -> xr.Dataset:
    names = {
        "strength": "strength R_k of a skill over the target scale S",
        "skill_loss": "mean squared error of a skill over S²",
    }
    variables = {
        name: xr.Variable(
            ("member", "width", "skill"), together[name], {"units": "1", "long_name": text}
        )
        for name, text in names.items()
    }
    for name, text in names.items():
        variables[f"{name}_alone"] = xr.Variable(
            ("member_alone", "width_alone"),
            alone[name][..., 0],
            {"units": "1", "long_name": f"{text}, networks with one skill"},
        )
    variables["frequency"] = xr.Variable(
        ("member", "skill"),
        np.stack([task.frequency for task in _tasks(settings, members)]),
        {"units": "1", "long_name": "probability of a skill"},
    )
    alphas, seeds, restarts = zip(*members, strict=True)
    _, seeds_alone, restarts_alone = zip(*single, strict=True)
    units = {"units": "unit", "long_name": "hidden width N"}
    return xr.Dataset(
        variables,
        coords={
            "seed": ("member", list(seeds)),
            "alpha": ("member", list(alphas)),
            "restart": ("member", list(restarts)),
            "seed_alone": ("member_alone", list(seeds_alone)),
            "restart_alone": ("member_alone", list(restarts_alone)),
            "width": ("width", list(settings.widths), units),
            "width_alone": ("width_alone", list(settings.widths_alone), units),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank"}),
        },
    )
