"""Training under a penalty on all weights, and the neurons that it leaves in use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch
from skillscale.lab.training import train

THRESHOLD = 1e-3  # a neuron is in use if a weight in and a weight out are larger than this


@dataclass(frozen=True)
class Penalty:
    """What every weight and hidden bias p costs: l1·|p| + l2·p².

    Attributes:
        name: what the record calls it.
        l1: prefactor of |p|.
        l2: prefactor of p².
        width: neurons that a network starts with.
    """

    name: str
    l1: float
    l2: float
    width: int

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.number("l1", self.l1, minimum=0)
        _checks.number("l2", self.l2, minimum=0)
        _checks.integer("width", self.width, minimum=1)


def check_penalties(penalties: Sequence[Penalty]) -> None:
    """Raise ValueError unless there are penalties, all of them with names of their own.

    >>> check_penalties([Penalty("L2", 0.0, 1e-4, 48)])
    """
    if not penalties:
        raise ValueError("penalties must not be empty")
    names = [penalty.name for penalty in penalties]
    if len(set(names)) < len(names):
        raise ValueError(f"penalties must have different names, got {names}")


@dataclass(frozen=True)
class Schedule:
    """Adam with decay rates 0.9 and 0.99: rate up in `warm_up` steps, down as a half cosine.

    Attributes:
        steps: number of updates.
        lr: largest rate.
        warm_up: updates until it is reached.
        n_measured: equidistant steps at which neurons are counted, start and end among them.
    """

    steps: int
    lr: float = 1e-2
    warm_up: int = 50
    n_measured: int = 13

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("steps", self.steps, minimum=1)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("warm_up", self.warm_up, minimum=1)
        _checks.integer("n_measured", self.n_measured, minimum=2)

    def factor(self, step: int) -> float:
        """Share of the largest rate at a step.

        >>> schedule = Schedule(steps=1000, warm_up=10)
        >>> [round(schedule.factor(step), 3) for step in (0, 500, 999)]
        [0.1, 0.5, 0.0]
        """
        anneal = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return min(1.0, (step + 1) / self.warm_up) * anneal

    def measured(self) -> NDArray[np.int64]:
        """Steps at which neurons are counted."""
        steps = np.linspace(0, self.steps, self.n_measured).round().astype(np.int64)
        return np.unique(steps)


def in_use(parameters: Sequence[Tensor], layer: int = 0) -> Tensor:
    """Tell which neurons of a hidden layer are in use, (member, neuron).

    Args:
        parameters: those of an ensemble with biases: weights and bias of every layer in turn.
        layer: number of the hidden layer, from 0.
    """
    into, _, out = parameters[2 * layer : 2 * layer + 3]
    return (into.abs().amax(1) > THRESHOLD) & (out.abs().amax(2) > THRESHOLD)


def penalty(parameters: Sequence[Tensor], l1: float, l2: float) -> Tensor:
    """Cost of all weights and hidden biases of each member, (member,): the last bias is free.

    Args:
        parameters: those of an ensemble with biases.
        l1: prefactor of |p|.
        l2: prefactor of p².
    """
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
    *,
    progress: bool = False,
) -> tuple[Tensor, Tensor]:
    """Train every member on Σ_k strength_k · (mean squared error of output k) + penalty.

    Args:
        model: networks with biases; changed in place.
        inputs: shape (member, sample, n_inputs).
        targets: shape (member, sample, output).
        strengths: shape (member, output).
        priced: the penalty.
        schedule: the training.
        progress: show a bar over steps.

    Returns:
        Neurons in use (member, time), those of all hidden layers, and mean squared errors (member,
        time, output), not halved and without penalty, at the schedule's measured steps.
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
        progress=progress,
    )
    return found["neurons"].movedim(0, 1), found["loss"].movedim(0, 1)
