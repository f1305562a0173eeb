"""Sign descent under gradient noise: how much slower each skill is learned.

Orthonormal task vectors and the squared loss. The gradient is -c Σ_k p_k u_k t_k + σ ξ, with u_k
the unlearned fraction of a skill and ξ standard normal in each coordinate; or the mean over a batch
of skills without further noise.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import (
    check_filled,
    check_sizes,
    descend,
    squared_steps,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent


@dataclass(frozen=True)
class NoiseArm:
    """One condition of `wasted_resource`.

    Attributes:
        noise: standard deviation σ of the noise on each coordinate of the gradient.
        steps: number of updates.
        factor: factor c of the gradient; 2 for the loss Σ_k p_k u_k².
        batch_size: skills drawn for a step; 0 for the exact gradient.
    """

    noise: float
    steps: int
    factor: float = 2.0
    batch_size: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.number("noise", self.noise, minimum=0)
        _checks.integer("steps", self.steps, minimum=1)
        _checks.number("factor", self.factor, above=0)
        if _checks.integer("batch_size", self.batch_size, minimum=0) and self.factor != 2:
            raise ValueError(f"factor must be 2 with batches, got {self.factor!r}")


@dataclass(frozen=True)
class WastedResource:
    """Settings of `wasted_resource`.

    Attributes:
        arms: conditions, each with as many steps as its rarest skill needs.
        n_skills: number of skills, at most `dim`.
        dim: number of parameters d.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        lr: learning rate of sign descent.
        points: times measured after the start, quadratically spaced.
        seeds: one set of task vectors, and one stream of noise, per seed.
    """

    arms: tuple[NoiseArm, ...]
    n_skills: int = 10
    dim: int = 1000
    alpha: float = 1.0
    lr: float = 3e-4
    points: int = 32
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_sizes(self.n_skills, self.dim, 0)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("points", self.points, minimum=1)
        check_filled(self, "arms")
        shortest = min(arm.steps for arm in self.arms)
        if len(set(squared_steps(shortest, self.points))) <= self.points:
            raise ValueError(
                f"steps must be > points² / 4 = {self.points**2 / 4:g}, got {shortest}"
            )
        _checks.seeds("seeds", self.seeds)


# The rarest skill takes about 8·10⁵ σ steps at c = 2 and this rate where noise dominates.
LIVE = {
    "wasted_resource": WastedResource(
        (NoiseArm(0.0, 700), NoiseArm(0.005, 4500)), seeds=(0, 1, 2, 3), points=40
    )
}
STANDARD = {
    "wasted_resource": WastedResource(
        (
            NoiseArm(0.0, 700),
            NoiseArm(0.02, 17_000),
            NoiseArm(0.05, 41_000),
            NoiseArm(0.1, 81_000),
            NoiseArm(0.2, 161_000),
            NoiseArm(0.5, 400_000),
            NoiseArm(1.0, 800_000),
            NoiseArm(0.05, 81_000, factor=1.0),
            NoiseArm(0.2, 321_000, factor=1.0),
            NoiseArm(0.0, 700, batch_size=1024),
        )
    )
}


def wasted_resource(settings: WastedResource, *, progress: bool = False) -> xr.Dataset:
    """Unlearned fractions over time under sign descent, for every condition.

    Args:
        settings: conditions, sizes and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (arm, member, time, skill): `unlearned`, 1 - t_k·θ. Coordinates of an arm
        are `noise`, `factor` and `batch_size`; `step` has dims (arm, time).

    Source: noise and batches as in the public code of Liu et al. 2025 (Figures 6 and 7), the
    factor is ours; equals a plain loop in `tests/test_geometry_noise.py`.

    >>> small = WastedResource((NoiseArm(0.1, 9),), n_skills=2, dim=4, points=3, seeds=(0,))
    >>> dict(wasted_resource(small).sizes)
    {'arm': 1, 'member': 1, 'time': 4, 'skill': 2}
    """
    vectors = task_vectors(settings.n_skills, settings.dim, seeds=settings.seeds).float()
    frequency = frequencies.power_law(settings.n_skills, settings.alpha)
    times = [squared_steps(arm.steps, settings.points) for arm in settings.arms]
    curves = []
    for arm, kept in zip(settings.arms, times, strict=True):
        path = descend(
            vectors,
            # the squared loss has the factor 2 and its gradient is linear in the frequencies
            torch.from_numpy(frequency if arm.batch_size else arm.factor / 2 * frequency).float(),
            SignDescent(settings.lr),
            arm.steps,
            noise=arm.noise,
            batch_size=arm.batch_size or None,
            seeds=settings.seeds,
            progress=progress,
        )
        wanted = set(kept)
        levels = [level for step, level in enumerate(path) if step in wanted]
        curves.append(1 - torch.stack(levels, dim=1).numpy())
    return xr.Dataset(
        {
            "unlearned": (
                ("arm", "member", "time", "skill"),
                np.stack(curves).round(3),
                {"units": "1", "long_name": "unlearned fraction of a skill"},
            ),
            "frequency": ("skill", frequency, {"units": "1", "long_name": "frequency of a skill"}),
        },
        coords={
            "noise": ("arm", [arm.noise for arm in settings.arms], {"units": "1"}),
            "factor": ("arm", [arm.factor for arm in settings.arms], {"units": "1"}),
            "batch_size": ("arm", [arm.batch_size for arm in settings.arms]),
            "step": (("arm", "time"), np.array(times), {"units": "optimizer steps"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "skill": np.arange(1, settings.n_skills + 1),
        },
    )
