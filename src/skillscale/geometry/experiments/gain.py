"""Dense against modular parameters where skills outnumber them: where training ends.

Modular: each of the `dim` most frequent skills has a coordinate of its own and the others have
none. Dense: every skill has a random unit task vector, and all share all coordinates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.geometry.experiments._shared import (
    check_alphas,
    check_filled,
    check_sizes,
    published_vectors,
    tables,
    task_vectors,
)
from skillscale.geometry.experiments.columns import BLOCK, SkillCounts, descend_columns
from skillscale.geometry.experiments.optimum import newton
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
        published: whether to take the task vectors that the public script draws for the seeds.
    """

    alphas: tuple[float, ...] = (-0.5, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    dims: tuple[int, ...] = (40, 200)
    n_skills: int = 1000
    lr: float = 0.01
    batch_size: int = 1024
    steps: int = 100_000
    points: int = 25
    seeds: tuple[int, ...] = tuple(range(200, 210))
    published: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "dims")
        for dim in self.dims:
            check_sizes(self.n_skills, dim, self.steps, orthonormal=False)
            if dim >= self.n_skills:
                raise ValueError(f"dims must be below n_skills = {self.n_skills}, got {dim}")
        check_alphas(self.alphas)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("batch_size", self.batch_size, minimum=1)
        _checks.integer("points", self.points, minimum=2)
        _checks.seeds("seeds", self.seeds)


LIVE = {"modular_gain": ModularGain(dims=(40,), steps=3000, points=12, seeds=(0, 1))}
STANDARD = {
    "modular_gain": ModularGain(),
    "published_gain": ModularGain(seeds=(0, 1, 2, 3), published=True),
}


def modular_gain(settings: ModularGain, *, progress: bool = False) -> xr.Dataset:
    """Losses of dense and of modular parameters: while sign descent runs, and at the optimum.

    Args:
        settings: sizes, rate and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, arrangement, dim, alpha, step): `loss`, the cross entropy of all
        skills in nats; and (member, dim, alpha): `optimum`, its infimum over dense parameters.

    Source: both arrangements as in the public code of Liu et al. 2025 (Figure 18), the optimum is
    ours; ends in closed form in `tests/test_geometry_gain.py`.

    >>> small = ModularGain(alphas=(1.0,), dims=(2,), n_skills=4, steps=9, points=3, seeds=(0,))
    >>> dict(modular_gain(small).sizes)
    {'member': 1, 'arrangement': 2, 'dim': 1, 'alpha': 1, 'step': 3}
    """
    at = log_steps(settings.steps, settings.points).tolist()
    frequency = tables(settings.n_skills, settings.alphas)
    losses, best = [], []
    for seed in _progress.bar(settings.seeds, show=progress):
        vectors = [_vectors(settings, dim, seed) for dim in settings.dims]
        counts = SkillCounts(frequency, settings.batch_size, seed)
        dense = [
            descend_columns(
                drawn,
                frequency,
                [SignDescent(settings.lr)],
                at=at,
                batch_size=settings.batch_size,
                seed=seed,
            )[0]
            for drawn in vectors
        ]
        modular = modular_descent(frequency, settings.dims, counts, lr=settings.lr, at=at)
        losses.append([np.stack(dense), modular])
        best.append([[newton(drawn.numpy(), p).loss for p in frequency] for drawn in vectors])
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


def published_gain(settings: ModularGain, *, progress: bool = False) -> xr.Dataset:
    """Return `modular_gain` on the task vectors of the published runs, seeds 0 to 3.

    Args:
        settings: sizes and rate, with `published` true.
        progress: show a bar over seeds.

    Returns:
        Dataset as that of `modular_gain`.

    Raises:
        ValueError: If `published` is false.

    Source: task vectors as the public code of Liu et al. 2025 draws them;
    `tests/test_geometry_gain.py` tells them from others.

    >>> small = ModularGain(alphas=(1.0,), dims=(2,), n_skills=4, steps=9, points=3, seeds=(0,),
    ...     published=True)
    >>> dict(published_gain(small).sizes)
    {'member': 1, 'arrangement': 2, 'dim': 1, 'alpha': 1, 'step': 3}
    """
    if not settings.published:
        raise ValueError(f"published must be True, got {settings.published!r}")
    return modular_gain(settings, progress=progress)


def modular_descent(
    frequency: NDArray[np.float64],
    dims: Sequence[int],
    counts: SkillCounts,
    *,
    lr: float,
    at: Sequence[int],
) -> NDArray[np.float64]:
    """Return the losses of sign descent on modular parameters.

    A skill with a coordinate of its own moves by `lr` at every step whose batch holds it, and
    stays otherwise: its level is a_k = `lr` times the number of such steps, and the loss is
    Σ_(k≤dim) p_k ln(1 + e^(-a_k)) + ln 2 Σ_(k>dim) p_k.

    Args:
        frequency: p_k, shape (column, skill).
        dims: numbers of parameters.
        counts: batches for the same frequencies.
        lr: learning rate.
        at: numbers of updates after which the loss is measured, increasing.

    Returns:
        Cross entropy in nats, shape (dim, column, time).

    Raises:
        ValueError: If `at` is empty or does not increase from a step >= 0.

    Source: derived here; equals `descend_columns` on unit vectors and zeros in
    `tests/test_geometry_gain.py`.

    >>> halves = np.array([[0.5, 0.5]])
    >>> counts = SkillCounts(halves, batch_size=100, seed=0)
    >>> modular_descent(halves, [1], counts, lr=0.1, at=[0, 10]).round(4)
    array([[[0.6931, 0.5032]]])
    """
    _checks.increasing("at", at)
    _checks.integer("at", at[0], minimum=0)
    met = torch.zeros(frequency.shape, dtype=torch.int32)
    losses = np.empty((len(dims), len(frequency), len(at)))
    time = {step: place for place, step in enumerate(at)}
    for step in range(at[-1] + 1):
        if step in time:
            level = lr * met.numpy()
            for loss, dim in zip(losses, dims, strict=True):
                own = np.arange(frequency.shape[1]) < dim
                loss[:, time[step]] = (frequency * np.logaddexp(0, -level * own)).sum(1)
        if step % BLOCK == 0:
            block = counts.block(step // BLOCK) > 0
        met += block[step % BLOCK]
    return losses


def _vectors(settings: ModularGain, dim: int, seed: int) -> Tensor:
    if settings.published:
        return published_vectors(settings.n_skills, dim, seed=seed)
    return task_vectors(settings.n_skills, dim, seeds=[seed], orthonormal=False)[0]
