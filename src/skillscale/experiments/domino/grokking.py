"""Modular addition: does sign descent shorten the wait between memorising and generalising?

A network answers (a + b) mod p for all pairs of numbers, trained on a random share of them; the
rest is the test. Every member is trained on its whole training set in every step. Both numbers go
through one table of embeddings, which are concatenated: the first layer is a sum of two products
with the table, so that all p² pairs cost two small products and one broadcast sum.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks, _progress
from skillscale.lab.optimizers import Adam, Optimizer
from skillscale.lab.streams import Stream
from skillscale.lab.training import flushed_denormals

Floats = NDArray[np.float64]

# "sign" is what the public code of Liu et al. 2025 calls sign descent: Adam without memory, where a
# step g / (|g| + eps) keeps its length until |g| is of the order of eps.
RULES: dict[str, Callable[[Sequence[float], float], Optimizer]] = {
    "sign": lambda lr, decay: Adam(lr, betas=(0.0, 0.0), weight_decay=decay),
    "adam": lambda lr, decay: Adam(lr, weight_decay=decay),
}
ARMS = ("given rate", "tuned rate", "no decay")


@dataclass(frozen=True)
class ModularAddition:
    """Settings of `modular_addition`.

    Attributes:
        rules: names of update rules, keys of `RULES`.
        rates: learning rates tried for every rule; with none there is no tuned arm.
        given_rate: learning rate at which all rules are compared.
        weight_decay: decoupled decay per unit of learning rate.
        undecayed_steps: updates at the given rate without any decay; with 0 there is no such arm.
        modulus: p; there are p² pairs.
        embedding: numbers per embedded number.
        width: neurons of each of the two hidden layers (SiLU).
        train_share: share of the pairs that is trained on.
        steps: most updates of a run.
        every: steps between measurements.
        target: test accuracy whose step decides on the best rate, and at which those runs end.
        done: test accuracy at which the followed runs end.
        at_once: members in one tensor program; they end together.
        tuning_seeds: seeds of the networks on which rates are tried.
        seeds: seeds of the networks that are followed; each draws its own split and weights.
    """

    rules: tuple[str, ...] = ("sign", "adam")
    rates: tuple[float, ...] = (1e-2, 2e-2, 4e-2, 8e-2)
    given_rate: float = 1e-2
    weight_decay: float = 0.03
    undecayed_steps: int = 1000
    modulus: int = 59
    embedding: int = 128
    width: int = 100
    train_share: float = 0.8
    steps: int = 4000
    every: int = 25
    target: float = 0.9
    done: float = 0.99
    at_once: int = 1
    tuning_seeds: tuple[int, ...] = (100, 101, 102)
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not self.rules or len(set(self.rules)) < len(self.rules):
            raise ValueError(f"rules must hold distinct values, at least one, got {self.rules!r}")
        if self.rates:
            _checks.increasing("rates", self.rates)
        for rule in self.rules:
            _checks.choice("rules", rule, tuple(RULES))
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        _checks.number("given_rate", self.given_rate, above=0)
        _checks.number("weight_decay", self.weight_decay, minimum=0)
        if self.rates or self.tuning_seeds:
            _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.seeds("seeds", self.seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        for name, least in (("modulus", 2), ("embedding", 1), ("width", 1), ("steps", 1)):
            _checks.integer(name, getattr(self, name), minimum=least)
        for name in ("every", "at_once"):
            _checks.integer(name, getattr(self, name), minimum=1)
        if _checks.integer("undecayed_steps", self.undecayed_steps, minimum=0) > self.steps:
            raise ValueError(
                f"undecayed_steps must be <= steps = {self.steps}, got {self.undecayed_steps}"
            )
        share = _checks.number("train_share", self.train_share, above=0, below=1)
        if not 1 <= round(share * self.modulus**2) < self.modulus**2:
            raise ValueError(f"train_share must leave pairs on both sides, got {self.train_share}")
        _checks.number("target", self.target, above=0, maximum=1)
        _checks.number("done", self.done, minimum=self.target)


LIVE = {
    # a large decay and few pairs to test, or so small a network would not generalise in seconds
    "modular_addition": ModularAddition(
        rates=(), weight_decay=0.1, undecayed_steps=0, modulus=29, embedding=48, width=48,
        train_share=0.9, steps=1500, at_once=2, tuning_seeds=(), seeds=(0, 1),
    )
}  # fmt: skip
STANDARD = {
    "modular_addition": ModularAddition(),
}


def modular_addition(settings: ModularAddition, *, progress: bool = False) -> xr.Dataset:
    """Accuracy on trained and on other sums over training, for rules at given and tuned rates.

    The best rate of a rule is that with the smallest median, over `tuning_seeds`, of the step at
    which the test accuracy is first measured at `target` or above; ties go to the lower rate.

    Args:
        settings: task, networks, rules and rates.
        progress: show a bar over groups of members.

    Returns:
        Dataset with dims (member, rule, arm, split, step): `accuracy`, nan after a run has ended;
        `rate` (rule, arm); `tuning_step` (tuning_member, rule, tried), the steps that decided,
        infinite where `target` was not reached.

    Source: Liu et al. 2025 (public code: task, network, rules "sign" and "adam", rate 0.01, decays
    0.03 and 0); tuned rates are ours. Equal to plain networks and torch's AdamW in
    `tests/test_domino_grokking.py`.

    >>> small = ModularAddition(modulus=5, embedding=4, width=4, steps=4, every=2, rates=(0.01,),
    ...                  undecayed_steps=0, tuning_seeds=(0,), seeds=(1, 2))
    >>> modular_addition(small)["accuracy"].shape
    (2, 2, 2, 2, 3)
    """
    given, n_rules = settings.given_rate, len(settings.rules)
    wanted = (True, bool(settings.rates), settings.undecayed_steps > 0)
    arms = [arm for arm, keep in zip(ARMS, wanted, strict=True) if keep]
    tuning = np.empty((len(settings.tuning_seeds), n_rules, len(settings.rates)))
    rates = np.full((n_rules, len(arms)), given)
    steps = np.arange(0, settings.steps + 1, settings.every)
    shape = (len(settings.seeds), n_rules, len(arms), 2, len(steps))
    accuracy = np.full(shape, np.nan, np.float32)
    for r, rule in enumerate(_progress.bar(settings.rules, show=progress)):
        if settings.rates:
            short = dataclasses.replace(settings, done=settings.target)
            tried = _trained(short, rule, settings.tuning_seeds, settings.rates)
            tuning[:, r] = first_step(steps, tried[..., 1, :], settings.target)
            # Not np.median, which makes nan of two infinite steps.
            middle = np.sort(tuning[:, r], 0)[(len(settings.tuning_seeds) - 1) // 2]
            rates[r, 1] = settings.rates[int(middle.argmin())]
        decayed = rates[r, : 1 + wanted[1]]
        distinct, place = np.unique(decayed, return_inverse=True)
        accuracy[:, r, : len(decayed)] = _trained(settings, rule, settings.seeds, distinct)[
            :, place
        ]
        if wanted[2]:
            free = dataclasses.replace(settings, weight_decay=0.0, steps=settings.undecayed_steps)
            found = _trained(free, rule, settings.seeds, (given,))[:, 0]
            accuracy[:, r, -1, :, : found.shape[-1]] = found
    meaning = {"units": "1", "long_name": "learning rate"}
    return xr.Dataset(
        {
            "accuracy": (
                ("member", "rule", "arm", "split", "step"),
                accuracy,
                {"units": "1", "long_name": "share of sums answered correctly"},
            ),
            "rate": (("rule", "arm"), rates, meaning),
            "tuning_step": (
                ("tuning_member", "rule", "tried"),
                tuning,
                {"units": "step", "long_name": "first step at the wanted test accuracy"},
            ),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "tuning_seed": ("tuning_member", np.asarray(settings.tuning_seeds)),
            "rule": list(settings.rules),
            "arm": arms,
            "split": ["train", "test"],
            "tried": ("tried", list(settings.rates), meaning),
            "step": ("step", steps, {"units": "optimizer steps"}),
        },
    )


def first_step(steps: NDArray[Any], accuracy: NDArray[Any], threshold: float) -> Floats:
    """Return the first measured step at which the accuracy is at least `threshold`.

    Args:
        steps: steps of the measurements, shape (step,).
        accuracy: shape (..., step); nan never reaches anything.
        threshold: the accuracy wanted.

    Returns:
        Steps of shape (...); infinite where the threshold is never reached.

    Source: derived here; `tests/test_domino_grokking.py`.

    >>> first_step(np.array([0, 25, 50]), np.array([[0.1, 0.9, 0.8], [0.0, 0.1, 0.2]]), 0.9)
    array([25., inf])
    """
    reached = accuracy >= threshold
    return np.where(reached.any(-1), steps[reached.argmax(-1)].astype(float), np.inf)


def _trained(
    settings: ModularAddition, rule: str, seeds: Sequence[int], rates: Iterable[float]
) -> NDArray[np.float32]:
    """Train one network per seed and rate; return accuracies (seed, rate, split, step)."""
    members = [(seed, float(rate)) for rate in rates for seed in seeds]
    groups = [members[i : i + settings.at_once] for i in range(0, len(members), settings.at_once)]
    with flushed_denormals():
        found = np.concatenate([_group(settings, rule, group) for group in groups])
    return found.reshape(-1, len(seeds), *found.shape[1:]).swapaxes(0, 1)


def _initial(settings: ModularAddition, seed: int) -> list[Tensor]:
    """Return a network's embeddings, weights (fan-in, fan-out) and biases, torch's defaults."""
    draws = Stream(seed, "grokking weights").at(0)
    p, width = settings.modulus, settings.width
    parameters = [draws.standard_normal((p, settings.embedding))]
    for fan_in, fan_out in ((2 * settings.embedding, width), (width, width), (width, p)):
        bound = 1 / math.sqrt(fan_in)
        parameters += [draws.uniform(-bound, bound, (n, fan_out)) for n in (fan_in, 1)]
    return [torch.from_numpy(each.astype(np.float32)) for each in parameters]


def _training_pairs(settings: ModularAddition, seed: int) -> Tensor:
    """Return which pairs a seed trains on, (p²,) of 0 and 1; pair a·p + b is (a, b)."""
    order = Stream(seed, "grokking split").at(0).permutation(settings.modulus**2)
    chosen = torch.zeros(settings.modulus**2)
    chosen[order[: round(settings.train_share * len(order))]] = 1
    return chosen


def _outputs(parameters: Sequence[Tensor], modulus: int) -> Tensor:
    """Return the logits (member, p², p) of all pairs."""
    table, first, shift, *rest = parameters
    half = table.shape[-1]
    left = torch.bmm(table, first[:, :half])
    right = torch.baddbmm(shift, table, first[:, half:])
    state = functional.silu((left[:, :, None] + right[:, None]).flatten(1, 2))
    state = functional.silu(torch.baddbmm(rest[1], state, rest[0]))
    logits: Tensor = torch.baddbmm(rest[3], state, rest[2])
    return logits


def _group(
    settings: ModularAddition, rule: str, members: Sequence[tuple[int, float]]
) -> NDArray[np.float32]:
    """Train members together until all are done; return accuracies (member, split, step)."""
    p, n = settings.modulus, len(members)
    started = [_initial(settings, seed) for seed, _ in members]
    parameters = [torch.stack(each).requires_grad_() for each in zip(*started, strict=True)]
    chosen = torch.stack([_training_pairs(settings, seed) for seed, _ in members])
    split = torch.stack([chosen, 1 - chosen], 1)
    answer = (torch.arange(p)[:, None] + torch.arange(p)).flatten() % p
    optimizer = RULES[rule]([rate for _, rate in members], settings.weight_decay)
    state = optimizer.start(parameters)
    record = np.full((n, 2, settings.steps // settings.every + 1), np.nan, np.float32)
    done = np.zeros(n, bool)
    for step in range(settings.steps + 1):
        logits = _outputs(parameters, p)
        if step % settings.every == 0:
            right = (logits.detach().argmax(-1) == answer).float()
            shares = (split * right[:, None]).sum(-1) / split.sum(-1)
            record[:, :, step // settings.every] = shares.numpy()
            done |= (shares[:, 1] >= settings.done).numpy()
            if done.all():
                break
        each = functional.cross_entropy(
            logits.flatten(0, 1), answer.repeat(n), reduction="none"
        ).view(n, -1)
        loss = ((chosen * each).sum(-1) / chosen.sum(-1)).sum()
        optimizer.step(parameters, torch.autograd.grad(loss, parameters), state)
    return record
