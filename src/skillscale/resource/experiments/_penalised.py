"""Training under a penalty on all weights, and the neurons that it leaves in use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.settings import Count, NonNegative, Positive, Settings, each, real, whole
from skillscale.lab.sweep import Found
from skillscale.lab.training import train

THRESHOLD = 1e-3  # a neuron is in use if a weight in and a weight out are larger than this


@dataclass(frozen=True)
class Penalty(Settings):
    """What every weight and hidden bias p costs: l1·|p| + l2·p²."""

    name: str  #: what the record calls it
    l1: NonNegative  #: prefactor of |p|
    l2: NonNegative  #: prefactor of p²
    width: Count  #: neurons that a network starts with


def _named_apart(name: str, penalties: Sequence[Penalty]) -> None:
    if not penalties:
        raise ValueError(f"{name} must not be empty")
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(f"{name} must have different names, got {names}")


Penalties = Annotated[tuple[Penalty, ...], _named_apart]
# factors of a loss against a penalty
Strengths = Annotated[tuple[float, ...], each(real(above=0)), _checks.increasing]


def unfolded(parts: Mapping[str, tuple[tuple[str, ...], Any]], **axes: int) -> Found:
    """Return parts (network, …), the last axis of the grid fastest, with an axis for each of it."""
    return {
        name: ((*axes, *last), part.reshape(*axes.values(), *part.shape[1:]))
        for name, (last, part) in parts.items()
    }


def called(name: str, penalties: Sequence[Penalty]) -> Penalty:
    return next(penalty for penalty in penalties if penalty.name == name)


@dataclass(frozen=True)
class Schedule(Settings):
    """Adam with decay rates 0.9 and 0.99: rate up in `warm_up` steps, down as a half cosine."""

    steps: Count  #: updates
    lr: Positive = 1e-2  #: largest rate
    warm_up: Count = 50  #: updates until it is reached
    n_measured: Annotated[int, whole(2)] = 13  #: equidistant steps at which neurons are counted

    def factor(self, step: int) -> float:
        """Return the share of the largest rate at a step."""
        anneal = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return min(1.0, (step + 1) / self.warm_up) * anneal

    def measured(self) -> NDArray[np.int64]:
        steps = np.linspace(0, self.steps, self.n_measured).round().astype(np.int64)
        return np.unique(steps)


def in_use(parameters: Sequence[Tensor], layer: int = 0) -> Tensor:
    """Tell which neurons of a hidden layer, from 0, are in use, (member, neuron)."""
    into, _, out = parameters[2 * layer : 2 * layer + 3]
    return (into.abs().amax(1) > THRESHOLD) & (out.abs().amax(2) > THRESHOLD)


def penalty(parameters: Sequence[Tensor], l1: float, l2: float) -> Tensor:
    """Return the cost of all weights and hidden biases, (member,): the last bias is free."""
    priced = [p.flatten(1) for p in parameters[:-1]]
    cost = torch.zeros(len(priced[0]))
    if l2 > 0:
        cost = cost + l2 * sum((p.square().sum(1) for p in priced), torch.zeros(()))
    if l1 > 0:
        cost = cost + l1 * sum((p.abs().sum(1) for p in priced), torch.zeros(()))
    return cost


def fit(
    model: MLPEnsemble,
    inputs: Tensor,
    targets: Tensor,
    strengths: Tensor,
    priced: Penalty,
    schedule: Schedule,
) -> tuple[Tensor, Tensor]:
    """Train every member on Σ_k strength_k · (mean squared error of output k) + penalty, in place.

    Inputs and targets are (member, sample, input or output), strengths (member, output). Returned
    are at the schedule's measured steps the neurons in use (member, time), in all hidden layers,
    and the mean squared errors (member, time, output), not halved and without penalty.
    """

    def loss(outputs: Tensor, batch: Batch) -> Tensor:
        errors = (outputs - batch.target).square().mean(1)
        return (strengths * errors).sum(1) + penalty(model.parameters, priced.l1, priced.l2)

    def measure(model: MLPEnsemble, _: int) -> dict[str, Tensor]:
        errors = (model(inputs) - targets).square().mean(1)
        used = [in_use(model.parameters, layer).sum(1) for layer in range(model.depth)]
        return {"neurons": torch.stack(used).sum(0), "loss": errors}

    # there are no skills here: one category for all samples
    batch = Batch(inputs, torch.zeros(inputs.shape[:2], dtype=torch.int64), targets)
    found = train(
        model,
        lambda _: batch,
        optimizer=Adam(schedule.lr, betas=(0.9, 0.99)),
        steps=schedule.steps,
        loss=loss,
        measure=measure,
        at=schedule.measured(),
        schedule=schedule.factor,
    )
    return found["neurons"].movedim(0, 1), found["loss"].movedim(0, 1)
