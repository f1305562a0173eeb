"""Whom the neurons of a network serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skillscale import _checks

THRESHOLD = 1e-3  # weights up to this size do not count


@dataclass(frozen=True)
class Subtask:
    """A part of a task: some outputs of a network on some inputs.

    Attributes:
        inputs: samples, shape (sample, n_inputs), at least 2.
        outputs: numbers of the outputs that the subtask asks for.
        weight: factor β > 0 of the subtask's loss.
    """

    inputs: Tensor
    outputs: tuple[int, ...] = (0,)
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.inputs.ndim != 2 or len(self.inputs) < 2:
            raise ValueError(
                "inputs must have shape (sample, n_inputs) with at least 2 samples, "
                f"got {tuple(self.inputs.shape)}"
            )
        if not self.outputs:
            raise ValueError("outputs must not be empty")
        for output in self.outputs:
            _checks.integer("outputs", output, minimum=0)
        _checks.number("weight", self.weight, above=0)


@dataclass(frozen=True)
class Attribution:
    """Owners of the neurons of a last hidden layer; -1 and contribution 0 for neurons not in use.

    Attributes:
        contribution: β_k v_ik² Var(h_i), shape (subtask, neuron).
        owner: subtask with the largest contribution, shape (neuron,).
        counts: neurons owned by each subtask, shape (subtask,).
        shared: share of the neurons in use that serve more than one subtask; nan if none is.
    """

    contribution: NDArray[np.float64]
    owner: NDArray[np.int64]
    counts: NDArray[np.int64]
    shared: float


def attribute(
    model: nn.Sequential, subtasks: Sequence[Subtask], *, least: float = 0.01
) -> Attribution:
    """Give each neuron of the last hidden layer to the subtask that it contributes most to.

    Neuron i with activation h_i and readout weights v_io contributes β_k Σ_o v_io² Var(h_i) to
    subtask k, the sum over the subtask's outputs and the variance over its inputs: how much its
    variation moves the subtask's weighted loss. Its owner is the subtask that gets most. It serves
    every subtask that gets at least the share `least` of what the owner gets. A neuron is in use if
    it contributes at all and has weights larger than 1e-3 both in and out.

    Contributions ignore that neurons may cancel each other: two opposite copies own much and do
    nothing. The model ends in a linear readout of hidden neurons, as `MLPEnsemble.member(i)` does.

    Source: derived here; tested on planted networks.
    """
    before, readout = _last_layers(model)
    _checks.number("least", least, above=0, maximum=1)
    if not subtasks:
        raise ValueError("subtasks must not be empty")
    given = np.stack([_contributions(model, readout, subtask) for subtask in subtasks])
    into, out = (
        weight.detach().abs().amax(axis).numpy(force=True)
        for weight, axis in ((before.weight, 1), (readout.weight, 0))
    )
    used = (into > THRESHOLD) & (out > THRESHOLD) & (given > 0).any(0)
    given = np.where(used, given, 0.0)
    owner = np.where(used, given.argmax(0), -1)
    serves = (given >= least * given.max(0)) & (given > 0)
    several = serves.sum(0) > 1
    return Attribution(
        contribution=given,
        owner=owner,
        counts=np.bincount(owner[used], minlength=len(subtasks)),
        shared=float(several.sum() / used.sum()) if used.any() else float("nan"),
    )


def _last_layers(model: nn.Sequential) -> tuple[nn.Linear, nn.Linear]:
    linear = [module for module in model if isinstance(module, nn.Linear)]
    if len(linear) < 2 or not isinstance(model[-1], nn.Linear):
        raise ValueError(
            "model must be nn.Sequential with at least two linear layers, the last of them the "
            f"readout, got {model!r}"
        )
    return linear[-2], linear[-1]


def _contributions(
    model: nn.Sequential, readout: nn.Linear, subtask: Subtask
) -> NDArray[np.float64]:
    first = next(module for module in model if isinstance(module, nn.Linear))
    if subtask.inputs.shape[1] != first.in_features:
        raise ValueError(
            f"inputs must have {first.in_features} columns, got {subtask.inputs.shape[1]}"
        )
    if max(subtask.outputs) >= readout.out_features:
        raise ValueError(f"outputs must be < {readout.out_features}, got {subtask.outputs}")
    with torch.no_grad():
        hidden = model[:-1](subtask.inputs.to(first.weight)).double()
        sizes = readout.weight[list(subtask.outputs)].double().square().sum(0)
        found = subtask.weight * sizes * hidden.var(0, correction=0)
    return np.asarray(found.numpy(force=True))
