"""When wide networks learn which skill, in one pass over endless data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr

from skillscale import _checks
from skillscale.lab.optimizers import SGD, Adam, Optimizer, SignDescent
from skillscale.lab.settings import Alpha, Alphas, Count, Counts, Seeds, distinct
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.quantization.experiments import _shared

# Order of the parameters: control rows, weights and biases of the first layer, the same of the
# read-out. "adam_pooled" has one step size for each of them; the others say which kept their own.
RULES = ("sgd", "adam", "sign", "adam_pooled", "adam_free_control", "adam_pooled_control")
_FREE_CONTROL = (False, True, True, True, True)
_AT_ONCE = 20_000  # samples of an update of all networks trained together


@dataclass(frozen=True)
class StepScaling(_shared.Followed):
    """Follow wide networks through training and note when each skill is learned.

    Over (optimizer, alpha, seed) and the axes named: `loss` (step), mean test loss over all inputs
    in bits; `count` (threshold, step), skills with a test loss below the threshold; `learned`
    (threshold, skill), the step at which a skill first reaches the threshold, nan where it never
    does. `curve` (optimizer, alpha, step, shown), the losses of the most frequent skills for the
    first seed; `frequency` (alpha, skill); `rate` (optimizer).

    Rules are "sgd" (with momentum 0.9), "adam", "sign" (sign descent), or Adam with pooled second
    moments: of every parameter tensor ("adam_pooled"), of all but the control rows
    ("adam_free_control"), of the control rows alone ("adam_pooled_control").

    Source: set-up of Michaud et al. 2023, their toy data, smaller; see the settings.
    """

    #: names and rates
    optimizers: Annotated[tuple[tuple[str, float], ...], _checks.filled, distinct] = (
        ("sgd", 1.0),
        ("adam", 1e-2),
    )
    alphas: Annotated[Alphas, distinct] = (0.2, 0.4, 0.8)  #: P(k) ∝ k^-(alpha+1)
    n_shown: Count = 15  #: skills whose losses are kept at every measured step, for the first seed

    order = ("optimizer", "alpha", "seed", "threshold", "step", "skill", "shown")
    about = _shared.ABOUT | {
        "loss": ("bit", "mean test loss over all inputs"),
        "curve": ("bit", "test loss of a skill, first seed"),
        "shown": ("", "rank k"),
    }

    def together(self) -> None:
        for name, _ in self.optimizers:
            _checks.choice("optimizers", name, RULES)

    def grid(self) -> Grid:
        group = max(1, _AT_ONCE // self.batch_size)
        starts = range(0, len(self.seeds), group)
        seeds = [self.seeds[start : start + group] for start in starts]
        return {"optimizer": self.optimizers, "alpha": self.alphas, "seed": seeds}

    def coords(self) -> Coords:
        return {
            **super().coords(),
            "optimizer": [name for name, _ in self.optimizers],
            "rate": ("optimizer", [rate for _, rate in self.optimizers]),
            "threshold": _shared.THRESHOLDS,
            "shown": range(1, min(self.n_shown, self.n_skills) + 1),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = super().collect(sweep)
        curve = found.curve.isel(seed=0)
        return found.assign(curve=curve, frequency=self.frequency(self.alphas))

    def measure(self, optimizer: tuple[str, float], alpha: float, seed: tuple[int, ...]) -> Found:
        tasks, at = self.tasks([alpha], seed), self.times()
        loss = self.trained(tasks, width=self.width, optimizer=rule(*optimizer), at=at)
        curve = loss[..., : self.n_shown].round(3)
        found = _shared.learning_curves(loss, tasks[0].frequency, at)
        return {**found, "curve": (("seed", "step", "shown"), curve)}


@dataclass(frozen=True)
class Truncation(Experiment):
    """Repeat `StepScaling` with several numbers of skills, all else equal.

    The variables of `StepScaling` for one α, but curve and rate, with an axis `n_skills`; what
    belongs to skills that a smaller task lacks is nan.

    Source: the number of skills is 500 in the toy of Michaud et al. 2023; the comparison is ours.
    """

    seeds: Seeds  #: each chooses subsets, initial parameters, training and test data
    width: Count
    steps: Count  #: updates, on a fresh batch each
    n_times: Count  #: log-spaced steps at which losses are measured (at most)
    n_skills: Annotated[Counts, distinct] = (100, 500)
    optimizers: tuple[tuple[str, float], ...] = (("sgd", 1.0), ("adam", 1e-2))  #: names and rates
    alpha: Alpha = 0.4  #: P(k) ∝ k^-(alpha+1)
    n_bits: Count = 33  #: task bits
    subset_size: Count = 2  #: bits a skill depends on
    batch_size: Count = 1000  #: samples of an update
    n_test: Count = 50  #: test inputs per skill

    order = ("n_skills", *StepScaling.order)
    about = StepScaling.about

    def together(self) -> None:
        self.runs()

    def runs(self) -> list[StepScaling]:
        common = dataclasses.asdict(self) | {"alphas": (self.alpha,)}
        del common["alpha"]
        return [StepScaling(**common | {"n_skills": n_skills}) for n_skills in self.n_skills]

    def coords(self) -> Coords:
        return {"n_skills": self.n_skills}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        parts = [run.labelled(sweep).isel(alpha=0) for run in self.runs()]
        parts = [part.drop_vars(["rate", "curve", "shown", "alpha"]) for part in parts]
        together = xr.concat(parts, dim="n_skills", join="outer")
        return together.assign(learned=together.learned.astype(np.float32))


StepScaling.records = {
    "quantization_step_scaling": {
        "live": StepScaling(
            seeds=(0, 1, 2), width=64, steps=1200, n_times=40, alphas=(0.4,), n_test=50
        ),
        "standard": StepScaling(
            seeds=tuple(range(300, 340)),
            width=128,
            steps=5000,
            n_times=60,
        ),
        # The paper's task, batch, optimizer and, in its sweep over α, width; its step exponents are
        # fitted to the first 15,000 of 100,000 steps.
        "paper": StepScaling(
            seeds=(200, 201, 202),
            width=300,
            steps=15_000,
            n_times=80,
            optimizers=(("adam", 1e-3), ("adam_pooled", 1e-3)),
            alphas=(0.4,),
            n_skills=500,
            n_bits=100,
            subset_size=3,
            batch_size=20_000,
        ),
    }
}
Truncation.records = {
    "quantization_truncation": {
        "standard": Truncation(tuple(range(200, 210)), width=128, steps=8000, n_times=60)
    }
}


def rule(name: str, rate: float | tuple[float, ...]) -> Optimizer:
    """Return the optimizer of one of the `RULES`."""
    rules: dict[str, Optimizer] = {
        "sgd": SGD(rate, momentum=0.9),
        "adam": Adam(rate),
        "sign": SignDescent(rate),
        "adam_pooled": Adam(rate, pooled=True),
        "adam_free_control": Adam(rate, pooled=_FREE_CONTROL),
        "adam_pooled_control": Adam(rate, pooled=tuple(not pool for pool in _FREE_CONTROL)),
    }
    return rules[_checks.choice("optimizers", name, RULES)]
