"""Learning times of skills under update rules whose rates are matched at the first skill."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.settings import Alpha, Counts, Seeds, distinct, whole
from skillscale.lab.sweep import Coords, Found, Sweep
from skillscale.quantization.experiments import _shared
from skillscale.quantization.experiments.steps import RULES, rule

Floats = NDArray[np.float64]

_MATCHED = 0.1  # bits; the most frequent skill is learned when its test loss is below


@dataclass(frozen=True)
class OptimizerAblation(_shared.Followed):
    """Match the rates of several update rules at the first skill and follow all other skills.

    Rates are tried on networks of their own seeds. The rate of a rule is where the geometric mean
    over those seeds of the step at which the most frequent skill falls below 0.1 bits first equals
    the wanted one, interpolated on logarithmic axes between the rates tried.

    Over (optimizer, first_step, seed) and the axes named: `loss` (step), `count` (threshold, step)
    and `learned` (threshold, skill) as in `StepScaling`; `rate` (optimizer, first_step);
    `first_learned` (optimizer, matching_seed, rate_tried), the steps that decided on it, with
    `tried` (optimizer, rate_tried); `frequency` (skill). An arm for which no two rates tried
    enclose the wanted step is nan.

    Source: derived here.
    """

    #: name of each rule, as in `StepScaling`, with the lowest and highest rate tried
    optimizers: Annotated[tuple[tuple[str, float, float], ...], _checks.filled, distinct]
    #: at which the most frequent skill is to be learned; every rule gets the rate that does it
    first_steps: Annotated[Counts, distinct]
    matching_seeds: Seeds  #: of the networks on which rates are tried
    n_rates: Annotated[int, whole(2)]  #: log-spaced rates tried for each rule
    alpha: Alpha = 0.4  #: P(k) ∝ k^-(alpha+1)

    order = ("optimizer", "first_step", "seed", "matching_seed", "threshold", "step", "skill")
    about = _shared.ABOUT | {
        "loss": ("bit", "mean test loss over all inputs"),
        "tried": ("1", "learning rate"),
        "first_step": ("step", "step at which the first skill is learned"),
        "first_learned": ("step", "step at which the first skill is learned"),
    }

    def together(self) -> None:
        _checks.apart("matching_seeds", self.matching_seeds, self.seeds)
        for name, low, high in self.optimizers:
            _checks.choice("optimizers", name, RULES)
            _checks.number("lowest rate", low, above=0)
            _checks.number("highest rate", high, above=low)
        for first in self.first_steps:
            if first > self.steps:
                raise ValueError(f"first_steps must be <= steps = {self.steps}, got {first}")

    def coords(self) -> Coords:
        return {
            **super().coords(),
            "optimizer": [name for name, _, _ in self.optimizers],
            "first_step": self.first_steps,
            "matching_seed": self.matching_seeds,
            "threshold": _shared.THRESHOLDS,
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        tries = sweep(self.measure_first, {"optimizer": self.optimizers})
        rates = [
            [matched_rate(rate, steps, wanted) for wanted in self.first_steps]
            for rate, steps in zip(tries.tried.values, tries.first_learned.values, strict=True)
        ]
        chosen = [(name, rate) for (name, _, _), rate in zip(self.optimizers, rates, strict=True)]
        places = range(len(self.first_steps))
        found = sweep(self.measure, {"optimizer": chosen, "first_step": places}).merge(tries)
        frequency = self.tasks([self.alpha], self.seeds[:1])[0].frequency
        return found.assign(
            rate=(("optimizer", "first_step"), np.array(rates)), frequency=("skill", frequency)
        )

    def measure_first(self, optimizer: tuple[str, float, float]) -> Found:
        """Return the steps at which the first skill is learned at every rate tried."""
        name, low, high = optimizer
        rates = np.geomspace(low, high, self.n_rates)
        seeds, each = zip(*itertools.product(self.matching_seeds, rates.tolist()), strict=True)
        # Long enough for the lower of two rates that enclose the step wanted.
        steps = min(4 * max(self.first_steps), self.steps)
        times = np.unique(np.linspace(0, steps, 81).round().astype(np.int64))
        learned = np.asarray(self._curves(rule(name, each), seeds, times)["learned"][1])
        first = learned[:, _shared.THRESHOLDS.index(_MATCHED), 0].astype(np.float64)
        return {
            "tried": ("rate_tried", rates),
            "first_learned": (("matching_seed", "rate_tried"), first.reshape(-1, len(rates))),
        }

    def measure(self, optimizer: tuple[str, list[float]], first_step: int) -> Found:
        name, rates = optimizer
        if math.isnan(rates[first_step]):
            unlearned = np.ones((len(self.seeds), len(self.times()), self.n_skills), np.float32)
            like = _shared.learning_curves(unlearned, np.ones(self.n_skills), self.times())
            return {
                key: (dims, np.full(np.shape(values), np.nan, np.float32))
                for key, (dims, values) in like.items()
            }
        return self._curves(rule(name, rates[first_step]), self.seeds, self.times())

    def _curves(self, chosen: Optimizer, seeds: Sequence[int], at: NDArray[np.int64]) -> Found:
        tasks = self.tasks([self.alpha], seeds)
        loss = self.trained(tasks, width=self.width, optimizer=chosen, at=at)
        return _shared.learning_curves(loss, tasks[0].frequency, at)


_TRIED = (
    ("sgd", 0.1, 3.0),
    ("adam", 1e-3, 3e-2),
    ("sign", 1e-3, 2e-2),
    ("adam_pooled", 1e-3, 3e-2),
    ("adam_free_control", 1e-3, 3e-2),
    ("adam_pooled_control", 1e-3, 3e-2),
)
OptimizerAblation.records = {
    "quantization_optimizer_ablation": {
        "standard": OptimizerAblation(
            optimizers=_TRIED,
            first_steps=(100, 240),
            matching_seeds=tuple(range(100, 104)),
            seeds=tuple(range(200, 210)),
            n_rates=8,
            width=128,
            steps=8000,
            n_times=60,
        )
    }
}


def matched_rate(rates: Floats, first: Floats, wanted: float) -> float:
    """Return the lowest rate at which the first skill is learned at the step wanted.

    `rates` increase; `first` (seed, rate) are the steps at which the skill was learned, nan where
    not. It is nan if no neighbouring rates enclose the step.

    >>> round(matched_rate(np.array([1.0, 4.0]), np.array([[400.0, 100.0]]), 200.0), 6)
    2.0
    """
    log_first, aim = np.log(first).mean(0), np.log(wanted)
    for i, (before, after) in enumerate(itertools.pairwise(log_first)):
        if before > aim >= after:
            share = (before - aim) / (before - after)
            return float(rates[i] * (rates[i + 1] / rates[i]) ** share)
    return math.nan
