"""Optimizers as learners of skills: more or fewer skills than parameters, with gradient noise."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import task_vectors
from skillscale.lab.optimizers import (
    SGD,
    Adam,
    AdEMAMix,
    Lion,
    NormalisedGradient,
    Optimizer,
    SignDescent,
)
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import (
    Alpha,
    Count,
    Counts,
    Positive,
    Positives,
    Seeds,
    Steps,
    each,
    real,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Grid

RULES = ("adam", "ademamix", "lion", "sign", "sgd", "normalised", "whitened")
_BLOCK = 500  # steps whose batches and noise are drawn in one go


@dataclass(frozen=True)
class OptimizerRace(Experiment):
    """True loss of every rule at every rate, with the same task vectors, batches and noise.

    Task vectors have independent normal entries of variance 1/dim, so that they overlap. A gradient
    of L = -Σ_k p_k ln σ(t_k·θ) comes from a batch of skills, plus noise.

    L over the true frequencies, in nats: `early` and `late` (rule, rate, n_skills, noise, member),
    the means over the two windows; `curve` (rule, rate, n_skills, noise, step), the mean over the
    members that coordinate `tuning` (member) does not mark.

    `rates` are those of the rules that move each parameter by about the rate (Adam, AdEMAMix, Lion,
    sign descent). The normalised gradient takes steps of length √dim times the rate, as long as a
    sign step; gradient descent and the whitened gradient have `gradient_scale` times the rate.

    Source: Liu et al. 2025 (Figure 15: Adam, AdEMAMix, Lion, one rate); the rest is ours.
    """

    n_skills: Counts = (10, 40)
    #: standard deviations on each coordinate of the gradient
    noises: Annotated[tuple[float, ...], each(real(minimum=0))] = (0.0, 0.2, 1.0)
    rates: Positives = tuple(0.01 * 3.0**power for power in range(-4, 5))
    gradient_scale: Positive = 30.0
    dim: Count = 10  #: number of parameters
    alpha: Alpha = 1.0  #: p_k ∝ k^-(alpha+1)
    batch_size: Count = 128  #: skills drawn for a step
    steps: Steps = 15_000  #: updates
    early: tuple[int, int] = (1500, 2000)  #: first and last step (excluded) of the early window
    late: Count = 500  #: steps in the late window, the last ones
    every: Count = 10  #: steps between the measurements within a window
    points: Count = 40  #: logarithmically spaced times of the curves
    ridge: Positive = 0.1  #: δ of (VᵀV + δ)⁻¹ g, with the task vectors as rows of V
    seeds: Seeds = tuple(range(500, 660))  #: one set of task vectors, batches and noise each
    tuning_seeds: tuple[int, ...] = tuple(range(700, 740))  #: from which rates may be chosen

    order = ("rule", "rate", "n_skills", "noise", "member", "step")
    about = {
        **dict.fromkeys(("early", "late", "curve"), ("nats", "loss over the true frequencies")),
        "rate": ("", "rate of the unit-step rules"),
    }

    def together(self) -> None:
        if not 0 <= self.early[0] < self.early[1] <= self.steps:
            raise ValueError(f"early must increase within 0 … {self.steps}, got {self.early!r}")
        if self.late > self.steps:
            raise ValueError(f"late must be at most steps = {self.steps}, got {self.late!r}")
        if self.tuning_seeds:
            _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)

    def shown(self) -> NDArray[np.int64]:
        return np.unique(np.geomspace(1, self.steps, self.points).round().astype(int))

    def grid(self) -> Grid:
        return {"n_skills": self.n_skills}

    def coords(self) -> Coords:
        seeds = np.array((*self.seeds, *self.tuning_seeds))
        return {
            "rule": list(RULES),
            "rate": self.rates,
            "noise": self.noises,
            "seed": ("member", seeds),
            "tuning": ("member", np.isin(seeds, self.tuning_seeds).astype(np.int8)),
            "step": self.shown(),
        }

    def measure(self, n_skills: int) -> Found:
        windows = {
            "early": set(range(*self.early, self.every)),
            "late": set(range(self.steps - self.late, self.steps, self.every)),
        }
        wanted = set(self.shown().tolist()).union(*windows.values())
        path = _losses(self, n_skills, (*self.seeds, *self.tuning_seeds), wanted)
        judged = np.stack([path[step] for step in self.shown()], axis=-2)[..., : len(self.seeds)]
        means = {
            name: np.mean([path[step] for step in sorted(steps)], axis=0)
            for name, steps in windows.items()
        }
        axes = ("rule", "rate", "noise")
        found: dict[str, tuple[tuple[str, ...], NDArray[np.float32]]] = {
            name: ((*axes, "member"), mean.astype(np.float32)) for name, mean in means.items()
        }
        return {**found, "curve": ((*axes, "step"), judged.mean(-1).astype(np.float32))}


OptimizerRace.records = {
    "geometry_optimizer_race": {
        "live": OptimizerRace(
            n_skills=(40,), noises=(0.0, 1.0), rates=(0.01,), steps=4000, seeds=(0, 1, 2, 3),
            tuning_seeds=(),
        ),
        "standard": OptimizerRace(),
    }
}  # fmt: skip


def whitening(vectors: Tensor, ridge: float) -> Tensor:
    """Return (VᵀV + δ)⁻¹ for task vectors V of shape (member, skill, dim) and δ = `ridge`.

    With as many independent task vectors as parameters and δ → 0, a step along the whitened
    gradient moves every level t_k·θ by its own demand alone: V (VᵀV)⁻¹ Vᵀ = 1.
    """
    square = vectors.mT @ vectors
    shifted = square + ridge * torch.eye(square.shape[-1], dtype=square.dtype)
    inverse: Tensor = torch.linalg.inv(shifted)
    return inverse


def _rules(of: OptimizerRace, n_repeats: int) -> list[Optimizer]:
    """Return the optimizers of `RULES`, each with every rate `n_repeats` times in a row."""
    lr = [rate for rate in of.rates for _ in range(n_repeats)]
    scaled = SGD([of.gradient_scale * rate for rate in lr])
    normalised = NormalisedGradient([math.sqrt(of.dim) * rate for rate in lr])
    adam = Adam(lr, betas=(0.9, 0.95))
    return [adam, AdEMAMix(lr), Lion(lr), SignDescent(lr), scaled, normalised, scaled]


def _losses(
    of: OptimizerRace, n_skills: int, seeds: tuple[int, ...], wanted: set[int]
) -> dict[int, NDArray[np.float32]]:
    """Return the true losses (rule, rate, noise, seed) before each of the wanted steps."""
    vectors = task_vectors(
        n_skills, of.dim, seeds=seeds, orthonormal=False, normalised=False
    ).float()
    white = whitening(vectors, of.ridge)
    frequency = frequencies.power_law(n_skills, of.alpha)
    chance = torch.from_numpy(frequency).float()
    n_seeds, n_noises, n_rates = len(seeds), len(of.noises), len(of.rates)
    shape = (len(RULES), n_rates, n_noises, n_seeds)
    scale = torch.tensor(of.noises)[:, None, None]
    # members of a rule are rates × noises × seeds; the seed's vectors, batch and noise are shared
    theta = torch.zeros(len(RULES), n_rates * n_noises * n_seeds, of.dim)
    rules = _rules(of, n_noises * n_seeds)
    states = [rule.start([part]) for rule, part in zip(rules, theta, strict=True)]
    drawn = [(Stream(seed, "skills of a batch"), Stream(seed, "gradient noise")) for seed in seeds]
    path = {}
    for step in range(of.steps + 1):
        if step % _BLOCK == 0:
            shares = _stack(
                batches.at(step).multinomial(of.batch_size, frequency, size=_BLOCK) / of.batch_size
                for batches, _ in drawn
            )
            normal = _stack(noise.at(step).standard_normal((_BLOCK, of.dim)) for _, noise in drawn)
        level = theta.view(-1, n_seeds, of.dim).transpose(0, 1) @ vectors.mT
        rows, n_rows = _padded(level), level[..., 0].numel()
        if step in wanted:
            loss = torch.nn.functional.softplus(-rows) @ chance
            path[step] = loss[:n_rows].view(level.shape[:2]).T.reshape(shape).numpy()
        demand = torch.sigmoid(-rows)[:n_rows].view(level.shape)
        pull = demand * shares[:, step % _BLOCK, None]
        gradient = -(pull @ vectors).transpose(0, 1).reshape(*shape, of.dim)
        gradient += scale * normal[:, step % _BLOCK]
        last = gradient[-1].transpose(-2, -3)[..., None, :]
        gradient[-1] = (last @ white[:, None])[..., 0, :].transpose(-2, -3)
        for rule, part, state, move in zip(rules, theta, states, gradient, strict=True):
            rule.step([part], [move.reshape(part.shape)], state)
    return path


def _padded(level: Tensor) -> Tensor:
    """Levels (seed, member of a rule, skill) as rows, filled up with rows of 0 to whole blocks.

    Torch takes exponentials of 32 numbers at a time and BLAS products of 4 rows, and they round
    what is left over otherwise. With nothing left over these are the same beside any other seeds.
    """
    rows = level.flatten(0, 1)
    return torch.nn.functional.pad(rows, (0, 0, 0, -len(rows) % 32))


def _stack(arrays: Iterable[NDArray[np.float64]]) -> Tensor:
    return torch.from_numpy(np.stack(list(arrays))).float()
