"""Networks of noisy neurons: how the least loss falls with the number of neurons.

The output layer is solved exactly (a ridge problem whose penalty is the noise), and the hidden
weights and biases are trained on the loss that remains: nothing is left to gain in the readout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab.optimizers import Adam
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Counts, Positive, Seeds, each, whole, word
from skillscale.lab.sweep import Coords, Experiment, Found, Grid

Loss = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
TARGETS: dict[str, Callable[[Tensor], Tensor]] = {
    "square": torch.square,
    "sine": lambda x: torch.sin(math.pi * x),
    "exponential": torch.exp,
    "ramp": torch.relu,
    "step": torch.sign,
}


# numbers of steps at which is measured
Times = Annotated[tuple[int, ...], each(whole(0)), _checks.increasing]


@dataclass(frozen=True)
class NoiseScaling(Experiment):
    """Expected loss of noisy networks over widths, targets and seeds.

    A hidden neuron sends silu(w x + b) with independent relative noise. `loss` (member, target,
    width, step) is the expected mean squared error (not halved, noise included), in units of the
    target's mean square; `largest_weight` (member, target, width) the largest hidden weight in
    size, after training.

    Source: derived here; tested on the closed form of the loss.
    """

    targets: Annotated[tuple[str, ...], each(word(*TARGETS))] = (
        "square",
        "sine",
        "exponential",
        "ramp",
    )  #: functions on [-1, 1]; each is scaled to rms 1
    widths: Counts = (16, 32, 64, 128, 256)  #: numbers of hidden neurons N
    noise: Positive = 0.1  #: σ, deviation of a neuron's output noise over the rms of its output
    n_points: Annotated[int, whole(2)] = 48  #: equidistant inputs on [-1, 1], all in every step
    steps: Times = (0, 10, 30, 100, 300, 1000, 1500)  #: the last ends training
    lr: Positive = 0.1  #: learning rate of Adam, annealed to 0 as a half cosine
    spread: Positive = 2.0  #: standard deviation of the initial weights and biases
    seeds: Seeds = tuple(range(20))  #: one network of every width and target per seed

    order = ("member", "target", "width", "step")
    about = {
        "loss": ("mean square of the target", "expected loss"),
        "largest_weight": ("1", "largest hidden weight after training"),
        "width": ("neurons", ""),
        "step": ("Adam steps", ""),
    }

    def grid(self) -> Grid:
        return {"target": self.targets, "width": self.widths}

    def coords(self) -> Coords:
        return {"step": self.steps}

    def measure(self, target: str, width: int) -> Found:
        return _measured(self, self.seeds, expected_loss, target, width)


@dataclass(frozen=True)
class NoiseStep(NoiseScaling):
    """Expected loss of noisy networks on a step, which takes ever steeper neurons.

    `NoiseScaling` with the target sign(x) and other initial numbers. No network of finite weights
    makes a step: one that makes a ramp of width δ errs by about δ and pays noise like 1 / (δ² N).
    The inputs must be closer than δ, and training long enough for steep neurons, hence settings of
    its own.

    Source: derived here; as `NoiseScaling`.
    """

    def measure(self, target: str, width: int) -> Found:
        streams = [
            int(Stream(seed, "neurons on a step").at(0).integers(2**32)) for seed in self.seeds
        ]
        return _measured(self, streams, _expected_loss_of_few, target, width)


NoiseScaling.records = {
    "resource_noise_scaling": {
        "live": NoiseScaling(widths=(16, 32, 64, 128), steps=(0, 30, 300), seeds=(0, 1, 2)),
        "standard": NoiseScaling(),
    },
    "resource_noise_constant": {
        "standard": NoiseScaling(
            targets=("square", "sine", "exponential"),
            widths=(256,),
            steps=(0, 1500),
            seeds=tuple(range(300, 364)),
        )
    },
}
NoiseStep.records = {
    "resource_noise_step": {
        "live": NoiseStep(
            targets=("step",),
            widths=(16, 32, 64),
            n_points=128,
            steps=(0, 30, 300),
            lr=0.3,
            spread=4.0,
            seeds=(0, 1, 2),
        ),
        "standard": NoiseStep(
            targets=("step",),
            n_points=256,
            steps=(0, 10, 30, 100, 300, 1000, 2000),
            lr=0.3,
            spread=4.0,
            seeds=tuple(range(200, 212)),
        ),
    }
}


def _measured(
    of: NoiseScaling, streams: Sequence[int], loss_of: Loss, target: str, width: int
) -> Found:
    x = torch.linspace(-1, 1, of.n_points, dtype=torch.float64)
    y = TARGETS[target](x)
    y = y / y.square().mean().sqrt()
    weights, biases = (p.requires_grad_() for p in initial(streams, width, of.spread))
    losses = descend(
        [weights, biases], lambda: loss_of(weights, biases, x, y, of.noise), of.steps, of.lr
    )
    largest = weights.detach().abs().amax(dim=1)
    return {
        "loss": (("step", "member"), losses.numpy().astype(np.float32)),
        "largest_weight": ("member", largest.numpy().astype(np.float32)),
    }


def expected_loss(
    weights: Tensor, biases: Tensor, x: Tensor, target: Tensor, noise: float
) -> Tensor:
    """Return the least expected mean squared error over all output layers, (member,).

    Hidden weights and biases are (member, neuron), inputs and target (sample,); noise is σ.
    """
    # Equal to `expected_losses`, which is faster, but for rounding, which hundreds of Adam steps
    # amplify: published runs of `NoiseScaling` are repeated bit by bit in this form only.
    hidden = torch.nn.functional.silu(weights[:, None] * x[:, None] + biases[:, None])
    psi = hidden / hidden.square().mean(dim=1, keepdim=True).sqrt()
    penalty = len(x) * noise**2 * torch.eye(len(x), dtype=x.dtype)
    factor = _cholesky(psi @ psi.mT + penalty)
    columns = target[:, None].expand(len(weights), -1, 1)
    whitened: Tensor = torch.linalg.solve_triangular(factor, columns, upper=False)
    return noise**2 * whitened.square().sum(dim=(1, 2))


def expected_losses(
    hidden: Tensor, targets: Tensor, noise: float, *, offset: bool = False
) -> Tensor:
    """Return losses of several outputs, each with its best readout of the same noisy neurons.

    ℓ_k = mean (y_k - a_k - Σ_i v_ik h_i)² + σ² Σ_i v_ik² mean h_i², least over v and, with an
    offset, over a (else a = 0). The gradient is exact: at the best readout the loss does not change
    with the readout, which is therefore held fixed. An offset carries no noise.

    Hidden h is (member, sample, neuron), targets y (member, sample, output), one for all members if
    its first size is 1, the result (member, output).

    Source: derived here; tested by brute force.

    >>> expected_losses(torch.ones(1, 5, 4), torch.ones(1, 5, 1), 1.0)  # σ² / (4 + σ²)
    tensor([[0.2000]])
    """
    psi, y, _ = _normalised(hidden, targets, offset=offset)
    with torch.no_grad():
        readout = _readout(psi, y, noise)
    return (y - psi @ readout).square().mean(-2) + noise**2 * readout.square().sum(-2)


def best_readout(hidden: Tensor, targets: Tensor, noise: float, *, offset: bool = False) -> Tensor:
    """Return the readout weights v of `expected_losses`, shape (member, neuron, output)."""
    psi, y, rms = _normalised(hidden, targets, offset=offset)
    return _readout(psi, y, noise) / rms.mT


def descend(
    parameters: Sequence[Tensor],
    losses: Callable[[], Tensor],
    steps: Sequence[int],
    lr: float,
    *,
    observe: Callable[[], None] = lambda: None,
) -> Tensor:
    """Minimise the sum of losses over parameters, in place, by Adam annealed as a half cosine.

    A member's losses, of any shape, depend on no other's parameters. They are returned, (step, …),
    at the given steps, of which the last ends training; `observe` is called there, before the
    update.
    """
    rule = Adam(lr, betas=(0.9, 0.99), eps=1e-12)
    state = rule.start(parameters)
    record = []
    for step in range(steps[-1] + 1):
        found = losses()
        if step in steps:
            record.append(found.detach())
            observe()
        if step == steps[-1]:
            break
        # members share no parameter, so the sum leaves their gradients apart
        gradients = torch.autograd.grad(found.sum(), parameters)
        anneal = 0.5 * (1 + math.cos(math.pi * step / steps[-1]))
        # the rule's own factor rounds otherwise, and published runs are repeated bit by bit
        state.rates = [torch.tensor(lr * anneal, dtype=p.dtype) for p in parameters]
        rule.step(parameters, gradients, state)
    return torch.stack(record)


def _normalised(hidden: Tensor, targets: Tensor, *, offset: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return neurons of rms 1, targets, both less their means with an offset, and the rms."""
    rms = hidden.square().mean(dim=-2, keepdim=True).sqrt()
    psi = hidden / rms
    if offset:
        psi, targets = (values - values.mean(dim=-2, keepdim=True) for values in (psi, targets))
    return psi, targets, rms


def _readout(psi: Tensor, targets: Tensor, noise: float) -> Tensor:
    """Return the best readout of normalised neurons, from the smaller of the two Gram matrices."""
    samples, neurons = psi.shape[-2:]
    few = neurons < samples
    gram = psi.mT @ psi if few else psi @ psi.mT
    gram.diagonal(dim1=-2, dim2=-1).add_(samples * noise**2)
    right = psi.mT @ targets if few else targets.expand(len(psi), -1, -1)
    solved: Tensor = torch.cholesky_solve(right, _cholesky(gram))
    return solved if few else psi.mT @ solved


def _cholesky(gram: Tensor) -> Tensor:
    found = torch.linalg.cholesky_ex(gram)
    failed = found.info.nonzero().flatten().tolist()
    if failed:
        raise FloatingPointError(
            f"members {failed} have no best readout: their neurons have diverged or are silent on "
            "all samples; lower lr"
        )
    factors: Tensor = found.L
    return factors


def initial(streams: Sequence[int], width: int, spread: float) -> tuple[Tensor, Tensor]:
    """Return hidden weights and biases, each (member, neuron); a stream of numbers a member."""
    drawn = [
        torch.randn(2, width, dtype=torch.float64, generator=torch.Generator().manual_seed(stream))
        for stream in streams
    ]
    weights, biases = (spread * torch.stack(drawn, dim=1)).unbind()
    return weights, biases


def _expected_loss_of_few(
    weights: Tensor, biases: Tensor, x: Tensor, target: Tensor, noise: float
) -> Tensor:
    """`expected_loss` at the cost of the smaller of two Gram matrices: for many inputs."""
    hidden = torch.nn.functional.silu(weights[:, None] * x[:, None] + biases[:, None])
    return expected_losses(hidden, target[None, :, None], noise)[:, 0]
