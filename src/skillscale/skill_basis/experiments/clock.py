"""How fast networks with a single skill learn it, as their settings vary one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skillscale.lab.settings import Count, Counts, Positives, Seeds
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.skill_basis.experiments.time import TimeEmergence, follow, times

_VARIED = ("n_bits", "subset_size", "width", "init_std", "scale", "phase_step")
_LARGEST_ENUMERATED = 12


@dataclass(frozen=True)
class ClockSweep(Experiment):
    """Train networks with a single skill and follow its strength.

    The first entry of each tuple is the base; its other entries are tried one at a time. Every
    subset size is run with the base and with the second initial scale.

    Over (member, time): `strength`, R/S, and `step`, the updates done, which differ from member to
    member; on fresh samples a strength is the average over the updates since the one before and
    `step` their middle. Coordinates over member: `seed`, `varied` (the setting that differs from
    the base, or "base"), the settings, and `learning_rate` = phase_step/(2 · scale).

    Source: after the one-skill networks on which Nam et al. 2024 calibrate; the sweep is ours.
    """

    #: up to 12 all strings are enumerated, beyond samples are fresh
    n_bits: Counts = (8, 3, 4, 6, 10, 16, 32)
    subset_size: Counts = (3, 1, 2, 4)  #: bits that the skill depends on
    width: Counts = (300, 30, 100, 1000)  #: hidden units
    #: standard deviations of all initial weights and biases
    init_std: Positives = (0.01, 0.001, 0.003, 0.03, 0.1)
    scale: Positives = (5.0, 1.0, 2.0, 10.0)  #: target scales S
    #: phases 2 · lr · S of an update; the learning rate follows from them
    phase_step: Positives = (0.05, 0.1, 0.2, 0.4)
    #: phase at which a run ends, for subset sizes 1, 2, …
    durations: Positives = (40.0, 120.0, 280.0, 400.0)
    n_times: Count = 200  #: evenly spaced measurements after the one before the first update
    batch_size: Count = 2000  #: fresh samples per update where strings are not enumerated
    seeds: Seeds = (0,)  #: bits of the skill, initial weights and samples

    about = {
        "strength": ("1", "strength R of the skill over the target scale S"),
        "step": ("updates", "updates done"),
    }

    def together(self) -> None:
        if max(self.subset_size) > len(self.durations):
            raise ValueError(
                f"durations must hold an entry for each subset size up to "
                f"{max(self.subset_size)}, got {self.durations!r}"
            )

    def variants(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what is varied, "base" first, with all settings of that group of networks."""
        base = {name: getattr(self, name)[0] for name in _VARIED}
        yield "base", base
        for name in _VARIED:
            for value in getattr(self, name)[1:]:
                yield name, {**base, name: value}
                if name == "subset_size":
                    for start in self.init_std[1:2]:
                        yield name, {**base, name: value, "init_std": start}

    def grid(self) -> Grid:
        return {"member": range(len(list(self.variants())))}

    def coords(self) -> Coords:
        each = [variant for variant in self.variants() for _ in self.seeds]
        rates = [group["phase_step"] / (2 * group["scale"]) for _, group in each]
        return {
            **{name: ("member", np.array([group[name] for _, group in each])) for name in _VARIED},
            "learning_rate": ("member", rates),
            "varied": ("member", [varied for varied, _ in each]),
            "seed": ("member", list(self.seeds) * (len(each) // len(self.seeds))),
        }

    def measure(self, member: int) -> Found:
        _, group = list(self.variants())[member]
        phase_step = group.pop("phase_step")
        updates = self.durations[group["subset_size"] - 1] / phase_step
        every = max(1, round(updates / self.n_times))
        run = TimeEmergence(
            n_skills=1,
            learning_rate=phase_step / (2 * group["scale"]),
            batch_size=None if group["n_bits"] <= _LARGEST_ENUMERATED else self.batch_size,
            steps=every * self.n_times,
            every=every,
            seeds=self.seeds,
            **group,
        )
        found = follow(run, [(1.0, seed) for seed in self.seeds])
        steps = np.tile(times(run).astype(np.float32), (len(self.seeds), 1))
        return {
            "strength": (("member", "time"), found["strength"][..., 0].astype(np.float32)),
            "step": (("member", "time"), steps),
        }


ClockSweep.records = {
    "skill_basis_clock_sweep": {
        "live": ClockSweep(
            n_bits=(6,),
            subset_size=(3, 2),
            width=(100,),
            init_std=(0.01, 0.001),
            scale=(5.0,),
            phase_step=(0.2,),
            n_times=100,
            seeds=(0, 1, 2, 3),
        ),
        "standard": ClockSweep(seeds=tuple(range(50, 70))),
    }
}
