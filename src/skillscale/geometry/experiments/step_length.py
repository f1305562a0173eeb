"""Signs or a fixed length: sign descent beside the normalised gradient, with steps equally long."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from skillscale import frequencies
from skillscale.geometry.experiments._shared import UNLEARNED, check_sizes, descend, task_vectors
from skillscale.lab.optimizers import NormalisedGradient, Optimizer, SignDescent
from skillscale.lab.settings import Alpha, Count, Counts, Positive, Seeds, Steps
from skillscale.lab.sweep import Coords, Experiment, Found, Grid


@dataclass(frozen=True)
class FixedLength(Experiment):
    """Unlearned fractions over time under sign descent and the normalised gradient.

    Orthonormal task vectors, squared loss, exact gradients. `unlearned` (rule, dim, member, step,
    skill), 1 - t_k·θ; `frequency` (skill).

    Source: derived here; tested on the exact recursion.
    """

    dims: Counts = (20, 1000)  #: numbers of parameters, each at least `n_skills`
    n_skills: Count = 10
    alpha: Alpha = 1.0  #: p_k ∝ k^-(alpha+1)
    length: Positive = 3e-3  #: Euclidean, of every step of either rule
    steps: Steps = 2000  #: updates
    every: Count = 40  #: steps between measurements
    seeds: Seeds = tuple(range(200, 212))  #: one set of task vectors each

    order = ("rule", "dim", "member", "step", "skill")
    about = UNLEARNED

    def together(self) -> None:
        for dim in self.dims:
            check_sizes(self.n_skills, dim)

    def grid(self) -> Grid:
        return {"rule": ["sign", "normalised"], "dim": self.dims}

    def coords(self) -> Coords:
        return {
            "frequency": ("skill", frequencies.power_law(self.n_skills, self.alpha)),
            "step": range(0, self.steps + 1, self.every),
            "skill": range(1, self.n_skills + 1),
        }

    def measure(self, rule: str, dim: int) -> Found:
        chosen: Optimizer = (
            SignDescent(self.length / math.sqrt(dim))
            if rule == "sign"
            else NormalisedGradient(self.length)
        )
        path = descend(
            task_vectors(self.n_skills, dim, seeds=self.seeds),
            torch.from_numpy(frequencies.power_law(self.n_skills, self.alpha)),
            chosen,
            self.steps,
        )
        kept = [level for step, level in enumerate(path) if step % self.every == 0]
        unlearned = 1 - torch.stack(kept, dim=1).numpy()
        return {"unlearned": (("member", "step", "skill"), unlearned.astype(np.float32).round(4))}


FixedLength.records = {
    "geometry_fixed_length": {
        "live": FixedLength(length=0.01, steps=600, every=10, seeds=(0, 1, 2, 3)),
        "standard": FixedLength(),
    }
}
