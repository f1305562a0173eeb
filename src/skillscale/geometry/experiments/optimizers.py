"""Optimizers as learners of skills: more or fewer skills than parameters, with gradient noise.

Task vectors have independent normal entries of variance 1/dim, so that they overlap. The loss is
the cross entropy L = -Σ_k p_k ln σ(t_k·θ); a gradient comes from a batch of skills, plus noise.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress, frequencies
from skillscale.geometry.experiments._shared import check_filled, check_sizes, task_vectors
from skillscale.lab.optimizers import (
    SGD,
    Adam,
    AdEMAMix,
    Lion,
    NormalisedGradient,
    Optimizer,
    SignDescent,
)
from skillscale.lab.streams import Stream

RULES = ("adam", "ademamix", "lion", "sign", "sgd", "normalised", "whitened")
_DIMS = ("rule", "rate", "n_skills", "noise")
_BLOCK = 500  # steps whose batches and noise are drawn in one go


@dataclass(frozen=True)
class OptimizerRace:
    """Settings of `optimizer_race`.

    Attributes:
        n_skills: numbers of skills.
        noises: standard deviations of the noise on each coordinate of the gradient.
        rates: learning rates of the rules that move each parameter by about the rate (Adam,
            AdEMAMix, Lion, sign descent). The normalised gradient takes steps of length √dim times
            the rate, as long as a sign step; gradient descent and the whitened gradient have
            `gradient_scale` times the rate.
        gradient_scale: see `rates`.
        dim: number of parameters.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        batch_size: skills drawn for a step.
        steps: number of updates.
        early: first and last step (excluded) of the early window.
        late: number of steps in the late window, the last ones.
        every: steps between the measurements within a window.
        points: number of logarithmically spaced times of the curves.
        ridge: δ of the whitened gradient (VᵀV + δ)⁻¹ g, with the task vectors as rows of V.
        seeds: one set of task vectors, batches and noise per seed.
        tuning_seeds: further seeds, from which rates may be chosen.
    """

    n_skills: tuple[int, ...] = (10, 40)
    noises: tuple[float, ...] = (0.0, 0.2, 1.0)
    rates: tuple[float, ...] = tuple(0.01 * 3.0**power for power in range(-4, 5))
    gradient_scale: float = 30.0
    dim: int = 10
    alpha: float = 1.0
    batch_size: int = 128
    steps: int = 15_000
    early: tuple[int, int] = (1500, 2000)
    late: int = 500
    every: int = 10
    points: int = 40
    ridge: float = 0.1
    seeds: tuple[int, ...] = tuple(range(200, 224))
    tuning_seeds: tuple[int, ...] = tuple(range(300, 312))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "n_skills", "noises", "rates")
        for n_skills in self.n_skills:
            check_sizes(n_skills, self.dim, self.steps, orthonormal=False)
        for noise in self.noises:
            _checks.number("noises", noise, minimum=0)
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        _checks.number("alpha", self.alpha, above=-1)
        for name in ("gradient_scale", "ridge"):
            _checks.number(name, getattr(self, name), above=0)
        for name in ("batch_size", "every", "points", "late"):
            _checks.integer(name, getattr(self, name), minimum=1)
        if not 0 <= self.early[0] < self.early[1] <= self.steps:
            raise ValueError(f"early must increase within 0 … {self.steps}, got {self.early!r}")
        if self.late > self.steps:
            raise ValueError(f"late must be at most steps = {self.steps}, got {self.late!r}")
        _checks.seeds("seeds", self.seeds)
        if self.tuning_seeds:
            _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)


LIVE = {
    "optimizer_race": OptimizerRace(
        n_skills=(40,), noises=(0.0, 1.0), rates=(0.01,), steps=4000, early=(1500, 2000),
        seeds=(0, 1, 2, 3), tuning_seeds=(),
    )
}  # fmt: skip
STANDARD = {"optimizer_race": OptimizerRace()}


def optimizer_race(settings: OptimizerRace, *, progress: bool = False) -> xr.Dataset:
    """True loss of every rule at every rate, with the same task vectors, batches and noise.

    Args:
        settings: sizes, rates and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset in nats, the loss over the true frequencies. `early` and `late`, the means over the
        two windows, with dims (rule, rate, n_skills, noise, member); coordinate `tuning` says which
        members are for tuning. `curve`, the mean over the other members, with dims
        (rule, rate, n_skills, noise, step).

    Source: set-up of the public code of Liu et al. 2025 (Figure 15) for Adam, AdEMAMix and Lion at
    one rate; the other rules and rates are ours. Equals plain loops in
    `tests/test_geometry_optimizers.py`.

    >>> small = OptimizerRace(n_skills=(3,), noises=(0.1,), rates=(0.01, 0.1), steps=9,
    ...     early=(2, 4), late=2, every=1, points=3, seeds=(0,), tuning_seeds=(1,))
    >>> dict(optimizer_race(small).sizes)
    {'rule': 7, 'rate': 2, 'n_skills': 1, 'noise': 1, 'member': 2, 'step': 3}
    """
    seeds = (*settings.seeds, *settings.tuning_seeds)
    last = settings.steps
    shown = np.unique(np.geomspace(1, last, settings.points).round().astype(int))
    windows = {
        "early": set(range(*settings.early, settings.every)),
        "late": set(range(last - settings.late, last, settings.every)),
    }
    wanted = set(shown.tolist()).union(*windows.values())
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in (*windows, "curve")}
    for n_skills in settings.n_skills:
        path = _losses(settings, n_skills, seeds, wanted, progress)
        for name, steps in windows.items():
            found[name].append(np.mean([path[step] for step in sorted(steps)], axis=0))
        judged = np.stack([path[step] for step in shown], axis=-2)[..., : len(settings.seeds)]
        found["curve"].append(judged.mean(-1))
    attributes = {"units": "nats", "long_name": "loss over the true frequencies"}
    dims = dict.fromkeys(windows, (*_DIMS, "member")) | {"curve": (*_DIMS, "step")}
    return xr.Dataset(
        {
            name: (dims[name], np.stack(values, axis=2).astype(np.float32), attributes)
            for name, values in found.items()
        },
        coords={
            "rule": list(RULES),
            "rate": ("rate", list(settings.rates), {"long_name": "rate of the unit-step rules"}),
            "n_skills": list(settings.n_skills),
            "noise": list(settings.noises),
            "seed": ("member", np.asarray(seeds)),
            "tuning": ("member", np.isin(seeds, settings.tuning_seeds).astype(np.int8)),
            "step": ("step", shown, {"units": "optimizer steps"}),
        },
    )


def whitening(vectors: Tensor, ridge: float) -> Tensor:
    """Return (VᵀV + δ)⁻¹ for task vectors V of shape (member, skill, dim) and δ = `ridge`.

    With as many independent task vectors as parameters and δ → 0, a step along the whitened
    gradient moves every level t_k·θ by its own demand alone: V (VᵀV)⁻¹ Vᵀ = 1.

    >>> whitening(torch.eye(2)[None], 1.0)[0]
    tensor([[0.5000, 0.0000],
            [0.0000, 0.5000]])
    """
    square = vectors.mT @ vectors
    shifted = square + ridge * torch.eye(square.shape[-1], dtype=square.dtype)
    inverse: Tensor = torch.linalg.inv(shifted)
    return inverse


def _rules(settings: OptimizerRace, n_repeats: int) -> dict[str, Optimizer]:
    """Return the optimizers, each with every rate `n_repeats` times in a row."""
    lr = [rate for rate in settings.rates for _ in range(n_repeats)]
    length = [math.sqrt(settings.dim) * rate for rate in lr]
    scaled = [settings.gradient_scale * rate for rate in lr]
    rules: dict[str, Optimizer] = {
        "adam": Adam(lr, betas=(0.9, 0.95)),
        "ademamix": AdEMAMix(lr),
        "lion": Lion(lr),
        "sign": SignDescent(lr),
        "sgd": SGD(scaled),
        "normalised": NormalisedGradient(length),
        "whitened": SGD(scaled),
    }
    return {name: rules[name] for name in RULES}


def _losses(
    settings: OptimizerRace,
    n_skills: int,
    seeds: tuple[int, ...],
    wanted: set[int],
    progress: bool,
) -> dict[int, NDArray[np.float32]]:
    """Return the true losses (rule, rate, noise, seed) before each of the wanted steps."""
    vectors = task_vectors(
        n_skills, settings.dim, seeds=seeds, orthonormal=False, normalised=False
    ).float()
    white = whitening(vectors, settings.ridge)
    frequency = frequencies.power_law(n_skills, settings.alpha)
    chance = torch.from_numpy(frequency).float()
    n_seeds, n_noises, n_rates = len(seeds), len(settings.noises), len(settings.rates)
    shape = (len(RULES), n_rates, n_noises, n_seeds)
    scale = torch.tensor(settings.noises)[:, None, None]
    # members of a rule are rates × noises × seeds; the seed's vectors, batch and noise are shared
    theta = torch.zeros(len(RULES), n_rates * n_noises * n_seeds, settings.dim)
    rules = list(_rules(settings, n_noises * n_seeds).values())
    states = [rule.start([part]) for rule, part in zip(rules, theta, strict=True)]
    drawn = [(Stream(seed, "skills of a batch"), Stream(seed, "gradient noise")) for seed in seeds]
    path = {}
    for step in _progress.bar(range(settings.steps + 1), show=progress):
        if step % _BLOCK == 0:
            shares = _stack(
                batches.at(step).multinomial(settings.batch_size, frequency, size=_BLOCK)
                / settings.batch_size
                for batches, _ in drawn
            )
            normal = _stack(
                noise.at(step).standard_normal((_BLOCK, settings.dim)) for _, noise in drawn
            )
        level = theta.view(-1, n_seeds, settings.dim).transpose(0, 1) @ vectors.mT
        rows, n_rows = _padded(level), level[..., 0].numel()
        if step in wanted:
            loss = torch.nn.functional.softplus(-rows) @ chance
            path[step] = loss[:n_rows].view(level.shape[:2]).T.reshape(shape).numpy()
        demand = torch.sigmoid(-rows)[:n_rows].view(level.shape)
        pull = demand * shares[:, step % _BLOCK, None]
        gradient = -(pull @ vectors).transpose(0, 1).reshape(*shape, settings.dim)
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
    """Return float32 draws of shape (seed, step, …)."""
    return torch.from_numpy(np.stack(list(arrays))).float()
