"""The multilinear model itself, trained by explicit gradient descent: loss in every resource.

A member is one drawn data set: its samples set the gradient, its loss is taken under the true
frequencies. Losses are in units of ½·squared error. Times are in units of 1/eta: one update of
learning rate `step` advances the time by `step`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks
from skillscale._progress import bar
from skillscale.frequencies import power_law
from skillscale.skill_basis.experiments import descent

Floats = descent.Floats


@dataclass(frozen=True)
class ScalingLaws:
    """Settings of `scaling_laws`.

    Attributes:
        seeds: Each draws the data sets of one member per alpha.
        alphas: Exponents of P(k) ∝ k^-(alpha+1).
        n_skills: Number of skills of the finite problem.
        scale: S, the target is S · g_k.
        initial: Strength a_k · b_k of every skill at the start, with a_k = b_k.
        step: Learning rate of the updates.
        longest: Last time of the curves in time.
        n_times: Number of log-spaced times from 1 to `longest` (at most).
        n_samples: Size of the data set behind the curves in time and in skills.
        samples: Sizes D of the data sets behind the curve in data.
        draws: Number of data sets of each size: what is predicted is the mean loss over data sets.
        skills: Numbers N of skills that a model can represent.
        patience: Training that stands for endless lasts `patience`/(S · p) where p is the smallest
            share of a skill that is to be learned: its gap shrinks by exp(-2 · patience).
        shown: Ranks of the skills whose strength is kept.
    """

    seeds: tuple[int, ...]
    alphas: tuple[float, ...] = (0.3, 0.6, 0.9)
    n_skills: int = 10_000
    scale: float = 1.0
    initial: float = 0.01
    step: float = 0.2
    longest: float = 10_000.0
    n_times: int = 61
    n_samples: int = 10**8
    samples: tuple[int, ...] = (32, 56, 100, 178, 316, 562, 1000, 1778, 3162)
    draws: int = 20
    skills: tuple[int, ...] = (10, 14, 20, 28, 40, 57, 80, 113, 160, 200)
    patience: float = 6.0
    shown: tuple[int, ...] = (1, 2, 5, 10, 20, 50)

    def __post_init__(self) -> None:
        """Check what would otherwise fail late or diverge."""
        descent.check(self.seeds, self.scale, self.initial, step=self.step)
        _checks.array("alphas", self.alphas, positive=True, dims=(1,))
        descent.check_whole("skills", self.skills, self.n_skills)
        descent.check_whole("shown", self.shown, self.n_skills)
        descent.check_whole("samples", self.samples, 10**12)
        _checks.number("longest", self.longest, above=1.0)
        _checks.integer("n_times", self.n_times, minimum=2)
        _checks.integer("n_samples", self.n_samples, minimum=1)
        _checks.integer("draws", self.draws, minimum=1)
        _checks.number("patience", self.patience, above=0)


@dataclass(frozen=True)
class ComputeFrontier:
    """Settings of `compute_frontier`.

    Attributes:
        seeds: Each draws the data sets of one member per alpha.
        alphas: Exponents of P(k) ∝ k^-(alpha+1).
        n_skills: Number of skills of the finite problem.
        scale: S, the target is S · g_k.
        initial: Strength of every skill at the start.
        step: Learning rate of the updates.
        largest: Largest number N of skills that a model can represent.
        n_sizes: Number of log-spaced N from 1 (at most).
        times: First and last time T.
        n_times: Number of log-spaced T.
        n_samples: Size of the data set.
    """

    seeds: tuple[int, ...]
    alphas: tuple[float, ...] = (0.3, 0.6, 0.9)
    n_skills: int = 10_000
    scale: float = 5.0
    initial: float = 0.01
    step: float = 0.1
    largest: int = 1000
    n_sizes: int = 60
    times: tuple[float, float] = (50.0, 20_000.0)
    n_times: int = 51
    n_samples: int = 10**8

    def __post_init__(self) -> None:
        """Check what would otherwise fail late or diverge."""
        descent.check(self.seeds, self.scale, self.initial, step=self.step)
        _checks.array("alphas", self.alphas, positive=True, dims=(1,))
        descent.check_whole("largest", (self.largest,), self.n_skills)
        _checks.integer("n_sizes", self.n_sizes, minimum=2)
        _checks.integer("n_times", self.n_times, minimum=2)
        _checks.integer("n_samples", self.n_samples, minimum=1)
        if not self.step <= self.times[0] < self.times[1]:
            raise ValueError(f"times must increase from at least step, got {self.times!r}")


@dataclass(frozen=True)
class UnbalancedLayers:
    """Settings of `unbalanced_layers`.

    Attributes:
        seeds: Each draws one data set.
        ratios: Ratios a_k/b_k at the start, the product being the same.
        alpha: Exponent of P(k) ∝ k^-(alpha+1).
        n_skills: Number of skills.
        scale: S, the target is S · g_k.
        initial: Product a_k · b_k at the start.
        step: Learning rate of the updates.
        longest: Last time.
        n_times: Number of equally spaced times.
        n_samples: Size of the data set.
    """

    seeds: tuple[int, ...]
    ratios: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0, 100.0)
    alpha: float = 0.6
    n_skills: int = 5
    scale: float = 5.0
    initial: float = 0.01
    step: float = 0.002
    longest: float = 25.0
    n_times: int = 126
    n_samples: int = 10**6

    def __post_init__(self) -> None:
        """Check what would otherwise fail late or diverge."""
        descent.check(self.seeds, self.scale, self.initial, step=self.step)
        _checks.number("alpha", self.alpha, above=0)
        _checks.array("ratios", self.ratios, positive=True, dims=(1,))
        _checks.number("longest", self.longest, above=self.step)
        _checks.integer("n_times", self.n_times, minimum=2)


LIVE = {
    "scaling_laws": ScalingLaws(
        seeds=(0, 1),
        alphas=(0.6,),
        n_skills=2000,
        longest=1000.0,
        n_times=31,
        samples=(32, 100, 316, 1000),
        skills=(5, 7, 10, 14, 20, 28, 40),
        draws=10,
    ),
}
STANDARD = {
    "scaling_laws": ScalingLaws(seeds=tuple(range(20))),
    "compute_frontier": ComputeFrontier(seeds=tuple(range(10))),
    "unbalanced_layers": UnbalancedLayers(seeds=tuple(range(10))),
}


def scaling_laws(settings: ScalingLaws, *, progress: bool = False) -> xr.Dataset:
    """Train the two-layer model and its one-layer control; measure loss in time, data and skills.

    Args:
        settings: Problem, step, grids and seeds.
        progress: Whether to show a progress bar.

    Returns:
        Dataset whose members are pairs of alpha and seed:

        - `loss_time` (member, model, time): one data set of `n_samples`, all skills representable;
        - `strength` (member, model, skill, time): R_k/S of the shown skills in those runs;
        - `loss_data` (member, draw, samples): data sets of D samples, trained until all they hold
          is learned, all skills representable;
        - `loss_skills` (member, skills): only the N most frequent skills representable, trained
          until they are learned on the data set of `n_samples`.

        `model` is "two layers" (a_k · b_k) or "one layer" (w_k from 0). `frequency` (member,
        skill); coordinates `alpha` and `seed` on member.

    Raises:
        ValueError: If a setting is out of range.

    Source: simulations of the model of Nam et al. 2024 and of its one-layer control (Appendix H).

    >>> small = ScalingLaws(
    ...     seeds=(0,), alphas=(0.6,), n_skills=50, longest=10.0, n_times=5, n_samples=1000,
    ...     samples=(10, 20, 40), skills=(1, 2), shown=(1, 2))
    >>> dict(scaling_laws(small)["loss_time"].sizes)
    {'member': 1, 'model': 2, 'time': 5}
    """
    at = descent.log_steps(1.0, settings.longest, settings.n_times, step=settings.step)
    members = [(alpha, seed) for alpha in settings.alphas for seed in settings.seeds]
    rows = []
    for alpha, seed in bar(members, show=progress):
        frequency = power_law(settings.n_skills, alpha)
        share = descent.draw_counts(frequency, settings.n_samples, seed=seed) / settings.n_samples
        runs = np.stack(
            [
                _train(share, at, settings),
                descent.one_layer(share, at, scale=settings.scale, step=settings.step),
            ]
        )
        ranks = np.asarray(settings.shown) - 1
        rows.append(
            {
                "loss_time": 0.5 * (settings.scale - runs) ** 2 @ frequency,
                "strength": runs[..., ranks].swapaxes(-1, -2) / settings.scale,
                "loss_data": _losses_in_data(settings, frequency, seed),
                "loss_skills": _losses_in_skills(settings, frequency, share),
                "frequency": frequency[ranks],
            }
        )
    dims = {
        "loss_time": ("model", "time"),
        "strength": ("model", "skill", "time"),
        "loss_data": ("draw", "samples"),
        "loss_skills": ("skills",),
        "frequency": ("skill",),
    }
    coordinates = {
        "model": ("model", ["two layers", "one layer"]),
        "time": ("time", at * settings.step, {"units": "1/eta", "long_name": "time T"}),
        "samples": ("samples", list(settings.samples), {"units": "sample", "long_name": "D"}),
        "skills": ("skills", list(settings.skills), {"units": "skill", "long_name": "N"}),
        "skill": ("skill", list(settings.shown), {"long_name": "rank k"}),
    }
    dataset = descent.dataset(rows, dims, members)
    return dataset.assign_coords(coordinates).assign_attrs(n_skills=settings.n_skills)


def compute_frontier(settings: ComputeFrontier, *, progress: bool = False) -> xr.Dataset:
    """Train models of many sizes N and measure their loss at many times T.

    Args:
        settings: Problem, step, grids and seeds.
        progress: Whether to show a progress bar.

    Returns:
        `loss` (member, skills, time), members being pairs of alpha and seed (coordinates). The
        smallest loss along N · T = C is the frontier at compute C; it is left to the caller.

    Raises:
        ValueError: If a setting is out of range.

    Source: simulation behind Nam et al. 2024, optimal compute.

    >>> small = ComputeFrontier(
    ...     seeds=(0,), n_skills=50, largest=8, n_sizes=4, times=(1.0, 4.0), n_times=3,
    ...     n_samples=1000)
    >>> compute_frontier(small)["skills"].values
    array([1, 2, 4, 8])
    """
    at = descent.log_steps(*settings.times, settings.n_times, step=settings.step)
    sizes = np.unique(np.geomspace(1, settings.largest, settings.n_sizes).round().astype(int))
    members = [(alpha, seed) for alpha in settings.alphas for seed in settings.seeds]
    rows = []
    for alpha, seed in bar(members, show=progress):
        frequency = power_law(settings.n_skills, alpha)
        share = descent.draw_counts(frequency, settings.n_samples, seed=seed) / settings.n_samples
        strength = _train(share[: settings.largest], at, settings)
        gap = 0.5 * (settings.scale - strength) ** 2 * frequency[: settings.largest]
        untrained = 0.5 * settings.scale**2 * (1.0 - frequency.cumsum())
        losses = gap.cumsum(-1)[:, sizes - 1].T + untrained[sizes - 1, None]
        rows.append({"loss": losses})
    dataset = descent.dataset(rows, {"loss": ("skills", "time")}, members)
    coordinates = {
        "skills": ("skills", sizes, {"units": "skill", "long_name": "N"}),
        "time": ("time", at * settings.step, {"units": "1/eta", "long_name": "time T"}),
    }
    return dataset.assign_coords(coordinates).assign_attrs(n_skills=settings.n_skills)


def unbalanced_layers(settings: UnbalancedLayers, *, progress: bool = False) -> xr.Dataset:
    """Train the two-layer model from layers of unequal size, a_k/b_k = ratio, at equal product.

    Args:
        settings: Problem, ratios, step and seeds.
        progress: Whether to show a progress bar.

    Returns:
        `strength` (member, ratio, skill, time), R_k/S; `frequency` and `share` (member, skill),
        true and drawn; coordinate `seed` on member.

    Raises:
        ValueError: If a setting is out of range.

    Source: derived here; Nam et al. 2024 take a_k = b_k.

    >>> small = UnbalancedLayers(seeds=(0,), ratios=(1.0, 10.0), longest=1.0, n_times=3)
    >>> dict(unbalanced_layers(small)["strength"].sizes)
    {'member': 1, 'ratio': 2, 'skill': 5, 'time': 3}
    """
    last = round(settings.longest / settings.step)
    at = np.unique(np.linspace(0, last, settings.n_times).round().astype(np.int64))
    frequency = power_law(settings.n_skills, settings.alpha)
    ratios = np.asarray(settings.ratios, dtype=np.float64)[:, None]
    rows = []
    for seed in bar(settings.seeds, show=progress):
        share = descent.draw_counts(frequency, settings.n_samples, seed=seed) / settings.n_samples
        strength = _train(np.tile(share, (len(ratios), 1)), at, settings, ratio=ratios)
        relative = np.moveaxis(strength, 0, -1) / settings.scale
        rows.append({"strength": relative, "frequency": frequency, "share": share})
    dims = {"strength": ("ratio", "skill", "time"), "frequency": ("skill",), "share": ("skill",)}
    members = [(settings.alpha, seed) for seed in settings.seeds]
    return descent.dataset(rows, dims, members).assign_coords(
        ratio=("ratio", ratios[:, 0], {"units": "1", "long_name": "a/b at the start"}),
        skill=("skill", np.arange(1, settings.n_skills + 1), {"long_name": "rank k"}),
        time=("time", at * settings.step, {"units": "1/eta", "long_name": "time T"}),
    )


def _train(
    share: Floats,
    at: descent.Integers,
    settings: ScalingLaws | ComputeFrontier | UnbalancedLayers,
    *,
    ratio: Floats | float = 1.0,
) -> Floats:
    return descent.two_layers(
        share,
        at,
        scale=settings.scale,
        initial=settings.initial,
        step=settings.step,
        ratio=ratio,
    )


def _losses_in_data(settings: ScalingLaws, frequency: Floats, seed: int) -> Floats:
    losses = []
    for samples in settings.samples:
        counts = np.stack(
            [
                descent.draw_counts(frequency, samples, seed=seed, draw=draw)
                for draw in range(settings.draws)
            ]
        )
        # Skills with as many samples have the same parameters throughout: one of each is trained.
        kinds, kind = np.unique(counts, return_inverse=True)
        last = math.ceil(settings.patience * samples / (settings.scale * settings.step))
        strength = _train(kinds / samples, np.array([last]), settings)[0, kind]
        losses.append(0.5 * (settings.scale - strength) ** 2 @ frequency)
    return np.stack(losses, axis=1)


def _losses_in_skills(settings: ScalingLaws, frequency: Floats, share: Floats) -> Floats:
    most = max(settings.skills)
    rate = settings.scale * settings.step * share[:most].min()
    if rate == 0:
        raise ValueError(
            f"n_samples must reach every one of {most} skills, got {settings.n_samples!r}"
        )
    strength = _train(share[:most], np.array([math.ceil(settings.patience / rate)]), settings)
    gap = 0.5 * (settings.scale - strength[0]) ** 2 * frequency[:most]
    untrained = 0.5 * settings.scale**2 * (1.0 - frequency.cumsum())
    ranks = np.asarray(settings.skills) - 1
    return np.asarray(gap.cumsum()[ranks] + untrained[ranks])
