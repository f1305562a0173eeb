"""What the domino claims read off their runs; a function bears the name of its claim."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import optimize

from skillscale import fits
from skillscale.domino import theory
from skillscale.domino.experiments.grokking import first_step
from skillscale.fits import Estimate
from skillscale.lab import records

Floats = NDArray[np.float64]
FEW = (0.2, 0.1, 0.05)


def mean_or_bound(values: Floats) -> Estimate:
    """Return the mean over seeds; without an interval where some seed never got there."""
    if np.isfinite(values).all():
        return fits.mean(values)
    return Estimate(np.nan, status="bound_hit", n_members=len(values))


# Two parities: networks by rule, fraction of samples with the rare parity, and seed.


def learned_at(run: xr.Dataset, **place: Any) -> tuple[Floats, Floats, Floats]:
    """Return the steps to 95 % accuracy: common and rare parity together, the rare one alone."""
    curves = run.accuracy.sel(**place).transpose("arm", "task", ..., "member", "step")
    reached = fits.crossing_times(run.step.values, curves.values, threshold=0.95)
    return reached[0, 0], reached[0, 1], reached[1, 1]


def rare_parity_waits(run: xr.Dataset) -> dict[str, Estimate]:
    common, rare, alone = learned_at(run, rule="adam", rare_fraction=0.1)
    return {"delay": mean_or_bound(rare / common), "competition": mean_or_bound(rare / alone)}


def delay_is_sublinear(run: xr.Dataset) -> dict[str, Estimate]:
    common, rare, _ = learned_at(run, rule="adam")
    return _by_fraction(run, rare / common, FEW)


def common_comes_first(run: xr.Dataset) -> Estimate:
    common, rare, _ = learned_at(run, rule="adam", rare_fraction=list(FEW))
    leads = (np.nan_to_num(rare, nan=np.inf) > common).all(0)
    return fits.proportion(int(leads.sum()), leads.size)


def company_delays_a_parity_at_every_rarity(run: xr.Dataset) -> dict[str, Estimate]:
    _, rare, alone = learned_at(run, rule="adam")
    return _by_fraction(run, rare / alone, (1, 0.5, 0.2, 0.05))


def gradient_descent_does_not_compete(run: xr.Dataset) -> dict[str, Estimate]:
    _, rare, alone = learned_at(run, rule="sgd")
    return _by_fraction(run, rare / alone, FEW)


def gradient_descent_delay_is_proportional(run: xr.Dataset) -> dict[str, Estimate]:
    common, rare, _ = learned_at(run, rule="plain")
    return _by_fraction(run, rare / common, FEW)


def adam_alone_ignores_rarity(run: xr.Dataset) -> dict[str, Estimate]:
    _, _, alone = learned_at(run, rule="adam")
    _, _, with_all_samples = learned_at(run, rule="adam", rare_fraction=1)
    return _by_fraction(run, alone / with_all_samples, (0.5, 0.2, 0.1))


def two_parities_are_learned_nearly_in_series(run: xr.Dataset) -> dict[str, Estimate]:
    common, rare, alone = learned_at(run, rule="adam")
    return _by_fraction(run, rare / (common + alone), (0.1, 0.05))


def steps_of_given_length_make_tasks_compete(run: xr.Dataset) -> dict[str, Estimate]:
    common, rare, alone = learned_at(run.isel(rule=0, rare_fraction=0))
    return {"competition": mean_or_bound(rare / alone), "delay": mean_or_bound(rare / common)}


def _by_fraction(
    run: xr.Dataset, ratios: Floats, fractions: tuple[float, ...]
) -> dict[str, Estimate]:
    rows = dict(zip(run.rare_fraction.values.tolist(), ratios, strict=True))
    return {f"fraction {f:g}": mean_or_bound(rows[f]) for f in fractions}


# A skill made of skills: two parities and a third one, their composition or one of other bits.


def third_learned_at(run: xr.Dataset, arm: str, task: str = "third") -> Floats:
    """Return the steps at which a task is right on 95 % of fresh strings, one per seed."""
    curves = run.accuracy.sel(arm=arm, strings="fresh", task=task)
    return fits.crossing_times(run.step.values, curves.values, threshold=0.95)


def composition_comes_after_its_parts(run: xr.Dataset) -> dict[str, Estimate]:
    fresh = run.accuracy.sel(arm="composed", strings="fresh")
    later = fresh.sel(task=["first", "second"]).min("task").values
    half, done = (fits.crossing_times(run.step.values, later, threshold=x) for x in (0.75, 0.95))
    composition = zip(half, fresh.sel(task="third").values, strict=True)
    gate = np.array([np.interp(step, run.step.values, curve) for step, curve in composition])
    order = third_learned_at(run, "composed") / done
    return {"order": mean_or_bound(order), "gate": mean_or_bound(gate)}


def parts_speed_up_their_composition(run: xr.Dataset) -> dict[str, Estimate]:
    composed, alone, others = (
        third_learned_at(run, arm) for arm in ("composed", "composed alone", "independent")
    )
    return {
        "against four other bits": mean_or_bound(composed / others),
        "against alone": mean_or_bound(composed / alone),
    }


def unrelated_company_slows_a_parity(run: xr.Dataset) -> Estimate:
    others, alone = (third_learned_at(run, arm) for arm in ("independent", "composed alone"))
    return mean_or_bound(others / alone)


RARE_PARTS = {  # arms with all tasks common and with a rare one, gate of the third task
    "both needed": ("composed", "both, second rare", "and"),
    "either suffices": ("either", "either, second rare", "or"),
}


def composition_waits_for_all_or_one_of_its_parts(run: xr.Dataset) -> dict[str, Estimate]:
    return {
        part: mean_or_bound(third_learned_at(run, rare) / third_learned_at(run, rare, "second"))
        for part, (_, rare, _) in RARE_PARTS.items()
    }


CALIBRATION = 16  # seeds, the first, from which the constants of the gated dynamics are taken


def gated_times(log_constants: Floats, gate: str, fraction: float) -> Floats:
    """Return when u = 0.1, accuracy 95 %, by gated dynamics: first task, second and third.

    In units of demand over rate; constants are log10 of the gate's sharpness and of N0.
    """
    sharpness, waste = 10.0**log_constants
    times, parents = np.linspace(0, 12, 400), [(), (), (0, 1)]
    curves = theory.gated_dynamics(
        times, [1, fraction, 1], parents, rate=1.0, N0=waste, sharpness=sharpness, gate=gate
    )
    return np.array([np.interp(-0.1, -curve, times) for curve in curves.T])


def gated_delay(run: xr.Dataset, part: str) -> tuple[Floats, float]:
    """Return how a rare part delays a composition: seeds, and by constants from the other seeds.

    Two constants: in the seeds for calibration gated dynamics shall agree on the composition's time
    over its parts', all common, and on the delay of the rare part itself.
    """
    common, rare, gate = RARE_PARTS[part]
    fraction = records.provenance(run, "settings")["rare_fraction"]
    first, second, third = (third_learned_at(run, common, task) for task in run.task.values)
    late, delayed = (third_learned_at(run, rare, task) for task in ("second", "third"))
    known = slice(CALIBRATION)
    ratios = [
        2 * third[known].mean() / (first[known] + second[known]).mean(),
        late[known].mean() / second[known].mean(),
    ]

    def off(log_constants: Floats) -> Floats:
        all_common, one_rare = (gated_times(log_constants, gate, q) for q in (1.0, fraction))
        found = [all_common[2] / all_common[0], one_rare[1] / all_common[1]]
        return np.log(np.divide(found, ratios))

    solved = optimize.root(off, [-1.0, -1.0], tol=1e-4)
    before, after = (gated_times(solved.x, gate, q)[2] for q in (1.0, fraction))
    predicted = after / before if solved.success else np.nan
    return (delayed / third)[CALIBRATION:], predicted


def gated_dynamics_predicts_the_delay_by_a_rare_part(run: xr.Dataset) -> dict[str, Estimate]:
    delays = {part: gated_delay(run, part) for part in RARE_PARTS}
    return {part: mean_or_bound(found / predicted) for part, (found, predicted) in delays.items()}


# Two remedies: two squares, learned by a dense and a modular network and with own-loss weights.


def squares_learned_at(losses: xr.DataArray) -> Floats:
    """Return the steps to an error of 1e-3, (task, member), common task first; nan: never."""
    tasks = losses.sel(task=["common", "rare"]).transpose("task", "member", "step")
    depth = -np.log10(tasks.clip(1e-12).values)
    return fits.crossing_times(losses.step.values, depth, threshold=3.0)


def halves_help_the_rare_task_at_the_common_ones_cost(run: xr.Dataset) -> dict[str, Estimate]:
    losses = run.loss.sel(setting="published")
    dense, halves = (squares_learned_at(losses.sel(arm=arm)) for arm in ("dense", "modular"))
    return {
        "time ratio": mean_or_bound((halves[1] / halves[0]) / (dense[1] / dense[0])),
        "common task": mean_or_bound(halves[0] / dense[0]),
    }


def speed_ups_of_remedies(run: xr.Dataset, setting: str) -> dict[str, Floats]:
    """Return steps until both tasks are learned, those of the plain dense network over others'."""
    losses = run.loss.sel(setting=setting)
    arms = "dense", "modular", "own loss"
    dense, *others = (squares_learned_at(losses.sel(arm=arm)).max(0) for arm in arms)
    return {arm: dense / other for arm, other in zip(arms[1:], others, strict=True)}


def _speed_ups(run: xr.Dataset, setting: str) -> dict[str, Estimate]:
    return {arm: mean_or_bound(x) for arm, x in speed_ups_of_remedies(run, setting).items()}


remedies_speed_up_at_the_published_rate = partial(_speed_ups, setting="published")
remedies_speed_up_at_tuned_rates = partial(_speed_ups, setting="tuned")


def modules_keep_a_speed_up_at_tuned_rates(run: xr.Dataset) -> Estimate:
    return mean_or_bound(speed_ups_of_remedies(run, "tuned")["modular"])


def own_loss_loses_its_speed_up_to_the_rate(run: xr.Dataset) -> Estimate:
    published, tuned = (
        speed_ups_of_remedies(run, setting)["own loss"] for setting in ("published", "tuned")
    )
    return mean_or_bound(tuned - 1 - (published - 1) / 2)


def own_loss_learns_the_noise(run: xr.Dataset) -> dict[str, Estimate]:
    late = run.noisy_loss.sel(step=slice(500, None), task="common").mean("step")
    ratio = late.sel(arm="own loss") / late.sel(arm="dense")
    return {
        f"q = {q:g}": mean_or_bound(np.log10(ratio.sel(noise_share=q).values)) for q in (0.05, 0.2)
    }


def own_loss_starves_the_rare_task_under_noise(run: xr.Dataset) -> Estimate:
    losses = run.noisy_loss.sel(noise_share=0.2)
    _, weighted = squares_learned_at(losses.sel(arm="own loss"))
    _, plain = squares_learned_at(losses.sel(arm="dense"))
    return mean_or_bound(weighted / plain)


# Grokking: modular addition under sign descent and Adam.


def accuracy(run: xr.Dataset) -> xr.DataArray:
    """Return accuracies, steps last; a network whose training has ended (nan) keeps its last."""
    curves = run.accuracy.transpose(..., "step")
    last = np.where(np.isnan(curves), 0, np.arange(curves.sizes["step"]))
    known = np.maximum.accumulate(last, axis=-1)
    kept = np.take_along_axis(curves.values, known, axis=-1)
    return xr.DataArray(kept, curves.coords, curves.dims)


def accuracy_reached_at(
    run: xr.Dataset, split: str, level: float, arm: str = "given rate"
) -> Floats:
    """Return the first steps at an accuracy, or the last, (member, rule): sign descent and Adam."""
    accuracy = run.accuracy.sel(split=split, arm=arm, rule=["sign", "adam"]).values
    reached = first_step(run.step.values, accuracy, level)
    return np.minimum(reached, float(run.step[-1]))


def log_advantage(run: xr.Dataset, arm: str) -> dict[str, Floats]:
    """Return log10 of Adam's step, and of its wait, over sign descent's, a number a seed."""
    test = np.log10(accuracy_reached_at(run, "test", 0.9, arm))
    train = np.log10(accuracy_reached_at(run, "train", 0.99, arm))
    return {"step": np.diff(test)[:, 0], "wait": np.diff(test - train)[:, 0]}


def _sooner(run: xr.Dataset, arm: str) -> dict[str, Estimate]:
    return {part: fits.mean(logs) for part, logs in log_advantage(run, arm).items()}


sign_descent_groks_sooner_at_the_published_rate = partial(_sooner, arm="given rate")
sign_descent_groks_sooner_at_tuned_rates = partial(_sooner, arm="tuned rate")


def without_decay_only_sign_descent_generalises(run: xr.Dataset) -> dict[str, Estimate]:
    best = run.accuracy.sel(arm="no decay", split="test").max("step")
    sign, adam = (fits.mean(best.sel(rule=rule).values) for rule in ("sign", "adam"))
    return {
        "sign descent above a half": sign,
        "sign descent below 99 %": sign,
        "Adam below a half": adam,
    }


# The language model: losses by arm, of which AdamW is the baseline.


def above_adamw(losses: xr.DataArray) -> xr.DataArray:
    return (losses - losses.sel(arm="AdamW")).astype(float)


def speed_up(run: xr.Dataset, arm: str) -> Floats:
    """Return AdamW's steps over an arm's to the loss that AdamW has at two thirds, one per seed.

    An arm that never gets there is given the last step.
    """
    steps = run.step.values
    losses = run.loss.sel(arm=["AdamW", arm])
    level = losses.sel(arm="AdamW").sel(step=steps[-1] * 2 / 3, method="nearest")
    below = (level - losses).transpose("arm", "member", "step").astype(float)
    reached = fits.crossing_times(steps, below.values, threshold=0.0)
    baseline, own = np.where(np.isnan(reached), steps[-1], reached)
    return np.asarray(baseline / own)


def _against_adamw(run: xr.Dataset, arm: str) -> dict[str, Estimate]:
    return {
        "final loss": fits.mean(above_adamw(run.loss).sel(arm=arm).isel(step=-1).values),
        "speed-up": fits.mean(np.log10(speed_up(run, arm))),
    }


own_loss_speeds_up_a_language_model = partial(_against_adamw, arm="own loss")
root_of_own_loss_speeds_up_a_language_model = partial(_against_adamw, arm="root of own loss")
sign_descent_speeds_up_a_language_model = partial(_against_adamw, arm="sign descent")
lion_speeds_up_a_language_model = partial(_against_adamw, arm="Lion")
blocks_speed_up_a_language_model = partial(_against_adamw, arm="4 blocks")
wide_blocks_speed_up_a_language_model = partial(_against_adamw, arm="4 wide blocks")


def own_loss_helps_rare_tokens(run: xr.Dataset) -> Estimate:
    change = above_adamw(run.group_loss).sel(arm="own loss")
    return fits.mean((change.sel(group="rare") - change.sel(group="frequent")).values)
