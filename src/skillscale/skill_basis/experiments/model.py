"""The multilinear model itself, trained by explicit gradient descent: loss in every resource.

A member is one drawn data set: its samples set the gradient, its loss is taken under the true
frequencies. An update of learning rate `step` advances the time, in units of 1/eta, by `step`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from skillscale import _checks
from skillscale.frequencies import power_law
from skillscale.lab.settings import Count, Positive, Positives, Seeds, real, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.skill_basis.experiments import descent

Floats = descent.Floats

_LOSS = descent.ABOUT["loss"]


@dataclass(frozen=True)
class _Members(Experiment):
    """Settings of members, pairs of alpha and seed, that learn from a data set each."""

    seeds: Seeds  #: each draws the data sets of one member per alpha
    alphas: Positives = (0.3, 0.6, 0.9)  #: P(k) ∝ k^-(alpha+1)
    n_skills: Count = 10_000  #: of the finite problem
    initial: Positive = 0.01  #: a_k · b_k of every skill at the start, with a_k = b_k
    n_samples: Count = 10**8  #: of the data set

    def grid(self) -> Grid:
        return {"member": [(alpha, seed) for alpha in self.alphas for seed in self.seeds]}

    def coords(self) -> Coords:
        alphas, seeds = zip(*self.grid()["member"], strict=True)
        return {"alpha": ("member", list(alphas)), "seed": ("member", list(seeds))}


@dataclass(frozen=True)
class ScalingLaws(_Members):
    """Train the two-layer model and its one-layer control; measure loss in time, data and skills.

    Members are pairs of alpha and seed:

    - `loss_time` (member, model, time): one data set of `n_samples`, all skills representable;
    - `strength` (member, model, skill, time): R_k/S of the shown skills in those runs;
    - `loss_data` (member, draw, samples): data sets of D samples, trained until all they hold is
      learned, all skills representable;
    - `loss_skills` (member, skills): only the N most frequent skills representable, trained until
      they are learned on the data set of `n_samples`.

    `model` is "two layers" (a_k · b_k) or "one layer" (w_k from 0). `frequency` (member, skill).

    Source: simulations of the model of Nam et al. 2024 and of its one-layer control (Appendix H).
    """

    scale: Positive = 1.0  #: S, the target is S · g_k
    step: Positive = 0.2  #: learning rate of the updates
    longest: Annotated[float, real(above=1.0)] = 10_000.0  #: last time of the curves in time
    n_times: Annotated[int, whole(2)] = 61  #: log-spaced times from 1 to `longest` (at most)
    #: sizes D of the data sets behind the curve in data
    samples: tuple[int, ...] = (32, 56, 100, 178, 316, 562, 1000, 1778, 3162)
    draws: Count = 20  #: data sets of each size, whose mean loss is predicted
    #: numbers N of skills that a model can represent
    skills: tuple[int, ...] = (10, 14, 20, 28, 40, 57, 80, 113, 160, 200)
    #: endless training lasts `patience`/(S · p), p the smallest share of a skill to be learned;
    #: the gap of that skill shrinks by exp(-2 · patience)
    patience: Positive = 6.0
    shown: tuple[int, ...] = (1, 2, 5, 10, 20, 50)  #: ranks whose strength is kept

    about = descent.ABOUT | {
        "loss_time": _LOSS,
        "loss_data": _LOSS,
        "loss_skills": _LOSS,
        "samples": ("sample", "D"),
        "skills": ("skill", "N"),
        "skill": ("", "rank k"),
    }

    def together(self) -> None:
        descent.check(self.scale, self.initial, step=self.step)
        descent.check_whole("skills", self.skills, self.n_skills)
        descent.check_whole("shown", self.shown, self.n_skills)
        descent.check_whole("samples", self.samples, 10**12)

    def at(self) -> descent.Integers:
        return descent.log_times(1.0, self.longest, self.n_times, step=self.step)

    def coords(self) -> Coords:
        return {
            **super().coords(),
            "model": ["two layers", "one layer"],
            "time": self.at() * self.step,
            "samples": list(self.samples),
            "skills": list(self.skills),
            "skill": list(self.shown),
        }

    def measure(self, member: tuple[float, int]) -> Found:
        alpha, seed = member
        frequency = power_law(self.n_skills, alpha)
        share = descent.draw_counts(frequency, self.n_samples, seed=seed) / self.n_samples
        control = descent.one_layer(share, self.at(), scale=self.scale, step=self.step)
        runs = np.stack([_train(share, self.at(), self), control])
        ranks = np.asarray(self.shown) - 1
        strength = runs[..., ranks].swapaxes(-1, -2) / self.scale
        return _single(
            {
                "loss_time": (("model", "time"), 0.5 * (self.scale - runs) ** 2 @ frequency),
                "strength": (("model", "skill", "time"), strength),
                "loss_data": (("draw", "samples"), _losses_in_data(self, frequency, seed)),
                "loss_skills": (("skills",), _losses_in_skills(self, frequency, share)),
                "frequency": (("skill",), frequency[ranks]),
            }
        )


@dataclass(frozen=True)
class ComputeFrontier(_Members):
    """Train models of many sizes N and measure their loss at many times T.

    `loss` (member, skills, time), members being pairs of alpha and seed. The smallest loss along N
    · T = C is the frontier at compute C; it is left to the caller.

    Source: simulation behind Nam et al. 2024, optimal compute.
    """

    scale: Positive = 5.0  #: S, the target is S · g_k
    step: Positive = 0.1  #: learning rate of the updates
    largest: Count = 1000  #: largest number N of skills that a model can represent
    n_sizes: Annotated[int, whole(2)] = 60  #: log-spaced N from 1 (at most)
    times: tuple[float, float] = (50.0, 20_000.0)  #: first and last time T
    n_times: Annotated[int, whole(2)] = 51  #: log-spaced T

    about = descent.ABOUT | {"skills": ("skill", "N")}

    def together(self) -> None:
        descent.check(self.scale, self.initial, step=self.step)
        descent.check_whole("largest", (self.largest,), self.n_skills)
        if not self.step <= self.times[0] < self.times[1]:
            raise ValueError(f"times must increase from at least step, got {self.times!r}")

    def at(self) -> descent.Integers:
        return descent.log_times(*self.times, self.n_times, step=self.step)

    def n_representable(self) -> descent.Integers:
        return np.unique(np.geomspace(1, self.largest, self.n_sizes).round().astype(int))

    def coords(self) -> Coords:
        times = self.at() * self.step
        return {**super().coords(), "skills": self.n_representable(), "time": times}

    def measure(self, member: tuple[float, int]) -> Found:
        alpha, seed = member
        frequency, sizes = power_law(self.n_skills, alpha), self.n_representable()
        share = descent.draw_counts(frequency, self.n_samples, seed=seed) / self.n_samples
        strength = _train(share[: self.largest], self.at(), self)
        gap = 0.5 * (self.scale - strength) ** 2 * frequency[: self.largest]
        untrained = 0.5 * self.scale**2 * (1.0 - frequency.cumsum())
        losses = gap.cumsum(-1)[:, sizes - 1].T + untrained[sizes - 1, None]
        return _single({"loss": (("skills", "time"), losses)})


@dataclass(frozen=True)
class UnbalancedLayers(Experiment):
    """Train the two-layer model from layers of unequal size, a_k/b_k = ratio, at equal product.

    `strength` (member, ratio, skill, time), R_k/S; `frequency` and `share` (member, skill), true
    and drawn.

    Source: derived here; Nam et al. 2024 take a_k = b_k.
    """

    seeds: Seeds  #: each draws one data set
    ratios: Positives = (1.0, 3.0, 10.0, 30.0, 100.0)  #: a_k/b_k at the start
    alpha: Positive = 0.6  #: P(k) ∝ k^-(alpha+1)
    n_skills: Count = 5
    scale: Positive = 5.0  #: S, the target is S · g_k
    initial: Positive = 0.01  #: product a_k · b_k at the start
    step: Positive = 0.002  #: learning rate of the updates
    longest: Positive = 25.0  #: last time
    n_times: Annotated[int, whole(2)] = 126  #: equally spaced times
    n_samples: Count = 10**6  #: of the data set

    about = descent.ABOUT | {"ratio": ("1", "a/b at the start"), "skill": ("", "rank k")}

    def together(self) -> None:
        descent.check(self.scale, self.initial, step=self.step)
        _checks.number("longest", self.longest, above=self.step)

    def at(self) -> descent.Integers:
        last = round(self.longest / self.step)
        return np.unique(np.linspace(0, last, self.n_times).round().astype(np.int64))

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {
            "alpha": ("member", [self.alpha] * len(self.seeds)),
            "ratio": self.ratios,
            "skill": range(1, self.n_skills + 1),
            "time": self.at() * self.step,
        }

    def measure(self, member: int) -> Found:
        frequency = power_law(self.n_skills, self.alpha)
        ratios = np.asarray(self.ratios, dtype=np.float64)[:, None]
        share = descent.draw_counts(frequency, self.n_samples, seed=member) / self.n_samples
        strength = _train(np.tile(share, (len(ratios), 1)), self.at(), self, ratio=ratios)
        return _single(
            {
                "strength": (("ratio", "skill", "time"), np.moveaxis(strength, 0, -1) / self.scale),
                "frequency": (("skill",), frequency),
                "share": (("skill",), share),
            }
        )


ScalingLaws.records = {
    "skill_basis_scaling_laws": {
        "live": ScalingLaws(
            seeds=(0, 1),
            alphas=(0.6,),
            n_skills=2000,
            longest=1000.0,
            n_times=31,
            samples=(32, 100, 316, 1000),
            skills=(5, 7, 10, 14, 20, 28, 40),
            draws=10,
        ),
        "standard": ScalingLaws(seeds=tuple(range(20))),
    }
}
ComputeFrontier.records = {
    "skill_basis_compute_frontier": {"standard": ComputeFrontier(seeds=tuple(range(10)))}
}
UnbalancedLayers.records = {
    "skill_basis_unbalanced_layers": {"standard": UnbalancedLayers(seeds=tuple(range(10)))}
}


def _single(found: dict[str, tuple[tuple[str, ...], Floats]]) -> Found:
    return {name: (dims, values.astype(np.float32)) for name, (dims, values) in found.items()}


def _train(
    share: Floats,
    at: descent.Integers,
    of: ScalingLaws | ComputeFrontier | UnbalancedLayers,
    *,
    ratio: Floats | float = 1.0,
) -> Floats:
    start = {"scale": of.scale, "initial": of.initial, "step": of.step}
    return descent.two_layers(share, at, ratio=ratio, **start)


def _losses_in_data(of: ScalingLaws, frequency: Floats, seed: int) -> Floats:
    losses = []
    for samples in of.samples:
        counts = [
            descent.draw_counts(frequency, samples, seed=seed, draw=i) for i in range(of.draws)
        ]
        # Skills with as many samples have the same parameters throughout: one of each is trained.
        kinds, kind = np.unique(counts, return_inverse=True)
        last = math.ceil(of.patience * samples / (of.scale * of.step))
        strength = _train(kinds / samples, np.array([last]), of)[0, kind]
        losses.append(0.5 * (of.scale - strength) ** 2 @ frequency)
    return np.stack(losses, axis=1)


def _losses_in_skills(of: ScalingLaws, frequency: Floats, share: Floats) -> Floats:
    most = max(of.skills)
    rate = of.scale * of.step * share[:most].min()
    if rate == 0:
        raise ValueError(f"n_samples must reach every one of {most} skills, got {of.n_samples!r}")
    strength = _train(share[:most], np.array([math.ceil(of.patience / rate)]), of)
    gap = 0.5 * (of.scale - strength[0]) ** 2 * frequency[:most]
    untrained = 0.5 * of.scale**2 * (1.0 - frequency.cumsum())
    ranks = np.asarray(of.skills) - 1
    return np.asarray(gap.cumsum()[ranks] + untrained[ranks])
