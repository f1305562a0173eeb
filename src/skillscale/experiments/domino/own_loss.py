"""Two remedies for a rare task that waits: a network in two halves, and re-weighting by own loss.

A network with two inputs learns their squares, one output each. Most samples show the first input
alone, a few the second; the other input is 0 and its output is not asked for. *Modular* networks
have two halves without connections, one for each task. *Own loss* multiplies a sample's loss ℓ by
ℓ/mean(ℓ), held fixed in the gradient: it attends to what is still wrong. Where labels are noisy,
what stays wrong is the noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.experiments.domino import _shared
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.streams import Stream
from skillscale.lab.training import train

Floats = NDArray[np.float64]

ARMS = ("dense", "modular", "own loss")
LEARNED = 1e-3  # mean squared error below which the public code calls a task learned


@dataclass(frozen=True)
class TwoSquares:
    """Settings of `two_squares`.

    Attributes:
        published_rate: Adam's rate for all arms, as in the public code.
        rates: rates tried for each arm, increasing, at least two.
        tuning_seeds: seeds of the networks on which rates are tried.
        seeds: seeds of the networks that are followed; each draws its own samples, noise and
            initial parameters, the same for all arms.
        noise_shares: shares of the common task's samples whose targets are noisy, increasing.
        noise: standard deviation of the Gaussian noise added to their targets, which lie in 0…1.
        n_samples: number of samples, all used in every step.
        n_rare: how many of them carry the rare task.
        width: neurons of each of the two hidden layers (SiLU), an even number.
        steps: number of updates.
        every: steps between measurements.
    """

    published_rate: float = 5e-4
    rates: tuple[float, ...] = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2)
    tuning_seeds: tuple[int, ...] = tuple(range(100, 106))
    seeds: tuple[int, ...] = tuple(range(12))
    noise_shares: tuple[float, ...] = (0.05, 0.2)
    noise: float = 1.0
    n_samples: int = 1000
    n_rare: int = 10
    width: int = 100
    steps: int = 1000
    every: int = 4

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not self.noise_shares:
            raise ValueError("noise_shares must not be empty")
        _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.seeds("seeds", self.seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        _checks.number("published_rate", self.published_rate, above=0)
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        _checks.increasing("rates", self.rates, least=2)
        for share in self.noise_shares:
            _checks.number("noise_shares", share, above=0, maximum=1)
        _checks.number("noise", self.noise, above=0)
        _checks.integer("n_rare", self.n_rare, minimum=1)
        _checks.integer("n_samples", self.n_samples, minimum=self.n_rare + 1)
        if _checks.integer("width", self.width, minimum=2) % 2:
            raise ValueError(f"width must be even, for two halves, got {self.width}")
        _checks.integer("steps", self.steps, minimum=0)
        _checks.integer("every", self.every, minimum=1)


LIVE = {
    "two_squares": TwoSquares(
        rates=(4e-3, 8e-3, 1.6e-2),
        tuning_seeds=(100,),
        seeds=(0, 1, 2),
        noise_shares=(0.2,),
        n_samples=300,
        n_rare=5,
        width=32,
        steps=600,
    )
}
STANDARD = {"two_squares": TwoSquares(seeds=tuple(range(200, 212)))}


def two_squares(settings: TwoSquares, *, progress: bool = False) -> xr.Dataset:
    """Follow the losses of a common and a rare regression in three kinds of networks.

    Every arm gets, of the rates tried, the one at which both tasks are learned soonest: the lowest
    mean over tuning seeds of the first step by which both losses have been below 1e-3 (`steps`
    where they never were). The noisy runs have the rates tuned without noise.

    Args:
        settings: data, network, training and rates.
        progress: show a bar over seeds.

    Returns:
        Dataset with `loss` (setting, member, arm, step, task), the mean squared error over a task's
        samples at the published and at the tuned rates; `noisy_loss` (noise_share, member, arm,
        step, task), that against the targets before the noise, at the tuned rates; `rate` (arm);
        `finish` (arm, tuning_seed, tried), the steps that decided on it, nan where a task was
        never learned. Losses to three digits.

    Raises:
        FloatingPointError: If members diverge.

    Source: Liu et al. 2025 (public code: networks, samples, weights ℓ/mean(ℓ), rate 5e-4); tuned
    rates and noise are ours. Equal to plain networks and loops in `tests/test_domino_own_loss.py`.

    >>> small = TwoSquares(rates=(1e-2, 2e-2), tuning_seeds=(1,), seeds=(0,), noise_shares=(0.5,),
    ...     n_samples=20, n_rare=2, width=4, steps=10, every=5)
    >>> dict(two_squares(small)["loss"].sizes)
    {'setting': 2, 'member': 1, 'arm': 3, 'step': 3, 'task': 2}
    """
    steps = np.arange(0, settings.steps + 1, settings.every)
    trying, following = (
        _progress.bar(seeds, show=progress) for seeds in (settings.tuning_seeds, settings.seeds)
    )
    finish = np.stack([_finish(settings, seed, steps) for seed in trying], axis=1)
    counted = np.where(np.isnan(finish), settings.steps, finish).mean(1)
    tuned = [settings.rates[best] for best in counted.argmin(1)]
    variants = [
        ([settings.published_rate] * len(ARMS), 0.0),
        *((tuned, share) for share in (0.0, *settings.noise_shares)),
    ]
    members = [
        (arm, rate, share)
        for rates, share in variants
        for arm, rate in zip(ARMS, rates, strict=True)
    ]
    curves = np.stack([_losses(settings, seed, members) for seed in following])
    # (seed, variant and arm, step, task) -> (variant, seed, arm, step, task)
    shape = (len(settings.seeds), len(variants), len(ARMS), len(steps), 2)
    losses = records.significant(curves.reshape(shape).swapaxes(0, 1), digits=3)
    return _dataset(settings, losses, finish, tuned, steps)


def _finish(settings: TwoSquares, seed: int, steps: NDArray[np.int64]) -> Floats:
    """Return the first step at which both losses are low, (arm, rate), nan where there is none."""
    members = [(arm, rate, 0.0) for arm, rate in itertools.product(ARMS, settings.rates)]
    # a task counts from the first step at which its loss is low, even if it rises again
    low = (_losses(settings, seed, members) < LEARNED).cumsum(1).min(-1) > 0
    first = np.where(low.any(1), steps[low.argmax(1)], np.nan)
    return first.reshape(len(ARMS), len(settings.rates))


def _losses(
    settings: TwoSquares, seed: int, members: Sequence[tuple[str, float, float]]
) -> NDArray[np.float32]:
    """Train a seed's networks (arm, rate, share of noisy targets): losses (member, step, task)."""
    inputs, mask = _data(settings, seed)
    clean = inputs.square()
    count = len(members)
    target = torch.stack([clean + _noise(settings, seed, share) for _, _, share in members])
    batch = _shared.task_batch(inputs.expand(count, -1, -1), target, mask)
    model = MLPEnsemble(
        2,
        [settings.width] * count,
        seeds=[seed] * count,
        n_outputs=2,
        depth=2,
        activation="silu",
    )
    _split([arm == "modular" for arm, _, _ in members], model)
    own = torch.tensor([arm == "own loss" for arm, _, _ in members])[:, None, None]

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        error = (model(inputs) - clean).square() * mask
        return {"loss": error.sum(1) / mask.sum(0)}

    def loss(outputs: Tensor, batch: Batch) -> Tensor:
        assert batch.weight is not None
        error = (outputs - batch.target).square() * batch.weight
        return (error * torch.where(own, _own_loss(error), 1.0)).mean((-1, -2))

    record = train(
        model,
        lambda _: batch,
        optimizer=Adam([rate for _, rate, _ in members]),
        steps=settings.steps,
        loss=loss,
        measure=measure,
        at=range(0, settings.steps + 1, settings.every),
    )["loss"]
    values: NDArray[np.float32] = record.movedim(0, 1).numpy()
    return values


def _own_loss(error: Tensor) -> Tensor:
    """Return each entry's error over its member's mean, cut from the gradient.

    The mean counts the outputs not asked for, whose error is 0, so that it is half the mean over
    samples: a constant factor, to which Adam is blind.
    """
    fixed = error.detach()
    return fixed / fixed.mean((-1, -2), keepdim=True).clamp_min(torch.finfo(fixed.dtype).tiny)


def _split(modular: list[bool], model: MLPEnsemble) -> None:
    """Cut the connections between the halves of modular members, now and in all gradients."""
    chosen = torch.tensor(modular)[:, None, None]
    for weight in model.parameters[::2]:
        rows, columns = (torch.arange(size) * 2 // size for size in weight.shape[1:])
        kept = ~chosen | (rows[:, None] == columns)
        with torch.no_grad():
            weight *= kept
        weight.register_hook(lambda gradient, kept=kept: gradient * kept)  # type: ignore[no-untyped-call]


def _data(settings: TwoSquares, seed: int) -> tuple[Tensor, Tensor]:
    """Return a seed's inputs and which outputs are asked for, both (sample, task)."""
    n_common = settings.n_samples - settings.n_rare
    mask = np.zeros((settings.n_samples, 2), dtype=np.float32)
    mask[:n_common, 0] = mask[n_common:, 1] = 1.0
    inputs = Stream(seed, "two squares").at(0).uniform(-1, 1, mask.shape).astype(np.float32)
    return torch.from_numpy(inputs * mask), torch.from_numpy(mask)


def _noise(settings: TwoSquares, seed: int, share: float) -> Tensor:
    """Return what is added to the targets; the noisy samples of a share are so at larger shares."""
    draws = Stream(seed, "two squares").at(1)
    chosen = draws.random(settings.n_samples) < share
    chosen[settings.n_samples - settings.n_rare :] = False
    noise = np.zeros((settings.n_samples, 2), dtype=np.float32)
    noise[:, 0] = chosen * draws.normal(0.0, settings.noise, settings.n_samples)
    return torch.from_numpy(noise)


def _dataset(
    settings: TwoSquares,
    losses: NDArray[np.float32],
    finish: Floats,
    tuned: list[float],
    steps: NDArray[np.int64],
) -> xr.Dataset:
    """Label what was measured; the first two variants of `losses` have no noise."""
    error = {"units": "1", "long_name": "mean squared error"}
    rate = {"units": "1", "long_name": "learning rate"}
    axes = ("member", "arm", "step", "task")
    return xr.Dataset(
        {
            "loss": (("setting", *axes), losses[:2], error),
            "noisy_loss": (("noise_share", *axes), losses[2:], error),
            "rate": ("arm", tuned, rate),
            "finish": (
                ("arm", "tuning_seed", "tried"),
                finish,
                {"units": "step", "long_name": "first step by which both losses were below 1e-3"},
            ),
        },
        coords={
            "setting": ["published", "tuned"],
            "noise_share": (
                "noise_share",
                list(settings.noise_shares),
                {"units": "1", "long_name": "share of common samples with noisy targets"},
            ),
            "seed": ("member", np.asarray(settings.seeds)),
            "arm": list(ARMS),
            "step": ("step", steps, {"units": "optimizer steps"}),
            "task": ["common", "rare"],
            "tuning_seed": list(settings.tuning_seeds),
            "tried": ("tried", list(settings.rates), rate),
        },
    )
