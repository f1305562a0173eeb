"""When wide networks learn which skill, in one pass over endless data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab.optimizers import SGD, Adam, Optimizer, SignDescent
from skillscale.lab.parity import MultitaskParity
from skillscale.lab.training import log_steps
from skillscale.quantization.experiments import _shared

# Order of the parameters: control rows, weights and biases of the first layer, the same of the
# read-out. "adam_pooled" has one step size for each of them; the others say which kept their own.
RULES = ("sgd", "adam", "sign", "adam_pooled", "adam_free_control", "adam_pooled_control")
_FREE_CONTROL = (False, True, True, True, True)


@dataclass(frozen=True)
class StepScaling:
    """Settings of `step_scaling`: every optimizer trains one network per seed and α.

    Attributes:
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        width: Hidden width.
        steps: Updates, on a fresh batch each.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        optimizers: Name and learning rate of each: "sgd" (with momentum 0.9), "adam", "sign" (sign
            descent), or Adam with pooled second moments: of every parameter tensor ("adam_pooled"),
            of all but the control rows ("adam_free_control"), of the control rows alone
            ("adam_pooled_control").
        alphas: Frequency exponents, P(k) ∝ k^-(alpha+1).
        n_skills: Number of parity skills.
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        batch_size: Samples per step.
        n_test: Test inputs per skill.
        n_shown: Skills whose losses are kept at every measured step, for the first seed.
    """

    seeds: tuple[int, ...]
    width: int
    steps: int
    n_times: int
    optimizers: tuple[tuple[str, float], ...] = (("sgd", 1.0), ("adam", 1e-2), ("sign", 6e-3))
    alphas: tuple[float, ...] = (0.2, 0.4, 0.8)
    n_skills: int = 100
    n_bits: int = 16
    subset_size: int = 2
    batch_size: int = 1000
    n_test: int = 100
    n_shown: int = 15

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _shared.check_lists(self, "optimizers", "alphas")
        _checks.seeds("seeds", self.seeds)
        for name, _ in self.optimizers:
            _checks.choice("optimizers", name, RULES)
        _checks.integer("n_shown", self.n_shown, minimum=1)


@dataclass(frozen=True)
class Truncation:
    """Settings of `truncation`: `step_scaling` with several numbers of skills, all else equal.

    Attributes:
        n_skills: Numbers of parity skills.
        seeds: Seeds; each chooses subsets, initial parameters, training and test data.
        width: Hidden width.
        steps: Updates, on a fresh batch each.
        n_times: Number of log-spaced steps at which losses are measured (at most).
        optimizers: Name and learning rate of each, as in `StepScaling`.
        alpha: Frequency exponent, P(k) ∝ k^-(alpha+1).
        n_bits: Number of task bits.
        subset_size: Bits a skill depends on.
        batch_size: Samples per step.
        n_test: Test inputs per skill.
    """

    seeds: tuple[int, ...]
    width: int
    steps: int
    n_times: int
    n_skills: tuple[int, ...] = (100, 500)
    optimizers: tuple[tuple[str, float], ...] = (("sgd", 1.0), ("adam", 1e-2))
    alpha: float = 0.4
    n_bits: int = 33
    subset_size: int = 2
    batch_size: int = 1000
    n_test: int = 50

    def __post_init__(self) -> None:
        """Check what the bench does not check by itself."""
        _shared.check_lists(self, "n_skills")
        self.runs()

    def runs(self) -> list[StepScaling]:
        """Return the settings of `step_scaling` for each number of skills."""
        common = dataclasses.asdict(self) | {"alphas": (self.alpha,)}
        del common["alpha"]
        return [StepScaling(**common | {"n_skills": n_skills}) for n_skills in self.n_skills]


LIVE = {
    "step_scaling": StepScaling(
        seeds=(0, 1, 2), width=64, steps=1200, n_times=40, alphas=(0.4,), n_test=50
    )
}
STANDARD = {
    "step_scaling": StepScaling(seeds=tuple(range(200, 210)), width=128, steps=5000, n_times=60),
    "truncation": Truncation(seeds=tuple(range(200, 210)), width=128, steps=8000, n_times=60),
}
# The paper's task, batch, optimizer and, in its sweep over α, width; its step exponents are fitted
# to the first 15,000 of 100,000 steps.
PAPER = {
    "step_scaling": StepScaling(
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
    )
}


def step_scaling(settings: StepScaling, *, progress: bool = False) -> xr.Dataset:
    """Follow wide networks through training and note when each skill is learned.

    Args:
        settings: Optimizers, seeds, width, task and training.
        progress: Whether to show a progress bar.

    Returns:
        Over (optimizer, alpha, seed) and the axes named: `loss` (step), mean test loss over all
        inputs in bits; `count` (threshold, step), skills with a test loss below the threshold;
        `learned` (threshold, skill), the step at which a skill first reaches the threshold, nan
        where it never does. `curve` (optimizer, alpha, step, shown), the losses of the most
        frequent skills for the first seed; `frequency` (alpha, skill); `rate` (optimizer).

    Raises:
        ValueError: If a setting is out of range.

    Source: set-up of Michaud et al. 2023, their toy data, smaller; see the settings.

    >>> small = StepScaling((0,), 4, 2, 2, alphas=(0.4,), n_skills=3, n_bits=4, n_shown=2)
    >>> dict(step_scaling(small)["learned"].sizes)
    {'optimizer': 3, 'alpha': 1, 'seed': 1, 'threshold': 3, 'skill': 3}
    """
    parts = [
        _followed(settings, rule, alpha)
        for rule, alpha in _progress.bar(
            [(rule, alpha) for rule in settings.optimizers for alpha in settings.alphas],
            show=progress,
        )
    ]
    shape = (len(settings.optimizers), len(settings.alphas))
    stacked = {
        name: np.stack([part[name] for part in parts]).reshape(*shape, *parts[0][name].shape)
        for name in parts[0]
    }
    dataset = _shared.curves_dataset(
        stacked, ("optimizer", "alpha", "seed"), settings, settings.n_skills
    )
    tasks = [_task(settings, alpha, settings.seeds[0]) for alpha in settings.alphas]
    meaning = {"units": "bit", "long_name": "test loss of a skill, first seed"}
    rates = [rate for _, rate in settings.optimizers]
    return dataset.assign(
        curve=(("optimizer", "alpha", "step", "shown"), stacked["curve"], meaning),
        frequency=_shared.frequencies_of(tasks, ("alpha", "skill")),
        rate=("optimizer", rates, {"units": "1", "long_name": "learning rate"}),
    ).assign_coords(
        optimizer=[name for name, _ in settings.optimizers],
        alpha=_shared.alpha_axis(settings.alphas),
        shown=("shown", np.arange(1, stacked["curve"].shape[-1] + 1), {"long_name": "rank k"}),
    )


def truncation(settings: Truncation, *, progress: bool = False) -> xr.Dataset:
    """Repeat `step_scaling` with several numbers of skills.

    Args:
        settings: Numbers of skills; the rest is as in `StepScaling`.
        progress: Whether to show progress bars.

    Returns:
        The variables of `step_scaling` for one α, with a leading axis `n_skills`; what belongs to
        skills that a smaller task lacks is nan.

    Raises:
        ValueError: If a setting is out of range.

    Source: the number of skills is 500 in the toy of Michaud et al. 2023; the comparison is ours.

    >>> small = Truncation((0,), 4, 2, 2, n_skills=(3, 5), n_bits=4)
    >>> dict(truncation(small)["learned"].sizes)
    {'n_skills': 2, 'optimizer': 2, 'seed': 1, 'threshold': 3, 'skill': 5}
    """
    parts = [step_scaling(run, progress=progress).isel(alpha=0) for run in settings.runs()]
    parts = [part.drop_vars(["rate", "curve", "shown", "alpha"]) for part in parts]
    together = xr.concat(parts, dim="n_skills", join="outer")
    together["learned"] = together["learned"].astype(np.float32)
    return together.assign_coords(n_skills=("n_skills", list(settings.n_skills)))


def optimizer(name: str, rate: float | tuple[float, ...]) -> Optimizer:
    """Return the optimizer of one of the `RULES`.

    Raises:
        ValueError: If the name is none of them or the rate is out of range.

    >>> optimizer("adam_pooled", 0.01).pooled
    True
    """
    rules: dict[str, Optimizer] = {
        "sgd": SGD(rate, momentum=0.9),
        "adam": Adam(rate),
        "sign": SignDescent(rate),
        "adam_pooled": Adam(rate, pooled=True),
        "adam_free_control": Adam(rate, pooled=_FREE_CONTROL),
        "adam_pooled_control": Adam(rate, pooled=tuple(not pool for pool in _FREE_CONTROL)),
    }
    return rules[_checks.choice("optimizers", name, RULES)]


def _task(settings: StepScaling, alpha: float, seed: int) -> MultitaskParity:
    return MultitaskParity(
        settings.n_skills, settings.n_bits, settings.subset_size, alpha, seed=seed
    )


def _followed(
    settings: StepScaling, rule: tuple[str, float], alpha: float
) -> dict[str, _shared.Floats]:
    """Train one network per seed and reduce its losses."""
    tasks = [_task(settings, alpha, seed) for seed in settings.seeds]
    times = log_steps(settings.steps, settings.n_times)
    loss = _shared.trained(
        tasks,
        settings.seeds,
        width=settings.width,
        batch_size=settings.batch_size,
        optimizer=optimizer(*rule),
        steps=settings.steps,
        at=times.tolist(),
        n_test=settings.n_test,
    )
    curves = _shared.learning_curves(loss, tasks[0].frequency, times)
    return curves | {"curve": loss[0, :, : settings.n_shown].round(3)}
