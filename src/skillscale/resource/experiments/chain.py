"""Modules of noisy neurons in series: the noisy output of one is the input of the next.

Module 1 makes u = x² from x in [-1, 1], module 2 makes f(u). Each is trained on its own, module 2
on the u that it will see, and then they are chained. At one input the noise of module 1 is a sum
of independent normal terms, so it is normal itself, and the expected loss of the chain is an
integral over a single variable, which is computed instead of sampled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import records
from skillscale.resource.experiments import _noisy
from skillscale.resource.experiments.noise import TARGETS, initial

Array = NDArray[np.float64]

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sine": lambda u: torch.sin(torch.pi * u),
    "exponential": torch.exp,
    # roots continue as 0 below the u where they begin: noise carries u there
    "shifted root": lambda u: (u + 0.1).clamp(min=0).sqrt(),
    "root": lambda u: u.clamp(min=0).sqrt(),
}
_REACH = 8.0  # standard deviations to either side that an integral over noise covers


@dataclass(frozen=True)
class NoiseChain:
    """Settings of `noise_chain`.

    Attributes:
        functions: names of the functions f of module 2.
        other: name of the target on [-1, 1] of a module beside the chain, as in `noise_scaling`
            but not scaled.
        widths: numbers of neurons of a module; every pair of them is chained.
        noise: σ, standard deviation of a neuron's output noise over its output, at every input.
        n_points: equidistant inputs x on [-1, 1].
        nodes: points of the integral over the noise of module 1.
        steps: Adam steps of a module's hidden layer.
        lr: learning rate of Adam, annealed to 0 as a half cosine.
        spread: standard deviation of the initial weights and biases.
        seeds: one module of every kind and width per seed.
    """

    functions: tuple[str, ...] = tuple(FUNCTIONS)
    other: str = "sine"
    widths: tuple[int, ...] = (16, 32, 48, 64, 80, 96, 112, 128)
    noise: float = 0.1
    n_points: int = 128
    nodes: int = 65
    steps: int = 800
    lr: float = 0.1
    spread: float = 2.0
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for function in self.functions:
            _checks.choice("functions", function, tuple(FUNCTIONS))
        _checks.choice("other", self.other, tuple(TARGETS))
        for width in self.widths:
            _checks.integer("widths", width, minimum=1)
        _checks.number("noise", self.noise, above=0)
        _checks.integer("n_points", self.n_points, minimum=2)
        _checks.integer("nodes", self.nodes, minimum=17)
        _checks.integer("steps", self.steps, minimum=0)
        _checks.number("lr", self.lr, above=0)
        _checks.number("spread", self.spread, above=0)
        _checks.seeds("seeds", self.seeds)
        if not (self.functions and self.widths):
            raise ValueError("functions and widths must not be empty")


LIVE = {
    "noise_chain": NoiseChain(
        functions=("sine", "exponential"),
        widths=(16, 32, 64),
        n_points=48,
        nodes=33,
        steps=150,
        seeds=(0, 1, 2),
    )
}
STANDARD = {"noise_chain": NoiseChain()}


def noise_chain(settings: NoiseChain, *, progress: bool = False) -> xr.Dataset:
    """Expected losses of noisy modules and of their chains, over the widths of both.

    Args:
        settings: sizes, training and seeds.
        progress: show a bar over widths.

    Returns:
        Dataset with, in squared units of the output in question and not halved, `first` (member,
        width_first) and `second` (member, function, width_second), the losses of the modules;
        `chain` (member, function, width_first, width_second); `exact_second` (member, function,
        width_first), the loss of the chain if f itself follows module 1; `error_first` (member,
        width_first, input), the expected squared error of module 1 at every input; `other`
        (member, width_first), the loss of the module beside.

    Raises:
        FloatingPointError: If modules diverge.
    """
    x = torch.linspace(-1, 1, settings.n_points, dtype=torch.float64)
    u = x.square()
    firsts, others, seconds = [], [], []
    for width in _progress.bar(settings.widths, show=progress):
        firsts.append(_module(settings, 0, width, x, u))
        others.append(_module(settings, 1, width, x, TARGETS[settings.other](x)))
        # one start for all f of a seed, so that they differ in f alone
        seconds.append(
            [_module(settings, 2, width, u, FUNCTIONS[name](u)) for name in settings.functions]
        )
    return _dataset(settings, x, _measure(settings, x, firsts, others, seconds))


def chained(
    mean: Tensor, variance: Tensor, target: Tensor, second: _noisy.Layer, noise: float, nodes: int
) -> Tensor:
    """Expected loss of a noisy layer whose input is normal, one number per member.

    mean_x E_u [(target(x) - F(u))² + S(u)] with u normal of the given mean and variance at x, and
    F and S the mean and the variance of the layer's output.

    Args:
        mean: of the input, shape (member, sample).
        variance: of the input, shape (member, sample).
        target: wanted output, shape (sample,).
        second: the layer.
        noise: relative noise σ of its neurons.
        nodes: points of the integral.
    """
    total = torch.zeros(len(mean), dtype=mean.dtype)
    for place, weight in _normal(nodes):
        output, scatter = second.moments(mean + place * variance.sqrt(), noise)
        total += weight * ((target - output).square() + scatter).mean(-1)
    return total


def through(
    mean: Tensor,
    variance: Tensor,
    target: Tensor,
    function: Callable[[Tensor], Tensor],
    nodes: int,
) -> Tensor:
    """As `chained`, with a function in the place of the second layer."""
    total = torch.zeros(len(mean), dtype=mean.dtype)
    for place, weight in _normal(nodes):
        output = function(mean + place * variance.sqrt())
        total += weight * (target - output).square().mean(-1)
    return total


def _normal(nodes: int) -> list[tuple[float, float]]:
    """Points and weights of an integral over a standard normal variable."""
    # equal steps converge faster than any power for smooth functions, and bear a kink
    places = np.linspace(-_REACH, _REACH, nodes)
    weights = np.exp(-(places**2) / 2)
    return list(zip(places.tolist(), (weights / weights.sum()).tolist(), strict=True))


def _module(
    settings: NoiseChain, place: int, width: int, x: Tensor, target: Tensor
) -> _noisy.Layer:
    """Trained layers, one per seed, whose starts are independent of those of other places."""
    streams = [
        int(np.random.SeedSequence(seed, spawn_key=(place,)).generate_state(1)[0])
        for seed in settings.seeds
    ]
    fit = partial(_noisy.train, noise=settings.noise, lr=settings.lr, steps=settings.steps)
    return fit(initial(streams, width, settings.spread), x, target)


def _measure(
    settings: NoiseChain,
    x: Tensor,
    firsts: list[_noisy.Layer],
    others: list[_noisy.Layer],
    seconds: list[list[_noisy.Layer]],
) -> dict[str, Array]:
    """Losses of modules, listed by width (and function), and of all chains."""
    u, noise, nodes = x.square(), settings.noise, settings.nodes
    members, functions, sizes = len(settings.seeds), len(settings.functions), len(firsts)
    found = {
        "first": np.empty((members, sizes)),
        "other": np.empty((members, sizes)),
        "error_first": np.empty((members, sizes, len(x))),
        "second": np.empty((members, functions, sizes)),
        "exact_second": np.empty((members, functions, sizes)),
        "chain": np.empty((members, functions, sizes, sizes)),
    }
    beside = TARGETS[settings.other](x)
    for m, (first, other) in enumerate(zip(firsts, others, strict=True)):
        mean, variance = first.moments(x, noise)
        found["error_first"][:, m] = (mean - u).square() + variance
        found["first"][:, m] = _noisy.loss(first, x, u, noise)
        found["other"][:, m] = _noisy.loss(other, x, beside, noise)
        for j, name in enumerate(settings.functions):
            function = FUNCTIONS[name]
            goal = function(u)
            found["second"][:, j, m] = _noisy.loss(seconds[m][j], u, goal, noise)
            # f may have a kink, where finer steps are needed, and costs little
            found["exact_second"][:, j, m] = through(mean, variance, goal, function, 16 * nodes)
            for n, row in enumerate(seconds):
                found["chain"][:, j, m, n] = chained(mean, variance, goal, row[j], noise, nodes)
    return found


def _dataset(settings: NoiseChain, x: Tensor, found: dict[str, Array]) -> xr.Dataset:
    """Measurements with names and units."""
    names = {
        "first": (("width_first",), "x² squared", "loss of module 1"),
        "other": (("width_first",), "its target squared", "loss of the module beside"),
        "error_first": (("width_first", "input"), "x² squared", "expected squared error"),
        "second": (("function", "width_second"), "f squared", "loss of module 2"),
        "chain": (("function", "width_first", "width_second"), "f squared", "loss of the chain"),
        "exact_second": (("function", "width_first"), "f squared", "loss of f after module 1"),
    }
    width = np.asarray(settings.widths)
    return xr.Dataset(
        {
            name: (
                ("member", *dims),
                records.significant(found[name]),
                {"units": units, "long_name": long_name},
            )
            for name, (dims, units, long_name) in names.items()
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "function": list(settings.functions),
            "width_first": ("width_first", width, {"units": "neurons"}),
            "width_second": ("width_second", width, {"units": "neurons"}),
            "input": ("input", x.numpy(), {"units": "1", "long_name": "input x"}),
        },
    )
