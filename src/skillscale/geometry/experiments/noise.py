"""Sign descent under gradient noise: how much slower each skill is learned."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch

from skillscale import frequencies
from skillscale.geometry.experiments._shared import (
    UNLEARNED,
    check_sizes,
    descend,
    squared_steps,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.settings import Alpha, Count, NonNegative, Positive, Seeds, Settings, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid


@dataclass(frozen=True)
class NoiseArm(Settings):
    """One condition of `WastedResource`."""

    noise: NonNegative  #: standard deviation σ on each coordinate of the gradient
    steps: Count  #: updates
    factor: Positive = 2.0  #: c of the gradient; 2 for the loss Σ_k p_k u_k²
    batch_size: Annotated[int, whole(0)] = 0  #: skills of a step; 0 for the exact gradient

    def together(self) -> None:
        if self.batch_size and self.factor != 2:
            raise ValueError(f"factor must be 2 with batches, got {self.factor!r}")


@dataclass(frozen=True)
class WastedResource(Experiment):
    """Unlearned fractions over time under sign descent, for every condition.

    Orthonormal task vectors and the squared loss. The gradient is -c Σ_k p_k u_k t_k + σ ξ, with
    u_k the unlearned fraction of a skill and ξ standard normal in each coordinate; or the mean over
    a batch of skills without further noise.

    `unlearned` (arm, member, time, skill), 1 - t_k·θ; `frequency` (skill); `step` (arm, time);
    `noise`, `factor` and `batch_size` (arm).

    Source: Liu et al. 2025 (Figures 6 and 7), the factor is ours; tested on a plain loop.
    """

    arms: tuple[NoiseArm, ...]  #: each with as many steps as its rarest skill needs
    n_skills: Count = 10  #: at most `dim`
    dim: Count = 1000  #: number of parameters d
    alpha: Alpha = 1.0  #: p_k ∝ k^-(alpha+1)
    lr: Positive = 3e-4  #: learning rate of sign descent
    points: Count = 32  #: times measured after the start, quadratically spaced
    seeds: Seeds = tuple(range(500, 514))  #: one set of task vectors, one stream of noise each

    order = ("arm", "member", "time", "skill")
    about = UNLEARNED | {"noise": ("1", ""), "factor": ("1", "")}

    def together(self) -> None:
        check_sizes(self.n_skills, self.dim)
        if not self.arms:
            raise ValueError("arms must not be empty")
        shortest = min(arm.steps for arm in self.arms)
        if len(set(squared_steps(shortest, self.points))) <= self.points:
            raise ValueError(
                f"steps must be > points² / 4 = {self.points**2 / 4:g}, got {shortest}"
            )

    def grid(self) -> Grid:
        return {"arm": range(len(self.arms))}

    def coords(self) -> Coords:
        return {
            "frequency": ("skill", frequencies.power_law(self.n_skills, self.alpha)),
            **{
                name: ("arm", [getattr(arm, name) for arm in self.arms])
                for name in ("noise", "factor", "batch_size")
            },
            "skill": range(1, self.n_skills + 1),
        }

    def measure(self, arm: int) -> Found:
        of = self.arms[arm]
        frequency = frequencies.power_law(self.n_skills, self.alpha)
        path = descend(
            task_vectors(self.n_skills, self.dim, seeds=self.seeds).float(),
            # the squared loss has the factor 2 and its gradient is linear in the frequencies
            torch.from_numpy(frequency if of.batch_size else of.factor / 2 * frequency).float(),
            SignDescent(self.lr),
            of.steps,
            noise=of.noise,
            batch_size=of.batch_size or None,
            seeds=self.seeds,
        )
        kept = squared_steps(of.steps, self.points)
        wanted = set(kept)
        levels = [level for step, level in enumerate(path) if step in wanted]
        unlearned = 1 - torch.stack(levels, dim=1).numpy()
        return {
            "unlearned": (("member", "time", "skill"), unlearned.round(3)),
            "step": ("time", np.array(kept)),
        }


# The rarest skill takes about 8·10⁵ σ steps at c = 2 and this rate where noise dominates.
WastedResource.records = {
    "geometry_wasted_resource": {
        "live": WastedResource(
            (NoiseArm(0.0, 700), NoiseArm(0.005, 4500)), seeds=(0, 1, 2, 3), points=40
        ),
        "standard": WastedResource(
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
        ),
    }
}
