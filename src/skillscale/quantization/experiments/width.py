"""Which skills networks of different widths have learned when they have stopped learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import MultitaskParity
from skillscale.quantization.experiments import _shared


@dataclass(frozen=True)
class WidthScaling:
    """Settings of `width_scaling`.

    Every width is trained with every seed and α. Losses are measured when training ends and at one
    half, one quarter, … of the steps: a count that still grows says that it has not stopped.

    Attributes:
        widths: Hidden widths.
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        steps: Adam updates, on a fresh batch each; a multiple of 2^halvings. The rate is constant
            for four fifths of them, then it falls to zero as half a cosine.
        halvings: How often the steps are halved for the earlier measurements.
        alphas: Frequency exponents, P(k) ∝ k^-(alpha+1).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        batch_size: Samples per step.
        learning_rate: Rate of Adam.
        n_test: Test inputs per skill.
    """

    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    steps: int
    halvings: int = 3
    alphas: tuple[float, ...] = (0.2, 0.4, 0.8)
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    batch_size: int = 1000
    learning_rate: float = 1e-2
    n_test: int = 100

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _shared.check_lists(self, "widths", "alphas")
        _checks.seeds("seeds", self.seeds)
        for width in self.widths:
            _checks.integer("widths", width, minimum=1)
        _checks.integer("halvings", self.halvings, minimum=0)
        if _checks.integer("steps", self.steps, minimum=1) % 2**self.halvings:
            raise ValueError(f"steps must be a multiple of {2**self.halvings}, got {self.steps}")

    def times(self) -> list[int]:
        """Return the steps at which losses are measured."""
        return [self.steps // 2**halving for halving in range(self.halvings, -1, -1)]


LIVE = {
    "width_scaling": WidthScaling(
        widths=(8, 16, 32), seeds=(0, 1, 2), steps=1600, alphas=(0.4,), n_test=50
    )
}
STANDARD = {
    "width_scaling": WidthScaling(
        widths=(8, 12, 16, 20, 24, 32, 48, 64), seeds=tuple(range(200, 210)), steps=32000
    )
}


def width_scaling(settings: WidthScaling, *, progress: bool = False) -> xr.Dataset:
    """Measure the test loss of every skill for networks of several widths, each fully trained.

    Args:
        settings: Widths, seeds, task and training.
        progress: Whether to show a progress bar.

    Returns:
        `loss` (alpha, seed, width, step, skill) in bits: a skill's mean cross entropy on its test
        inputs after `step` updates, 1 for a network that knows nothing of it; `frequency` (alpha,
        skill).

    Raises:
        ValueError: If a setting is out of range.

    Source: set-up of Michaud et al. 2023, their toy data, smaller; the falling rate is
    ours.

    >>> small = WidthScaling((2, 4), (0,), 2, 1, alphas=(0.4,), n_skills=3, n_bits=4)
    >>> dict(width_scaling(small)["loss"].sizes)
    {'alpha': 1, 'seed': 1, 'width': 2, 'step': 2, 'skill': 3}
    """
    tasks = [
        MultitaskParity(settings.n_skills, settings.n_bits, settings.subset_size, alpha, seed=seed)
        for alpha in settings.alphas
        for seed in settings.seeds
    ]
    # One width at a time: padding narrow networks to the widest would cost most of the time.
    losses = [
        _shared.trained(
            tasks,
            [task.seed for task in tasks],
            width=width,
            batch_size=settings.batch_size,
            optimizer=Adam(settings.learning_rate),
            steps=settings.steps,
            at=settings.times(),
            n_test=settings.n_test,
            schedule=_shared.falling(settings.steps, constant=0.8),
        )
        for width in _progress.bar(settings.widths, show=progress)
    ]
    shape = (
        len(settings.alphas),
        len(settings.seeds),
        len(settings.widths),
        settings.halvings + 1,
        settings.n_skills,
    )
    dims = ("alpha", "seed", "width", "step", "skill")
    # A tenth of the sampling noise of the test inputs; digits beyond it do not compress.
    loss = np.stack(losses, 1).reshape(shape).round(3)
    return xr.Dataset(
        {
            "loss": (dims, loss, {"units": "bit", "long_name": "mean cross entropy of a skill"}),
            "frequency": _shared.frequencies_of(tasks[:: len(settings.seeds)], ("alpha", "skill")),
        },
        coords={
            "alpha": _shared.alpha_axis(settings.alphas),
            "seed": ("seed", list(settings.seeds)),
            "width": (
                "width",
                list(settings.widths),
                {"units": "neuron", "long_name": "hidden width N"},
            ),
            "step": _shared.step_axis(settings.times()),
            "skill": _shared.skill_axis(settings.n_skills),
        },
    )
