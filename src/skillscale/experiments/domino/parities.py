"""Two independent parities in one network, one of them rare: does the rare one have to wait?

Inputs are random bit strings. Task 1 is the parity of bits 1 and 2 and stands on every sample;
task 2, the parity of bits 3 and 4, on a random fraction of them. One network answers both, one
output a task. In the control arm the same network is trained on task 2 alone, from the same initial
parameters, on the same samples, with the same loss: what it lacks is the competitor.

Three update rules differ in what sets the length of a step. Gradient descent leaves it to the
gradient; normalised descent goes along the same direction by a given length; Adam scales every
parameter by itself.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.experiments.domino import _shared
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD, Adam, NormalisedGradient
from skillscale.lab.parity import Batch
from skillscale.lab.streams import Stream
from skillscale.lab.training import train

ARMS = ("joint", "rare alone")
RULES = ("adam", "sgd", "normalised")

_TASKS = ((0, 1), (2, 3))  # bits of the common and of the rare parity
_MOMENTUM = 0.9
_GROUP = 4  # members trained at once: their activations of 10 000 samples still fit the cache


@dataclass(frozen=True)
class TwoParities:
    """Settings of `two_parities`.

    Attributes:
        rare_fractions: shares of the samples that carry task 2; task 1 is on all of them.
        rules: name and learning rate of each update rule: "adam", "sgd" (momentum 0.9) or
            "normalised" (gradient descent with steps of the length of the rate).
        n_bits: length of the bit strings, at least 4.
        n_samples: number of bit strings, all used in every step.
        width: number of hidden neurons (ReLU, one layer).
        steps: number of updates.
        every: steps between measurements.
        seeds: each seed draws its own data, shares and initial parameters, the same for all rules,
            and nested shares: a sample that carries task 2 does so at every larger fraction.
    """

    rare_fractions: tuple[float, ...] = (1.0, 0.5, 0.2, 0.1, 0.05)
    rules: tuple[tuple[str, float], ...] = (("adam", 1e-3),)
    n_bits: int = 32
    n_samples: int = 10_000
    width: int = 50
    steps: int = 2000
    every: int = 10
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("rare_fractions", "rules"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        for fraction in self.rare_fractions:
            _checks.number("rare_fractions", fraction, above=0, maximum=1)
        for rule, rate in self.rules:
            _checks.choice("rules", rule, RULES)
            _checks.number(f"rate of {rule}", rate, above=0)
        _checks.integer("n_bits", self.n_bits, minimum=4)
        _checks.integer("n_samples", self.n_samples, minimum=1)
        _checks.integer("every", self.every, minimum=1)
        _checks.integer("width", self.width, minimum=1)
        _checks.integer("steps", self.steps, minimum=0)
        _checks.seeds("seeds", self.seeds)


# 250 samples of the rare parity do not single out its bits among 32, but do among 16
LIVE = {
    "two_parities": TwoParities(
        rare_fractions=(0.1,), n_bits=16, n_samples=2500, steps=800, seeds=(0, 1, 2)
    )
}
STANDARD = {
    "two_parities": TwoParities(
        rules=(("adam", 1e-3), ("sgd", 0.05)), seeds=tuple(range(200, 212))
    ),
    "normalised_parities": TwoParities(
        rare_fractions=(0.1,), rules=(("normalised", 0.05),), seeds=tuple(range(200, 212))
    ),
}


def two_parities(settings: TwoParities, *, progress: bool = False) -> xr.Dataset:
    """Accuracy on a common and a rare parity over training, together and the rare one alone.

    The loss is the squared error of outputs against 0/1 parities, summed over the two outputs and
    averaged over all samples, where a sample without task 2 contributes nothing to it.

    Args:
        settings: data, network and training.
        progress: show a bar over runs.

    Returns:
        Dataset with dims (rule, rare_fraction, member, arm, step, task): `accuracy`, the share of
        all samples (with or without the task in training) on which the output, cut at ½, is right,
        to 1e-3; `rate` (rule).

    Raises:
        FloatingPointError: If members diverge.

    Source: Liu et al. 2025 (public code: Adam, joint arm); the control arm and the other rules
    derived here. Equal to a plain network and loop in `tests/test_domino_parities.py`.

    >>> small = TwoParities(rare_fractions=(0.5,), n_bits=4, n_samples=20, width=4, steps=10,
    ...     seeds=(0, 1))
    >>> dict(two_parities(small).sizes)  # doctest: +NORMALIZE_WHITESPACE
    {'rule': 1, 'rare_fraction': 1, 'member': 2, 'arm': 2, 'step': 2, 'task': 2}
    """
    rules, fractions, seeds = settings.rules, settings.rare_fractions, settings.seeds
    groups = [seeds[first : first + _GROUP] for first in range(0, len(seeds), _GROUP)]
    runs = list(itertools.product(rules, fractions, ARMS, groups))
    parts = [_accuracy(settings, *run) for run in _progress.bar(runs, show=progress)]
    steps = np.arange(0, settings.steps + 1, settings.every)
    # (rule, fraction, arm, seed, step, task), groups of seeds put together again
    values = np.concatenate(parts).reshape(
        len(rules), len(fractions), len(ARMS), len(seeds), len(steps), 2
    )
    meaning = {"units": "1", "long_name": "share of samples answered correctly"}
    return xr.Dataset(
        {
            "accuracy": (
                ("rule", "rare_fraction", "member", "arm", "step", "task"),
                values.swapaxes(2, 3).round(3),
                meaning,
            ),
            "rate": ("rule", [rate for _, rate in rules], {"units": "1", "long_name": "rate"}),
        },
        coords={
            "rule": [name for name, _ in rules],
            "rare_fraction": (
                "rare_fraction",
                list(fractions),
                {"units": "1", "long_name": "share of samples that carry the rare task"},
            ),
            "seed": ("member", np.asarray(seeds)),
            "arm": list(ARMS),
            "step": ("step", steps, {"units": "optimizer steps"}),
            "task": ["common", "rare"],
        },
    )


def normalised_parities(settings: TwoParities, *, progress: bool = False) -> xr.Dataset:
    """Return `two_parities` for gradient descent whose steps have a length of their own.

    Along the path of gradient descent, only the clock differs: what the common task leaves of its
    gradient, it takes from the rare one. A record of its own, as it needs other steps.

    Args:
        settings: data, network and training; the rule "normalised".
        progress: show a bar over runs.

    Returns:
        As `two_parities`.

    Raises:
        ValueError: If another rule is asked for.
        FloatingPointError: If members diverge.

    Source: derived here; `tests/test_domino_parities.py`.

    >>> small = TwoParities(rare_fractions=(0.5,), rules=(("normalised", 0.05),), n_bits=4,
    ...     n_samples=20, width=4, steps=10, seeds=(0,))
    >>> normalised_parities(small)["rate"].item()
    0.05
    """
    others = [rule for rule, _ in settings.rules if rule != "normalised"]
    if others:
        raise ValueError(f"rules must be 'normalised', got {others}")
    return two_parities(settings, progress=progress)


def _accuracy(
    settings: TwoParities,
    rule: tuple[str, float],
    fraction: float,
    arm: str,
    seeds: tuple[int, ...],
) -> NDArray[np.float32]:
    """Train one arm for some seeds and return its accuracies, (seed, step, task)."""
    data = [_data(settings, seed, fraction) for seed in seeds]
    bits = torch.stack([bits for bits, _ in data])
    target = _shared.parities(bits, _TASKS)
    batch = (
        _shared.task_batch(bits, target, torch.stack([present for _, present in data]))
        if arm == "joint"
        else _rare_samples(data)
    )
    model = MLPEnsemble(settings.n_bits, [settings.width] * len(seeds), seeds=seeds, n_outputs=2)
    record = train(
        model,
        lambda _: batch,
        optimizer=_optimizer(*rule),
        steps=settings.steps,
        loss=_shared.masked_error(settings.n_samples),
        measure=lambda model, _: {"accuracy": _shared.accuracy(model(bits), target)},
        at=range(0, settings.steps + 1, settings.every),
    )["accuracy"]
    values: NDArray[np.float32] = record.movedim(0, 1).numpy()
    return values


def _optimizer(rule: str, rate: float) -> SGD | Adam | NormalisedGradient:
    if rule == "adam":
        return Adam(rate)
    return SGD(rate, momentum=_MOMENTUM) if rule == "sgd" else NormalisedGradient(rate)


def _data(settings: TwoParities, seed: int, fraction: float) -> tuple[Tensor, Tensor]:
    """Return a seed's bit strings, (sample, bit), and which tasks a sample carries."""
    draws = Stream(seed, "two parities").at(0)
    bits = draws.integers(0, 2, (settings.n_samples, settings.n_bits)).astype(np.float32)
    present = np.ones((settings.n_samples, 2), dtype=np.float32)
    present[:, 1] = draws.random(settings.n_samples) < fraction
    return torch.from_numpy(bits), torch.from_numpy(present)


def _rare_samples(data: list[tuple[Tensor, Tensor]]) -> Batch:
    """Return the samples that carry task 2, with weights for it alone.

    The others would add nothing to loss or gradient; members with fewer samples are padded.
    """
    rows = [present[:, 1].nonzero().flatten() for _, present in data]
    shape = (len(data), max(1, *map(len, rows)))
    bits, weight = torch.zeros(*shape, data[0][0].shape[-1]), torch.zeros(*shape, 2)
    for member, chosen in enumerate(rows):
        bits[member, : len(chosen)] = data[member][0][chosen]
        weight[member, : len(chosen), 1] = 1.0
    return _shared.task_batch(bits, _shared.parities(bits, _TASKS), weight)
