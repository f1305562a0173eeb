"""A parity of four bits made of two parities of two: is it learned from its parts?

One network learns x₁⊕x₂, x₃⊕x₄ and their composition x₁⊕x₂⊕x₃⊕x₄, an output a task, all of them on
every sample. Two controls tell what the parts are worth: a network trained on the composition
alone, and one whose third task is a parity of four other bits, equally hard and made of nothing it
learns. All three start from the same parameters and see the same strings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.experiments.domino import _shared
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.streams import Stream
from skillscale.lab.training import train

ARMS = ("composed", "composed alone", "independent")

_PARENTS = ((0, 1), (2, 3))
_THIRD = {"composed": (0, 1, 2, 3), "composed alone": (0, 1, 2, 3), "independent": (4, 5, 6, 7)}


@dataclass(frozen=True)
class DependentParities:
    """Settings of `dependent_parities`.

    Attributes:
        n_bits: length of the bit strings, at least 8.
        n_samples: number of bit strings, all used in every step.
        n_fresh: number of further strings on which the networks are tested only.
        width: number of hidden neurons (ReLU, one layer).
        lr: learning rate of Adam.
        steps: number of updates.
        every: steps between measurements.
        seeds: each seed draws its own strings and initial parameters, the same for all arms.
    """

    n_bits: int = 32
    n_samples: int = 10_000
    n_fresh: int = 5000
    width: int = 50
    lr: float = 1e-3
    steps: int = 4500
    every: int = 20
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_bits", self.n_bits, minimum=8)
        for name in ("n_samples", "n_fresh", "width", "every"):
            _checks.integer(name, getattr(self, name), minimum=1)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("steps", self.steps, minimum=0)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "dependent_parities": DependentParities(
        n_bits=10, n_samples=1000, n_fresh=1000, steps=1200, seeds=(0, 1, 2)
    )
}
STANDARD = {"dependent_parities": DependentParities(seeds=tuple(range(200, 212)))}


def dependent_parities(settings: DependentParities, *, progress: bool = False) -> xr.Dataset:
    """Accuracy on two parities and a third task over training: composed, alone or independent.

    The loss is the squared error of outputs against 0/1 parities, summed over the tasks that the
    arm trains and averaged over all strings.

    Args:
        settings: data, network and training.
        progress: show a bar over seeds.

    Returns:
        Dataset with dims (member, arm, strings, step, task): `accuracy`, the share of strings,
        those trained on or fresh ones, on which the output, cut at ½, is right, to 1e-3. The task
        "third" is x₁⊕x₂⊕x₃⊕x₄, in the arm "independent" x₅⊕x₆⊕x₇⊕x₈.

    Raises:
        FloatingPointError: If members diverge.

    Source: Liu et al. 2025 (public code: composed and independent arm); the network with the
    composition alone and fresh strings are ours. Equal to a plain network and loop in
    `tests/test_domino_dependent.py`.

    >>> small = DependentParities(n_bits=8, n_samples=20, n_fresh=10, width=4, steps=20, seeds=(0,))
    >>> dict(dependent_parities(small).sizes)
    {'member': 1, 'arm': 3, 'strings': 2, 'step': 2, 'task': 3}
    """
    seeds = _progress.bar(settings.seeds, show=progress)
    values = np.stack([_accuracy(settings, seed) for seed in seeds])
    steps = np.arange(0, settings.steps + 1, settings.every)
    return xr.Dataset(
        {
            "accuracy": (
                ("member", "arm", "strings", "step", "task"),
                values.round(3),
                {"units": "1", "long_name": "share of strings answered correctly"},
            )
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "arm": list(ARMS),
            "strings": ["trained", "fresh"],
            "step": ("step", steps, {"units": "optimizer steps"}),
            "task": ["first", "second", "third"],
        },
    )


def _accuracy(settings: DependentParities, seed: int) -> NDArray[np.float32]:
    """Train one seed's arms together and return their accuracies, (arm, strings, step, task)."""
    trained, fresh = (_strings(settings, seed, part) for part in (0, 1))
    tasks = [(*_PARENTS, _THIRD[arm]) for arm in ARMS]
    targets = [
        torch.stack([_shared.parities(bits, each) for each in tasks]) for bits in (trained, fresh)
    ]
    weight = torch.ones(len(ARMS), 1, 3)
    weight[ARMS.index("composed alone"), :, :2] = 0.0
    batch = _shared.task_batch(trained.expand(len(ARMS), -1, -1), targets[0], weight)
    model = MLPEnsemble(
        settings.n_bits, [settings.width] * len(ARMS), seeds=[seed] * len(ARMS), n_outputs=3
    )

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        right = [
            _shared.accuracy(model(bits), target)
            for bits, target in zip((trained, fresh), targets, strict=True)
        ]
        return {"accuracy": torch.stack(right, dim=1)}

    record = train(
        model,
        lambda _: batch,
        optimizer=Adam(settings.lr),
        steps=settings.steps,
        loss=_shared.masked_error(settings.n_samples),
        measure=measure,
        at=range(0, settings.steps + 1, settings.every),
    )["accuracy"]
    values: NDArray[np.float32] = record.permute(1, 2, 0, 3).numpy()
    return values


def _strings(settings: DependentParities, seed: int, part: int) -> Tensor:
    """Return a seed's strings, (sample, bit): part 0 to train on, part 1 fresh."""
    draws = Stream(seed, "dependent parities").at(part)
    shape = ((settings.n_samples, settings.n_fresh)[part], settings.n_bits)
    return torch.from_numpy(draws.integers(0, 2, shape).astype(np.float32))
