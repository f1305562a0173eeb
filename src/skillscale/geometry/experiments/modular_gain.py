"""Dense against modular parameters where skills outnumber them: where training ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.geometry.experiments._shared import published_vectors, tables, task_vectors
from skillscale.geometry.experiments.columns import BLOCK, SkillCounts, descend_columns
from skillscale.geometry.experiments.optimum import newton
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.settings import Alphas, Count, Counts, Flag, Positive, Seeds, Steps, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.lab.training import log_steps


@dataclass(frozen=True)
class ModularGain(Experiment):
    """Losses of dense and of modular parameters: while sign descent runs, and at the optimum.

    Modular: each of the `dim` most frequent skills has a coordinate of its own and the others have
    none. Dense: every skill has a random unit task vector, and all share all coordinates.

    Cross entropies of all skills in nats: `loss` (member, arrangement, dim, alpha, step); `optimum`
    (member, dim, alpha), the infimum over dense parameters.

    Source: arrangements of Liu et al. 2025 (public code, Figure 18), the optimum is ours.
    """

    alphas: Alphas = (-0.5, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  #: p_k ∝ k^-(alpha+1)
    dims: Counts = (40, 200)  #: numbers of parameters, fewer than `n_skills`
    n_skills: Count = 1000
    lr: Positive = 0.01  #: learning rate of sign descent
    batch_size: Count = 1024  #: skills drawn for a step
    steps: Steps = 100_000  #: updates of sign descent
    points: Annotated[int, whole(2)] = 25  #: measurements on a logarithmic grid of steps
    seeds: Seeds = tuple(range(200, 210))  #: one set of task vectors and of batches each
    published: Flag = False  #: take the task vectors that the public script draws for the seeds

    order = ("member", "arrangement", "dim", "alpha", "step")
    about = {
        "loss": ("1", "cross entropy, nats"),
        "optimum": ("1", "cross entropy at the dense optimum, nats"),
        "dim": ("", "number of parameters"),
    }

    def together(self) -> None:
        for dim in self.dims:
            if dim >= self.n_skills:
                raise ValueError(f"dims must be below n_skills = {self.n_skills}, got {dim}")

    def at(self) -> list[int]:
        return [int(step) for step in log_steps(self.steps, self.points)]

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {
            "arrangement": ["dense", "modular"],
            "dim": self.dims,
            "alpha": self.alphas,
            "step": self.at(),
        }

    def measure(self, member: int) -> Found:
        frequency = tables(self.n_skills, self.alphas)
        vectors = [
            published_vectors(self.n_skills, dim, seed=member)
            if self.published
            else task_vectors(self.n_skills, dim, seeds=[member], orthonormal=False)[0]
            for dim in self.dims
        ]
        counts = SkillCounts(frequency, self.batch_size, member)
        dense = [
            descend_columns(
                drawn,
                frequency,
                [SignDescent(self.lr)],
                at=self.at(),
                batch_size=self.batch_size,
                seed=member,
            )[0]
            for drawn in vectors
        ]
        modular = modular_descent(frequency, self.dims, counts, lr=self.lr, at=self.at())
        best = [[newton(drawn, p).loss for p in frequency] for drawn in vectors]
        loss = np.array([np.stack(dense), modular], np.float32)
        return {
            "loss": (("arrangement", "dim", "alpha", "step"), loss),
            "optimum": (("dim", "alpha"), np.array(best, np.float32)),
        }


ModularGain.records = {
    "geometry_modular_gain": {
        "live": ModularGain(dims=(40,), steps=3000, points=12, seeds=(0, 1)),
        "standard": ModularGain(),
    },
    "geometry_published_gain": {"standard": ModularGain(seeds=(0, 1, 2, 3), published=True)},
}


def modular_descent(
    frequency: NDArray[np.float64],
    dims: Sequence[int],
    counts: SkillCounts,
    *,
    lr: float,
    at: Sequence[int],
) -> NDArray[np.float64]:
    """Return cross entropies (dim, column, time), in nats, of sign descent on modular parameters.

    A skill with a coordinate of its own moves by `lr` at every step whose batch holds it, and stays
    otherwise: its level is a_k = `lr` times the number of such steps, and the loss, after
    increasing numbers of updates, is Σ_(k≤dim) p_k ln(1 + e^(-a_k)) + ln 2 Σ_(k>dim) p_k, with p
    (column, skill).

    Source: derived here; tested on `descend_columns` with unit vectors and zeros.
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
