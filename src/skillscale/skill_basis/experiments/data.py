"""Emergence in data: which skills networks infer from a fixed number of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from torch import Tensor

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import Batch, MultitaskParity, fixed_dataset
from skillscale.lab.settings import Count, Flags, NonNegative, Positive, Seeds, Sizes, each, real
from skillscale.lab.strengths import BatchAverages
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.lab.training import train
from skillscale.skill_basis.experiments import _shared

_BLOCK = 1024  # samples evaluated at a time, to bound the memory of activations

_NAMES = {
    **{name: f"{_shared.ABOUT[name][1]}, on fresh inputs" for name in ("strength", "skill_loss")},
    "train_loss": "mean squared error of a skill's training samples over S²",
    "count": "training samples of a skill",
}
_ALONE = ("strength", "skill_loss", "train_loss")


@dataclass(frozen=True)
class DataEmergence(Experiment):
    """Train networks on fixed datasets of many sizes and measure what they know of every skill.

    A network is trained for exposure / P(n_skills) updates, however many samples it has; the last
    quarter of them runs at a tenth of the rate. A member is one seed with one α and one kind of
    subsets, with another dataset at every size. Networks that know a single skill are trained
    beside them, since the theory's one constant may be taken from those.

    Over (member, samples, skill): `strength`, R_k/S on inputs that were never drawn; `skill_loss`,
    E[(S·g_k - f(k, x))²]/S² on the same; `train_loss`, the same mean over the skill's own training
    samples, nan where it has none; `count`, how many it has. Over (member_alone, samples_alone) the
    first three for networks with one skill, named `strength_alone` and so on. `frequency` (member,
    skill); `seed`, `alpha` and `disjoint` (member); `seed_alone` (member_alone).

    Source: after Nam et al. 2024, smaller; momentum, minibatches and the falling rate are ours.
    """

    samples: Sizes  #: sizes D of the dataset
    samples_alone: Sizes  #: sizes for the networks with one skill
    seeds: Seeds  #: bits of the skills, initial weights and all data
    #: exponents α of the skill frequencies
    alphas: Annotated[tuple[float, ...], each(real())] = (0.3, 0.6, 0.9)
    #: kinds of subsets, whether no bit may belong to two skills
    disjoint: Flags = (False, True)
    n_skills: Count = 5
    n_bits: Count = 16
    subset_size: Count = 3  #: bits that a skill depends on
    width: Count = 200  #: hidden units of the network
    init_std: Positive = 0.01  #: standard deviation of all initial weights and biases
    learning_rate: Positive = 0.02  #: of gradient descent on the squared error (without ½)
    momentum: NonNegative = 0.9  #: the rate of the gradient flow is learning_rate / (1 - momentum)
    #: samples of an update, drawn without replacement; all where D is no larger
    batch_size: Count = 250
    scale: Positive = 5.0  #: S, the target is S · g_k
    exposure: Positive = 250.0  #: updates times the frequency of the rarest skill
    #: updates of the networks with one skill, which need more, as their loss is the steepest and
    #: what an early overshoot breaks takes its time to heal
    exposure_alone: Positive = 1000.0
    repeats_alone: Count = 1  #: networks with one skill for each seed, each with data of its own
    #: strings of irrelevant bits for which each strength is measured, with all 2^subset_size
    #: patterns of the relevant ones
    backgrounds: Count = 2000

    order = ("member", "samples", "skill", "member_alone", "samples_alone")
    about = _shared.ABOUT | {
        **{name: ("1", text) for name, text in _NAMES.items()},
        **{f"{name}_alone": ("1", f"{_NAMES[name]}, networks with one skill") for name in _ALONE},
        "samples": ("sample", "size D of the dataset"),
        "samples_alone": ("sample", "size D of the dataset"),
    }

    def together(self) -> None:
        _shared.below_restarts(self.seeds)

    def seeds_alone(self) -> list[int]:
        repeats = range(self.repeats_alone)
        return [seed + _shared.RESTART * repeat for seed in self.seeds for repeat in repeats]

    def tasks(self, alpha: float) -> list[MultitaskParity]:
        shape = self.n_skills, self.n_bits, self.subset_size
        return [
            MultitaskParity(*shape, alpha, kind, seed=seed)
            for kind in self.disjoint
            for seed in self.seeds
        ]

    def coords(self) -> Coords:
        tasks = [task for alpha in self.alphas for task in self.tasks(alpha)]
        return {
            "frequency": (("member", "skill"), np.stack([task.frequency for task in tasks])),
            "seed": ("member", [task.seed for task in tasks]),
            "alpha": ("member", [task.alpha for task in tasks]),
            "disjoint": ("member", [int(task.disjoint) for task in tasks]),
            "seed_alone": ("member_alone", self.seeds_alone()),
            "samples": self.samples,
            "samples_alone": self.samples_alone,
            "skill": range(1, self.n_skills + 1),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = sweep(self.measure, {"member": self.alphas, "samples": self.samples})
        return found.merge(sweep(self.measure_alone, {"samples_alone": self.samples_alone}))

    def measure(self, member: float, samples: int) -> Found:
        found = _trained(self, self.tasks(member), samples)
        return {name: (("member", "skill"), each.float().numpy()) for name, each in found.items()}

    def measure_alone(self, samples_alone: int) -> Found:
        shape = 1, self.n_bits, self.subset_size
        single = [MultitaskParity(*shape, seed=seed) for seed in self.seeds_alone()]
        found = _trained(self, single, samples_alone)
        return {
            f"{name}_alone": ("member_alone", found[name][:, 0].float().numpy()) for name in _ALONE
        }


def _ladder(first: int, last: int) -> tuple[int, ...]:
    """Return whole numbers from `first` to `last` in steps of about √2."""
    steps = 1 + round(2 * math.log2(last / first))
    return tuple(round(first * 2 ** (step / 2)) for step in range(steps))


DataEmergence.records = {
    "skill_basis_data_emergence": {
        "live": DataEmergence(
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
        ),
        "standard": DataEmergence(
            samples=_ladder(141, 12800), samples_alone=_ladder(50, 800), seeds=tuple(range(40, 64))
        ),
        "paper": DataEmergence(
            samples=_ladder(500, 32000),
            samples_alone=_ladder(200, 1600),
            seeds=tuple(range(10, 22)),
            repeats_alone=4,
            alphas=(0.6,),
            disjoint=(True,),
            n_bits=32,
            width=1000,
            learning_rate=0.01,
            batch_size=1000,
            exposure=300.0,
        ),
    }
}


def _trained(of: DataEmergence, tasks: Sequence[MultitaskParity], size: int) -> dict[str, Tensor]:
    seeds = [task.seed for task in tasks]
    n_skills = tasks[0].n_skills
    model = MLPEnsemble(
        of.n_bits, [of.width] * len(tasks), seeds=seeds, n_categories=n_skills, init=of.init_std
    )
    exposure = of.exposure if n_skills > 1 else of.exposure_alone
    steps = math.ceil(exposure / float(tasks[0].frequency[-1]))
    source = fixed_dataset(tasks, size, seeds=seeds, batch_size=of.batch_size)
    everything = _shared.scaled(fixed_dataset(tasks, size, seeds=seeds), of.scale, once=True)(0)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        found = _shared.on_fresh_inputs(model, tasks, of.scale, backgrounds=of.backgrounds)
        seen = BatchAverages(len(tasks), n_skills, of.scale)
        for start in range(0, size, _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = Batch(*(part[:, rows] for part in everything[:3]))
            seen.observe(0, block, model(block.bits, block.skill))
        error, count = seen.read()[1:]
        return found | {"train_loss": error, "count": count}

    record = train(
        model,
        _shared.scaled(source, of.scale, once=size <= of.batch_size),
        optimizer=SGD(of.learning_rate, of.momentum),
        steps=steps,
        measure=measure,
        at=[steps],
        schedule=lambda step: 1.0 if step < 0.75 * steps else 0.1,
    )
    return {name: values[0] for name, values in record.items()}
