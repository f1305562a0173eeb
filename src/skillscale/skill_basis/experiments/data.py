"""Emergence in data: which skills networks infer from a fixed number of samples.

Networks are trained on D samples until these are fitted; then the strength of every skill,
R_k = E[g_k(x) · f(k, x)], is measured on inputs that were never drawn. Networks that know a single
skill are trained beside them, since the theory's one constant may be taken from those.
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

from skillscale import _checks, _progress
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fixed_dataset
from skillscale.lab.strengths import antithetic_strengths
from skillscale.lab.training import train

Floats = NDArray[np.float32]

_BLOCK = 1024  # samples evaluated at a time, to bound the memory of activations


@dataclass(frozen=True)
class DataEmergence:
    """Settings of `data_emergence`.

    A network is trained for exposure / P(n_skills) updates, however many samples it has; the last
    quarter of them runs at a tenth of the rate.

    Attributes:
        samples: Sizes D of the dataset, increasing.
        samples_alone: Sizes for the networks with one skill, increasing.
        seeds: A seed sets the bits of the skills, the initial weights and all data.
        alphas: Exponents α of the skill frequencies.
        disjoint: Kinds of subsets: whether no bit may belong to two skills.
        n_skills: Number of skills.
        n_bits: Number of bits.
        subset_size: Bits that a skill depends on.
        width: Hidden units of the network.
        init_std: Standard deviation of all initial weights and biases.
        learning_rate: Rate of gradient descent on the squared error (without ½).
        momentum: Momentum; the rate of the gradient flow is learning_rate / (1 - momentum).
        batch_size: Samples of an update, drawn without replacement; all where D is no larger.
        scale: S, the target is S · g_k.
        exposure: Updates times the frequency of the rarest skill.
        exposure_alone: Updates of the networks with one skill. They need more, for their loss is
            the steepest: what an early overshoot breaks takes its time to heal.
        backgrounds: Strings of irrelevant bits for which each strength is measured, with all
            2^subset_size patterns of the relevant ones.
    """

    samples: tuple[int, ...]
    samples_alone: tuple[int, ...]
    seeds: tuple[int, ...]
    alphas: tuple[float, ...] = (0.3, 0.6, 0.9)
    disjoint: tuple[bool, ...] = (False, True)
    n_skills: int = 5
    n_bits: int = 16
    subset_size: int = 3
    width: int = 200
    init_std: float = 0.01
    learning_rate: float = 0.02
    momentum: float = 0.9
    batch_size: int = 250
    scale: float = 5.0
    exposure: float = 250.0
    exposure_alone: float = 1000.0
    backgrounds: int = 2000

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        for name in ("alphas", "disjoint"):
            if not getattr(self, name):
                raise ValueError(f"{name} must hold at least one entry, got ()")
        for name in ("samples", "samples_alone"):
            _checks.increasing(name, getattr(self, name))
        _checks.number("init_std", self.init_std, above=0)
        _checks.number("scale", self.scale, above=0)
        _checks.number("exposure", self.exposure, above=0)
        _checks.number("exposure_alone", self.exposure_alone, above=0)
        _checks.integer("backgrounds", self.backgrounds, minimum=1)
        _checks.seeds("seeds", self.seeds)


def _ladder(first: int, last: int) -> tuple[int, ...]:
    """Return whole numbers from `first` to `last` in steps of about √2."""
    steps = 1 + round(2 * math.log2(last / first))
    return tuple(round(first * 2 ** (step / 2)) for step in range(steps))


LIVE = {
    "data_emergence": DataEmergence(
        samples=(200, 400, 800, 1600, 3200),
        samples_alone=(50, 100, 150, 200, 300, 400),
        seeds=(0, 1),
        alphas=(0.3,),
        disjoint=(True,),
        n_skills=3,
        width=100,
        batch_size=125,
        exposure=200.0,
        exposure_alone=800.0,
        backgrounds=500,
    )
}
STANDARD = {
    "data_emergence": DataEmergence(
        samples=_ladder(141, 12800), samples_alone=_ladder(50, 800), seeds=tuple(range(20, 40))
    )
}
PAPER = {
    "data_emergence": DataEmergence(
        samples=_ladder(500, 32000),
        samples_alone=_ladder(200, 1600),
        seeds=tuple(range(10)),
        alphas=(0.6,),
        disjoint=(True,),
        n_bits=32,
        width=1000,
        learning_rate=0.01,
        batch_size=1000,
        exposure=300.0,
    )
}


def data_emergence(settings: DataEmergence, *, progress: bool = False) -> xr.Dataset:
    """Train networks on fixed datasets of many sizes and measure what they know of every skill.

    Args:
        settings: Dataset sizes, seeds, task, network and training.
        progress: Whether to show a progress bar.

    Returns:
        Over (member, samples, skill): `strength`, R_k/S on fresh inputs; `skill_loss`,
        E[(S·g_k - f(k, x))²]/S² on the same; `train_loss`, the same mean over the skill's own
        training samples, nan where it has none; `count`, how many it has. The first two again for
        networks with one skill, over (member_alone, samples_alone): `strength_alone`,
        `skill_loss_alone`, and `train_loss_alone`. `frequency` over (member, skill). A member is
        one seed with one α and one kind of subsets, with another dataset at every size:
        coordinates `seed`, `alpha`, `disjoint`; `seed_alone` for the networks with one skill.

    Raises:
        ValueError: If a setting is out of range.

    Source: after Nam et al. 2024, data emergence of two-layer networks, smaller; momentum,
    small minibatches and the falling rate are ours.

    >>> tiny = DataEmergence((4, 8), (2, 4), (0,), alphas=(0.6,), n_skills=2, n_bits=6, width=4,
    ...     exposure=2.0, exposure_alone=2.0, backgrounds=2)
    >>> data_emergence(tiny).strength.shape
    (2, 2, 2)
    """
    groups = [
        [
            MultitaskParity(
                settings.n_skills, settings.n_bits, settings.subset_size, alpha, kind, seed=seed
            )
            for kind in settings.disjoint
            for seed in settings.seeds
        ]
        for alpha in settings.alphas
    ]
    single = [
        MultitaskParity(1, settings.n_bits, settings.subset_size, seed=seed)
        for seed in settings.seeds
    ]
    jobs = [(group, size) for group in groups for size in settings.samples]
    jobs += [(single, size) for size in settings.samples_alone]
    found = [_trained(settings, *job) for job in _progress.bar(jobs, show=progress)]
    n = len(settings.samples)
    ladders = [_stacked(found[i * n : (i + 1) * n]) for i in range(len(groups))]
    together = {name: np.concatenate([part[name] for part in ladders]) for name in ladders[0]}
    alone = _stacked(found[len(groups) * n :])
    tasks = [task for group in groups for task in group]
    return _dataset(settings, tasks, together, alone)


def _trained(
    settings: DataEmergence, tasks: Sequence[MultitaskParity], size: int
) -> dict[str, Tensor]:
    """Train one network per task on `size` samples and measure it, each (member, skill)."""
    seeds = [task.seed for task in tasks]
    n_skills = tasks[0].n_skills
    model = MLPEnsemble(
        settings.n_bits,
        [settings.width] * len(tasks),
        seeds=seeds,
        n_categories=n_skills,
        init=settings.init_std,
    )
    exposure = settings.exposure if n_skills > 1 else settings.exposure_alone
    steps = math.ceil(exposure / float(tasks[0].frequency[-1]))
    source = fixed_dataset(tasks, size, seeds=seeds, batch_size=settings.batch_size)
    everything = _scaled(fixed_dataset(tasks, size, seeds=seeds)(0), settings.scale)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        strength, power = antithetic_strengths(model, tasks, backgrounds=settings.backgrounds)
        relative = strength / settings.scale
        count, error = _by_skill(model, everything, n_skills)
        return {
            "strength": relative,
            # E(S g - f)² = S² - 2 S R + E f².
            "skill_loss": 1 - 2 * relative + power / settings.scale**2,
            "train_loss": error / count / settings.scale**2,
            "count": count,
        }

    record = train(
        model,
        _all_scaled(source, settings, size),
        optimizer=SGD(settings.learning_rate, settings.momentum),
        steps=steps,
        measure=measure,
        at=[steps],
        schedule=lambda step: 1.0 if step < 0.75 * steps else 0.1,
    )
    return {name: values[0] for name, values in record.items()}


def _scaled(batch: Batch, scale: float) -> Batch:
    return batch._replace(target=scale * batch.target)


def _all_scaled(source: Batches, settings: DataEmergence, size: int) -> Batches:
    if size <= settings.batch_size:
        # One and the same object at every step, so that training lays it out only once.
        whole = _scaled(source(0), settings.scale)
        return lambda _: whole
    return lambda step: _scaled(source(step), settings.scale)


def _by_skill(model: MLPEnsemble, batch: Batch, n_skills: int) -> tuple[Tensor, Tensor]:
    """Return number and summed squared error of each skill's samples, (member, skill)."""
    count = torch.zeros(model.n_members, n_skills, dtype=torch.float64)
    error = torch.zeros_like(count)
    for start in range(0, batch.bits.shape[1], _BLOCK):
        rows = slice(start, start + _BLOCK)
        skill = batch.skill[:, rows]
        outputs = model(batch.bits[:, rows], skill).squeeze(-1)
        square = (outputs - batch.target[:, rows]).square().double()
        count.scatter_add_(1, skill, torch.ones_like(square))
        error.scatter_add_(1, skill, square)
    return count, error


def _stacked(parts: Sequence[dict[str, Tensor]]) -> dict[str, Floats]:
    """Stack measurements (member, skill) at several sizes to (member, size, skill)."""
    return {
        name: torch.stack([part[name] for part in parts], 1).to(torch.float32).numpy()
        for name in parts[0]
    }


def _dataset(
    settings: DataEmergence,
    tasks: Sequence[MultitaskParity],
    together: dict[str, Floats],
    alone: dict[str, Floats],
) -> xr.Dataset:
    names = {
        "strength": "strength R_k of a skill over the target scale S, on fresh inputs",
        "skill_loss": "mean squared error of a skill over S², on fresh inputs",
        "train_loss": "mean squared error of a skill's training samples over S²",
        "count": "training samples of a skill",
    }
    dims = ("member", "samples", "skill")
    variables = {
        name: xr.Variable(dims, together[name], {"units": "1", "long_name": text})
        for name, text in names.items()
    }
    for name in ("strength", "skill_loss", "train_loss"):
        text = f"{names[name]}, networks with one skill"
        variables[f"{name}_alone"] = xr.Variable(
            ("member_alone", "samples_alone"),
            alone[name][..., 0],
            {"units": "1", "long_name": text},
        )
    share = np.stack([task.frequency for task in tasks])
    variables["frequency"] = xr.Variable(
        ("member", "skill"),
        share,
        {"units": "1", "long_name": "probability of a skill"},
    )
    size = {"units": "sample", "long_name": "size D of the dataset"}
    return xr.Dataset(
        variables,
        coords={
            "seed": ("member", [task.seed for task in tasks]),
            "alpha": ("member", [task.alpha for task in tasks]),
            "disjoint": ("member", [int(task.disjoint) for task in tasks]),
            "seed_alone": ("member_alone", list(settings.seeds)),
            "samples": ("samples", list(settings.samples), size),
            "samples_alone": ("samples_alone", list(settings.samples_alone), size),
            "skill": ("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank"}),
        },
    )
