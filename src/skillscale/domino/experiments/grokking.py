"""Modular addition: does sign descent shorten the wait between memorising and generalising?

Both numbers go through one table of embeddings, which are concatenated: the first layer is a sum of
two products with the table, so that all p² pairs cost two small products and one broadcast sum.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab.optimizers import Adam, Optimizer
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import (
    Count,
    Fraction,
    NonNegative,
    Positive,
    Seeds,
    Share,
    Steps,
    distinct,
    each,
    whole,
    word,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.lab.training import flushed_denormals

Floats = NDArray[np.float64]

# "sign" is what the public code of Liu et al. 2025 calls sign descent: Adam without memory, where a
# step g / (|g| + eps) keeps its length until |g| is of the order of eps.
RULES: dict[str, Callable[[Sequence[float], float], Optimizer]] = {
    "sign": lambda lr, decay: Adam(lr, betas=(0.0, 0.0), weight_decay=decay),
    "adam": lambda lr, decay: Adam(lr, weight_decay=decay),
}


@dataclass(frozen=True)
class ModularAddition(Experiment):
    """Accuracy on trained and on other sums over training, for rules at given and tuned rates.

    A network answers (a + b) mod p, trained in every step on all of a random share of the pairs. A
    rule's best rate has the smallest median, over `tuning_seeds`, of the step at which the test
    accuracy is first measured at `target` or above; ties go to the lower rate.

    `accuracy` (member, rule, arm, split, step), nan after a run has ended; `rate` (rule, arm);
    `tuning_step` (tuning_member, rule, tried), the steps that decided, inf where never at `target`.

    Source: Liu et al. 2025 (code: task, network, rules, rate 0.01, decays), the rest is ours.
    """

    rules: Annotated[tuple[str, ...], each(word(*RULES)), distinct] = ("sign", "adam")
    rates: tuple[float, ...] = (1e-2, 2e-2, 4e-2, 8e-2)  #: tried; with none there is no tuned arm
    given_rate: Positive = 1e-2  #: at which all rules are compared
    weight_decay: NonNegative = 0.03  #: decoupled, per unit of learning rate
    undecayed_steps: Steps = 1000  #: updates at the given rate without decay; 0 for no such arm
    modulus: Annotated[int, whole(2)] = 59  #: p; there are p² pairs
    embedding: Count = 128  #: numbers per embedded number
    width: Count = 100  #: neurons of each of two hidden layers (SiLU)
    train_share: Fraction = 0.8  #: of the pairs, trained on
    steps: Count = 4000  #: most updates of a run
    every: Count = 25  #: steps between measurements
    target: Share = 0.9  #: test accuracy that decides on the best rate and ends those runs
    done: Share = 0.99  #: test accuracy at which the followed runs end
    at_once: Count = 1  #: members in one tensor program; they end together
    tuning_seeds: tuple[int, ...] = (100, 101, 102)  #: of the networks on which rates are tried
    seeds: Seeds = tuple(range(200, 210))  #: of splits and weights of the followed networks

    order = ("member", "tuning_member", "rule", "arm", "tried", "split", "step")
    about = {
        "accuracy": ("1", "share of sums answered correctly"),
        "rate": ("1", "learning rate"),
        "tried": ("1", "learning rate"),
        "tuning_step": ("step", "first step at the wanted test accuracy"),
    }

    def together(self) -> None:
        if self.rates:
            _checks.increasing("rates", self.rates)
        for rate in self.rates:
            _checks.number("rates", rate, above=0)
        if self.rates or self.tuning_seeds:
            _checks.seeds("tuning_seeds", self.tuning_seeds)
        _checks.apart("tuning_seeds", self.tuning_seeds, self.seeds)
        if self.undecayed_steps > self.steps:
            raise ValueError(
                f"undecayed_steps must be <= steps = {self.steps}, got {self.undecayed_steps}"
            )
        if not 1 <= round(self.train_share * self.modulus**2) < self.modulus**2:
            raise ValueError(f"train_share must leave pairs on both sides, got {self.train_share}")
        _checks.number("done", self.done, minimum=self.target)

    def arms(self) -> list[str]:
        tuned = ["tuned rate"] if self.rates else []
        undecayed = ["no decay"] if self.undecayed_steps else []
        return ["given rate", *tuned, *undecayed]

    def at(self) -> NDArray[np.int64]:
        return np.arange(0, self.steps + 1, self.every)

    def coords(self) -> Coords:
        return {
            "tuning_seed": ("tuning_member", np.asarray(self.tuning_seeds)),
            "rule": list(self.rules),
            "arm": self.arms(),
            "split": ["train", "test"],
            "tried": list(self.rates),
            "step": self.at(),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        rates = np.full((len(self.rules), len(self.arms())), self.given_rate)
        tried = sweep(self.measure_rates, {"rule": self.rules})
        if self.rates:
            # Not a median of two in the middle, which makes nan of two infinite steps.
            middle = np.sort(tried.tuning_step, 1)[:, (len(self.tuning_seeds) - 1) // 2]
            rates[:, 1] = np.asarray(self.rates)[middle.argmin(-1)]
        chosen = list(zip(self.rules, rates.tolist(), strict=True))
        found = sweep(self.measure, {"rule": chosen}).merge(tried)
        return found.assign(rate=(("rule", "arm"), rates))

    def measure_rates(self, rule: str) -> Found:
        step = np.empty((len(self.tuning_seeds), 0))
        if self.rates:
            short = dataclasses.replace(self, done=self.target)
            accuracy = _trained(short, rule, self.tuning_seeds, self.rates)[..., 1, :]
            step = first_step(self.at(), accuracy, self.target)
        return {"tuning_step": (("tuning_member", "tried"), step)}

    def measure(self, rule: tuple[str, list[float]]) -> Found:
        name, rates = rule
        shape = len(self.seeds), len(rates), 2, len(self.at())
        accuracy = np.full(shape, np.nan, np.float32)
        decayed = rates[: 1 + bool(self.rates)]
        once, place = np.unique(decayed, return_inverse=True)
        accuracy[:, : len(decayed)] = _trained(self, name, self.seeds, once)[:, place]
        if self.undecayed_steps:
            free = dataclasses.replace(self, weight_decay=0.0, steps=self.undecayed_steps)
            found = _trained(free, name, self.seeds, (self.given_rate,))[:, 0]
            accuracy[:, -1, :, : found.shape[-1]] = found
        return {"accuracy": (("member", "arm", "split", "step"), accuracy)}


ModularAddition.records = {
    "domino_modular_addition": {
        # a large decay and few pairs to test, or so small a network would not generalise in seconds
        "live": ModularAddition(
            rates=(), weight_decay=0.1, undecayed_steps=0, modulus=29, embedding=48, width=48,
            train_share=0.9, steps=1500, at_once=2, tuning_seeds=(), seeds=(0, 1),
        ),
        "standard": ModularAddition(),
    }
}  # fmt: skip


def first_step(steps: NDArray[Any], accuracy: NDArray[Any], threshold: float) -> Floats:
    """Return the first measured steps (…) at an accuracy (…, step), inf where it is never reached.

    >>> first_step(np.array([0, 25, 50]), np.array([[0.1, 0.9, 0.8], [0.0, 0.1, 0.2]]), 0.9)
    array([25., inf])
    """
    reached = accuracy >= threshold
    return np.where(reached.any(-1), steps[reached.argmax(-1)].astype(float), np.inf)


def _trained(
    of: ModularAddition, rule: str, seeds: Sequence[int], rates: Iterable[float]
) -> NDArray[np.float32]:
    """Train one network per seed and rate; return accuracies (seed, rate, split, step)."""
    members = [(seed, float(rate)) for rate in rates for seed in seeds]
    groups = [members[i : i + of.at_once] for i in range(0, len(members), of.at_once)]
    with flushed_denormals():
        found = np.concatenate([_group(of, rule, group) for group in groups])
    return found.reshape(-1, len(seeds), *found.shape[1:]).swapaxes(0, 1)


def _initial(of: ModularAddition, seed: int) -> list[Tensor]:
    """Return a network's embeddings, weights (fan-in, fan-out) and biases, torch's defaults."""
    draws = Stream(seed, "grokking weights").at(0)
    p, width = of.modulus, of.width
    parameters = [draws.standard_normal((p, of.embedding))]
    for fan_in, fan_out in ((2 * of.embedding, width), (width, width), (width, p)):
        bound = 1 / math.sqrt(fan_in)
        parameters += [draws.uniform(-bound, bound, (n, fan_out)) for n in (fan_in, 1)]
    return [torch.from_numpy(each.astype(np.float32)) for each in parameters]


def _training_pairs(of: ModularAddition, seed: int) -> Tensor:
    """Return which pairs a seed trains on, (p²,) of 0 and 1; pair a·p + b is (a, b)."""
    order = Stream(seed, "grokking split").at(0).permutation(of.modulus**2)
    chosen = torch.zeros(of.modulus**2)
    chosen[order[: round(of.train_share * len(order))]] = 1
    return chosen


def _outputs(parameters: Sequence[Tensor], modulus: int) -> Tensor:
    table, first, shift, *rest = parameters
    half = table.shape[-1]
    left = torch.bmm(table, first[:, :half])
    right = torch.baddbmm(shift, table, first[:, half:])
    state = functional.silu((left[:, :, None] + right[:, None]).flatten(1, 2))
    state = functional.silu(torch.baddbmm(rest[1], state, rest[0]))
    logits: Tensor = torch.baddbmm(rest[3], state, rest[2])
    return logits


def _group(
    of: ModularAddition, rule: str, members: Sequence[tuple[int, float]]
) -> NDArray[np.float32]:
    """Train members together until all are done; return accuracies (member, split, step)."""
    p, n = of.modulus, len(members)
    started = [_initial(of, seed) for seed, _ in members]
    parameters = [torch.stack(each).requires_grad_() for each in zip(*started, strict=True)]
    chosen = torch.stack([_training_pairs(of, seed) for seed, _ in members])
    split = torch.stack([chosen, 1 - chosen], 1)
    answer = (torch.arange(p)[:, None] + torch.arange(p)).flatten() % p
    optimizer = RULES[rule]([rate for _, rate in members], of.weight_decay)
    state = optimizer.start(parameters)
    record = np.full((n, 2, of.steps // of.every + 1), np.nan, np.float32)
    done = np.zeros(n, bool)
    for step in range(of.steps + 1):
        logits = _outputs(parameters, p)
        if step % of.every == 0:
            right = (logits.detach().argmax(-1) == answer).float()
            shares = (split * right[:, None]).sum(-1) / split.sum(-1)
            record[:, :, step // of.every] = shares.numpy()
            done |= (shares[:, 1] >= of.done).numpy()
            if done.all():
                break
        each = functional.cross_entropy(
            logits.flatten(0, 1), answer.repeat(n), reduction="none"
        ).view(n, -1)
        loss = ((chosen * each).sum(-1) / chosen.sum(-1)).sum()
        optimizer.step(parameters, torch.autograd.grad(loss, parameters), state)
    return record
