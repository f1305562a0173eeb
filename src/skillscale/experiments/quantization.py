"""Which skills of multitask sparse parity a network learns, against its width and its steps.

Both experiments return raw test losses per skill, nothing counted and nothing fitted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD, Adam, Optimizer
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.streams import Stream
from skillscale.lab.training import Measure, log_steps, train


@dataclass(frozen=True)
class WidthScaling:
    """Settings of `width_scaling`: every width is trained with every seed.

    Attributes:
        widths: Hidden widths, one network each.
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        steps: Adam updates, on a fresh batch each.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        alpha: Frequency exponent, P(k) ∝ k^-(alpha+1).
        batch_size: Samples per step.
        learning_rate: Rate of Adam.
        n_test: Test inputs per skill.
    """

    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    n_times: int
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    alpha: float = 0.4
    batch_size: int = 1000
    learning_rate: float = 1e-2
    n_test: int = 100


@dataclass(frozen=True)
class StepScaling:
    """Settings of `step_scaling`: every optimizer trains one network per seed.

    Attributes:
        optimizers: Name and learning rate of each: "sgd" (with momentum 0.9) or "adam".
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        width: Hidden width.
        steps: Updates, on a fresh batch each.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        alpha: Frequency exponent, P(k) ∝ k^-(alpha+1).
        batch_size: Samples per step.
        n_test: Test inputs per skill.
    """

    seeds: tuple[int, ...]
    width: int
    steps: int
    n_times: int
    optimizers: tuple[tuple[str, float], ...] = (("sgd", 1.0), ("adam", 1e-2))
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    alpha: float = 0.4
    batch_size: int = 1000
    n_test: int = 100


LIVE = {
    "width_scaling": WidthScaling(
        widths=(8, 16, 32), seeds=(0, 1, 2), steps=1500, n_times=6, n_test=50
    ),
    "step_scaling": StepScaling(seeds=(0, 1, 2), width=64, steps=1200, n_times=40, n_test=50),
}
STANDARD = {
    "width_scaling": WidthScaling(
        widths=(8, 12, 16, 24, 32, 48), seeds=tuple(range(10)), steps=8000, n_times=9
    ),
    "step_scaling": StepScaling(seeds=tuple(range(10)), width=128, steps=5000, n_times=60),
}


def width_scaling(settings: WidthScaling, *, progress: bool = False) -> xr.Dataset:
    """Measure the test loss of every skill for networks of several widths.

    Args:
        settings: Widths, seeds, task and training.
        progress: Whether to show a progress bar.

    Returns:
        `loss` (seed, width, step, skill) in bits: a skill's mean cross entropy on its test inputs,
        1 for a network that knows nothing of it; `frequency` (skill).

    Raises:
        ValueError: If a setting is out of range.

    Source: set-up of Michaud et al. 2023, their toy data, smaller; see the settings.

    >>> small = WidthScaling((2, 4), seeds=(0,), steps=2, n_times=2, n_skills=3, n_bits=4)
    >>> dict(width_scaling(small)["loss"].sizes)
    {'seed': 1, 'width': 2, 'step': 2, 'skill': 3}
    """
    pairs = [(seed, width) for seed in settings.seeds for width in settings.widths]
    loss = _skill_losses(
        settings,
        Adam(settings.learning_rate),
        seeds=[seed for seed, _ in pairs],
        widths=[width for _, width in pairs],
        progress=progress,
    )
    shape = (len(settings.seeds), len(settings.widths), *loss.shape[1:])
    dataset = _dataset(settings, loss.reshape(shape), ("seed", "width", "step", "skill"))
    width = ("width", list(settings.widths), {"units": "neuron", "long_name": "hidden width N"})
    return dataset.assign_coords(width=width)


def step_scaling(settings: StepScaling, *, progress: bool = False) -> xr.Dataset:
    """Measure the test loss of every skill through the training of wide networks.

    Args:
        settings: Optimizers, seeds, width, task and training.
        progress: Whether to show progress bars.

    Returns:
        `loss` (optimizer, seed, step, skill) in bits, as in `width_scaling`; `frequency` (skill).

    Raises:
        ValueError: If a setting is out of range.

    Source: set-up of Michaud et al. 2023, their toy data, smaller; see the settings.

    >>> small = StepScaling(seeds=(0,), width=4, steps=2, n_times=2, n_skills=3, n_bits=4)
    >>> dict(step_scaling(small)["loss"].sizes)
    {'optimizer': 2, 'seed': 1, 'step': 2, 'skill': 3}
    """
    rules = [_optimizer(name, rate) for name, rate in settings.optimizers]
    runs = [
        _skill_losses(
            settings,
            rule,
            seeds=settings.seeds,
            widths=[settings.width] * len(settings.seeds),
            progress=progress,
        )
        for rule in rules
    ]
    dataset = _dataset(settings, np.stack(runs), ("optimizer", "seed", "step", "skill"))
    return dataset.assign_coords(optimizer=[name for name, _ in settings.optimizers])


def _optimizer(name: str, rate: float) -> Optimizer:
    _checks.choice("optimizers", name, ("sgd", "adam"))
    return SGD(rate, momentum=0.9) if name == "sgd" else Adam(rate)


def _skill_losses(
    settings: WidthScaling | StepScaling,
    optimizer: Optimizer,
    *,
    seeds: Sequence[int],
    widths: Sequence[int],
    progress: bool,
) -> NDArray[np.float32]:
    """Train one network per pair of seed and width; return losses (member, time, skill)."""
    members = [
        MultitaskParity(
            settings.n_skills, settings.n_bits, settings.subset_size, settings.alpha, seed=seed
        )
        for seed in seeds
    ]
    measured = train(
        MLPEnsemble(settings.n_bits, widths, seeds=seeds, n_categories=settings.n_skills),
        fresh_batches(members, settings.batch_size, seeds=seeds),
        optimizer=optimizer,
        steps=settings.steps,
        loss="cross_entropy",
        measure=_on_test_inputs(members, seeds, settings.n_test),
        at=log_steps(settings.steps, settings.n_times).tolist(),
        progress=progress,
    )
    # A hundredth of the sampling noise of the test inputs; digits beyond it do not compress.
    return measured["loss"].transpose(0, 1).numpy().round(4)


def _on_test_inputs(
    members: Sequence[MultitaskParity], seeds: Sequence[int], n_test: int
) -> Measure:
    """Return a measure of each skill's mean cross entropy, in bits, on inputs never trained on.

    A member's inputs come from a stream of its own seed and are the same at every step.
    """
    _checks.integer("n_test", n_test, minimum=1)
    n_skills = members[0].n_skills
    inputs, targets = [], []
    for task, seed in zip(members, seeds, strict=True):
        drawn = Stream(seed, "test inputs").at(0).integers(0, 2, (n_test, n_skills, task.n_bits))
        words = torch.from_numpy(drawn).float()
        inputs.append(words)
        targets.append(torch.stack([task.skill_basis(k, words[:, k]) for k in range(n_skills)], 1))
    bits, target = torch.stack(inputs, 1), torch.stack(targets, 1)
    skill = torch.arange(n_skills)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        total = torch.zeros(len(members), n_skills)
        # One test input of every skill at a time keeps the activations small.
        for words, sign in zip(bits, target, strict=True):
            total += functional.softplus(-sign * model(words, skill)[..., 0])
        return {"loss": total / (n_test * math.log(2))}

    return measure


def _dataset(
    settings: WidthScaling | StepScaling, loss: NDArray[np.float32], dims: tuple[str, ...]
) -> xr.Dataset:
    task = MultitaskParity(settings.n_skills, settings.n_bits, settings.subset_size, settings.alpha)
    return xr.Dataset(
        {
            "loss": (dims, loss, {"units": "bit", "long_name": "mean cross entropy of a skill"}),
            "frequency": ("skill", task.frequency, {"units": "1", "long_name": "P(k)"}),
        },
        coords={
            "seed": ("seed", list(settings.seeds)),
            "step": (
                "step",
                log_steps(settings.steps, settings.n_times),
                {"units": "step", "long_name": "updates done"},
            ),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank k"}),
        },
    )
