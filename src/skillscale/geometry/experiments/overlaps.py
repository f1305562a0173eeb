"""Task vectors that overlap, and how far the gradient points along each of them."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch

from skillscale import frequencies
from skillscale.geometry.experiments._shared import (
    LOSSES,
    check_sizes,
    descend,
    squared_steps,
    tables,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent
from skillscale.lab.settings import Alpha, Alphas, Count, Counts, Positive, Seeds, Steps, each, word
from skillscale.lab.sweep import Coords, Experiment, Found, Grid


@dataclass(frozen=True)
class OverlappingSkills(Experiment):
    """Levels t_k·θ over time under sign descent with exact gradients, for every loss and size.

    The task vectors are `task_vectors(n_skills, dim, seeds=…, orthonormal=False)`, fewer or more
    than there are parameters. `level` (loss, size, member, time, skill), nan beyond the number of
    skills; `n_skills` and `dim` (size).

    Source: Liu et al. 2025 (Figure 8), with exact gradients; tested on automatic gradients.
    """

    sizes: tuple[tuple[int, int], ...]  #: pairs (number of skills, number of parameters)
    losses: Annotated[tuple[str, ...], each(word(*LOSSES))] = LOSSES
    alpha: Alpha = 1.0  #: p_k ∝ k^-(alpha+1)
    length: Positive = 0.003  #: Euclidean length of a step; the learning rate is this over √dim
    steps: Steps = 6700  #: updates
    points: Count = 12  #: times measured after the start, quadratically spaced
    seeds: Seeds = tuple(range(200, 210))  #: one set of task vectors each

    order = ("loss", "size", "member", "time", "skill")
    about = {"level": ("1", "level of a skill, 1 when learned")}

    def together(self) -> None:
        if not self.sizes:
            raise ValueError("sizes must not be empty")
        for n_skills, dim in self.sizes:
            check_sizes(n_skills, dim, orthonormal=False)

    def grid(self) -> Grid:
        return {"loss": self.losses, "size": self.sizes}

    def coords(self) -> Coords:
        return {
            "n_skills": ("size", [n_skills for n_skills, _ in self.sizes]),
            "dim": ("size", [dim for _, dim in self.sizes]),
            "step": ("time", squared_steps(self.steps, self.points)),
            "skill": range(1, max(n_skills for n_skills, _ in self.sizes) + 1),
        }

    def measure(self, loss: str, size: tuple[int, int]) -> Found:
        n_skills, dim = size
        times = squared_steps(self.steps, self.points)
        path = descend(
            task_vectors(n_skills, dim, seeds=self.seeds, orthonormal=False),
            torch.from_numpy(frequencies.power_law(n_skills, self.alpha)),
            SignDescent(self.length / dim**0.5),
            self.steps,
            loss=loss,
        )
        kept = {step: level for step, level in enumerate(path) if step in times}
        most = max(number for number, _ in self.sizes)
        found = np.full((len(self.seeds), len(times), most), np.nan, dtype=np.float32)
        found[..., :n_skills] = torch.stack([kept[step] for step in times], dim=1).numpy()
        return {"level": (("member", "time", "skill"), found.round(3))}


@dataclass(frozen=True)
class GradientAlignment(Experiment):
    """Share of parameters in which minus the gradient and a task vector have one sign.

    The task vectors are orthonormal. The gradient is the one over the true frequencies, in both
    arms; with sampled gradients it is not the one that moves the parameters. `aligned` (arm,
    n_skills, alpha, member, step, skill), that share, and `unlearned`, 1 - t_k·θ, alike; nan beyond
    the number of skills.

    Source: a count in the public code of Liu et al. 2025 (Figures 4 and 5).
    """

    n_skills: Counts = (2, 3, 5, 10)  #: at most `dim`
    alphas: Alphas = (0.0, 1.0, 3.0)  #: p_k ∝ k^-(alpha+1)
    batch_size: Count = 128  #: skills drawn for a step in the arm with sampled gradients
    dim: Count = 1000  #: number of parameters
    lr: Positive = 3e-4  #: learning rate of sign descent
    steps: Steps = 640  #: updates
    every: Count = 40  #: steps between measurements
    seeds: Seeds = tuple(range(200, 210))  #: one set of task vectors and batches each

    order = ("arm", "n_skills", "alpha", "member", "step", "skill")
    about = {
        "aligned": (
            "1",
            "share of parameters in which minus the gradient has the task vector's sign",
        ),
        "unlearned": ("1", "unlearned fraction"),
    }

    def together(self) -> None:
        for n_skills in self.n_skills:
            check_sizes(n_skills, self.dim)

    def grid(self) -> Grid:
        return {"arm": ["exact", "sampled"], "n_skills": self.n_skills}

    def coords(self) -> Coords:
        return {
            "alpha": self.alphas,
            "step": range(0, self.steps + 1, self.every),
            "skill": range(1, max(self.n_skills) + 1),
        }

    def measure(self, arm: str, n_skills: int) -> Found:
        n_alphas, n_steps = len(self.alphas), self.steps // self.every + 1
        vectors = task_vectors(n_skills, self.dim, seeds=self.seeds).repeat(n_alphas, 1, 1)
        frequency = torch.from_numpy(tables(n_skills, self.alphas))
        frequency = frequency.repeat_interleave(len(self.seeds), dim=0)
        path = descend(
            vectors,
            frequency,
            SignDescent(self.lr),
            self.steps,
            batch_size=self.batch_size if arm == "sampled" else None,
            seeds=self.seeds * n_alphas,
        )
        shape = (2, n_alphas, len(self.seeds), n_steps, max(self.n_skills))
        found = np.full(shape, np.nan, dtype=np.float32)
        for step, level in enumerate(path):
            if step % self.every == 0:
                pull = ((frequency * (1 - level))[:, None] @ vectors).sign()
                aligned = (pull == vectors.sign()).double().mean(-1)
                for value, out in zip((aligned, 1 - level), found, strict=True):
                    split = value.reshape(n_alphas, -1, n_skills)
                    out[:, :, step // self.every, :n_skills] = split.numpy()
        dims = ("alpha", "member", "step", "skill")
        return {"aligned": (dims, found[0]), "unlearned": (dims, found[1].round(3))}


OverlappingSkills.records = {
    "geometry_overlapping_skills": {
        "live": OverlappingSkills(
            ((40, 200), (20, 10)), losses=("mse",), steps=2500, seeds=(0, 1, 2), points=40
        ),
        "standard": OverlappingSkills(
            ((40, 200), (40, 10), (100, 10), (5, 10), (10, 10), (20, 10)),
            seeds=tuple(range(200, 212)),
        ),
    }
}
GradientAlignment.records = {
    "geometry_gradient_alignment": {
        "live": GradientAlignment((5,), (1.0,), seeds=(0, 1, 2)),
        "standard": GradientAlignment(),
    }
}
