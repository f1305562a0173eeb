"""Learning curves of a few skills on orthonormal task vectors, and the race of two.

The loss is Σ_k p_k u_k² with unlearned fractions u_k = 1 - t_k·θ and its exact gradient.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import (
    check_filled,
    check_sizes,
    completion_steps,
    descend,
    task_vectors,
)
from skillscale.lab.optimizers import SGD, Adam, Optimizer, SignDescent


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
        check_sizes(self.n_skills, self.dim, self.steps)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("sign_lr", self.sign_lr, above=0)
        _checks.number("sgd_lr", self.sgd_lr, above=0)
        _checks.number("noise", self.noise, minimum=0)
        _checks.integer("every", self.every, minimum=1)
        _checks.seeds("seeds", self.seeds)


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
        check_sizes(2, self.dim, self.steps)
        check_filled(self, "ratios")
        for ratio in self.ratios:
            _checks.number("ratios", ratio, minimum=1)
        for name in ("sign_lr", "adam_lr", "sgd_lr"):
            _checks.number(name, getattr(self, name), above=0)
        _checks.number("threshold", self.threshold, above=0, below=1)
        _checks.seeds("seeds", self.seeds)


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

    Source: geometry model of Liu et al. 2025, as in their public code, with exact gradients;
    equals torch's optimizer and the exact recursion in `tests/test_geometry_experiments.py`.

    >>> small = SkillCurves(n_skills=2, dim=4, steps=6, every=3, seeds=(0,))
    >>> dict(skill_curves(small).sizes)
    {'optimizer': 2, 'member': 1, 'step': 3, 'skill': 2}
    """
    vectors = task_vectors(settings.n_skills, settings.dim, seeds=settings.seeds)
    frequency = frequencies.power_law(settings.n_skills, settings.alpha)
    rules: dict[str, Optimizer] = {
        "sign": SignDescent(settings.sign_lr),
        "sgd": SGD(settings.sgd_lr),
    }
    curves = []
    for rule in rules.values():
        path = descend(
            vectors,
            torch.from_numpy(frequency),
            rule,
            settings.steps,
            noise=settings.noise,
            seeds=settings.seeds,
            progress=progress,
        )
        kept = [1 - level for step, level in enumerate(path) if step % settings.every == 0]
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

    Source: sweep of the public code of Liu et al. 2025 (Figure 4), with exact gradients; equals
    the exact recursion in `tests/test_geometry_experiments.py`.

    >>> small = TwoSkills(ratios=(1.0, 2.0, 4.0), dim=4, steps=6, seeds=(0,))
    >>> dict(two_skills(small).sizes)
    {'optimizer': 3, 'member': 1, 'ratio': 3, 'skill': 2}
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
    found = torch.stack(
        [
            completion_steps(
                descend(vectors, frequency, rule, settings.steps, progress=progress),
                vectors.shape[:2],
                settings.threshold,
            )
            for rule in rules.values()
        ]
    )
    return xr.Dataset(
        {
            "completion": (
                ("optimizer", "member", "ratio", "skill"),
                found.reshape(len(rules), -1, n_ratios, 2).numpy(),
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
