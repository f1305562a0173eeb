"""Layers of noisy SiLU neurons on weighted samples, for experiments that use them after training.

A neuron sends h (1 + σ ξ) with ξ of mean 0 and variance 1: its noise is in proportion to what it
sends at an input, as a layer that is used elsewhere needs it, not to its rms over inputs. A loss is
the same in both cases if it is a mean over the inputs that the rms is of.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from skillscale.resource.experiments import noise as noisy


class Layer(NamedTuple):
    """Hidden weights, hidden biases and readout, each (member, neuron)."""

    weights: Tensor
    biases: Tensor
    readout: Tensor

    def moments(self, x: Tensor, noise: float) -> tuple[Tensor, Tensor]:
        """Return mean and variance of the output at inputs, (sample,) or (member, sample)."""
        features = hidden(self.weights, self.biases, x)
        mean = features @ self.readout[..., None]
        variance = noise**2 * features.square() @ self.readout.square()[..., None]
        return mean.squeeze(-1), variance.squeeze(-1)


def hidden(weights: Tensor, biases: Tensor, x: Tensor) -> Tensor:
    """Return outputs silu(w x + b), (member, sample, neuron)."""
    return torch.nn.functional.silu(weights[:, None] * x[..., None] + biases[:, None])


def loss(layer: Layer, x: Tensor, target: Tensor, noise: float) -> Tensor:
    mean, variance = layer.moments(x, noise)
    return ((target - mean).square() + variance).mean(-1)


def train(
    start: tuple[Tensor, Tensor],
    x: Tensor,
    target: Tensor,
    share: Tensor | None = None,
    *,
    noise: float,
    lr: float,
    steps: int,
) -> Layer:
    """Train hidden layers on the loss that the best readout leaves; return them with it.

    The start holds hidden weights and biases, (member, neuron); inputs are (sample,), the target
    (sample,) or (member, sample), and so are the shares of the samples, which sum to 1; without
    them all are equal. A sample of weight p among n counts like one of weight 1/n whose target and
    features are multiplied by sqrt(n p); with that, `noise.expected_losses` holds for any weights.
    """
    weights, biases = (p.clone().requires_grad_() for p in start)
    scale = torch.ones(1, len(x), 1, dtype=x.dtype)
    if share is not None:
        scale = (len(x) * share).sqrt()[..., None]
    goal = scale * target.reshape(-1, len(x), 1)
    noisy.descend(
        [weights, biases],
        lambda: noisy.expected_losses(scale * hidden(weights, biases, x), goal, noise)[:, 0],
        [steps],
        lr,
    )
    weights, biases = weights.detach(), biases.detach()
    readout = noisy.best_readout(scale * hidden(weights, biases, x), goal, noise)
    return Layer(weights, biases, readout.squeeze(-1))
