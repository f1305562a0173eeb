"""Networks of noisy neurons: how the least loss falls with the number of neurons.

A hidden neuron sends silu(w x + b) with independent relative noise. The output layer is solved
exactly (a ridge problem whose penalty is the noise), and the hidden weights and biases are trained
on the loss that remains, so that what is measured is the loss of the trained network with nothing
left to gain in its readout.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab.optimizers import Adam
from skillscale.lab.streams import Stream

Loss = Callable[[Tensor, Tensor, Tensor, Tensor, float], Tensor]
TARGETS: dict[str, Callable[[Tensor], Tensor]] = {
    "square": torch.square,
    "sine": lambda x: torch.sin(math.pi * x),
    "exponential": torch.exp,
    "ramp": torch.relu,
    "step": torch.sign,
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
        _checks.increasing("steps", self.steps)
        _checks.number("lr", self.lr, above=0)
        _checks.number("spread", self.spread, above=0)
        _checks.seeds("seeds", self.seeds)
        if not (self.targets and self.widths):
            raise ValueError("targets and widths must not be empty")


LIVE = {
    "noise_scaling": NoiseScaling(widths=(16, 32, 64, 128), steps=(0, 30, 300), seeds=(0, 1, 2)),
    "noise_step": NoiseScaling(
        targets=("step",),
        widths=(16, 32, 64),
        n_points=128,
        steps=(0, 30, 300),
        lr=0.3,
        spread=4.0,
        seeds=(0, 1, 2),
    ),
}
STANDARD = {
    "noise_scaling": NoiseScaling(),
    "noise_step": NoiseScaling(
        targets=("step",),
        n_points=256,
        steps=(0, 10, 30, 100, 300, 1000, 2000),
        lr=0.3,
        spread=4.0,
        seeds=tuple(range(200, 212)),
    ),
}


def noise_scaling(settings: NoiseScaling, *, progress: bool = False) -> xr.Dataset:
    """Expected loss of noisy networks over widths, targets and seeds.

    Args:
        settings: sizes, training and seeds.
        progress: show a bar over targets and widths.

    Returns:
        Dataset with dims (member, target, width, step): `loss`, the expected mean squared error
        (not halved, noise included), in units of the target's mean square; and (member, target,
        width) `largest_weight`, the largest hidden weight in size, after training.

    Raises:
        FloatingPointError: If networks diverge.
    """
    return _measured(settings, settings.seeds, expected_loss, progress=progress)


def _measured(
    settings: NoiseScaling, streams: Sequence[int], loss_of: Loss, *, progress: bool
) -> xr.Dataset:
    """Dataset of `noise_scaling` on a given form of the expected loss, a stream a member."""
    x = torch.linspace(-1, 1, settings.n_points, dtype=torch.float64)
    shape = (len(settings.seeds), len(settings.targets), len(settings.widths))
    loss, largest = np.empty((*shape, len(settings.steps))), np.empty(shape)
    cells = [(j, m) for j in range(shape[1]) for m in range(shape[2])]
    for j, m in _progress.bar(cells, show=progress):
        target = TARGETS[settings.targets[j]](x)
        target = target / target.square().mean().sqrt()
        start = initial(streams, settings.widths[m], settings.spread)
        losses, weights = _train(start, x, target, settings, loss_of)
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


def noise_step(settings: NoiseScaling, *, progress: bool = False) -> xr.Dataset:
    """Expected loss of noisy networks on a step, which takes ever steeper neurons.

    `noise_scaling` with the target sign(x) and other initial numbers. No network of finite weights
    makes a step: one that makes a ramp of width δ errs by about δ and pays noise like 1 / (δ² N).
    The inputs must be closer than δ, and training long enough for steep neurons, hence settings of
    its own.

    Args:
        settings: sizes, training and seeds.
        progress: show a bar over targets and widths.

    Returns:
        As `noise_scaling`.
    """
    streams = [
        int(Stream(seed, "neurons on a step").at(0).integers(2**32)) for seed in settings.seeds
    ]
    return _measured(settings, streams, _expected_loss_of_few, progress=progress)


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
    # Equal to `expected_losses`, which is faster, but for rounding, which hundreds of Adam steps
    # amplify: published runs of `noise_scaling` are repeated bit by bit in this form only.
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
    """Expected losses of several outputs, each with its best readout of the same noisy neurons.

    ℓ_k = mean (y_k - a_k - Σ_i v_ik h_i)² + σ² Σ_i v_ik² mean h_i², least over v and, with an
    offset, over a (else a = 0). The gradient is exact: at the best readout the loss does not change
    with the readout, which is therefore held fixed.

    Args:
        hidden: h, shape (member, sample, neuron).
        targets: y, shape (member, sample, output); one for all if its first size is 1.
        noise: relative noise σ of each neuron.
        offset: whether every output has a constant that carries no noise.

    Returns:
        Shape (member, output).

    Source: derived here; minimised by brute force in `tests/test_resource_noise_parallel.py`.

    >>> expected_losses(torch.ones(1, 5, 4), torch.ones(1, 5, 1), 1.0)  # σ² / (4 + σ²)
    tensor([[0.2000]])
    """
    psi, y, _ = _normalised(hidden, targets, offset=offset)
    with torch.no_grad():
        readout = _readout(psi, y, noise)
    return (y - psi @ readout).square().mean(-2) + noise**2 * readout.square().sum(-2)


def best_readout(hidden: Tensor, targets: Tensor, noise: float, *, offset: bool = False) -> Tensor:
    """Readout weights v of `expected_losses`, shape (member, neuron, output).

    >>> best_readout(torch.ones(1, 5, 1), torch.ones(1, 5, 1), 1.0)
    tensor([[[0.5000]]])
    """
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

    Args:
        parameters: leaves that require gradients.
        losses: gives the losses of the members, of any shape; a member's depend on no other's
            parameters.
        steps: increasing numbers of steps at which to record; the last ends training.
        lr: learning rate at the start.
        observe: called at each of the steps, before the update.

    Returns:
        The recorded losses, shape (step, …).
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
    """Neurons of rms 1 and targets, both less their means if there is an offset, and the rms."""
    rms = hidden.square().mean(dim=-2, keepdim=True).sqrt()
    psi = hidden / rms
    if offset:
        psi, targets = (values - values.mean(dim=-2, keepdim=True) for values in (psi, targets))
    return psi, targets, rms


def _readout(psi: Tensor, targets: Tensor, noise: float) -> Tensor:
    """Best readout of normalised neurons, from the smaller of the two Gram matrices."""
    samples, neurons = psi.shape[-2:]
    few = neurons < samples
    gram = psi.mT @ psi if few else psi @ psi.mT
    gram.diagonal(dim1=-2, dim2=-1).add_(samples * noise**2)
    right = psi.mT @ targets if few else targets.expand(len(psi), -1, -1)
    solved: Tensor = torch.cholesky_solve(right, _cholesky(gram))
    return solved if few else psi.mT @ solved


def _cholesky(gram: Tensor) -> Tensor:
    """Cholesky factors of the members' matrices, shape (member, size, size)."""
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
    """Hidden weights and biases, each of shape (member, neuron); a stream of numbers a member.

    >>> initial([0, 1], 5, 2.0)[0].shape
    torch.Size([2, 5])
    """
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


def _train(
    start: tuple[Tensor, Tensor],
    x: Tensor,
    target: Tensor,
    settings: NoiseScaling,
    loss_of: Loss,
) -> tuple[Tensor, Tensor]:
    """Loss (member, step) while Adam trains the hidden layer, and the weights it ends with."""
    weights, biases = (p.clone().requires_grad_() for p in start)
    losses = descend(
        [weights, biases],
        lambda: loss_of(weights, biases, x, target, settings.noise),
        settings.steps,
        settings.lr,
    )
    return losses.mT, weights.detach()
