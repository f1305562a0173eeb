"""The batched arithmetic of ensembles: hidden layers and read-out.

At these sizes time goes into memory: a fresh tensor for all members' activations costs more in
page faults than the arithmetic that fills it, so layers work in place where gradients allow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

# ReLU's derivative is known from its result, so it may overwrite its input; that of SiLU is not.
_ACTIVATIONS = {"relu": functional.relu_, "silu": functional.silu}


@dataclass(frozen=True)
class Architecture:
    """What is needed, beside the parameters of `MLPEnsemble`, to evaluate members.

    Inputs are (member, batch, n_inputs), categories (member, batch) or None.
    """

    n_categories: int
    activation: str

    def layers(self, parameters: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Return weights and biases layer by layer."""
        plain = parameters[1:] if self.n_categories else parameters
        return list(zip(plain[::2], plain[1::2], strict=True))

    def hidden(
        self, parameters: Sequence[Tensor], inputs: Tensor, category: Tensor | None
    ) -> Tensor:
        """Return the last hidden layer's activations, (member, batch, width)."""
        activation = _ACTIVATIONS[self.activation]
        state = inputs
        for layer, (weight, shift) in enumerate(self.layers(parameters)[:-1]):
            if layer == 0 and category is not None:
                state = _rows(parameters[0] + shift, category).baddbmm_(state, weight)
            else:
                state = torch.baddbmm(shift, state, weight)
            state = activation(state)
        return state

    def outputs(
        self, parameters: Sequence[Tensor], inputs: Tensor, category: Tensor | None
    ) -> Tensor:
        """Return the outputs, (member, batch, n_outputs)."""
        weight, shift = self.layers(parameters)[-1]
        product: Tensor = _Readout.apply(self.hidden(parameters, inputs, category), weight)  # type: ignore[no-untyped-call]
        return product + shift


def _rows(table: Tensor, category: Tensor) -> Tensor:
    """Gather rows (member, batch, width) of the table (member, n_categories, width)."""
    members, n_categories, _ = table.shape
    first = n_categories * torch.arange(members)[:, None]
    return functional.embedding(category + first, table.flatten(0, 1))


class _Readout(torch.autograd.Function):
    """The product state @ weight for few outputs, multiplied in the order that BLAS is quick at.

    A batched product of (batch, width) with (width, 1) matrices is about ten times slower than the
    same product transposed, forward and backward.
    """

    @staticmethod
    def forward(ctx: Any, state: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(state, weight)
        return torch.bmm(weight.transpose(1, 2), state.transpose(1, 2)).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        state, weight = ctx.saved_tensors
        across = weight.transpose(1, 2)
        single = weight.shape[-1] == 1
        to_state = gradient * across if single else torch.bmm(gradient, across)
        return to_state, torch.bmm(gradient.transpose(1, 2), state).transpose(1, 2)
