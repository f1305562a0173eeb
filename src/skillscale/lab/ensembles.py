"""Many small networks as one batched tensor program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from skillscale import _checks
from skillscale.lab.batched import Architecture
from skillscale.lab.randomness import Stream

_MODULES = {"relu": nn.ReLU, "silu": nn.SiLU}


class MLPEnsemble:
    """Fully connected networks of any depth, all of them evaluated and differentiated at once.

    Members may differ in width: the narrower ones are padded with zeros. Padding never wakes up: a
    unit with zero weights has activation 0 (ReLU and SiLU vanish at 0), so its outgoing weights get
    gradient 0, and as they are 0 themselves, so do its incoming ones. No optimizer in
    `lab.optimizers` moves a parameter that is 0 and always had gradient 0.

    A member's initial parameters depend on its own seed and width alone, not on the other members
    or the padding, and agree between float32 and float64 up to rounding.

    Args:
        n_inputs: Number of real inputs.
        widths: Width of each member's hidden layers.
        n_categories: Size of a one-hot block in front of the inputs (control bits), or 0. The block
            is never built: its product with the first layer is a gather of weight rows.
        depth: Number of hidden layers.
        init: "torch" for torch.nn.Linear's default, uniform in ±fan_in^-1/2 with the true width and
            the categories counted in fan_in; a number for normal parameters (weights and biases) of
            that standard deviation.

    Attributes:
        parameters: The category rows (member, n_categories, width) if there are categories; then
            for each layer the weights (member, in, out) and biases (member, 1, out). To be changed
            in place only.
        padded_width: Largest of the widths.

    Source: derived here; equal to plain networks member by member in `tests/test_ensembles.py`.

    >>> model = MLPEnsemble(3, [4, 16], seeds=[0, 0], n_categories=5)
    >>> model(torch.ones(7, 3), torch.zeros(7, dtype=torch.int64)).shape
    torch.Size([2, 7, 1])
    >>> model.member(1)[0]
    Linear(in_features=8, out_features=16, bias=True)
    """

    def __init__(
        self,
        n_inputs: int,
        widths: Sequence[int],
        *,
        seeds: Sequence[int],
        n_categories: int = 0,
        n_outputs: int = 1,
        depth: int = 1,
        activation: Literal["relu", "silu"] = "relu",
        init: Literal["torch"] | float = "torch",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Draw every member's parameters."""
        self.n_inputs = _checks.integer("n_inputs", n_inputs, minimum=1)
        self.n_categories = _checks.integer("n_categories", n_categories, minimum=0)
        self.n_outputs = _checks.integer("n_outputs", n_outputs, minimum=1)
        self.depth = _checks.integer("depth", depth, minimum=1)
        self.activation = _checks.choice("activation", activation, tuple(_MODULES))
        self.widths = tuple(_checks.integer("widths", width, minimum=1) for width in widths)
        self.seeds = tuple(_checks.integer("seeds", seed, minimum=0) for seed in seeds)
        self.n_members = len(self.widths)
        if self.n_members == 0 or len(self.seeds) != self.n_members:
            raise ValueError(
                "widths and seeds must hold one entry per member, at least one, got "
                f"{len(self.widths)} widths and {len(self.seeds)} seeds"
            )
        self.padded_width = max(self.widths)
        if isinstance(init, str):
            _checks.choice("init", init, ("torch",))
        else:
            _checks.number("init", init, above=0)
        if dtype not in (torch.float32, torch.float64):
            raise ValueError(f"dtype must be torch.float32 or torch.float64, got {dtype!r}")
        self.dtype = dtype

        padded = [torch.zeros(self.n_members, *shape) for shape in self._shapes(self.padded_width)]
        self.parameters = [tensor.to(dtype) for tensor in padded]
        for member, (width, seed) in enumerate(zip(self.widths, self.seeds, strict=True)):
            for parameter, values in zip(
                self.parameters, self._draw(width, seed, init), strict=True
            ):
                parameter[member, : values.shape[0], : values.shape[1]] = torch.from_numpy(values)
        for parameter in self.parameters:
            parameter.requires_grad_()
        self._architecture = Architecture(self.n_categories, self.activation)

    def __call__(self, inputs: Tensor, category: Tensor | None = None) -> Tensor:
        """Return the outputs of all members, shape (member, batch, n_outputs).

        Args:
            inputs: Shape (batch, n_inputs), shared by all members, or (member, batch, n_inputs).
            category: Index into the one-hot block, int64 of shape (batch,) or (member, batch);
                given exactly when n_categories > 0.
        """
        return self._architecture.outputs(self.parameters, *self.checked(inputs, category))

    def hidden(self, inputs: Tensor, category: Tensor | None = None) -> Tensor:
        """Return the last hidden layer's activations, (member, batch, padded_width)."""
        return self._architecture.hidden(self.parameters, *self.checked(inputs, category))

    def checked(
        self, inputs: Tensor, category: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Return inputs and categories with a leading member axis, refusing what does not fit."""
        return self._checked_inputs(inputs), self._checked_category(category, inputs.shape[-2])

    def member(self, i: int) -> nn.Sequential:
        """Return member i as a plain network with a copy of its parameters and its true width.

        Its inputs are one-hot(category) followed by the real inputs, along the last axis.
        """
        if _checks.integer("i", i, minimum=0) >= self.n_members:
            raise ValueError(f"i must be < n_members = {self.n_members}, got {i}")
        shapes = self._shapes(self.widths[i])
        own = [
            parameter[i, :rows, :columns].detach().clone()
            for parameter, (rows, columns) in zip(self.parameters, shapes, strict=True)
        ]
        if self.n_categories:
            own[:2] = [torch.cat(own[:2])]
        modules: list[nn.Module] = []
        for weight, shift in zip(own[::2], own[1::2], strict=True):
            linear = nn.Linear(weight.shape[0], weight.shape[1], dtype=self.dtype)
            with torch.no_grad():
                linear.weight.copy_(weight.T)
                linear.bias.copy_(shift[0])
            modules += [linear, _MODULES[self.activation]()]
        return nn.Sequential(*modules[:-1])

    def _shapes(self, width: int) -> Iterator[tuple[int, int]]:
        sizes = [self.n_inputs, *[width] * self.depth, self.n_outputs]
        if self.n_categories:
            yield self.n_categories, width
        for inputs, outputs in itertools.pairwise(sizes):
            yield inputs, outputs
            yield 1, outputs

    def _draw(
        self, width: int, seed: int, init: str | float
    ) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        generator = Stream(seed, "initial parameters").at(0)
        first = self.n_inputs + self.n_categories
        sizes = itertools.chain([first] * (2 + (self.n_categories > 0)), itertools.repeat(width))
        for shape, fan_in in zip(self._shapes(width), sizes, strict=False):
            if isinstance(init, str):
                yield generator.uniform(-(fan_in**-0.5), fan_in**-0.5, shape)
            else:
                yield generator.normal(0.0, init, shape)

    def _checked_inputs(self, inputs: Tensor) -> Tensor:
        wanted = (self.n_members, self.n_inputs)
        if inputs.ndim == 2:
            inputs = inputs.expand(self.n_members, -1, -1)
        if inputs.ndim != 3 or (inputs.shape[0], inputs.shape[2]) != wanted:
            raise ValueError(
                f"inputs must have shape (batch, {self.n_inputs}) or ({self.n_members}, batch, "
                f"{self.n_inputs}), got {tuple(inputs.shape)}"
            )
        if inputs.dtype != self.dtype:
            raise ValueError(f"inputs must have dtype {self.dtype}, got {inputs.dtype}")
        return inputs

    def _checked_category(self, category: Tensor | None, batch: int) -> Tensor | None:
        if (category is None) != (self.n_categories == 0):
            raise ValueError(
                f"category must be given exactly when n_categories > 0, got {type(category)} "
                f"with n_categories = {self.n_categories}"
            )
        if category is None:
            return None
        if category.dtype != torch.int64 or category.shape not in (
            (batch,),
            (self.n_members, batch),
        ):
            raise ValueError(
                f"category must be int64 of shape ({batch},) or ({self.n_members}, {batch}), got "
                f"{category.dtype} of shape {tuple(category.shape)}"
            )
        low, high = category.aminmax()
        if low < 0 or high >= self.n_categories:
            raise ValueError(
                f"category must lie in 0..{self.n_categories - 1}, got {int(low)}..{int(high)}"
            )
        return category.expand(self.n_members, -1)
