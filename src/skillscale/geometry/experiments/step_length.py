"""Signs or a fixed length: sign descent beside the normalised gradient, with steps equally long.

Orthonormal task vectors, squared loss, exact gradients.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import check_filled, check_sizes, descend, task_vectors
from skillscale.lab.optimizers import NormalisedGradient, Optimizer, SignDescent


@dataclass(frozen=True)
class FixedLength:
    """Settings of `fixed_length`.

    Attributes:
        dims: numbers of parameters, each at least `n_skills`.
        n_skills: number of skills.
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        length: Euclidean length of every step of either rule.
        steps: number of updates.
        every: steps between measurements.
        seeds: one set of task vectors per seed.
    """

    dims: tuple[int, ...] = (20, 1000)
    n_skills: int = 10
    alpha: float = 1.0
    length: float = 3e-3
    steps: int = 2000
    every: int = 40
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "dims")
        for dim in self.dims:
            check_sizes(self.n_skills, dim, self.steps)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("length", self.length, above=0)
        _checks.integer("every", self.every, minimum=1)
        _checks.seeds("seeds", self.seeds)


LIVE = {"fixed_length": FixedLength(length=0.01, steps=600, every=10, seeds=(0, 1, 2, 3))}
STANDARD = {"fixed_length": FixedLength()}


def fixed_length(settings: FixedLength, *, progress: bool = False) -> xr.Dataset:
    """Unlearned fractions over time under sign descent and the normalised gradient.

    Args:
        settings: sizes, length of a step and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (rule, dim, member, step, skill): `unlearned`, 1 - t_k·θ.

    Source: derived here; exact recursion in `tests/test_geometry_step_length.py`.

    >>> small = FixedLength(dims=(4,), n_skills=2, steps=4, every=2, seeds=(0,))
    >>> dict(fixed_length(small).sizes)
    {'rule': 2, 'dim': 1, 'member': 1, 'step': 3, 'skill': 2}
    """
    frequency = frequencies.power_law(settings.n_skills, settings.alpha)
    curves = []
    for name in ("sign", "normalised"):
        for dim in settings.dims:
            rule: Optimizer = (
                SignDescent(settings.length / math.sqrt(dim))
                if name == "sign"
                else NormalisedGradient(settings.length)
            )
            path = descend(
                task_vectors(settings.n_skills, dim, seeds=settings.seeds),
                torch.from_numpy(frequency),
                rule,
                settings.steps,
                progress=progress,
            )
            kept = [level for step, level in enumerate(path) if step % settings.every == 0]
            curves.append(1 - torch.stack(kept, dim=1).numpy())
    shape = (2, len(settings.dims), *curves[0].shape)
    return xr.Dataset(
        {
            "unlearned": (
                ("rule", "dim", "member", "step", "skill"),
                np.stack(curves).reshape(shape).astype(np.float32).round(4),
                {"units": "1", "long_name": "unlearned fraction of a skill"},
            ),
            "frequency": ("skill", frequency, {"units": "1", "long_name": "frequency of a skill"}),
        },
        coords={
            "rule": ["sign", "normalised"],
            "dim": list(settings.dims),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": (
                "step",
                np.arange(0, settings.steps + 1, settings.every),
                {"units": "optimizer steps"},
            ),
            "skill": np.arange(1, settings.n_skills + 1),
        },
    )
