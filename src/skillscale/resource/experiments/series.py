"""A task of two steps in series, the root of a sum of squares, under a penalty on all weights.

The target sqrt((x₁ - x₂)² + (x₃ - x₄)²) asks for the sum of squares first and for its root then.
The width is fixed; the strength of the task's loss against the penalty is varied.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.streams import Stream
from skillscale.resource.experiments._penalised import Penalty, Schedule, fit, in_use
from skillscale.resource.experiments._points import sobol

TRAINING = Schedule(12_000)
PENALTY = Penalty("L1 + L2", 5e-5, 5e-5, 32)
# at a quarter of the least no neuron stays; at the largest a third of them are in use
STRENGTHS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


@dataclass(frozen=True)
class RootChain:
    """Settings of `root_chain`.

    Attributes:
        penalty: the penalty, with the width of every hidden layer.
        strengths: factors of the mean squared error against the penalty, increasing.
        depth: number of hidden layers.
        n_points: inputs in [0, 1]⁴, a power of 2; scrambled Sobol points, all used in every step.
        n_fresh: uniform inputs in [0, 1]⁴ on which networks are judged.
        schedule: the training.
        seeds: seeds of the initial parameters and of the inputs; one network of every strength per
            seed.
    """

    penalty: Penalty = PENALTY
    strengths: tuple[float, ...] = STRENGTHS
    depth: int = 4
    n_points: int = 256
    n_fresh: int = 2_000
    schedule: Schedule = TRAINING
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for strength in self.strengths:
            _checks.number("strengths", strength, above=0)
        _checks.increasing("strengths", self.strengths)
        _checks.integer("depth", self.depth, minimum=1)
        if _checks.integer("n_points", self.n_points, minimum=4).bit_count() != 1:
            raise ValueError(f"n_points must be a power of 2, got {self.n_points}")
        _checks.integer("n_fresh", self.n_fresh, minimum=3)
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "root_chain": RootChain(
        penalty=Penalty("L1 + L2", 5e-5, 5e-5, 12),
        strengths=(4.0, 64.0),
        n_points=64,
        schedule=Schedule(1_000, n_measured=5),
        seeds=(0, 1),
    )
}
STANDARD = {"root_chain": RootChain(seeds=tuple(range(200, 212)))}


def root_chain(settings: RootChain, *, progress: bool = False) -> xr.Dataset:
    """Train deep networks on sqrt(g), g = (x₁ - x₂)² + (x₃ - x₄)²; look for g in their layers.

    A network minimises strength · mean (f - sqrt(g))² + Σ (l1 |p| + l2 p²), the last sum over all
    weights and hidden biases. A neuron is in use where some weight into it and some weight out of
    it exceed 1e-3 in size.

    Args:
        settings: penalty, strengths, depth, inputs, training and seeds.
        progress: show a bar over training.

    Returns:
        Dataset with `neurons` and `training_loss` (strength, member, step), the neurons in use in
        all hidden layers and the mean squared error on the training points (not halved, without
        penalty), and, at the end, `loss` (strength, member), that on the fresh points, and
        `correlation` (strength, member, layer, neuron), of the activations of neurons in use with
        g on the fresh points, the largest in size first and nan where there are no more. Losses
        to four digits, correlations to 1e-4.

    Raises:
        FloatingPointError: If members diverge.

    Source: target, depth, SiLU and growth by strength after Song et al. 2024 (figure 4); inputs,
    penalty, width and training are ours. Equal to plain loops in
    `tests/test_resource_series.py`.

    >>> small = RootChain(strengths=(4.0,), schedule=Schedule(2, n_measured=2), seeds=(0,))
    >>> dict(root_chain(small)["correlation"].sizes)
    {'strength': 1, 'member': 1, 'layer': 4, 'neuron': 32}
    """
    members = list(itertools.product(settings.strengths, settings.seeds))
    seeds = [seed for _, seed in members]
    width = settings.penalty.width
    model = MLPEnsemble(
        4, [width] * len(seeds), seeds=seeds, depth=settings.depth, activation="silu"
    )
    inputs = torch.stack([sobol(settings.n_points, seed, n_inputs=4) for seed in seeds])
    strengths = torch.tensor([[strength] for strength, _ in members])
    neurons, losses = fit(
        model,
        inputs,
        inner(inputs).sqrt(),
        strengths,
        settings.penalty,
        settings.schedule,
        progress=progress,
    )
    fresh = torch.stack([_fresh(settings.n_fresh, seed) for seed in seeds])
    with torch.no_grad():
        loss = (model(fresh) - inner(fresh).sqrt()).square().mean((1, 2)).numpy()
        carried = _correlations(model, fresh).numpy()
    grid = (len(settings.strengths), len(settings.seeds))
    described: dict[str, tuple[tuple[str, ...], NDArray[Any], str, str]] = {
        "neurons": (("step",), neurons.numpy().astype(np.int16), "neurons", "neurons in use"),
        "training_loss": (
            ("step",),
            records.significant(losses[..., 0].numpy()),
            "1",
            "mean squared error on the training points",
        ),
        "loss": ((), records.significant(loss), "1", "mean squared error on fresh points"),
        "correlation": (
            ("layer", "neuron"),
            carried.round(4),
            "1",
            "correlation of a neuron with the sum of squares",
        ),
    }
    return xr.Dataset(
        {
            name: (
                ("strength", "member", *last),
                values.reshape(*grid, *values.shape[1:]),
                {"units": units, "long_name": label},
            )
            for name, (last, values, units, label) in described.items()
        },
        coords={
            "strength": ("strength", np.asarray(settings.strengths), {"units": "1"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": ("step", settings.schedule.measured(), {"units": "Adam steps"}),
            "layer": ("layer", np.arange(1, settings.depth + 1), {"long_name": "hidden layer"}),
        },
    )


def inner(inputs: Tensor) -> Tensor:
    """First step of the task, g = (x₁ - x₂)² + (x₃ - x₄)², shape (…, 1).

    >>> inner(torch.tensor([[0.0, 1.0, 0.5, 0.0]]))
    tensor([[1.2500]])
    """
    return (inputs[..., ::2] - inputs[..., 1::2]).square().sum(-1, keepdim=True)


def _fresh(n: int, seed: int) -> Tensor:
    """Return uniform points in [0, 1]⁴, shape (n, 4), that training has not seen."""
    drawn: NDArray[np.float32] = Stream(seed, "fresh points").at(0).random((n, 4), dtype=np.float32)
    return torch.from_numpy(drawn)


def _correlations(model: MLPEnsemble, inputs: Tensor) -> Tensor:
    """Return correlations with g, (member, layer, neuron), the largest in size first, else nan."""
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
