"""Loss and gradient of one-hidden-layer ReLU networks, block by block and without autograd.

With the inputs of a member as rows of X (control bits, bits and a constant 1 side by side), its
first layer as the matrix V and its read-out as the vector w,

    H = relu(X V),   f = H w + b,   e = 2 · share · (f - y),
    ∂L/∂w = Hᵀ e,   ∂L/∂b = Σ e,   ∂L/∂V = [(X ∘ e)ᵀ 1(H > 0)] ∘ wᵀ,

where `share` is a sample's weight over the sum of weights and ∘ multiplies row by row. The read-out
weight is a factor of its unit's gradient, so that the activations and their derivative need no more
than two sweeps over the same memory. Blocks of samples or members are small enough to stay in the
processor's cache, which is worth more than any arithmetic that could be saved.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch

_CACHED = 2**18  # activations of a block: a megabyte in float32


class TwoLayerGradient:
    """Plain mean squared error of an ensemble and its gradient, member by member.

    Args:
        model: Networks with one hidden layer, ReLU and one output.

    Raises:
        ValueError: If the networks are of another kind.

    Source: derived here; equal to autograd in `tests/test_two_layer.py`.

    >>> from skillscale.lab.parity import MultitaskParity, whole_population
    >>> model = MLPEnsemble(4, [8, 8], seeds=[0, 1], n_categories=2)
    >>> losses, outputs, gradients = TwoLayerGradient(model)(
    ...     whole_population([MultitaskParity(2, 4)] * 2)(0))
    >>> losses.shape, outputs.shape, gradients[0].shape
    (torch.Size([2]), torch.Size([2, 32]), torch.Size([2, 2, 8]))
    """

    def __init__(self, model: MLPEnsemble) -> None:
        """Set up what is kept from step to step."""
        if not self.serves(model):
            raise ValueError(
                "model must have one hidden layer, ReLU and one output, got "
                f"depth={model.depth}, activation={model.activation!r}, n_outputs={model.n_outputs}"
            )
        self._model = model
        self._rows = model.n_categories + model.n_inputs + model.bias
        self._batch: Batch | None = None
        self._inputs = self._share = torch.empty(0)

    @staticmethod
    def serves(model: MLPEnsemble) -> bool:
        """Return whether the networks are of the kind that this class differentiates."""
        return model.depth == 1 and model.activation == "relu" and model.n_outputs == 1

    @torch.no_grad()
    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the losses (member,), outputs (member, sample) and gradients like `parameters`.

        Raises:
            ValueError: If shapes, types or category numbers do not fit.
        """
        model = self._model
        if batch is not self._batch:
            self._enter(batch)
        first, readout, shift = self._layers()
        members, samples, _ = self._inputs.shape
        target = batch.target
        if target.shape not in ((members, samples), (members, samples, 1)):
            raise ValueError(
                f"target must have the shape {(members, samples, 1)} of the outputs "
                f"(for one output without the last axis), got {tuple(target.shape)}"
            )
        target = target.reshape(members, samples)
        outputs = torch.empty_like(target)
        slopes = torch.empty_like(target)
        to_first = torch.zeros_like(first)
        to_readout = torch.zeros_like(readout)
        space = torch.empty(0, dtype=first.dtype, device=first.device)
        for who, rows in self._blocks(members, samples):
            inputs = self._inputs[who, rows]
            size = (*inputs.shape[:2], first.shape[-1])
            hidden = torch.bmm(inputs, first[who], out=_view(space, size)).relu_()
            across = torch.bmm(readout[who], hidden.transpose(1, 2)).squeeze(1)
            outputs[who, rows] = across if shift is None else across + shift[who]
            slope = 2 * self._share[who, rows] * (outputs[who, rows] - target[who, rows])
            slopes[who, rows] = slope
            to_readout[who].baddbmm_(slope.unsqueeze(1), hidden)
            awake = hidden.sign_()
            to_first[who].baddbmm_((inputs * slope.unsqueeze(-1)).transpose(1, 2), awake)
            space = hidden
        to_first *= readout
        losses = (self._share * (outputs - target).square()).sum(-1)
        edges = [model.n_categories, model.n_categories + model.n_inputs]
        gradients = [part for part in torch.tensor_split(to_first, edges, 1) if part.shape[1]]
        gradients.append(to_readout.transpose(1, 2))
        if model.bias:
            gradients.append(slopes.sum(-1)[:, None, None])
        return losses, outputs, gradients

    def _enter(self, batch: Batch) -> None:
        """Lay the inputs of a batch side by side; a batch seen again costs nothing."""
        model = self._model
        bits, skill = model.checked(batch.bits, batch.skill if model.n_categories else None)
        members, samples, _ = bits.shape
        inputs = torch.ones(members, samples, self._rows, dtype=bits.dtype, device=bits.device)
        if skill is not None:
            control = inputs[..., : model.n_categories].zero_()
            control.scatter_(2, skill.unsqueeze(-1), 1)
        inputs[..., model.n_categories : model.n_categories + model.n_inputs] = bits
        if batch.weight is None:
            self._share = torch.full_like(inputs[..., 0], 1 / samples)
        else:
            self._share = batch.weight / batch.weight.sum(-1, keepdim=True)
        self._inputs, self._batch = inputs, batch

    def _layers(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return V (member, row, unit), w (member, 1, unit) and b (member, 1) or None."""
        *first, readout = self._model.parameters[: -1 if self._model.bias else None]
        shift = self._model.parameters[-1][:, 0] if self._model.bias else None
        return torch.cat(first, 1), readout.transpose(1, 2), shift

    def _blocks(self, members: int, samples: int) -> Iterator[tuple[slice, slice]]:
        width = self._model.padded_width
        together = max(1, _CACHED // (samples * width))
        length = max(1, min(samples, _CACHED // width))
        for start in range(0, members, together):
            for row in range(0, samples, length):
                yield slice(start, start + together), slice(row, row + length)


def _view(space: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return room for a block, the last block's where it is large enough."""
    count = size[0] * size[1] * size[2]
    return space.view(-1)[:count].view(size) if space.numel() >= count else space.new_empty(size)
