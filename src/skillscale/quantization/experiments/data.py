"""Which skills networks have from a fixed number of samples that they see again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import MultitaskParity, fixed_dataset
from skillscale.lab.training import log_steps, train
from skillscale.quantization.experiments import _shared


@dataclass(frozen=True)
class DataScaling:
    """Settings of `data_scaling`: every D is trained with every seed and α.

    Attributes:
        samples: Sizes D of the training set, increasing.
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        width: Hidden width.
        steps: Adam updates.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        alphas: Frequency exponents, P(k) ∝ k^-(alpha+1).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        batch_size: Samples of an update, drawn without replacement; all where D is no larger.
        learning_rate: Rate of Adam.
        n_test: Test inputs per skill.
    """

    samples: tuple[int, ...]
    seeds: tuple[int, ...]
    width: int
    steps: int
    n_times: int
    alphas: tuple[float, ...] = (0.2, 0.4, 0.8)
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    batch_size: int = 1000
    learning_rate: float = 1e-2
    n_test: int = 100

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _shared.check_lists(self, "alphas")
        _checks.seeds("seeds", self.seeds)
        _checks.increasing("samples", self.samples)
        _checks.integer("samples", self.samples[0], minimum=1)


LIVE = {
    "data_scaling": DataScaling(
        samples=(1000, 4000, 16000),
        seeds=(0, 1),
        width=64,
        steps=600,
        n_times=20,
        alphas=(0.4,),
        n_test=50,
    )
}
STANDARD = {
    "data_scaling": DataScaling(
        samples=tuple(1000 * 2**doubling for doubling in range(8)),
        seeds=tuple(range(200, 210)),
        width=128,
        steps=5000,
        n_times=40,
    )
}


def data_scaling(settings: DataScaling, *, progress: bool = False) -> xr.Dataset:
    """Train networks on fixed datasets of many sizes and measure the test loss of every skill.

    Args:
        settings: Dataset sizes, seeds, task, network and training.
        progress: Whether to show a progress bar.

    Returns:
        In bits, over (alpha, seed, samples) and the axes named: `loss` (step), mean test loss over
        all inputs; and per skill `early` (skill), the test loss where that mean is lowest, early
        stopping on test data; `lowest` (skill), the lowest test loss the skill ever had; `final`
        (skill), the test loss in the end. `early_step`: where the mean is lowest. `frequency`
        (alpha, skill).

    Raises:
        ValueError: If a setting is out of range.

    Source: set-up of Michaud et al. 2023, their toy data and rule of early stopping, smaller.

    >>> small = DataScaling((4, 8), (0,), 4, 2, 2, alphas=(0.4,), n_skills=3, n_bits=4)
    >>> dict(data_scaling(small)["early"].sizes)
    {'alpha': 1, 'seed': 1, 'samples': 2, 'skill': 3}
    """
    tasks = [
        MultitaskParity(settings.n_skills, settings.n_bits, settings.subset_size, alpha, seed=seed)
        for alpha in settings.alphas
        for seed in settings.seeds
    ]
    parts = [
        _measured(settings, tasks, size) for size in _progress.bar(settings.samples, show=progress)
    ]
    shape = (len(settings.alphas), len(settings.seeds), len(settings.samples))
    found = {
        name: np.stack([part[name] for part in parts], 1).reshape(*shape, *parts[0][name].shape[1:])
        for name in parts[0]
    }
    own = {
        "loss": ("step", "mean test loss over all inputs"),
        "early": ("skill", "test loss of a skill where the mean test loss is lowest"),
        "lowest": ("skill", "lowest test loss of a skill at any time"),
        "final": ("skill", "test loss of a skill in the end"),
    }
    dims = ("alpha", "seed", "samples")
    best = {"units": "step", "long_name": "updates done where the mean test loss is lowest"}
    return xr.Dataset(
        {
            name: ((*dims, axis), found[name], {"units": "bit", "long_name": meaning})
            for name, (axis, meaning) in own.items()
        }
        | {
            "early_step": (dims, found["early_step"], best),
            "frequency": _shared.frequencies_of(tasks[:: len(settings.seeds)], ("alpha", "skill")),
        },
        coords={
            "alpha": _shared.alpha_axis(settings.alphas),
            "seed": ("seed", list(settings.seeds)),
            "samples": (
                "samples",
                list(settings.samples),
                {"units": "sample", "long_name": "size D of the training set"},
            ),
            "step": _shared.step_axis(log_steps(settings.steps, settings.n_times)),
            "skill": _shared.skill_axis(settings.n_skills),
        },
    )


def _measured(
    settings: DataScaling, tasks: list[MultitaskParity], size: int
) -> dict[str, _shared.Floats]:
    """Train one network per task on `size` samples, each result with a leading member axis."""
    seeds = [task.seed for task in tasks]
    times = log_steps(settings.steps, settings.n_times)
    record = train(
        MLPEnsemble(
            settings.n_bits,
            [settings.width] * len(tasks),
            seeds=seeds,
            n_categories=settings.n_skills,
        ),
        fixed_dataset(tasks, size, seeds=seeds, batch_size=settings.batch_size),
        optimizer=Adam(settings.learning_rate),
        steps=settings.steps,
        loss="cross_entropy",
        measure=_shared.losses_on_test_inputs(tasks, seeds, settings.n_test),
        at=times.tolist(),
    )
    by_skill = record["loss"].transpose(0, 1).numpy()
    frequency = np.stack([task.frequency for task in tasks])
    mean = np.einsum("mtk,mk->mt", by_skill, frequency)
    best = mean.argmin(1)
    found = {
        "loss": mean,
        "early": by_skill[np.arange(len(tasks)), best],
        "lowest": by_skill.min(1),
        "final": by_skill[:, -1],
    }
    # Losses far above one bit, of skills learned by heart, need no third digit.
    digits = {"final": 2}
    rounded = {
        name: values.astype(np.float32).round(digits.get(name, 3)) for name, values in found.items()
    }
    return rounded | {"early_step": times[best].astype(np.float32)}
