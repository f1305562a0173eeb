"""The optimum of the cross entropy by Newton's method: what training could reach at best."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import task_vectors
from skillscale.lab.settings import Alpha, Alphas, Count, Counts, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid

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
    """Minimise Σ_k p_k ln(1 + e^(-t_k·θ)) over θ, for t_k (skill, dim) and p_k > 0 with sum 1.

    The loss is convex. Newton steps are halved until the loss falls. There are two ends: some θ has
    t_k·θ > 0 for every k, so that scaling it up drives the loss to 0, its infimum, and θ itself is
    the proof; or the gradient vanishes at a finite θ, which excludes any such direction.

    Raises:
        RuntimeError: If neither end is reached within 300 steps, or rounding leaves no descent.

    Source: derived here; tested on scipy's minimiser and a linear program.

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
class DimensionScaling(Experiment):
    """Cross entropy at the optimum against the numbers of parameters and of skills.

    `loss` (member, n_skills, dim, alpha), in nats.

    Source: sizes of the scaling figure of Liu et al. 2025, the optimum for training is ours.
    """

    alphas: Alphas = (0.0, 0.4, 1.0)  #: p_k ∝ k^-(alpha+1)
    n_skills: Counts = (1000, 2000, 4000)  #: each skill with a random unit task vector
    dims: Counts = (40, 100, 220)  #: numbers of parameters
    #: one set of task vectors per seed and dim; fewer skills are the first of the largest set
    seeds: Seeds = tuple(range(200, 224))

    order = ("member", "n_skills", "dim", "alpha")
    about = {
        "loss": ("1", "cross entropy at the optimum, nats"),
        "dim": ("", "number of parameters"),
    }

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"n_skills": self.n_skills, "dim": self.dims, "alpha": self.alphas}

    def measure(self, member: int) -> Found:
        vectors = [_vectors(max(self.n_skills), dim, member) for dim in self.dims]
        losses = [
            [
                [newton(drawn[:number], frequencies.power_law(number, a)).loss for a in self.alphas]
                for drawn in vectors
            ]
            for number in self.n_skills
        ]
        return {"loss": (("n_skills", "dim", "alpha"), np.array(losses, np.float32))}


@dataclass(frozen=True)
class CapacityCliff(Experiment):
    """Whether all skills can be satisfied together, and the loss at the optimum if not.

    `satisfiable` (member, dim), 1 if some θ has t_k·θ > 0 for every skill; `loss` (member, dim),
    the cross entropy at the optimum in nats, 0 where they are.

    Source: derived here; tested on Wendel's (1962) share of seeds.
    """

    n_skills: Count = 1000  #: each with a random unit task vector
    dims: Counts = (460, 480, 490, 500, 510, 520, 540)  #: numbers of parameters around n_skills/2
    alpha: Alpha = 0.0  #: p_k ∝ k^-(alpha+1)
    seeds: Seeds = tuple(range(500, 820))  #: one set of task vectors per seed and dim

    about = {
        "satisfiable": ("1", "all skills satisfiable together"),
        "loss": ("1", "cross entropy at the optimum, nats"),
        "dim": ("", "number of parameters"),
    }

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"dim": self.dims}

    def measure(self, member: int) -> Found:
        p = frequencies.power_law(self.n_skills, self.alpha)
        drawn = [_vectors(self.n_skills, dim, member, index=dim) for dim in self.dims]
        found = [newton(vectors, p) for vectors in drawn]
        return {
            "satisfiable": ("dim", np.array([best.satisfiable for best in found], np.int8)),
            "loss": ("dim", np.array([best.loss for best in found], np.float32)),
        }


DimensionScaling.records = {
    "geometry_dimension_scaling": {
        "live": DimensionScaling(n_skills=(1000,), dims=(40, 220), seeds=(0, 1)),
        "standard": DimensionScaling(),
    }
}
CapacityCliff.records = {
    "geometry_capacity_cliff": {
        "live": CapacityCliff(
            n_skills=200, dims=(80, 90, 95, 100, 105, 110, 120), seeds=tuple(range(20))
        ),
        "standard": CapacityCliff(),
    }
}


def _vectors(n_skills: int, dim: int, seed: int, *, index: int = 0) -> Floats:
    drawn = task_vectors(n_skills, dim, seeds=[seed], index=index, orthonormal=False)
    return drawn[0].numpy()


def _loss(frequency: Floats, level: Floats) -> float:
    return float(frequency @ np.logaddexp(0, -level))
