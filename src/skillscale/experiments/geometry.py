"""Skills as directions in parameter space, learned by an optimizer: the geometry model, simulated.

Parameters θ in R^dim start at 0. Skill k has a unit task vector t_k and the unlearned fraction
u_k = 1 - t_k·θ; the loss is Σ_k p_k u_k² with exact gradient -2 Σ_k p_k u_k t_k. The task vectors
of a seed are the first columns of the orthogonal factor of a Gaussian matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress, frequencies
from skillscale.lab.optimizers import SGD, Adam, Optimizer, SignDescent
from skillscale.lab.streams import Stream

__all__ = [
    "LIVE",
    "STANDARD",
    "SkillCurves",
    "TwoSkills",
    "skill_curves",
    "task_vectors",
    "two_skills",
]


def _check_sizes(n_skills: int, dim: int, steps: int, seeds: tuple[int, ...]) -> None:
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    if _checks.integer("dim", dim, minimum=1) < n_skills:
        raise ValueError(f"dim must be an integer >= n_skills = {n_skills}, got {dim!r}")
    _checks.integer("steps", steps, minimum=0)
    if not seeds:
        raise ValueError("seeds must not be empty")


@dataclass(frozen=True)
class SkillCurves:
    """Settings of `skill_curves`.

    Attributes:
        n_skills: number of skills, at most `dim`.
        dim: number of parameters d.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        sign_lr: learning rate of sign descent.
        sgd_lr: learning rate of gradient descent.
        noise: standard deviation of Gaussian noise on each coordinate of the gradient.
        steps: number of updates.
        every: steps between measurements.
        seeds: one set of task vectors (and noise) per seed.
    """

    n_skills: int = 10
    dim: int = 1000
    alpha: float = 1.0
    sign_lr: float = 3e-4
    sgd_lr: float = 0.3
    noise: float = 0.0
    steps: int = 600
    every: int = 4
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_sizes(self.n_skills, self.dim, self.steps, self.seeds)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("sign_lr", self.sign_lr, above=0)
        _checks.number("sgd_lr", self.sgd_lr, above=0)
        _checks.number("noise", self.noise, minimum=0)
        _checks.integer("every", self.every, minimum=1)


@dataclass(frozen=True)
class TwoSkills:
    """Settings of `two_skills`.

    Attributes:
        ratios: frequency ratios p_1/p_2 ≥ 1.
        dim: number of parameters d.
        sign_lr: learning rate of sign descent.
        adam_lr: learning rate of Adam, with betas (0.9, 0.999).
        sgd_lr: learning rate of gradient descent.
        threshold: learned fraction that counts as complete.
        steps: number of updates after which an unfinished skill counts as never learned.
        seeds: one pair of task vectors per seed and ratio.
    """

    ratios: tuple[float, ...] = (1.0, 2.0, 4.0, 10.0, 19.0, 40.0)
    dim: int = 1000
    sign_lr: float = 3e-4
    adam_lr: float = 3e-4
    sgd_lr: float = 0.03
    threshold: float = 0.9
    steps: int = 2000
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_sizes(2, self.dim, self.steps, self.seeds)
        if not self.ratios:
            raise ValueError("ratios must not be empty")
        for ratio in self.ratios:
            _checks.number("ratios", ratio, minimum=1)
        for name in ("sign_lr", "adam_lr", "sgd_lr"):
            _checks.number(name, getattr(self, name), above=0)
        _checks.number("threshold", self.threshold, above=0, below=1)


LIVE = {
    "skill_curves": SkillCurves(every=1, seeds=tuple(range(8))),
    "two_skills": TwoSkills(seeds=tuple(range(3))),
}
STANDARD = {"skill_curves": SkillCurves(), "two_skills": TwoSkills()}


def skill_curves(settings: SkillCurves, *, progress: bool = False) -> xr.Dataset:
    """Unlearned fractions over time under sign descent and under gradient descent.

    Args:
        settings: sizes, rates and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (optimizer, member, step, skill): `unlearned`, 1 - t_k·θ. It starts at 1
        and may pass below 0.
    """
    vectors = task_vectors(settings.n_skills, settings.dim, seeds=settings.seeds)
    frequency = frequencies.power_law(settings.n_skills, settings.alpha)
    rules: dict[str, Optimizer] = {
        "sign": SignDescent(settings.sign_lr),
        "sgd": SGD(settings.sgd_lr),
    }
    curves = []
    for rule in rules.values():
        path = _descend(
            vectors, torch.from_numpy(frequency), rule, settings.steps, settings.noise,
            settings.seeds, progress,
        )  # fmt: skip
        kept = [u for step, u in enumerate(path) if step % settings.every == 0]
        curves.append(torch.stack(kept, dim=1).numpy())
    return xr.Dataset(
        {
            "unlearned": (
                ("optimizer", "member", "step", "skill"),
                np.stack(curves).astype(np.float32),
                {"units": "1", "long_name": "unlearned fraction of a skill"},
            ),
            "frequency": ("skill", frequency, {"units": "1", "long_name": "frequency of a skill"}),
        },
        coords={
            "optimizer": list(rules),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": (
                "step",
                np.arange(0, settings.steps + 1, settings.every),
                {"units": "optimizer steps"},
            ),
            "skill": np.arange(1, settings.n_skills + 1),
        },
    )


def two_skills(settings: TwoSkills, *, progress: bool = False) -> xr.Dataset:
    """When each of two skills is complete, over frequency ratios and optimizers.

    Args:
        settings: ratios, rates and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (optimizer, member, ratio, skill): `completion`, the first step at which
        the learned fraction exceeds the threshold; nan where it never does.
    """
    n_ratios = len(settings.ratios)
    ratio = torch.tensor(settings.ratios, dtype=torch.float64).repeat(len(settings.seeds))
    frequency = torch.stack([ratio, torch.ones_like(ratio)], dim=1) / (1 + ratio)[:, None]
    vectors = torch.cat(
        [
            task_vectors(2, settings.dim, seeds=[seed], index=index)
            for seed in settings.seeds
            for index in range(n_ratios)
        ]
    )
    rules: dict[str, Optimizer] = {
        "sign": SignDescent(settings.sign_lr),
        "adam": Adam(settings.adam_lr),
        "sgd": SGD(settings.sgd_lr),
    }
    found = np.full((len(rules), len(ratio), 2), np.nan)
    for reached, rule in zip(found, rules.values(), strict=True):
        path = _descend(vectors, frequency, rule, settings.steps, 0.0, (), progress)
        for step, u in enumerate(path):
            complete = (u < 1 - settings.threshold).numpy()
            reached[np.isnan(reached) & complete] = step
            if not np.isnan(reached).any():
                break
    return xr.Dataset(
        {
            "completion": (
                ("optimizer", "member", "ratio", "skill"),
                found.reshape(len(rules), -1, n_ratios, 2).astype(np.float32),
                {"units": "optimizer steps", "long_name": "step of completion"},
            )
        },
        coords={
            "optimizer": list(rules),
            "seed": ("member", np.asarray(settings.seeds)),
            "ratio": ("ratio", list(settings.ratios), {"long_name": "frequency ratio p_1/p_2"}),
            "skill": [1, 2],
        },
    )


def task_vectors(
    n_skills: int, dim: int, *, seeds: tuple[int, ...] | list[int], index: int = 0
) -> Tensor:
    """Return orthonormal task vectors, uniformly random for each seed.

    Args:
        n_skills: number of vectors, at most `dim`.
        dim: their dimension.
        seeds: one set of vectors per seed.
        index: number of the set among those of a seed.

    Returns:
        Float64 tensor of shape (member, skill, dim).

    Raises:
        ValueError: If an argument is out of range.

    Source: task vectors of the geometry model of Liu et al. 2025, as in their public code;
    orthonormality in `tests/test_geometry_experiments.py`.

    >>> vectors = task_vectors(2, 50, seeds=[0])
    >>> torch.allclose(vectors[0] @ vectors[0].T, torch.eye(2, dtype=torch.float64))
    True
    """
    _check_sizes(n_skills, dim, 0, tuple(seeds))
    drawn = [
        Stream(seed, "task vectors").at(index).standard_normal((dim, n_skills)) for seed in seeds
    ]
    return torch.from_numpy(np.linalg.qr(np.stack(drawn))[0].swapaxes(1, 2).copy())


def _descend(
    vectors: Tensor,
    frequency: Tensor,
    rule: Optimizer,
    steps: int,
    noise: float,
    seeds: tuple[int, ...],
    progress: bool,
) -> Iterator[Tensor]:
    """Yield the unlearned fractions, (member, skill), before each update and after the last."""
    theta = [torch.zeros(vectors.shape[0], vectors.shape[2], dtype=vectors.dtype)]
    state = rule.start(theta)
    streams = [Stream(seed, "gradient noise") for seed in seeds] if noise else []
    for step in _progress.bar(range(steps + 1), show=progress):
        unlearned = 1 - torch.bmm(vectors, theta[0][..., None])[..., 0]
        yield unlearned
        gradient = -2 * torch.bmm((frequency * unlearned)[:, None], vectors)[:, 0]
        if noise:
            drawn = [stream.at(step).standard_normal(vectors.shape[2]) for stream in streams]
            gradient += noise * torch.from_numpy(np.stack(drawn))
        rule.step(theta, [gradient], state)
