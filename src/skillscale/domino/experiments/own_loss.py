"""Two remedies for a rare task that waits: a network in halves, and re-weighting by own loss."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.domino.experiments import _shared
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Positive, Rates, Seeds, Shares, Steps, least
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.lab.training import train

ARMS = ("dense", "modular", "own loss")
LEARNED = 1e-3  # mean squared error below which the public code calls a task learned


@dataclass(frozen=True)
class TwoSquares(Experiment):
    """Losses of a common and a rare regression in three kinds of networks.

    Two inputs, their squares to learn; a sample shows one input, mostly the first, and asks for its
    square alone. *Modular* networks have two unconnected halves. *Own loss* multiplies a sample's
    loss ℓ by ℓ/mean(ℓ), held fixed in the gradient: where labels are noisy, what stays wrong is the
    noise.

    An arm's tuned rate has the lowest mean over tuning seeds of the first step by which both losses
    have been below 1e-3 (`steps` where never), without noise. Mean squared errors over a task's
    samples, to three digits: `loss` (setting, member, arm, step, task) at published and tuned
    rates; `noisy_loss` (noise_share, member, arm, step, task) at tuned rates, against the targets
    before the noise. `rate` (arm); `finish` (arm, tuning_seed, tried), the steps that decided, nan
    where never.

    Source: Liu et al. 2025 (public code: networks, samples, weights, rate 5e-4), the rest is ours.
    """

    published_rate: Positive = 5e-4  #: Adam's rate for all arms, as in the public code
    rates: Annotated[Rates, least(2)] = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2)  #: tried
    tuning_seeds: Seeds = tuple(range(100, 106))  #: of the networks on which rates are tried
    seeds: Seeds = tuple(range(12))  #: draw samples, noise and initial parameters, for all arms
    noise_shares: Shares = (0.05, 0.2)  #: of the common samples whose targets are noisy
    noise: Positive = 1.0  #: standard deviation of the noise on targets that lie in 0…1
    n_samples: Count = 1000  #: all used in every step
    n_rare: Count = 10  #: how many of them carry the rare task
    width: Count = 100  #: neurons of each of two hidden layers (SiLU), an even number
    steps: Steps = 1000  #: updates
    every: Count = 4  #: steps between measurements

    order = ("setting", "noise_share", "member", "arm", "tuning_seed", "tried", "step", "task")
    about = {
        "loss": ("1", "mean squared error"),
        "noisy_loss": ("1", "mean squared error"),
        "rate": ("1", "learning rate"),
        "tried": ("1", "learning rate"),
        "finish": ("step", "first step by which both losses were below 1e-3"),
        "noise_share": ("1", "share of common samples with noisy targets"),
    }

    def together(self) -> None:
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        _checks.integer("n_samples", self.n_samples, minimum=self.n_rare + 1)
        if self.width % 2:
            raise ValueError(f"width must be even, for two halves, got {self.width}")

    def at(self) -> NDArray[np.int64]:
        return np.arange(0, self.steps + 1, self.every)

    def coords(self) -> Coords:
        return {
            "setting": ["published", "tuned"],
            "noise_share": self.noise_shares,
            "arm": ARMS,
            "step": self.at(),
            "task": ["common", "rare"],
            "tuning_seed": self.tuning_seeds,
            "tried": self.rates,
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        tried = sweep(self.measure_rates, {"tuning_seed": self.tuning_seeds})
        counted = tried.finish.fillna(self.steps).mean("tuning_seed")
        tuned = [self.rates[best] for best in counted.argmin("tried").values]
        found = sweep(self.measure, {"tuned": [tuned], "member": self.seeds}).isel(tuned=0)
        return found.merge(tried).assign(rate=("arm", tuned))

    def measure_rates(self, tuning_seed: int) -> Found:
        members = [(arm, rate, 0.0) for arm, rate in itertools.product(ARMS, self.rates)]
        # a task counts from the first step at which its loss is low, even if it rises again
        low = (_losses(self, tuning_seed, members) < LEARNED).cumsum(1).min(-1) > 0
        first = np.where(low.any(1), self.at()[low.argmax(1)], np.nan)
        return {"finish": (("arm", "tried"), first.reshape(len(ARMS), len(self.rates)))}

    def measure(self, tuned: list[float], member: int) -> Found:
        published = [self.published_rate] * len(ARMS)
        variants = [(published, 0.0), *((tuned, share) for share in (0.0, *self.noise_shares))]
        members = [
            (arm, rate, share)
            for rates, share in variants
            for arm, rate in zip(ARMS, rates, strict=True)
        ]
        curves = _losses(self, member, members)
        found = records.significant(curves.reshape(-1, len(ARMS), *curves.shape[1:]), digits=3)
        return {
            "loss": (("setting", "arm", "step", "task"), found[:2]),
            "noisy_loss": (("noise_share", "arm", "step", "task"), found[2:]),
        }


TwoSquares.records = {
    "domino_two_squares": {
        "live": TwoSquares(
            rates=(4e-3, 8e-3, 1.6e-2),
            tuning_seeds=(100,),
            seeds=(0, 1, 2),
            noise_shares=(0.2,),
            n_samples=300,
            n_rare=5,
            width=32,
            steps=600,
        ),
        "standard": TwoSquares(seeds=tuple(range(400, 412))),
    }
}


def _losses(
    of: TwoSquares, seed: int, members: Sequence[tuple[str, float, float]]
) -> NDArray[np.float32]:
    """Train a seed's networks (arm, rate, share of noisy targets): losses (member, step, task)."""
    inputs, mask = _data(of, seed)
    clean = inputs.square()
    count = len(members)
    target = torch.stack([clean + _noise(of, seed, share) for _, _, share in members])
    batch = _shared.task_batch(inputs.expand(count, -1, -1), target, mask)
    model = MLPEnsemble(
        2, [of.width] * count, seeds=[seed] * count, n_outputs=2, depth=2, activation="silu"
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
        steps=of.steps,
        loss=loss,
        measure=measure,
        at=range(0, of.steps + 1, of.every),
    )["loss"]
    return np.asarray(record.movedim(0, 1).numpy())


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


def _data(of: TwoSquares, seed: int) -> tuple[Tensor, Tensor]:
    """Return a seed's inputs and which outputs are asked for, both (sample, task)."""
    n_common = of.n_samples - of.n_rare
    mask = np.zeros((of.n_samples, 2), dtype=np.float32)
    mask[:n_common, 0] = mask[n_common:, 1] = 1.0
    inputs = Stream(seed, "two squares").at(0).uniform(-1, 1, mask.shape).astype(np.float32)
    return torch.from_numpy(inputs * mask), torch.from_numpy(mask)


def _noise(of: TwoSquares, seed: int, share: float) -> Tensor:
    """Return what is added to the targets; the noisy samples of a share are so at larger shares."""
    draws = Stream(seed, "two squares").at(1)
    chosen = draws.random(of.n_samples) < share
    chosen[of.n_samples - of.n_rare :] = False
    noise = np.zeros((of.n_samples, 2), dtype=np.float32)
    noise[:, 0] = chosen * draws.normal(0.0, of.noise, of.n_samples)
    return torch.from_numpy(noise)
