"""Modules in the geometry model: skills that share all parameters against skills with their own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skillscale.geometry.experiments._shared import (
    check_sizes,
    completion_steps,
    descend,
    tables,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Alphas, Count, Counts, Fraction, Positive, Seeds, Steps
from skillscale.lab.sweep import Coords, Experiment, Found, Grid


def _check_divides(n_skills: int, dim: int) -> None:
    if dim % n_skills:
        raise ValueError(f"n_skills must divide dim = {dim}, got {n_skills!r}")


@dataclass(frozen=True)
class ModuleTimes(Experiment):
    """When each skill is complete, with shared parameters and with a block for every skill.

    Sign descent on the squared loss with exact gradients. Dense task vectors are orthonormal in all
    of R^dim; modular ones are random unit vectors of a block each of `module_vectors`.

    `completion` (design, n_skills, alpha, member, skill) is the first step at which the learned
    fraction exceeds the threshold; nan where it never does, and beyond the number of skills.

    Source: derived here; tested on exact times of modules.
    """

    alphas: Alphas = (-0.99, 0.0, 1.0)  #: p_k ∝ k^-(alpha+1)
    n_skills: Counts = (4, 10, 40)  #: each a divisor of `dim`
    dim: Count = 1000  #: number of parameters d in either design
    lr: Positive = 1e-4  #: learning rate
    threshold: Fraction = 0.9  #: learned fraction that counts as complete
    steps: Steps = 30_000  #: updates after which an unfinished skill counts as never learned
    seeds: Seeds = tuple(range(200, 212))  #: one set of task vectors of either design each

    order = ("design", "n_skills", "alpha", "member", "skill")
    about = {"completion": ("optimizer steps", "step of completion")}

    def together(self) -> None:
        for n_skills in self.n_skills:
            check_sizes(n_skills, self.dim)
            _check_divides(n_skills, self.dim)

    def grid(self) -> Grid:
        return {"design": ["dense", "modular"], "n_skills": self.n_skills}

    def coords(self) -> Coords:
        return {"alpha": self.alphas, "skill": range(1, max(self.n_skills) + 1)}

    def measure(self, design: str, n_skills: int) -> Found:
        frequency = torch.from_numpy(tables(n_skills, self.alphas))
        make = task_vectors if design == "dense" else module_vectors
        vectors = make(n_skills, self.dim, seeds=self.seeds).repeat(len(self.alphas), 1, 1)
        path = descend(
            vectors,
            frequency.repeat_interleave(len(self.seeds), dim=0),
            SignDescent(self.lr),
            self.steps,
        )
        times = completion_steps(path, vectors.shape[:2], self.threshold)
        shape = len(self.alphas), len(self.seeds)
        found = np.full((*shape, max(self.n_skills)), np.nan, dtype=np.float32)
        found[..., :n_skills] = times.reshape(*shape, n_skills)
        return {"completion": (("alpha", "member", "skill"), found)}


ModuleTimes.records = {
    "geometry_module_times": {
        "live": ModuleTimes(n_skills=(10,), seeds=(0, 1, 2, 3)),
        "standard": ModuleTimes(),
    }
}


def module_vectors(n_skills: int, dim: int, *, seeds: Sequence[int]) -> Tensor:
    """Return unit task vectors (member, skill, dim), random in the k-th block and zero elsewhere.

    The dim parameters are cut into n_skills equal blocks.

    >>> (module_vectors(2, 4, seeds=[0])[0] != 0).int().tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    check_sizes(n_skills, dim)
    if not seeds:
        raise ValueError("seeds must not be empty")
    _check_divides(n_skills, dim)
    blocks = np.stack(
        [
            Stream(seed, "modules").at(0).standard_normal((n_skills, dim // n_skills))
            for seed in seeds
        ]
    )
    blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True)
    spread = np.eye(n_skills)[:, :, None] * blocks[:, :, None, :]  # (member, skill, block, entry)
    return torch.from_numpy(spread.reshape(len(seeds), n_skills, dim))
