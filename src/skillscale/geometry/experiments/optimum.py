"""The optimum of the cross entropy by Newton's method: what training could reach at best."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.linalg
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from skillscale import _checks, _progress, frequencies
from skillscale.geometry.experiments._shared import (
    check_alphas,
    check_filled,
    check_sizes,
    task_vectors,
)

Floats = NDArray[np.float64]

# Square of the Newton decrement, as a share of the loss, at which the optimum counts as found.
PRECISION = 1e-10
ITERATIONS = 300


class Optimum(NamedTuple):
    """Loss at the optimum in nats, whether every skill is satisfied there, Newton steps taken."""

    loss: float
    satisfiable: bool
    iterations: int


def newton(vectors: ArrayLike, frequency: ArrayLike) -> Optimum:
    """Minimise Σ_k p_k ln(1 + e^(-t_k·θ)) over θ.

    The loss is convex. Newton steps are halved until the loss falls. There are two ends: some θ
    has t_k·θ > 0 for every k, so that scaling it up drives the loss to 0, its infimum, and θ
    itself is the proof; or the gradient vanishes at a finite θ, which excludes any such direction.

    Args:
        vectors: task vectors t_k, shape (skill, dim).
        frequency: p_k > 0, shape (skill,), with sum 1.

    Returns:
        The loss at the optimum, exactly 0 if all skills can be satisfied together; whether they
        can; and the number of Newton steps.

    Raises:
        ValueError: If a shape or frequency is out of range.
        RuntimeError: If neither end is reached within 300 steps, or rounding leaves no descent.

    Source: derived here; against scipy's minimiser and a linear program in
    `tests/test_geometry_optimum.py`.

    >>> newton([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5]).satisfiable
    True
    >>> round(newton([[1.0], [-1.0]], [0.5, 0.5]).loss, 6)  # the two cancel: ln 2
    0.693147
    """
    v = _checks.array("vectors", vectors, dims=(2,))
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    if len(p) != len(v):
        raise ValueError(f"frequency must have {len(v)} entries, one a vector, got {len(p)}")
    level = np.zeros(len(v))
    loss = _loss(p, level)
    for iteration in range(ITERATIONS):
        if level.min() > 0:
            return Optimum(0.0, True, iteration)
        wrong = expit(-level)
        gradient = -v.T @ (p * wrong)
        curved = v * np.sqrt(p * wrong * (1 - wrong))[:, None]
        hessian = curved.T @ curved
        # keeps the factorisation possible where far-off skills leave no curvature
        hessian[np.diag_indices_from(hessian)] += 1e-13 * np.trace(hessian)
        factor = scipy.linalg.cho_factor(hessian, overwrite_a=True)
        direction = -scipy.linalg.cho_solve(factor, gradient)
        decrease = float(-gradient @ direction)
        if decrease < PRECISION * loss:
            return Optimum(loss, False, iteration)
        move, length = v @ direction, 1.0
        while (trial := _loss(p, level + length * move)) > loss - 0.1 * length * decrease:
            length /= 2
            if length < 1e-9:
                raise RuntimeError("no descent along Newton's direction")
        level, loss = level + length * move, trial
    raise RuntimeError(f"no optimum within {ITERATIONS} Newton steps")


@dataclass(frozen=True)
class DimensionScaling:
    """Settings of `dimension_scaling`.

    Attributes:
        alphas: skill k has frequency p_k ∝ k^-(alpha+1).
        n_skills: numbers of skills, each with a random unit task vector.
        dims: numbers of parameters; the two-point slope is between the first and the last.
        seeds: one set of task vectors per seed and number of parameters; fewer skills are the
            first of the largest set.
    """

    alphas: tuple[float, ...] = (0.0, 0.4, 1.0)
    n_skills: tuple[int, ...] = (1000, 2000, 4000)
    dims: tuple[int, ...] = (40, 100, 220)
    seeds: tuple[int, ...] = tuple(range(200, 224))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_alphas(self.alphas)
        check_filled(self, "n_skills", "dims")
        for number in self.n_skills:
            for dim in self.dims:
                check_sizes(number, dim, 0, orthonormal=False)
        _checks.seeds("seeds", self.seeds)


@dataclass(frozen=True)
class CapacityCliff:
    """Settings of `capacity_cliff`.

    Attributes:
        n_skills: number of skills, each with a random unit task vector.
        dims: numbers of parameters around n_skills/2.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        seeds: one set of task vectors per seed and number of parameters.
    """

    n_skills: int = 1000
    dims: tuple[int, ...] = (460, 480, 490, 500, 510, 520, 540)
    alpha: float = 0.0
    seeds: tuple[int, ...] = tuple(range(200, 400))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "dims")
        for dim in self.dims:
            check_sizes(self.n_skills, dim, 0, orthonormal=False)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "dimension_scaling": DimensionScaling(n_skills=(1000,), dims=(40, 220), seeds=(0, 1)),
    "capacity_cliff": CapacityCliff(
        n_skills=200, dims=(80, 90, 95, 100, 105, 110, 120), seeds=tuple(range(20))
    ),
}
STANDARD = {"dimension_scaling": DimensionScaling(), "capacity_cliff": CapacityCliff()}


def dimension_scaling(settings: DimensionScaling, *, progress: bool = False) -> xr.Dataset:
    """Cross entropy at the optimum against the numbers of parameters and of skills.

    Args:
        settings: sizes, exponents and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, n_skills, dim, alpha): `loss`, in nats.

    Source: sizes as in the scaling figure of the public code of Liu et al. 2025, the optimum in
    place of training is ours; `tests/test_geometry_optimum.py` finds the slopes of that figure.

    >>> small = DimensionScaling(alphas=(1.0,), n_skills=(4, 6), dims=(2,), seeds=(0,))
    >>> dict(dimension_scaling(small).sizes)
    {'member': 1, 'n_skills': 2, 'dim': 1, 'alpha': 1}
    """
    sizes = (len(settings.n_skills), len(settings.dims), len(settings.alphas))
    losses = np.empty((len(settings.seeds), *sizes), dtype=np.float32)
    for seed, found in zip(_progress.bar(settings.seeds, show=progress), losses, strict=True):
        for j, dim in enumerate(settings.dims):
            vectors = _vectors(max(settings.n_skills), dim, seed)
            for i, number in enumerate(settings.n_skills):
                for k, alpha in enumerate(settings.alphas):
                    p = frequencies.power_law(number, alpha)
                    found[i, j, k] = newton(vectors[:number], p).loss
    return xr.Dataset(
        {
            "loss": (
                ("member", "n_skills", "dim", "alpha"),
                losses,
                {"units": "1", "long_name": "cross entropy at the optimum, nats"},
            )
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_skills": list(settings.n_skills),
            "dim": ("dim", list(settings.dims), {"long_name": "number of parameters"}),
            "alpha": list(settings.alphas),
        },
    )


def capacity_cliff(settings: CapacityCliff, *, progress: bool = False) -> xr.Dataset:
    """Whether all skills can be satisfied together, and the loss at the optimum if not.

    Args:
        settings: sizes and seeds.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, dim): `satisfiable`, 1 if some θ has t_k·θ > 0 for every skill;
        `loss`, the cross entropy at the optimum in nats, 0 where they are.

    Source: derived here; the share of seeds is Wendel's (1962) in
    `tests/test_geometry_optimum.py`.

    >>> small = CapacityCliff(n_skills=6, dims=(2, 3), seeds=(0,))
    >>> dict(capacity_cliff(small).sizes)
    {'member': 1, 'dim': 2}
    """
    p = frequencies.power_law(settings.n_skills, settings.alpha)
    found = [
        [newton(_vectors(settings.n_skills, dim, seed), p) for dim in settings.dims]
        for seed in _progress.bar(settings.seeds, show=progress)
    ]
    satisfiable = np.array([[best.satisfiable for best in row] for row in found], dtype=np.int8)
    loss = np.array([[best.loss for best in row] for row in found], dtype=np.float32)
    dims = ("member", "dim")
    return xr.Dataset(
        {
            "satisfiable": (
                dims, satisfiable, {"units": "1", "long_name": "all skills satisfiable together"},
            ),
            "loss": (dims, loss, {"units": "1", "long_name": "cross entropy at the optimum, nats"}),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "dim": ("dim", list(settings.dims), {"long_name": "number of parameters"}),
        },
    )  # fmt: skip


def _vectors(n_skills: int, dim: int, seed: int) -> Floats:
    return task_vectors(n_skills, dim, seeds=[seed], orthonormal=False)[0].numpy()


def _loss(frequency: Floats, level: Floats) -> float:
    return float(frequency @ np.logaddexp(0, -level))
