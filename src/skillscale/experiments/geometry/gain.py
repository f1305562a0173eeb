"""Dense against modular parameters where skills outnumber them: where training ends.

Modular: each of the `dim` most frequent skills has a coordinate of its own and the others have
none. Dense: every skill has a random unit task vector, and all share all coordinates.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress, frequencies
from skillscale.experiments.geometry._shared import check_columns, check_sizes, task_vectors
from skillscale.experiments.geometry.columns import descend_columns
from skillscale.experiments.geometry.optimum import newton
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.training import log_steps


@dataclass(frozen=True)
class ModularGain:
    """Settings of `modular_gain`.

    Attributes:
        alphas: skill k has frequency p_k ∝ k^-(alpha+1); one column each.
        dims: numbers of parameters, fewer than `n_skills`.
        n_skills: number of skills.
        lr: learning rate of sign descent.
        batch_size: skills drawn for a step.
        steps: number of updates of sign descent.
        points: measurements on a logarithmic grid of steps.
        seeds: one set of task vectors and of batches per seed.
    """

    alphas: tuple[float, ...] = (-0.5, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    dims: tuple[int, ...] = (40, 200)
    n_skills: int = 1000
    lr: float = 0.01
    batch_size: int = 1024
    steps: int = 100_000
    points: int = 25
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not self.dims:
            raise ValueError("dims must not be empty")
        for dim in self.dims:
            check_sizes(self.n_skills, dim, self.steps, self.seeds, orthonormal=False)
            if dim >= self.n_skills:
                raise ValueError(f"dims must be below n_skills = {self.n_skills}, got {dim}")
        check_columns(self.alphas, self.lr)
        _checks.integer("batch_size", self.batch_size, minimum=1)
        _checks.integer("points", self.points, minimum=2)


LIVE = {"modular_gain": ModularGain(dims=(40,), steps=3000, points=12, seeds=(0, 1))}
STANDARD = {"modular_gain": ModularGain()}


def modular_gain(settings: ModularGain, *, progress: bool = False) -> xr.Dataset:
    """Losses of dense and of modular parameters: while sign descent runs, and at the optimum.

    Args:
        settings: sizes, rate and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, arrangement, dim, alpha, step): `loss`, the cross entropy of all
        skills in nats; and (member, dim, alpha): `optimum`, its infimum over dense parameters.
    """
    at = log_steps(settings.steps, settings.points)
    frequency = np.stack([frequencies.power_law(settings.n_skills, a) for a in settings.alphas])
    losses, best = [], []
    for seed in _progress.bar(settings.seeds, show=progress):
        dense = {
            dim: task_vectors(settings.n_skills, dim, seeds=[seed], orthonormal=False)[0]
            for dim in settings.dims
        }
        arrangements = (dense, {dim: _modular(settings.n_skills, dim) for dim in dense})
        losses.append(
            [
                [
                    descend_columns(
                        vectors,
                        frequency,
                        [SignDescent(settings.lr)],
                        at=at,
                        batch_size=settings.batch_size,
                        seed=seed,
                    )[0]
                    for vectors in arrangement.values()
                ]
                for arrangement in arrangements
            ]
        )
        best.append([[newton(v.numpy(), p).loss for p in frequency] for v in dense.values()])
    return xr.Dataset(
        {
            "loss": (
                ("member", "arrangement", "dim", "alpha", "step"),
                np.asarray(losses, dtype=np.float32),
                {"units": "1", "long_name": "cross entropy, nats"},
            ),
            "optimum": (
                ("member", "dim", "alpha"),
                np.asarray(best, dtype=np.float32),
                {"units": "1", "long_name": "cross entropy at the dense optimum, nats"},
            ),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "arrangement": ["dense", "modular"],
            "dim": ("dim", list(settings.dims), {"long_name": "number of parameters"}),
            "alpha": list(settings.alphas),
            "step": ("step", at, {"units": "optimizer steps"}),
        },
    )


def _modular(n_skills: int, dim: int) -> Tensor:
    return torch.eye(n_skills, dim, dtype=torch.float64)
