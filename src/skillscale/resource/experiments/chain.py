"""Modules of noisy neurons in series: the noisy output of one is the input of the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale.lab import records
from skillscale.lab.settings import Counts, Positive, Seeds, Steps, each, whole, word
from skillscale.lab.sweep import Coords, Experiment, Found, Sweep
from skillscale.resource.experiments import _noisy
from skillscale.resource.experiments.noise import TARGETS, initial

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sine": lambda u: torch.sin(torch.pi * u),
    "exponential": torch.exp,
    # roots continue as 0 below the u where they begin: noise carries u there
    "shifted root": lambda u: (u + 0.1).clamp(min=0).sqrt(),
    "root": lambda u: u.clamp(min=0).sqrt(),
}
_REACH = 8.0  # standard deviations to either side that an integral over noise covers


@dataclass(frozen=True)
class NoiseChain(Experiment):
    """Expected losses of noisy modules and of their chains, over the widths of both.

    Module 1 makes u = x² from x in [-1, 1], module 2 makes f(u). Each is trained on its own, module
    2 on the u that it will see, and then they are chained. At one input the noise of module 1 is a
    sum of independent normal terms, so it is normal itself, and the expected loss of the chain is
    an integral over a single variable, which is computed instead of sampled.

    In squared units of the output in question, not halved and to four digits: `first` (member,
    width_first), `second` (member, function, width_second) and `other` (member, width_first), the
    losses of the modules and of one beside; `chain` (member, function, width_first, width_second);
    `exact_second` (member, function, width_first), the loss of the chain if f itself follows module
    1; `error_first` (member, width_first, input), the expected squared error of module 1.

    Source: derived here; tested on averages over drawn noise.
    """

    functions: Annotated[tuple[str, ...], each(word(*FUNCTIONS))] = tuple(FUNCTIONS)  #: f, module 2
    # as in `NoiseScaling` but not scaled
    other: Annotated[str, word(*TARGETS)] = "sine"  #: target on [-1, 1] of a module beside
    widths: Counts = (16, 32, 48, 64, 80, 96, 112, 128)  #: of a module; every pair is chained
    noise: Positive = 0.1  #: σ, deviation of a neuron's output noise over its output, at each input
    n_points: Annotated[int, whole(2)] = 128  #: equidistant inputs x on [-1, 1]
    nodes: Annotated[int, whole(17)] = 65  #: points of the integral over the noise of module 1
    steps: Steps = 800  #: Adam steps of a module's hidden layer
    lr: Positive = 0.1  #: learning rate of Adam, annealed to 0 as a half cosine
    spread: Positive = 2.0  #: standard deviation of the initial weights and biases
    seeds: Seeds = tuple(range(200, 212))  #: one module of every kind and width per seed

    order = ("member", "function", "width_first", "width_second", "input")
    about = {
        "first": ("x² squared", "loss of module 1"),
        "other": ("its target squared", "loss of the module beside"),
        "error_first": ("x² squared", "expected squared error"),
        "second": ("f squared", "loss of module 2"),
        "chain": ("f squared", "loss of the chain"),
        "exact_second": ("f squared", "loss of f after module 1"),
        "width_first": ("neurons", ""),
        "width_second": ("neurons", ""),
        "input": ("1", "input x"),
    }

    def inputs(self) -> Tensor:
        return torch.linspace(-1, 1, self.n_points, dtype=torch.float64)

    def coords(self) -> Coords:
        return {
            "function": list(self.functions),
            "width_first": self.widths,
            "width_second": self.widths,
            "input": self.inputs().tolist(),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        first = sweep(self.measure_first, {"width_first": self.widths})
        chains = {"function": self.functions, "width_second": self.widths}
        return sweep(self.measure, chains).merge(first)

    def measure_first(self, width_first: int) -> Found:
        """Return what does not depend on a module 2: losses of module 1 and of that beside."""
        x = self.inputs()
        u, target = x.square(), TARGETS[self.other](x)
        other = _module(self, 1, width_first, x, target)
        mean, variance = _first(self, width_first)
        error = (u - mean).square() + variance
        # f may have a kink, where finer steps are needed, and costs little
        exact = [
            through(mean, variance, f(u), f, 16 * self.nodes)
            for f in map(FUNCTIONS.__getitem__, self.functions)
        ]
        return {
            "first": _rounded(error.mean(-1), "member"),
            "error_first": _rounded(error, "member", "input"),
            "other": _rounded(_noisy.loss(other, x, target, self.noise), "member"),
            "exact_second": _rounded(torch.stack(exact), "function", "member"),
        }

    def measure(self, function: str, width_second: int) -> Found:
        u = self.inputs().square()
        target = FUNCTIONS[function](u)
        # one start for all f of a seed, so that they differ in f alone
        second = _module(self, 2, width_second, u, target)
        chains = [
            chained(*_first(self, width), target, second, self.noise, self.nodes)
            for width in self.widths
        ]
        return {
            "second": _rounded(_noisy.loss(second, u, target, self.noise), "member"),
            "chain": _rounded(torch.stack(chains), "width_first", "member"),
        }


NoiseChain.records = {
    "resource_noise_chain": {
        "live": NoiseChain(
            functions=("sine", "exponential"),
            widths=(16, 32, 64),
            n_points=48,
            nodes=33,
            steps=150,
            seeds=(0, 1, 2),
        ),
        "standard": NoiseChain(),
    },
    "resource_noise_root": {
        "standard": NoiseChain(
            functions=("root",), widths=(16, 32, 64, 128), seeds=tuple(range(300, 372))
        )
    },
}


def _rounded(values: Tensor, *dims: str) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    return dims, records.significant(values.numpy())


@lru_cache(maxsize=64)
def _first(of: NoiseChain, width: int) -> tuple[Tensor, Tensor]:
    """Return mean and variance of what module 1 sends, (member, input); every chain needs them."""
    x = of.inputs()
    return _module(of, 0, width, x, x.square()).moments(x, of.noise)


def chained(
    mean: Tensor, variance: Tensor, target: Tensor, second: _noisy.Layer, noise: float, nodes: int
) -> Tensor:
    """Return the expected loss of a noisy layer whose input is normal, (member,).

    mean_x E_u [(target(x) - F(u))² + S(u)] with u normal of the given mean and variance at x, each
    of shape (member, sample), and F and S the mean and the variance of the layer's output; nodes
    are the points of the integral over u.
    """
    total = torch.zeros(len(mean), dtype=mean.dtype)
    for place, weight in _normal(nodes):
        output, scatter = second.moments(mean + place * variance.sqrt(), noise)
        total += weight * ((target - output).square() + scatter).mean(-1)
    return total


def through(
    mean: Tensor, variance: Tensor, target: Tensor, function: Callable[[Tensor], Tensor], nodes: int
) -> Tensor:
    """Return what `chained` does, with a function in the place of the second layer."""
    total = torch.zeros(len(mean), dtype=mean.dtype)
    for place, weight in _normal(nodes):
        output = function(mean + place * variance.sqrt())
        total += weight * (target - output).square().mean(-1)
    return total


def _normal(nodes: int) -> list[tuple[float, float]]:
    """Return points and weights of an integral over a standard normal variable."""
    # equal steps converge faster than any power for smooth functions, and bear a kink
    places = np.linspace(-_REACH, _REACH, nodes)
    weights = np.exp(-(places**2) / 2)
    return list(zip(places.tolist(), (weights / weights.sum()).tolist(), strict=True))


def _module(of: NoiseChain, place: int, width: int, x: Tensor, target: Tensor) -> _noisy.Layer:
    """Train layers, one per seed, whose starts are independent of those of other places."""
    streams = [
        int(np.random.SeedSequence(seed, spawn_key=(place,)).generate_state(1)[0])
        for seed in of.seeds
    ]
    fit = partial(_noisy.train, noise=of.noise, lr=of.lr, steps=of.steps)
    return fit(initial(streams, width, of.spread), x, target)
