"""Modules in the geometry model: skills that share all parameters against skills with their own.

Sign descent on the squared loss with exact gradients. In the dense design the task vectors are
orthonormal in all of R^dim. In the modular one the parameters are cut into as many equal blocks as
there are skills, and each task vector is a random unit vector of its own block.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks
from skillscale.geometry.experiments._shared import (
    check_alphas,
    check_filled,
    check_sizes,
    completion_steps,
    descend,
    tables,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.streams import Stream


def _check_divides(n_skills: int, dim: int) -> None:
    if dim % n_skills:
        raise ValueError(f"n_skills must divide dim = {dim}, got {n_skills!r}")


@dataclass(frozen=True)
class ModuleTimes:
    """Settings of `module_times`.

    Attributes:
        alphas: skill k has frequency p_k ∝ k^-(alpha+1).
        n_skills: numbers of skills, each a divisor of `dim`.
        dim: number of parameters d in either design.
        lr: learning rate.
        threshold: learned fraction that counts as complete.
        steps: number of updates after which an unfinished skill counts as never learned.
        seeds: one set of task vectors of either design per seed.
    """

    alphas: tuple[float, ...] = (-0.99, 0.0, 1.0)
    n_skills: tuple[int, ...] = (4, 10, 40)
    dim: int = 1000
    lr: float = 1e-4
    threshold: float = 0.9
    steps: int = 30_000
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_alphas(self.alphas)
        check_filled(self, "n_skills")
        for n_skills in self.n_skills:
            check_sizes(n_skills, self.dim, self.steps)
            _check_divides(n_skills, self.dim)
        _checks.number("lr", self.lr, above=0)
        _checks.number("threshold", self.threshold, above=0, below=1)
        _checks.seeds("seeds", self.seeds)


LIVE = {"module_times": ModuleTimes(n_skills=(10,), seeds=(0, 1, 2, 3))}
STANDARD = {"module_times": ModuleTimes()}


def module_times(settings: ModuleTimes, *, progress: bool = False) -> xr.Dataset:
    """When each skill is complete, with shared parameters and with a block for every skill.

    Args:
        settings: frequencies, sizes and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (design, n_skills, alpha, member, skill): `completion`, the first step at
        which the learned fraction exceeds the threshold; nan where it never does, and beyond the
        number of skills.

    Source: derived here; exact times of modules in `tests/test_geometry_modules.py`.

    >>> small = ModuleTimes(alphas=(1.0,), n_skills=(2,), dim=4, lr=0.1, steps=20, seeds=(0,))
    >>> dict(module_times(small).sizes)
    {'design': 2, 'n_skills': 1, 'alpha': 1, 'member': 1, 'skill': 2}
    """
    shape = (len(settings.n_skills), len(settings.alphas), len(settings.seeds))
    found = np.full((2, *shape, max(settings.n_skills)), np.nan, dtype=np.float32)
    for at, n_skills in enumerate(settings.n_skills):
        frequency = torch.from_numpy(tables(n_skills, settings.alphas))
        frequency = frequency.repeat_interleave(len(settings.seeds), dim=0)
        for design, make in enumerate((task_vectors, module_vectors)):
            own = make(n_skills, settings.dim, seeds=settings.seeds)
            vectors = own.repeat(len(settings.alphas), 1, 1)
            path = descend(
                vectors,
                frequency,
                SignDescent(settings.lr),
                settings.steps,
                progress=progress,
            )
            times = completion_steps(path, vectors.shape[:2], settings.threshold)
            found[design, at, ..., :n_skills] = times.reshape(*shape[1:], n_skills)
    return xr.Dataset(
        {
            "completion": (
                ("design", "n_skills", "alpha", "member", "skill"),
                found,
                {"units": "optimizer steps", "long_name": "step of completion"},
            )
        },
        coords={
            "design": ["dense", "modular"],
            "n_skills": list(settings.n_skills),
            "alpha": list(settings.alphas),
            "seed": ("member", np.asarray(settings.seeds)),
            "skill": np.arange(1, found.shape[-1] + 1),
        },
    )


def module_vectors(n_skills: int, dim: int, *, seeds: Sequence[int]) -> Tensor:
    """Return task vectors that are random unit vectors of a block of dim / n_skills parameters.

    Args:
        n_skills: number of skills, a divisor of `dim`.
        dim: number of parameters.
        seeds: one set of vectors per seed.

    Returns:
        Float64 tensor of shape (member, skill, dim); skill k is zero outside the k-th block.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; tested in `tests/test_geometry_modules.py`.

    >>> (module_vectors(2, 4, seeds=[0])[0] != 0).int().tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    check_sizes(n_skills, dim, 0)
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
