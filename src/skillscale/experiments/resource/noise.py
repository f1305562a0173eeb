"""Networks of noisy neurons: how the least loss falls with the number of neurons.

A hidden neuron sends silu(w x + b) with independent relative noise. The output layer is solved
exactly (a ridge problem whose penalty is the noise), and the hidden weights and biases are trained
on the loss that remains, so that what is measured is the loss of the trained network with nothing
left to gain in its readout.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab.optimizers import Adam

TARGETS: dict[str, Callable[[Tensor], Tensor]] = {
    "square": torch.square,
    "sine": lambda x: torch.sin(math.pi * x),
    "exponential": torch.exp,
    "ramp": torch.relu,
}


@dataclass(frozen=True)
class NoiseScaling:
    """Settings of `noise_scaling`.

    Attributes:
        targets: names of the target functions on [-1, 1]; each is scaled to rms 1.
        widths: numbers of hidden neurons N.
        noise: σ, standard deviation of a neuron's output noise over the rms of its output.
        n_points: equidistant inputs on [-1, 1], all used in every step.
        steps: numbers of Adam steps after which the loss is measured; the last ends training.
        lr: learning rate of Adam, annealed to 0 as a half cosine.
        spread: standard deviation of the initial weights and biases.
        seeds: one network of every width and target per seed.
    """

    targets: tuple[str, ...] = ("square", "sine", "exponential", "ramp")
    widths: tuple[int, ...] = (16, 32, 64, 128, 256)
    noise: float = 0.1
    n_points: int = 48
    steps: tuple[int, ...] = (0, 10, 30, 100, 300, 1000, 1500)
    lr: float = 0.1
    spread: float = 2.0
    seeds: tuple[int, ...] = tuple(range(20))

    def __post_init__(self) -> None:
        """Check the ranges."""
        for target in self.targets:
            _checks.choice("targets", target, tuple(TARGETS))
        for width in self.widths:
            _checks.integer("widths", width, minimum=1)
        _checks.number("noise", self.noise, above=0)
        _checks.integer("n_points", self.n_points, minimum=2)
        for step in self.steps:
            _checks.integer("steps", step, minimum=0)
        if not self.steps or list(self.steps) != sorted(set(self.steps)):
            raise ValueError(f"steps must increase, got {self.steps!r}")
        _checks.number("lr", self.lr, above=0)
        _checks.number("spread", self.spread, above=0)
        if not (self.targets and self.widths and self.seeds):
            raise ValueError("targets, widths and seeds must not be empty")


LIVE = {
    "noise_scaling": NoiseScaling(widths=(16, 32, 64, 128), steps=(0, 30, 300), seeds=(0, 1, 2))
}
STANDARD = {"noise_scaling": NoiseScaling()}


def noise_scaling(settings: NoiseScaling, *, progress: bool = False) -> xr.Dataset:
    """Expected loss of noisy networks over widths, targets and seeds.

    Args:
        settings: sizes, training and seeds.
        progress: show a bar over targets and widths.

    Returns:
        Dataset with dims (member, target, width, step): `loss`, the expected mean squared error
        (not halved, noise included), in units of the target's mean square; and (member, target,
        width) `largest_weight`, the largest hidden weight in size, after training.
    """
    x = torch.linspace(-1, 1, settings.n_points, dtype=torch.float64)
    shape = (len(settings.seeds), len(settings.targets), len(settings.widths))
    loss, largest = np.empty((*shape, len(settings.steps))), np.empty(shape)
    cells = [(j, m) for j in range(shape[1]) for m in range(shape[2])]
    for j, m in _progress.bar(cells, show=progress):
        target = TARGETS[settings.targets[j]](x)
        target = target / target.square().mean().sqrt()
        losses, weights = _train(settings.widths[m], x, target, settings)
        loss[:, j, m], largest[:, j, m] = losses.numpy(), weights.abs().amax(dim=1).numpy()
    dims = ("member", "target", "width")
    return xr.Dataset(
        {
            "loss": (
                (*dims, "step"),
                loss.astype(np.float32),
                {"units": "mean square of the target", "long_name": "expected loss"},
            ),
            "largest_weight": (
                dims,
                largest.astype(np.float32),
                {"units": "1", "long_name": "largest hidden weight after training"},
            ),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "target": list(settings.targets),
            "width": ("width", np.asarray(settings.widths), {"units": "neurons"}),
            "step": ("step", np.asarray(settings.steps), {"units": "Adam steps"}),
        },
    )


def expected_loss(
    weights: Tensor, biases: Tensor, x: Tensor, target: Tensor, noise: float
) -> Tensor:
    """Expected loss with the best output layer, one number per member.

    Args:
        weights: hidden weights, shape (member, width).
        biases: hidden biases, shape (member, width).
        x: inputs, shape (sample,).
        target: shape (sample,).
        noise: relative noise σ of each neuron.

    Returns:
        The least expected mean squared error over the output weights, shape (member,).
    """
    hidden = torch.nn.functional.silu(weights[:, None] * x[:, None] + biases[:, None])
    psi = hidden / hidden.square().mean(dim=1, keepdim=True).sqrt()
    penalty = len(x) * noise**2 * torch.eye(len(x), dtype=x.dtype)
    factor = torch.linalg.cholesky(psi @ psi.mT + penalty)
    columns = target[:, None].expand(len(weights), -1, 1)
    whitened: Tensor = torch.linalg.solve_triangular(factor, columns, upper=False)
    return noise**2 * whitened.square().sum(dim=(1, 2))


def _initial(settings: NoiseScaling, width: int) -> tuple[Tensor, Tensor]:
    """Hidden weights and biases, each of shape (member, width); a seed's draws are its own."""
    drawn = [
        torch.randn(2, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for seed in settings.seeds
    ]
    weights, biases = (settings.spread * torch.stack(drawn, dim=1)).unbind()
    return weights, biases


def _train(width: int, x: Tensor, target: Tensor, settings: NoiseScaling) -> tuple[Tensor, Tensor]:
    """Loss (member, step) while Adam trains the hidden layer, and the weights it ends with."""
    weights, biases = (p.clone().requires_grad_() for p in _initial(settings, width))
    rule = Adam(settings.lr, betas=(0.9, 0.99), eps=1e-12)
    state = rule.start([weights, biases])
    losses = []
    for step in range(settings.steps[-1] + 1):
        loss = expected_loss(weights, biases, x, target, settings.noise)
        if step in settings.steps:
            losses.append(loss.detach())
        if step == settings.steps[-1]:
            break
        anneal = 0.5 * (1 + math.cos(math.pi * step / settings.steps[-1]))
        state.rates = [torch.tensor(settings.lr * anneal, dtype=x.dtype)] * 2
        # members share no parameter, so the sum leaves their gradients apart
        gradients = torch.autograd.grad(loss.sum(), [weights, biases])
        rule.step([weights, biases], gradients, state)
    return torch.stack(losses, dim=1), weights.detach()
