"""A task of two steps in series, the root of a sum of squares, under a penalty on all weights."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Seeds, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.resource.experiments._penalised import (
    Penalty,
    Schedule,
    Strengths,
    fit,
    in_use,
    unfolded,
)
from skillscale.resource.experiments._points import SobolPoints, sobol

TRAINING = Schedule(12_000)
PENALTY = Penalty("L1 + L2", 5e-5, 5e-5, 32)
# at a quarter of the least no neuron stays; at the largest a third of them are in use
STRENGTHS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


@dataclass(frozen=True)
class RootChain(Experiment):
    """Train deep networks on sqrt(g), g = (x₁ - x₂)² + (x₃ - x₄)²; look for g in their layers.

    A network minimises strength · mean (f - sqrt(g))² + Σ (l1 |p| + l2 p²), the last sum over all
    weights and hidden biases. A neuron is in use where some weight into it and some weight out of
    it exceed 1e-3 in size.

    `neurons` and `training_loss` (strength, member, step), in use in all hidden layers, and the
    mean squared error on the training points (not halved, without penalty). At the end, `loss`
    (strength, member), that on the fresh points, and `correlation` (strength, member, layer,
    neuron) of neurons in use with g there, the largest in size first, nan where there are no more,
    to 1e-4. Losses to four digits.

    Source: target, depth, SiLU, strengths after Song et al. 2024 (figure 4), the rest is ours.
    """

    penalty: Penalty = PENALTY  #: with the width of every hidden layer
    strengths: Strengths = STRENGTHS  #: factors of the mean squared error
    depth: Count = 4  #: hidden layers
    n_points: SobolPoints = 256  #: scrambled Sobol points in [0, 1]⁴, all used in every step
    n_fresh: Annotated[int, whole(3)] = 2_000  #: uniform inputs on which networks are judged
    schedule: Schedule = TRAINING  #: the training
    seeds: Seeds = tuple(range(12))  #: of the initial parameters and of the inputs

    order = ("strength", "member", "step", "layer", "neuron")
    about = {
        "neurons": ("neurons", "neurons in use"),
        "training_loss": ("1", "mean squared error on the training points"),
        "loss": ("1", "mean squared error on fresh points"),
        "correlation": ("1", "correlation of a neuron with the sum of squares"),
        "strength": ("1", ""),
        "step": ("Adam steps", ""),
        "layer": ("", "hidden layer"),
    }

    def grid(self) -> Grid:
        return {}  # one ensemble of all strengths and seeds

    def coords(self) -> Coords:
        return {
            "strength": self.strengths,
            "step": self.schedule.measured(),
            "layer": range(1, self.depth + 1),
        }

    def measure(self) -> Found:
        members = list(itertools.product(self.strengths, self.seeds))
        seeds = [seed for _, seed in members]
        width = [self.penalty.width] * len(seeds)
        model = MLPEnsemble(4, width, seeds=seeds, depth=self.depth, activation="silu")
        inputs = torch.stack([sobol(self.n_points, seed, n_inputs=4) for seed in seeds])
        strengths = torch.tensor([[strength] for strength, _ in members])
        neurons, losses = fit(
            model, inputs, inner(inputs).sqrt(), strengths, self.penalty, self.schedule
        )
        fresh = torch.stack([_fresh(self.n_fresh, seed) for seed in seeds])
        with torch.no_grad():
            loss = (model(fresh) - inner(fresh).sqrt()).square().mean((1, 2)).numpy()
            carried = _correlations(model, fresh).numpy()
        parts = {
            "neurons": (("step",), neurons.numpy().astype(np.int16)),
            "training_loss": (("step",), records.significant(losses[..., 0].numpy())),
            "loss": ((), records.significant(loss)),
            "correlation": (("layer", "neuron"), carried.round(4)),
        }
        return unfolded(parts, strength=len(self.strengths), member=len(self.seeds))


RootChain.records = {
    "resource_root_chain": {
        "live": RootChain(
            penalty=Penalty("L1 + L2", 5e-5, 5e-5, 12),
            strengths=(4.0, 64.0),
            n_points=64,
            schedule=Schedule(1_000, n_measured=5),
            seeds=(0, 1),
        ),
        "standard": RootChain(seeds=tuple(range(320, 368))),
    }
}


def inner(inputs: Tensor) -> Tensor:
    """Return the first step of the task, g = (x₁ - x₂)² + (x₃ - x₄)², shape (…, 1)."""
    return (inputs[..., ::2] - inputs[..., 1::2]).square().sum(-1, keepdim=True)


def _fresh(n: int, seed: int) -> Tensor:
    """Return uniform points in [0, 1]⁴, shape (n, 4), that training has not seen."""
    drawn: NDArray[np.float32] = Stream(seed, "fresh points").at(0).random((n, 4), dtype=np.float32)
    return torch.from_numpy(drawn)


def _correlations(model: MLPEnsemble, inputs: Tensor) -> Tensor:
    g = inner(inputs)
    g = g - g.mean(1, keepdim=True)
    state, found = inputs, []
    for layer in range(model.depth):
        weight, bias = model.parameters[2 * layer : 2 * layer + 2]
        state = functional.silu(torch.baddbmm(bias, state, weight))
        apart = state - state.mean(1, keepdim=True)
        size = (apart.square().sum(1) * g.square().sum(1)).sqrt()
        # a neuron that never moves tells nothing of g: 0 / 0 stays nan
        correlation = (apart * g).sum(1) / size
        found.append(correlation.masked_fill(~in_use(model.parameters, layer), torch.nan))
    carried = torch.stack(found, 1)
    order = carried.abs().nan_to_num(-1.0).argsort(-1, descending=True)
    return carried.gather(-1, order)
