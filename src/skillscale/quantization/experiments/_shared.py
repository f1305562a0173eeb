"""What the toy's experiments share: tasks, the test loss of every skill, learning steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks, fits
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.streams import Stream
from skillscale.lab.training import Measure, log_steps, train

Floats = NDArray[np.float32]

THRESHOLDS = (0.9, 0.5, 0.1)

Schedule = Callable[[int], float]


def check_lists(settings: object, *names: str) -> None:
    """Raise ValueError unless each of the named settings holds an entry and no entry twice."""
    for name in names:
        entries = getattr(settings, name)
        if len(entries) == 0 or len(set(entries)) < len(entries):
            raise ValueError(f"{name} must hold at least one entry, none twice, got {entries!r}")


def losses_on_test_inputs(
    tasks: Sequence[MultitaskParity], seeds: Sequence[int], n_test: int
) -> Measure:
    """Return a measure of each skill's mean cross entropy, in bits, on inputs never trained on.

    A member's inputs come from a stream of its own seed and are the same at every step.
    """
    _checks.integer("n_test", n_test, minimum=1)
    n_skills = tasks[0].n_skills
    inputs, targets = [], []
    for task, seed in zip(tasks, seeds, strict=True):
        drawn = Stream(seed, "test inputs").at(0).integers(0, 2, (n_test, n_skills, task.n_bits))
        words = torch.from_numpy(drawn.astype(np.float32))
        inputs.append(words)
        targets.append(torch.stack([task.skill_basis(k, words[:, k]) for k in range(n_skills)], 1))
    bits, target = torch.stack(inputs, 1), torch.stack(targets, 1)
    skill = torch.arange(n_skills)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        total = torch.zeros(len(tasks), n_skills)
        # One test input of every skill at a time keeps the activations small.
        for words, sign in zip(bits, target, strict=True):
            total += functional.softplus(-sign * model(words, skill)[..., 0])
        return {"loss": total / (n_test * math.log(2))}

    return measure


def trained(
    tasks: Sequence[MultitaskParity],
    seeds: Sequence[int],
    *,
    width: int,
    batch_size: int,
    optimizer: Optimizer,
    steps: int,
    at: Sequence[int],
    n_test: int,
    schedule: Schedule | None = None,
) -> Floats:
    """Train one network per task on fresh batches; return losses in bits (member, time, skill)."""
    measured = train(
        MLPEnsemble(
            tasks[0].n_bits, [width] * len(tasks), seeds=seeds, n_categories=tasks[0].n_skills
        ),
        fresh_batches(tasks, batch_size, seeds=seeds),
        optimizer=optimizer,
        steps=steps,
        loss="cross_entropy",
        measure=losses_on_test_inputs(tasks, seeds, n_test),
        at=at,
        schedule=schedule,
    )
    return np.asarray(measured["loss"].transpose(0, 1).numpy())


def falling(steps: int, *, constant: float) -> Schedule:
    """Return a schedule: 1 for a share `constant` of the steps, then half a cosine down to 0.

    >>> [round(falling(8, constant=0.5)(step), 2) for step in (0, 4, 6, 8)]
    [1.0, 1.0, 0.5, 0.0]
    """
    start = constant * steps

    def factor(step: int) -> float:
        passed = max(0.0, step - start) / (steps - start)
        return 0.5 * (1 + math.cos(math.pi * passed))

    return factor


def learning_curves(
    loss: Floats, frequency: NDArray[np.float64], steps: NDArray[np.int64]
) -> dict[str, Floats]:
    """Reduce losses (member, time, skill) to what the law speaks about.

    Returns:
        `loss` (member, time), the frequency-weighted sum over skills; `count` (member, threshold,
        time), skills below each of `THRESHOLDS`; `learned` (member, threshold, skill), the step at
        which a skill first reaches the threshold, linearly interpolated, nan where it never does.
    """
    by_skill = loss.swapaxes(1, 2)
    learned = [
        fits.crossing_times(steps, -by_skill, threshold=-threshold) for threshold in THRESHOLDS
    ]
    return {
        "loss": (loss @ frequency).round(4).astype(np.float32),
        "count": np.stack([(loss < mark).sum(-1) for mark in THRESHOLDS], 1).astype(np.int16),
        "learned": records.significant(np.stack(learned, 1)),
    }


CURVES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "loss": (("step",), {"units": "bit", "long_name": "mean test loss over all inputs"}),
    "count": (
        ("threshold", "step"),
        {"units": "skill", "long_name": "skills with test loss below the threshold"},
    ),
    "learned": (
        ("threshold", "skill"),
        {"units": "step", "long_name": "step at which a skill first reaches the threshold"},
    ),
}


def curves_dataset(
    curves: dict[str, Any], dims: tuple[str, ...], settings: Any, n_skills: int
) -> xr.Dataset:
    """Name the axes of stacked `learning_curves`, whose leading axes are `dims`."""
    return xr.Dataset(
        {
            name: ((*dims, *own), curves[name], attributes)
            for name, (own, attributes) in CURVES.items()
        },
        coords={
            "seed": ("seed", list(settings.seeds)),
            "threshold": ("threshold", list(THRESHOLDS), {"units": "bit"}),
            "step": step_axis(log_steps(settings.steps, settings.n_times)),
            "skill": skill_axis(n_skills),
        },
    )


def step_axis(steps: Sequence[int] | NDArray[np.int64]) -> Any:
    """Return the coordinate of updates done."""
    return ("step", np.asarray(steps), {"units": "step", "long_name": "updates done"})


def skill_axis(n_skills: int) -> Any:
    """Return the coordinate of ranks."""
    return ("skill", np.arange(1, n_skills + 1), {"long_name": "rank k, most frequent first"})


def alpha_axis(alphas: Sequence[float]) -> Any:
    """Return the coordinate of frequency exponents."""
    return ("alpha", list(alphas), {"long_name": "α of P(k) ∝ k^-(α+1)"})


def frequencies_of(tasks: Sequence[MultitaskParity], dims: tuple[str, ...]) -> Any:
    """Return the frequencies of several tasks as a variable."""
    each = np.stack([task.frequency for task in tasks])
    return (dims, each, {"units": "1", "long_name": "P(k)"})
