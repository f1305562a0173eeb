"""Updates without a memory of the gradients' sizes: SGD, sign descent, normalised gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab.optimizers._shared import Optimizer, Rates, State, decay, per_parameter, rates


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent with momentum: v ← μ v + g, p ← p - lr · v, with one rate or one per member.

    Source: the update of torch.optim.SGD, which it equals in `tests/test_optimizers.py`.

    >>> p, g, rule = [torch.ones(2, 1)], [torch.ones(2, 1)], SGD([0.1, 0.5])
    >>> rule.step(p, g, rule.start(p))
    >>> p[0].flatten()
    tensor([0.9000, 0.5000])
    """

    lr: Rates
    momentum: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))
        _checks.number("momentum", self.momentum, minimum=0, below=1)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        first = [torch.zeros_like(p) for p in parameters] if self.momentum else []
        return State(per_parameter(self.lr, parameters), first)

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        moves = gradients
        if self.momentum:
            for velocity, gradient in zip(state.first, gradients, strict=True):
                velocity.mul_(self.momentum).add_(gradient)
            moves = state.first
        for p, rate, move in zip(parameters, state.rates, moves, strict=True):
            p.addcmul_(rate, move, value=-factor)


@dataclass(frozen=True)
class SignDescent(Optimizer):
    """Sign descent: p ← p - lr · sign(g); a zero gradient moves nothing. Weight decay as in `Adam`.

    Source: Adam with both betas 0 and eps → 0, tested in `tests/test_optimizers.py`.

    >>> p, g, rule = [torch.zeros(3)], [torch.tensor([2.0, -0.1, 0.0])], SignDescent(0.5)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([-0.5000,  0.5000,  0.0000])
    """

    lr: Rates
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))
        _checks.number("weight_decay", self.weight_decay, minimum=0)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        return State(per_parameter(self.lr, parameters))

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        for p, rate, g in zip(parameters, state.rates, gradients, strict=True):
            decay(p, rate, self.weight_decay, factor)
            p.addcmul_(rate, g.sign(), value=-factor)


@dataclass(frozen=True)
class NormalisedGradient(Optimizer):
    """Normalised gradient descent: p ← p - lr · g / ‖g‖₂, the norm over all of a member's numbers.

    A step has the length `lr` whatever the gradient's size; a member with zero gradient rests.
    Every parameter needs a leading member axis.

    Source: the rule is its definition; `tests/test_optimizers.py` compares with it by member.

    >>> p, g, rule = [torch.zeros(1, 2)], [torch.tensor([[3.0, 4.0]])], NormalisedGradient(0.5)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([[-0.3000, -0.4000]])
    """

    lr: Rates

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        members = {p.shape[0] if p.ndim > 1 else 0 for p in parameters}
        if len(members) != 1 or 0 in members:
            shapes = [tuple(p.shape) for p in parameters]
            raise ValueError(f"parameters must share a leading member axis, got shapes {shapes}")
        return State(per_parameter(self.lr, parameters))

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        squares = [g.flatten(1).square().sum(1) for g in gradients]
        norm = torch.stack(squares).sum(0).sqrt()
        inverse = torch.where(norm > 0, 1 / norm, 0.0)
        for p, rate, g in zip(parameters, state.rates, gradients, strict=True):
            p.addcmul_(rate * inverse.view(-1, *[1] * (p.ndim - 1)), g, value=-factor)
