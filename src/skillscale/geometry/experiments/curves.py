"""Learning curves of a few skills on orthonormal task vectors, and the race of two.

The loss is Σ_k p_k u_k² with unlearned fractions u_k = 1 - t_k·θ and its exact gradient.
"""

import itertools
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch

from skillscale import frequencies
from skillscale.geometry.experiments._shared import (
    UNLEARNED,
    check_sizes,
    completion_steps,
    descend,
    task_vectors,
)
from skillscale.lab.optimizers import SGD, Adam, Optimizer, SignDescent
from skillscale.lab.settings import (
    Alpha,
    Count,
    Fraction,
    NonNegative,
    Positive,
    Seeds,
    Steps,
    each,
    real,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Grid


@dataclass(frozen=True)
class SkillCurves(Experiment):
    """Unlearned fractions over time under sign descent and under gradient descent.

    `unlearned` (optimizer, member, step, skill), 1 - t_k·θ, starts at 1 and may pass below 0;
    `frequency` (skill).

    Source: Liu et al. 2025, with exact gradients; tested on the exact recursion.
    """

    n_skills: Count = 10  #: at most `dim`
    dim: Count = 1000  #: number of parameters d
    alpha: Alpha = 1.0  #: p_k ∝ k^-(alpha+1)
    sign_lr: Positive = 3e-4  #: learning rate of sign descent
    sgd_lr: Positive = 0.3  #: learning rate of gradient descent
    noise: NonNegative = 0.0  #: standard deviation on each coordinate of the gradient
    steps: Steps = 600  #: updates
    every: Count = 4  #: steps between measurements
    seeds: Seeds = tuple(range(12))  #: one set of task vectors (and noise) each

    order = ("optimizer", "member", "step", "skill")
    about = UNLEARNED

    def together(self) -> None:
        check_sizes(self.n_skills, self.dim)

    def grid(self) -> Grid:
        return {"optimizer": ["sign", "sgd"]}

    def coords(self) -> Coords:
        return {
            "frequency": ("skill", frequencies.power_law(self.n_skills, self.alpha)),
            "step": range(0, self.steps + 1, self.every),
            "skill": range(1, self.n_skills + 1),
        }

    def measure(self, optimizer: str) -> Found:
        path = descend(
            task_vectors(self.n_skills, self.dim, seeds=self.seeds),
            torch.from_numpy(frequencies.power_law(self.n_skills, self.alpha)),
            SignDescent(self.sign_lr) if optimizer == "sign" else SGD(self.sgd_lr),
            self.steps,
            noise=self.noise,
            seeds=self.seeds,
        )
        kept = [1 - level for step, level in enumerate(path) if step % self.every == 0]
        unlearned = torch.stack(kept, dim=1).numpy().astype(np.float32)
        return {"unlearned": (("member", "step", "skill"), unlearned)}


@dataclass(frozen=True)
class TwoSkills(Experiment):
    """When each of two skills is complete, over frequency ratios and optimizers.

    `completion` (optimizer, member, ratio, skill) is the first step at which the learned fraction
    exceeds the threshold; nan where it never does.

    Source: Liu et al. 2025 (Figure 4), with exact gradients; tested on the exact recursion.
    """

    #: p_1/p_2
    ratios: Annotated[tuple[float, ...], each(real(minimum=1))] = (1.0, 2.0, 4.0, 10.0, 19.0, 40.0)
    dim: Count = 1000  #: number of parameters d
    sign_lr: Positive = 3e-4  #: learning rate of sign descent
    adam_lr: Positive = 3e-4  #: learning rate of Adam, with betas (0.9, 0.999)
    sgd_lr: Positive = 0.03  #: learning rate of gradient descent
    threshold: Fraction = 0.9  #: learned fraction that counts as complete
    steps: Steps = 2000  #: updates after which an unfinished skill counts as never learned
    seeds: Seeds = tuple(range(12))  #: one pair of task vectors per seed and ratio

    order = ("optimizer", "member", "ratio", "skill")
    about = {
        "completion": ("optimizer steps", "step of completion"),
        "ratio": ("", "frequency ratio p_1/p_2"),
    }

    def together(self) -> None:
        check_sizes(2, self.dim)

    def grid(self) -> Grid:
        return {"optimizer": ["sign", "adam", "sgd"]}

    def coords(self) -> Coords:
        return {"ratio": self.ratios, "skill": [1, 2]}

    def measure(self, optimizer: str) -> Found:
        rules: dict[str, Optimizer] = {
            "sign": SignDescent(self.sign_lr),
            "adam": Adam(self.adam_lr),
            "sgd": SGD(self.sgd_lr),
        }
        ratio = torch.tensor(self.ratios, dtype=torch.float64).repeat(len(self.seeds))
        frequency = torch.stack([ratio, torch.ones_like(ratio)], dim=1) / (1 + ratio)[:, None]
        places = itertools.product(self.seeds, range(len(self.ratios)))
        vectors = torch.cat([task_vectors(2, self.dim, seeds=[s], index=i) for s, i in places])
        path = descend(vectors, frequency, rules[optimizer], self.steps)
        found = completion_steps(path, vectors.shape[:2], self.threshold)
        shape = len(self.seeds), len(self.ratios), 2
        return {"completion": (("member", "ratio", "skill"), found.reshape(shape).numpy())}


SkillCurves.records = {
    "geometry_skill_curves": {
        "live": SkillCurves(every=1, seeds=tuple(range(8))),
        "standard": SkillCurves(),
    }
}
TwoSkills.records = {
    "geometry_two_skills": {"live": TwoSkills(seeds=tuple(range(3))), "standard": TwoSkills()}
}
