"""How fast networks with a single skill learn it, as their settings vary one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.skill_basis.experiments.time import TimeEmergence, follow

_VARIED = ("n_bits", "subset_size", "width", "init_std", "scale", "phase_step")
_LARGEST_ENUMERATED = 12


@dataclass(frozen=True)
class ClockSweep:
    """Settings of `clock_sweep`.

    The first entry of each tuple is the base; its other entries are tried one at a time. Every
    subset size is run with the base and with the second initial scale.

    Attributes:
        n_bits: Numbers of bits; up to 12 all strings are enumerated, beyond samples are fresh.
        subset_size: Numbers of bits that the skill depends on.
        width: Numbers of hidden units.
        init_std: Standard deviations of all initial weights and biases.
        scale: Target scales S.
        phase_step: Phases 2 · lr · S of an update; the learning rate follows from them.
        durations: Phase at which a run ends, for subset sizes 1, 2, ….
        n_times: Measurements of a run after the one before the first update, evenly spaced.
        batch_size: Fresh samples per update where strings are not enumerated.
        seeds: A seed sets the bits of the skill, the initial weights and the samples.
    """

    n_bits: tuple[int, ...] = (8, 3, 4, 6, 10, 16, 32)
    subset_size: tuple[int, ...] = (3, 1, 2, 4)
    width: tuple[int, ...] = (300, 30, 100, 1000)
    init_std: tuple[float, ...] = (0.01, 0.001, 0.003, 0.03, 0.1)
    scale: tuple[float, ...] = (5.0, 1.0, 2.0, 10.0)
    phase_step: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)
    durations: tuple[float, ...] = (40.0, 120.0, 280.0, 400.0)
    n_times: int = 200
    batch_size: int = 2000
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        for name in (*_VARIED, "durations"):
            if not getattr(self, name):
                raise ValueError(f"{name} must hold at least one entry, got ()")
        for name in ("init_std", "scale", "phase_step", "durations"):
            _checks.array(name, getattr(self, name), positive=True, dims=(1,))
        _checks.seeds("seeds", self.seeds)
        _checks.integer("n_times", self.n_times, minimum=1)
        if max(self.subset_size) > len(self.durations):
            raise ValueError(
                f"durations must hold an entry for each subset size up to "
                f"{max(self.subset_size)}, got {self.durations!r}"
            )

    def variants(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Yield what is varied, "base" first, with all settings of that group of networks."""
        base = {name: getattr(self, name)[0] for name in _VARIED}
        yield "base", base
        for name in _VARIED:
            for value in getattr(self, name)[1:]:
                yield name, {**base, name: value}
                if name == "subset_size":
                    for start in self.init_std[1:2]:
                        yield name, {**base, name: value, "init_std": start}


LIVE = {
    "clock_sweep": ClockSweep(
        n_bits=(6,),
        subset_size=(3, 2),
        width=(100,),
        init_std=(0.01, 0.001),
        scale=(5.0,),
        phase_step=(0.2,),
        n_times=100,
        seeds=(0, 1, 2, 3),
    )
}
STANDARD = {"clock_sweep": ClockSweep(seeds=tuple(range(40, 50)))}


def clock_sweep(settings: ClockSweep, *, progress: bool = False) -> xr.Dataset:
    """Train networks with a single skill and follow its strength.

    Args:
        settings: Base, what is varied, and seeds.
        progress: Whether to show a progress bar over the groups of networks.

    Returns:
        Dataset over (member, time): `strength`, R/S, and `step`, the updates done, which differ
        from member to member. Coordinates over member: `seed`, `varied` (the setting that differs
        from the base, or "base"), the settings `n_bits`, `subset_size`, `width`, `init_std`,
        `scale` and `phase_step`, and `learning_rate` = phase_step/(2 · scale). On fresh samples a
        strength is the average over the updates since the one before and `step` their middle.

    Raises:
        ValueError: If a setting is out of range.

    Source: after the one-skill networks on which Nam et al. 2024 calibrate; the sweep is ours.

    >>> tiny = ClockSweep(
    ...     (4,), (3, 1), (8,), (0.1,), (5.0,), (0.4,), durations=(8.0,) * 3, n_times=5)
    >>> sorted(clock_sweep(tiny).sizes.items())
    [('member', 2), ('time', 6)]
    """
    groups = list(settings.variants())
    steps, strengths = [], []
    for _, group in _progress.bar(groups, show=progress):
        step, strength = _train(settings, group)
        steps += [step] * len(settings.seeds)
        strengths.append(strength)
    each = [group for group in groups for _ in settings.seeds]
    member = {name: ("member", np.asarray([group[name] for _, group in each])) for name in _VARIED}
    rate = [group["phase_step"] / (2 * group["scale"]) for _, group in each]
    return xr.Dataset(
        {
            "strength": (
                ("member", "time"),
                np.concatenate(strengths).astype(np.float32),
                {"units": "1", "long_name": "strength R of the skill over the target scale S"},
            ),
            "step": (
                ("member", "time"),
                np.stack(steps).astype(np.float32),
                {"units": "updates", "long_name": "updates done"},
            ),
        },
        coords={
            **member,
            "learning_rate": ("member", rate),
            "varied": ("member", [varied for varied, _ in each]),
            "seed": ("member", list(settings.seeds) * len(groups)),
        },
    )


def _train(
    settings: ClockSweep, group: dict[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Train one network per seed; return the times of measurement and the strengths."""
    n_bits, subset_size = int(group["n_bits"]), int(group["subset_size"])
    updates = settings.durations[subset_size - 1] / group["phase_step"]
    every = max(1, round(updates / settings.n_times))
    run = TimeEmergence(
        n_skills=1,
        n_bits=n_bits,
        subset_size=subset_size,
        width=int(group["width"]),
        init_std=group["init_std"],
        learning_rate=group["phase_step"] / (2 * group["scale"]),
        batch_size=None if n_bits <= _LARGEST_ENUMERATED else settings.batch_size,
        scale=group["scale"],
        steps=every * settings.n_times,
        every=every,
        seeds=settings.seeds,
    )
    times, found = follow(run, [(1.0, seed) for seed in settings.seeds], progress=False)
    return times, found["strength"][..., 0]
