"""Two independent parities in one network, one of them rare: does the rare one have to wait?

Inputs are random bit strings. Task 1 is the parity of bits 1 and 2 and stands on every sample;
task 2, the parity of bits 3 and 4, on a random fraction of them. One network answers both, one
output a task. In the control arm the same network is trained on task 2 alone, from the same initial
parameters, on the same samples, with the same loss: what it lacks is the competitor.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.streams import Stream
from skillscale.lab.training import train

ARMS = ("joint", "rare alone")


@dataclass(frozen=True)
class TwoParities:
    """Settings of `two_parities`.

    Attributes:
        rare_fraction: share of the samples that carry task 2; task 1 is on all of them.
        n_bits: length of the bit strings, at least 4.
        n_samples: number of bit strings, all used in every step.
        width: number of hidden neurons (ReLU, one layer).
        lr: learning rate of Adam.
        steps: number of updates.
        every: steps between measurements.
        seeds: each seed draws its own data, shares and initial parameters.
    """

    rare_fraction: float = 0.1
    n_bits: int = 32
    n_samples: int = 10_000
    width: int = 50
    lr: float = 1e-3
    steps: int = 2000
    every: int = 10
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.number("rare_fraction", self.rare_fraction, above=0, maximum=1)
        _checks.integer("n_bits", self.n_bits, minimum=4)
        _checks.integer("n_samples", self.n_samples, minimum=1)
        _checks.integer("every", self.every, minimum=1)
        _checks.integer("width", self.width, minimum=1)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("steps", self.steps, minimum=0)
        if not self.seeds:
            raise ValueError("seeds must not be empty")


# 250 samples of the rare parity do not single out its bits among 32, but do among 16
LIVE = {"two_parities": TwoParities(n_bits=16, n_samples=2500, steps=1000, seeds=(0, 1, 2))}
STANDARD = {"two_parities": TwoParities()}


def two_parities(settings: TwoParities, *, progress: bool = False) -> xr.Dataset:
    """Accuracy on a common and a rare parity over training, together and the rare one alone.

    The loss is the squared error of outputs against 0/1 parities, summed over the two outputs and
    averaged over all samples, where a sample without task 2 contributes nothing to it.

    Args:
        settings: data, network and training.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (member, arm, step, task): `accuracy`, the share of all samples (with or
        without the task in training) on which the output, cut at ½, is right.
    """
    seeds, n_arms = settings.seeds, len(ARMS)
    data = [_data(settings, seed) for seed in seeds]
    bits = torch.stack([bits for bits, _ in data]).repeat_interleave(n_arms, 0)
    present = torch.stack([present for _, present in data]).repeat_interleave(n_arms, 0)
    present[1::n_arms, :, 0] = 0.0
    target = torch.stack([bits[..., :2].sum(-1) % 2, bits[..., 2:4].sum(-1) % 2], dim=-1)
    batch = Batch(bits, torch.zeros(bits.shape[:2], dtype=torch.int64), target, present)
    members = [seed for seed in seeds for _ in ARMS]
    model = MLPEnsemble(
        settings.n_bits, [settings.width] * len(members), seeds=members, n_outputs=2
    )

    def accuracy(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        return {"accuracy": ((model(bits) > 0.5) == (target > 0.5)).float().mean(1)}

    steps = np.arange(0, settings.steps + 1, settings.every)
    record = train(
        model,
        lambda _: batch,
        optimizer=Adam(settings.lr),
        steps=settings.steps,
        loss=_masked_error,
        measure=accuracy,
        at=steps.tolist(),
        progress=progress,
    )["accuracy"]
    # (time, seed and arm, task) -> (member, arm, step, task)
    values = record.reshape(len(steps), len(seeds), n_arms, 2).permute(1, 2, 0, 3).numpy()
    return xr.Dataset(
        {
            "accuracy": (
                ("member", "arm", "step", "task"),
                values,
                {"units": "1", "long_name": "share of samples answered correctly"},
            )
        },
        coords={
            "seed": ("member", np.asarray(seeds)),
            "arm": list(ARMS),
            "step": ("step", steps, {"units": "optimizer steps"}),
            "task": ["common", "rare"],
        },
    )


def _masked_error(outputs: Tensor, batch: Batch) -> Tensor:
    """Return each member's squared error over present tasks, per sample of the whole set."""
    assert batch.weight is not None
    return (batch.weight * (outputs - batch.target).square()).sum(-1).mean(-1)


def _data(settings: TwoParities, seed: int) -> tuple[Tensor, Tensor]:
    """Return a seed's bit strings, (sample, bit), and which tasks a sample carries."""
    draws = Stream(seed, "two parities").at(0)
    bits = draws.integers(0, 2, (settings.n_samples, settings.n_bits)).astype(np.float32)
    present = np.ones((settings.n_samples, 2), dtype=np.float32)
    present[:, 1] = draws.random(settings.n_samples) < settings.rare_fraction
    return torch.from_numpy(bits), torch.from_numpy(present)
