"""Loss against steps with hundreds to thousands of skills: the exponents in training time."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.geometry.experiments._shared import (
    check_alphas,
    check_filled,
    check_sizes,
    published_vectors,
    tables,
    task_vectors,
)
from skillscale.geometry.experiments.columns import descend_columns
from skillscale.lab.optimizers import Adam, Optimizer, SignDescent
from skillscale.lab.training import log_steps

# The two steps between which the public code's figure reads its slopes.
WINDOW = (80, 200)
# Ends of the windows of the local exponents on orthonormal vectors.
WINDOWS = (100, 200, 400, 800, 1600, 2900)


@dataclass(frozen=True)
class StepScaling:
    """Settings of `step_scaling`.

    Attributes:
        alphas: skill k has frequency p_k ∝ k^-(alpha+1); one column each.
        n_skills: number of skills, each with a random unit task vector.
        dim: number of parameters.
        lr: learning rate of sign descent and of Adam.
        batch_size: skills drawn for a step.
        steps: number of updates, at least 200.
        points: measurements on a logarithmic grid of steps, beside steps 80 and 200.
        seeds: one set of task vectors and of batches per seed; the published vectors get
            batches only.
    """

    alphas: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    n_skills: int = 1000
    dim: int = 100
    lr: float = 0.01
    batch_size: int = 1024
    steps: int = 2000
    points: int = 40
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_sizes(self.n_skills, self.dim, self.steps, orthonormal=False)
        check_alphas(self.alphas)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("batch_size", self.batch_size, minimum=1)
        _checks.integer("steps", self.steps, minimum=WINDOW[1])
        _checks.integer("points", self.points, minimum=2)
        _checks.seeds("seeds", self.seeds)


@dataclass(frozen=True)
class SkillNumber:
    """Settings of `skill_number`.

    Attributes:
        n_skills: numbers of skills.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        dim: number of parameters.
        lr: learning rate of sign descent.
        seeds: one set of task vectors per seed; fewer skills are the first of the largest set.
    """

    n_skills: tuple[int, ...] = (100, 300, 1000, 3000, 10_000)
    alpha: float = 0.0
    dim: int = 100
    lr: float = 0.01
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "n_skills")
        for number in self.n_skills:
            check_sizes(number, self.dim, 0, orthonormal=False)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("lr", self.lr, above=0)
        _checks.seeds("seeds", self.seeds)


@dataclass(frozen=True)
class OrthonormalDecay:
    """Settings of `orthonormal_decay`.

    Attributes:
        n_skills: number of skills and of parameters.
        alphas: skill k has frequency p_k ∝ k^-(alpha+1); one column each.
        lr: learning rate of sign descent.
        seeds: one set of task vectors per seed.
    """

    n_skills: int = 2000
    alphas: tuple[float, ...] = (0.3, 0.5)
    lr: float = 1e-4
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_sizes(self.n_skills, self.n_skills, 0)
        check_alphas(self.alphas)
        _checks.number("lr", self.lr, above=0)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "step_scaling": StepScaling(steps=200, points=12, seeds=tuple(range(3))),
    "skill_number": SkillNumber(n_skills=(100, 1000), seeds=tuple(range(3))),
}
STANDARD = {
    "step_scaling": StepScaling(),
    "skill_number": SkillNumber(),
    "orthonormal_decay": OrthonormalDecay(),
}


def step_scaling(settings: StepScaling, *, progress: bool = False) -> xr.Dataset:
    """Cross entropy against steps under sign descent and Adam, with sampled gradients.

    Task vectors "random" are those of a seed. Task vectors "published" are those that the public
    code of Liu et al. 2025 draws for its seed 0, the run behind its figure, whatever the seed here.

    Args:
        settings: sizes, rates and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (vectors, member, optimizer, alpha, step): `loss`, the cross entropy of
        all skills in nats, ln 2 at the start.

    Source: set-up of the scaling script in the public code of Liu et al. 2025, drawn again;
    `tests/test_geometry_scaling.py` finds the slopes of its figure.

    >>> small = StepScaling(alphas=(1.0,), n_skills=3, dim=2, steps=200, points=2, seeds=(0,))
    >>> dict(step_scaling(small).sizes)
    {'vectors': 2, 'member': 1, 'optimizer': 2, 'alpha': 1, 'step': 3}
    """
    at = sorted({*log_steps(settings.steps, settings.points), *WINDOW})
    frequency = tables(settings.n_skills, settings.alphas)
    rules: dict[str, Optimizer] = {"sign": SignDescent(settings.lr), "adam": Adam(settings.lr)}
    published = published_vectors(settings.n_skills, settings.dim, seed=0)
    losses: list[list[NDArray[np.float64]]] = [[], []]
    for seed in _progress.bar(settings.seeds, show=progress):
        own = task_vectors(settings.n_skills, settings.dim, seeds=[seed], orthonormal=False)[0]
        for runs, vectors in zip(losses, (own, published), strict=True):
            runs.append(
                descend_columns(
                    vectors,
                    frequency,
                    list(rules.values()),
                    at=at,
                    batch_size=settings.batch_size,
                    seed=seed,
                )
            )
    dims = ("vectors", "member", "optimizer", "alpha", "step")
    return xr.Dataset(
        {"loss": (dims, *_loss(losses, "cross entropy, nats"))},
        coords={
            "vectors": ["random", "published"],
            "seed": ("member", np.asarray(settings.seeds)),
            "optimizer": list(rules),
            "alpha": list(settings.alphas),
            "step": ("step", at, {"units": "optimizer steps"}),
        },
    )


def skill_number(settings: SkillNumber, *, progress: bool = False) -> xr.Dataset:
    """Cross entropy at steps 80 and 200 against the number of skills, exact sign descent.

    Args:
        settings: numbers of skills, rate and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, n_skills, step): `loss`, the cross entropy in nats.

    Source: derived here; equals a plain run in `tests/test_geometry_scaling.py`.

    >>> small = SkillNumber(n_skills=(2, 3), dim=2, seeds=(0,))
    >>> dict(skill_number(small).sizes)
    {'member': 1, 'n_skills': 2, 'step': 2}
    """
    losses, most = [], max(settings.n_skills)
    for seed in _progress.bar(settings.seeds, show=progress):
        vectors = task_vectors(most, settings.dim, seeds=[seed], orthonormal=False)[0]
        runs = [
            descend_columns(
                vectors[:number],
                tables(number, (settings.alpha,)),
                [SignDescent(settings.lr)],
                at=WINDOW,
            )
            for number in settings.n_skills
        ]
        losses.append([run[0, 0] for run in runs])
    return xr.Dataset(
        {"loss": (("member", "n_skills", "step"), *_loss(losses, "cross entropy, nats"))},
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_skills": list(settings.n_skills),
            "step": ("step", list(WINDOW), {"units": "optimizer steps"}),
        },
    )


def orthonormal_decay(settings: OrthonormalDecay, *, progress: bool = False) -> xr.Dataset:
    """Squared loss of exact sign descent on orthonormal task vectors, at the ends of windows.

    Args:
        settings: sizes, rate and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, alpha, step): `loss`, Σ_k p_k (1 - t_k·θ)².

    Source: derived here; one skill in closed form in `tests/test_geometry_scaling.py`.

    >>> small = OrthonormalDecay(n_skills=2, alphas=(0.5,), seeds=(0,))
    >>> dict(orthonormal_decay(small).sizes)
    {'member': 1, 'alpha': 1, 'step': 6}
    """
    size = settings.n_skills
    losses = [
        descend_columns(
            task_vectors(size, size, seeds=[seed])[0],
            tables(size, settings.alphas),
            [SignDescent(settings.lr)],
            at=WINDOWS,
            loss="mse",
        )[0]
        for seed in _progress.bar(settings.seeds, show=progress)
    ]
    return xr.Dataset(
        {"loss": (("member", "alpha", "step"), *_loss(losses, "squared loss"))},
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "alpha": list(settings.alphas),
            "step": ("step", list(WINDOWS), {"units": "optimizer steps"}),
        },
    )


def _loss(losses: object, name: str) -> tuple[NDArray[np.float32], dict[str, str]]:
    return np.asarray(losses, dtype=np.float32), {"units": "1", "long_name": name}
