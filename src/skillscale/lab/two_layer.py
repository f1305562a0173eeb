"""Loss and gradient of one-hidden-layer ReLU networks, block by block and without autograd.

With the inputs of a member as rows of X (control bits, bits and a constant 1 side by side), its
first layer as the matrix V and its read-out as the vector w,

    H = relu(X V),   f = H w + b,   e = ∂L/∂f,
    ∂L/∂w = Hᵀ e,   ∂L/∂b = Σ e,   ∂L/∂V = [(X ∘ e)ᵀ 1(H > 0)] ∘ wᵀ,

where ∘ multiplies row by row. With `share` a sample's weight over the sum of weights, e is
2 · share · (f - y) for the squared error and -share · y / (1 + e^(y f)) for the cross entropy of
targets y = ±1. The read-out weight is a factor of its unit's gradient, so that the activations and
their derivative need no more than two sweeps over the same memory. Blocks of samples or members are
small enough to stay in the processor's cache, which is worth more than any arithmetic that could be
saved. Where control bits are many, their product with V is a gather of its rows, and the gradient
of a row a sum over the samples that it was gathered for.

With the squared error a member's numbers are the same, bit by bit, alone and in company. BLAS adds
in an order that depends on where a matrix begins in memory, modulo 16 bytes, and on whether it
multiplies one pair or several: the matrices of all members begin at multiples of that, and a single
member is computed twice wherever it could share a block with others. With the cross entropy they
are the same up to rounding, for torch rounds the last few exponentials of a block otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch

_CACHED = 2**18  # activations of a block: a megabyte in float32
_ALIGNED = 16  # bytes
_JOINED = 16  # control bits up to which a dense product is no slower than gathering rows


class TwoLayerGradient:
    """Loss of an ensemble and its gradient, member by member.

    For networks with one hidden layer, ReLU and one output; "mse" and, for targets ±1,
    "cross_entropy" as in `lab.training`.

    Source: derived here; equal to autograd in `tests/test_two_layer.py`.

    >>> from skillscale.lab.parity import MultitaskParity, whole_population
    >>> model = MLPEnsemble(4, [8, 8], seeds=[0, 1], n_categories=2)
    >>> losses, outputs, gradients = TwoLayerGradient(model)(
    ...     whole_population([MultitaskParity(2, 4)] * 2)(0))
    >>> losses.shape, outputs.shape, gradients[0].shape
    (torch.Size([2]), torch.Size([2, 32]), torch.Size([2, 2, 8]))
    """

    def __init__(self, model: MLPEnsemble, loss: Literal["mse", "cross_entropy"] = "mse") -> None:
        """Set up what is kept from step to step."""
        if not self.serves(model):
            raise ValueError(
                "model must have one hidden layer, ReLU and one output, got "
                f"depth={model.depth}, activation={model.activation!r}, n_outputs={model.n_outputs}"
            )
        self._model = model
        self._loss = _checks.choice("loss", loss, ("mse", "cross_entropy"))
        self._gathers = model.n_categories > _JOINED
        self._batch: Batch | None = None
        self._inputs = self._share = torch.empty(0)
        self._rows: Tensor | None = None
        self._copies = 1

    @staticmethod
    def serves(model: MLPEnsemble) -> bool:
        """Return whether the networks are of the kind that this class differentiates."""
        return model.depth == 1 and model.activation == "relu" and model.n_outputs == 1

    @torch.no_grad()
    def __call__(self, batch: Batch) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the losses (member,), outputs (member, sample) and gradients like `parameters`."""
        model = self._model
        if batch is not self._batch:
            self._enter(batch)
        table, first, readout, shift = self._layers()
        members, samples, _ = self._inputs.shape
        target = self._checked(batch.target)
        outputs = torch.empty_like(target)
        slopes = torch.empty_like(target)
        to_table = None if table is None else torch.zeros_like(table)
        space = torch.empty(0, dtype=first.dtype)
        to_first = _room(space, first.shape).zero_()
        to_readout = _room(space, readout.mT.shape).zero_().transpose(1, 2)
        line = torch.empty_like(space)
        for who, rows in self._blocks(members, samples):
            inputs = self._inputs[who, rows]
            space = _room(space, (*inputs.shape[:2], first.shape[-1]))
            if table is None or self._rows is None:
                hidden = torch.bmm(inputs, first[who], out=space)
            else:
                own = self._rows[who, rows].flatten() - who.start * table.shape[1]
                gathered = space.flatten(0, 1)  # a copy where there is room between the matrices
                torch.index_select(table[who].flatten(0, 1), 0, own, out=gathered)
                if not space.is_contiguous():
                    space.copy_(gathered.view_as(space))
                hidden = space.baddbmm_(inputs, first[who])
            hidden.relu_()
            across = line = _room(line, (len(inputs), 1, inputs.shape[1]))
            torch.bmm(readout[who], hidden.transpose(1, 2), out=across)
            outputs[who, rows] = across[:, 0] + shift[who]
            slope = self._slope(outputs[who, rows], target[who, rows], self._share[who, rows])
            slopes[who, rows] = slope
            to_readout[who].baddbmm_(_aligned(slope.unsqueeze(1)), hidden)
            awake = hidden.sign_()
            if to_table is None:
                to_first[who].baddbmm_((inputs * slope.unsqueeze(-1)).transpose(1, 2), awake)
            else:
                pulls = awake.mul_(slope.unsqueeze(-1))
                to_first[who].baddbmm_(inputs.transpose(1, 2), pulls)
                to_table[who].flatten(0, 1).index_add_(0, own, pulls.flatten(0, 1))
        to_first *= readout
        if to_table is None:
            edges = [model.n_categories, model.n_categories + model.n_inputs]
            gradients = [part for part in torch.tensor_split(to_first, edges, 1) if part.shape[1]]
        else:
            to_table *= readout
            gradients = [to_table, to_first, to_table.sum(1, keepdim=True)]
        gradients.append(to_readout.transpose(1, 2).contiguous())
        gradients.append(slopes.sum(-1)[:, None, None])
        own = slice(model.n_members)
        losses = self._losses(outputs, target)
        return losses[own], outputs[own], [gradient[own] for gradient in gradients]

    def _losses(self, outputs: Tensor, target: Tensor) -> Tensor:
        if self._loss == "mse":
            return (self._share * (outputs - target).square()).sum(-1)
        return (self._share * functional.softplus(-target * outputs)).sum(-1)

    def _slope(self, outputs: Tensor, target: Tensor, share: Tensor) -> Tensor:
        """Return the derivative of a member's loss with respect to each output."""
        if self._loss == "mse":
            return 2 * share * (outputs - target)
        return -share * target * torch.sigmoid(-target * outputs)

    def _checked(self, target: Tensor) -> Tensor:
        size = (self._model.n_members, self._inputs.shape[1])
        if self._loss == "cross_entropy" and target.shape != size:
            raise ValueError(f"target must have shape {size}, got {tuple(target.shape)}")
        if target.shape not in (size, (*size, 1)):
            raise ValueError(
                f"target must have the shape {(*size, 1)} of the outputs "
                f"(for one output without the last axis), got {tuple(target.shape)}"
            )
        return self._copied(target.reshape(size))

    def _enter(self, batch: Batch) -> None:
        """Lay the inputs of a batch side by side; a batch seen again costs nothing."""
        model = self._model
        bits, skill = model.checked(batch.bits, batch.skill if model.n_categories else None)
        alone = model.n_members == 1 and self._together(bits.shape[1]) > 1
        self._copies = 2 if alone else 1
        bits, skill = self._copied(bits), None if skill is None else self._copied(skill)
        if skill is not None and self._gathers:
            member = torch.arange(len(skill))[:, None]
            self._rows = skill + model.n_categories * member
            self._inputs = _aligned(bits)
        else:
            self._inputs = _aligned(self._joined(bits, skill))
        if batch.weight is None:
            self._share = torch.full_like(bits[..., 0], 1 / bits.shape[1])
        else:
            self._share = self._copied(batch.weight / batch.weight.sum(-1, keepdim=True))
        self._batch = batch

    def _joined(self, bits: Tensor, skill: Tensor | None) -> Tensor:
        """Return control bits, bits and a constant 1 as columns of one matrix a member."""
        first = self._model.n_categories
        last = first + self._model.n_inputs
        joined = bits.new_ones(*bits.shape[:2], last + 1)
        if skill is not None:
            joined[..., :first].zero_().scatter_(2, skill.unsqueeze(-1), 1)
        joined[..., first:last] = bits
        return joined

    def _layers(self) -> tuple[Tensor | None, Tensor, Tensor, Tensor]:
        """Return the rows to gather, V (member, row, unit), w (member, 1, unit) and b (member, 1).

        The rows have the hidden biases added; they are None where V holds the control bits too.
        """
        parameters = [self._copied(part) for part in self._model.parameters]
        *first, readout, shift = parameters
        across = _aligned(readout).transpose(1, 2)
        if not self._gathers:
            return None, _aligned(torch.cat(first, 1)), across, shift[:, 0]
        table, weights, hidden_bias = first
        return table + hidden_bias, _aligned(weights), across, shift[:, 0]

    def _copied(self, values: Tensor) -> Tensor:
        return values if self._copies == 1 else torch.cat([values] * self._copies)

    def _blocks(self, members: int, samples: int) -> Iterator[tuple[slice, slice]]:
        together = self._together(samples)
        edges = [*range(0, members, together), members]
        if together > 1 and edges[-1] - edges[-2] == 1 and len(edges) > 2:
            del edges[-2]  # the last member joins the block before
        length = max(1, min(samples, _CACHED // self._model.padded_width))
        for start, end in itertools.pairwise(edges):
            for row in range(0, samples, length):
                yield slice(start, end), slice(row, row + length)

    def _together(self, samples: int) -> int:
        return max(1, _CACHED // (samples * self._model.padded_width))


def _room(space: Tensor, size: Sequence[int]) -> Tensor:
    """Return room for aligned matrices, one a member: the last block's where it is large enough."""
    members, rows, columns = size
    unit = _ALIGNED // space.element_size()
    apart = -(-rows * columns // unit) * unit
    if space.untyped_storage().nbytes() < members * apart * space.element_size():
        space = space.new_empty(members * apart)
    return space.as_strided((members, rows, columns), (apart, columns, 1))


def _aligned(matrices: Tensor) -> Tensor:
    """Return matrices, one a member, that begin at multiples of 16 bytes: copies if need be."""
    if matrices.stride(0) * matrices.element_size() % _ALIGNED == 0:
        return matrices
    return _room(matrices.new_empty(0), matrices.shape).copy_(matrices)
