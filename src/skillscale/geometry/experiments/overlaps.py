"""Task vectors that overlap, and how far the gradient points along each of them.

`overlapping_skills`: sign descent on independent random unit vectors, fewer or more than there are
parameters. `gradient_alignment`: on orthonormal ones, the share of parameters in which minus the
gradient and a task vector have one sign.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, frequencies
from skillscale.geometry.experiments._shared import (
    LOSSES,
    check_alphas,
    check_filled,
    check_sizes,
    descend,
    squared_steps,
    tables,
    task_vectors,
)
from skillscale.lab.optimizers import SignDescent


@dataclass(frozen=True)
class OverlappingSkills:
    """Settings of `overlapping_skills`.

    Attributes:
        sizes: pairs (number of skills, number of parameters).
        losses: among "mse" and "cross_entropy".
        alpha: skill k has frequency p_k ∝ k^-(alpha+1).
        length: Euclidean length of a step; the learning rate is this over √dim.
        steps: number of updates.
        points: times measured after the start, quadratically spaced.
        seeds: one set of task vectors per seed.
    """

    sizes: tuple[tuple[int, int], ...]
    losses: tuple[str, ...] = LOSSES
    alpha: float = 1.0
    length: float = 0.003
    steps: int = 6700
    points: int = 12
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "sizes", "losses")
        for n_skills, dim in self.sizes:
            check_sizes(n_skills, dim, self.steps, orthonormal=False)
        for loss in self.losses:
            _checks.choice("losses", loss, LOSSES)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("length", self.length, above=0)
        _checks.integer("points", self.points, minimum=1)
        _checks.seeds("seeds", self.seeds)


@dataclass(frozen=True)
class GradientAlignment:
    """Settings of `gradient_alignment`.

    Attributes:
        n_skills: numbers of skills, at most `dim`.
        alphas: skill k has frequency p_k ∝ k^-(alpha+1).
        batch_size: skills drawn for a step in the arm with sampled gradients.
        dim: number of parameters.
        lr: learning rate of sign descent.
        steps: number of updates.
        every: steps between measurements.
        seeds: one set of task vectors and batches per seed.
    """

    n_skills: tuple[int, ...] = (2, 3, 5, 10)
    alphas: tuple[float, ...] = (0.0, 1.0, 3.0)
    batch_size: int = 128
    dim: int = 1000
    lr: float = 3e-4
    steps: int = 640
    every: int = 40
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_filled(self, "n_skills")
        check_alphas(self.alphas)
        for n_skills in self.n_skills:
            check_sizes(n_skills, self.dim, self.steps)
        _checks.number("lr", self.lr, above=0)
        for name in ("batch_size", "every"):
            _checks.integer(name, getattr(self, name), minimum=1)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "overlapping_skills": OverlappingSkills(
        ((40, 200), (20, 10)), losses=("mse",), steps=2500, seeds=(0, 1, 2), points=40
    ),
    "gradient_alignment": GradientAlignment((5,), (1.0,), seeds=(0, 1, 2)),
}
STANDARD = {
    "overlapping_skills": OverlappingSkills(
        ((40, 200), (40, 10), (100, 10), (5, 10), (10, 10), (20, 10)),
        seeds=tuple(range(200, 212)),
    ),
    "gradient_alignment": GradientAlignment(),
}


def overlapping_skills(settings: OverlappingSkills, *, progress: bool = False) -> xr.Dataset:
    """Levels t_k·θ over time under sign descent with exact gradients, for every loss and size.

    Args:
        settings: sizes, loss and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (loss, size, member, time, skill): `level`, nan beyond the number of
        skills. Coordinates of a size are `n_skills` and `dim`; the task vectors are
        `task_vectors(n_skills, dim, seeds=…, orthonormal=False)`.

    Source: overlapping task vectors and both losses as in the public code of Liu et al. 2025
    (Figure 8), with exact gradients; equals automatic gradients in
    `tests/test_geometry_overlaps.py`.

    >>> small = OverlappingSkills(((2, 4), (3, 2)), steps=9, points=3, seeds=(0,))
    >>> dict(overlapping_skills(small).sizes)
    {'loss': 2, 'size': 2, 'member': 1, 'time': 4, 'skill': 3}
    """
    most = max(n_skills for n_skills, _ in settings.sizes)
    times = squared_steps(settings.steps, settings.points)
    shape = (len(settings.losses), len(settings.sizes), len(settings.seeds), len(times), most)
    found = np.full(shape, np.nan, dtype=np.float32)
    for at, (n_skills, dim) in enumerate(settings.sizes):
        vectors = task_vectors(n_skills, dim, seeds=settings.seeds, orthonormal=False)
        frequency = torch.from_numpy(frequencies.power_law(n_skills, settings.alpha))
        rule = SignDescent(settings.length / dim**0.5)
        for out, loss in zip(found, settings.losses, strict=True):
            path = descend(vectors, frequency, rule, settings.steps, loss=loss, progress=progress)
            kept = {step: level for step, level in enumerate(path) if step in times}
            out[at, ..., :n_skills] = torch.stack([kept[step] for step in times], dim=1).numpy()
    return xr.Dataset(
        {
            "level": (
                ("loss", "size", "member", "time", "skill"),
                found.round(3),
                {"units": "1", "long_name": "level of a skill, 1 when learned"},
            )
        },
        coords={
            "loss": list(settings.losses),
            "n_skills": ("size", [n_skills for n_skills, _ in settings.sizes]),
            "dim": ("size", [dim for _, dim in settings.sizes]),
            "step": ("time", times, {"units": "optimizer steps"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "skill": np.arange(1, most + 1),
        },
    )


def gradient_alignment(settings: GradientAlignment, *, progress: bool = False) -> xr.Dataset:
    """Share of parameters in which minus the gradient and a task vector have one sign.

    The gradient is the one over the true frequencies, in both arms; with sampled gradients it is
    not the one that moves the parameters.

    Args:
        settings: sizes, frequencies and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset with dims (arm, n_skills, alpha, member, step, skill), nan beyond the number of
        skills: `aligned`, that share, and `unlearned`, 1 - t_k·θ. Arms: exact and sampled.

    Source: a count made in the public code of Liu et al. 2025 (Figures 4 and 5); equals its
    definition in `tests/test_geometry_overlaps.py`.

    >>> small = GradientAlignment((2,), (1.0,), dim=4, steps=8, every=4, seeds=(0,))
    >>> dict(gradient_alignment(small).sizes)
    {'arm': 2, 'n_skills': 1, 'alpha': 1, 'member': 1, 'step': 3, 'skill': 2}
    """
    kept = np.arange(0, settings.steps + 1, settings.every)
    shape = (2, len(settings.n_skills), len(settings.alphas), len(settings.seeds), kept.size)
    found = np.full((2, *shape, max(settings.n_skills)), np.nan, dtype=np.float32)
    n_alphas, seeds = len(settings.alphas), settings.seeds * len(settings.alphas)
    for at, n_skills in enumerate(settings.n_skills):
        vectors = task_vectors(n_skills, settings.dim, seeds=settings.seeds).repeat(n_alphas, 1, 1)
        frequency = torch.from_numpy(tables(n_skills, settings.alphas))
        frequency = frequency.repeat_interleave(len(settings.seeds), dim=0)
        for arm, batch_size in enumerate((None, settings.batch_size)):
            path = descend(
                vectors, frequency, SignDescent(settings.lr), settings.steps,
                batch_size=batch_size, seeds=seeds, progress=progress,
            )  # fmt: skip
            for step, level in enumerate(path):
                if step % settings.every == 0:
                    pull = ((frequency * (1 - level))[:, None] @ vectors).sign()
                    aligned = (pull == vectors.sign()).double().mean(-1)
                    for value, out in zip((aligned, 1 - level), found, strict=True):
                        out[arm, at, ..., step // settings.every, :n_skills] = _split(
                            value, n_alphas
                        )
    dims = ("arm", "n_skills", "alpha", "member", "step", "skill")
    aligned_name = "share of parameters in which minus the gradient has the task vector's sign"
    return xr.Dataset(
        {
            "aligned": (dims, found[0], {"units": "1", "long_name": aligned_name}),
            "unlearned": (
                dims,
                found[1].round(3),
                {"units": "1", "long_name": "unlearned fraction"},
            ),
        },
        coords={
            "arm": ["exact", "sampled"],
            "n_skills": list(settings.n_skills),
            "alpha": list(settings.alphas),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", kept, {"units": "optimizer steps"}),
            "skill": np.arange(1, found.shape[-1] + 1),
        },
    )


def _split(value: torch.Tensor, n_alphas: int) -> NDArray[np.float64]:
    """Return members that run over frequencies, then seeds, as an array (alpha, seed, skill)."""
    return np.asarray(value.reshape(n_alphas, -1, value.shape[-1]).numpy())
