"""Learning times of skills under update rules whose rates are matched at the first skill."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.lab.parity import MultitaskParity
from skillscale.lab.training import log_steps
from skillscale.quantization.experiments import _shared
from skillscale.quantization.experiments.steps import RULES, optimizer

Floats = NDArray[np.float64]

_MATCHED = 0.1  # bits; the most frequent skill is learned when its test loss is below


@dataclass(frozen=True)
class OptimizerAblation:
    """Settings of `optimizer_ablation`.

    Attributes:
        optimizers: Name of each rule, as in `StepScaling`, with the lowest and highest rate tried.
        first_steps: Steps at which the most frequent skill is to be learned: for each of them
            every rule gets the rate that does it.
        matching_seeds: Seeds of the networks on which rates are tried.
        seeds: Seeds of the networks that are followed.
        n_rates: Log-spaced rates tried for each rule.
        width: Hidden width.
        steps: Updates, on a fresh batch each.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        alpha: Frequency exponent, P(k) ∝ k^-(alpha+1).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        batch_size: Samples per step.
        n_test: Test inputs per skill.
    """

    optimizers: tuple[tuple[str, float, float], ...]
    first_steps: tuple[int, ...]
    matching_seeds: tuple[int, ...]
    seeds: tuple[int, ...]
    n_rates: int
    width: int
    steps: int
    n_times: int
    alpha: float = 0.4
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    batch_size: int = 1000
    n_test: int = 100

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _shared.check_lists(self, "optimizers", "first_steps")
        _checks.seeds("matching_seeds", self.matching_seeds)
        _checks.seeds("seeds", self.seeds)
        _checks.apart("matching_seeds", self.matching_seeds, self.seeds)
        for name, low, high in self.optimizers:
            _checks.choice("optimizers", name, RULES)
            _checks.number("lowest rate", low, above=0)
            _checks.number("highest rate", high, above=low)
        for first in self.first_steps:
            if _checks.integer("first_steps", first, minimum=1) > self.steps:
                raise ValueError(f"first_steps must be <= steps = {self.steps}, got {first}")
        _checks.integer("n_rates", self.n_rates, minimum=2)


_TRIED = (
    ("sgd", 0.1, 3.0),
    ("adam", 1e-3, 3e-2),
    ("sign", 1e-3, 2e-2),
    ("adam_pooled", 1e-3, 3e-2),
    ("adam_free_control", 1e-3, 3e-2),
    ("adam_pooled_control", 1e-3, 3e-2),
)
STANDARD = {
    "optimizer_ablation": OptimizerAblation(
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


def optimizer_ablation(settings: OptimizerAblation, *, progress: bool = False) -> xr.Dataset:
    """Match the rates of several update rules at the first skill and follow all other skills.

    Rates are tried on networks of their own seeds. The rate of a rule is where the geometric mean
    over those seeds of the step at which the most frequent skill falls below 0.1 bits first equals
    the wanted one, interpolated on logarithmic axes between the rates tried.

    Args:
        settings: Rules, wanted steps, seeds, task and training.
        progress: Whether to show a progress bar.

    Returns:
        Over (optimizer, first_step, seed) and the axes named: `loss` (step), `count` (threshold,
        step) and `learned` (threshold, skill) as in `step_scaling`; `rate` (optimizer, first_step);
        `first_learned` (optimizer, matching_seed, rate_tried), the steps that decided on it, with
        `tried` (optimizer, rate_tried); `frequency` (skill). An arm for which no two rates tried
        enclose the wanted step is nan.

    Raises:
        ValueError: If a setting is out of range.

    Source: derived here.

    >>> small = OptimizerAblation((("sgd", 0.3, 3.0),), (30,), (0,), (1,), 2, 16, 60, 30,
    ...     n_skills=1, n_bits=2, batch_size=64)
    >>> 0.3 <= optimizer_ablation(small)["rate"].item() <= 3.0
    True
    """
    tried, firsts, rates, parts = [], [], [], []
    for name, low, high in _progress.bar(settings.optimizers, show=progress):
        tried.append(np.geomspace(low, high, settings.n_rates))
        firsts.append(_first_learned(settings, name, tried[-1]))
        rates.append([matched_rate(tried[-1], firsts[-1], each) for each in settings.first_steps])
        parts += [_followed(settings, name, rate) for rate in rates[-1]]
    shape = (len(settings.optimizers), len(settings.first_steps))
    stacked = {
        key: np.stack([part[key] for part in parts]).reshape(*shape, *parts[0][key].shape)
        for key in parts[0]
    }
    dataset = _shared.curves_dataset(
        stacked, ("optimizer", "first_step", "seed"), settings, settings.n_skills
    )
    rate_meaning = {"units": "1", "long_name": "learning rate"}
    first_meaning = {"units": "step", "long_name": "step at which the first skill is learned"}
    return dataset.assign(
        rate=(("optimizer", "first_step"), np.array(rates), rate_meaning),
        tried=(("optimizer", "rate_tried"), np.stack(tried), rate_meaning),
        first_learned=(
            ("optimizer", "matching_seed", "rate_tried"),
            np.stack(firsts),
            first_meaning,
        ),
        frequency=_shared.frequencies_of(_tasks(settings, settings.seeds[:1]), ("one", "skill")),
    ).isel(one=0).assign_coords(
        optimizer=[name for name, _, _ in settings.optimizers],
        first_step=("first_step", list(settings.first_steps), first_meaning),
        matching_seed=("matching_seed", list(settings.matching_seeds)),
    )  # fmt: skip


def matched_rate(rates: Floats, first: Floats, wanted: float) -> float:
    """Return the lowest rate at which the first skill is learned at the step wanted.

    Args:
        rates: Rates tried, increasing, shape (rate,).
        first: Steps at which the first skill was learned, nan where it was not, (seed, rate).
        wanted: The step wanted.

    Returns:
        The rate, nan if no neighbouring rates enclose the step.

    Source: derived here; `tests/test_quantization_optimizers.py`.

    >>> round(matched_rate(np.array([1.0, 4.0]), np.array([[400.0, 100.0]]), 200.0), 6)
    2.0
    """
    log_first, aim = np.log(first).mean(0), np.log(wanted)
    for i, (before, after) in enumerate(itertools.pairwise(log_first)):
        if before > aim >= after:
            share = (before - aim) / (before - after)
            return float(rates[i] * (rates[i + 1] / rates[i]) ** share)
    return math.nan


def _followed(
    settings: OptimizerAblation, name: str, rate: float
) -> dict[str, NDArray[np.float32]]:
    """Train one network per seed and reduce its losses; all nan without a rate."""
    times = log_steps(settings.steps, settings.n_times)
    n, marks = len(settings.seeds), len(_shared.THRESHOLDS)
    if math.isnan(rate):
        shapes = {
            "loss": (n, len(times)),
            "count": (n, marks, len(times)),
            "learned": (n, marks, settings.n_skills),
        }
        return {key: np.full(shape, np.nan, np.float32) for key, shape in shapes.items()}
    loss = _losses(settings, name, rate, settings.seeds, settings.steps, times)
    frequency = _tasks(settings, settings.seeds[:1])[0].frequency
    return _shared.learning_curves(loss, frequency, times)


def _first_learned(settings: OptimizerAblation, name: str, rates: Floats) -> Floats:
    """Return the step at which each matching seed learns the first skill, (seed, rate)."""
    seeds = [seed for seed in settings.matching_seeds for _ in rates]
    # Long enough for the lower of two rates that enclose the step wanted.
    steps = min(4 * max(settings.first_steps), settings.steps)
    times = np.unique(np.linspace(0, steps, 81).round().astype(np.int64))
    each = tuple(float(rate) for _ in settings.matching_seeds for rate in rates)
    loss = _losses(settings, name, each, seeds, steps, times)
    frequency = _tasks(settings, seeds[:1])[0].frequency
    learned = _shared.learning_curves(loss, frequency, times)["learned"]
    first = learned[:, _shared.THRESHOLDS.index(_MATCHED), 0].astype(np.float64)
    return first.reshape(len(settings.matching_seeds), len(rates))


def _losses(
    settings: OptimizerAblation,
    name: str,
    rate: float | tuple[float, ...],
    seeds: tuple[int, ...] | list[int],
    steps: int,
    times: NDArray[np.int64],
) -> _shared.Floats:
    return _shared.trained(
        _tasks(settings, seeds),
        seeds,
        width=settings.width,
        batch_size=settings.batch_size,
        optimizer=optimizer(name, rate),
        steps=steps,
        at=times.tolist(),
        n_test=settings.n_test,
    )


def _tasks(
    settings: OptimizerAblation, seeds: tuple[int, ...] | list[int]
) -> list[MultitaskParity]:
    return [
        MultitaskParity(
            settings.n_skills, settings.n_bits, settings.subset_size, settings.alpha, seed=seed
        )
        for seed in seeds
    ]
