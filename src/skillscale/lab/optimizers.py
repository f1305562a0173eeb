"""Elementwise optimizers whose learning rate may differ from member to member.

An update touches each number by itself, so the members of an ensemble stay independent. The
parameters carry a leading member axis; with one rate for all, any tensors will do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skillscale import _checks

Rates = float | Sequence[float]


@dataclass
class State:
    """What an optimizer remembers: rates and moments, one tensor per parameter, and steps done."""

    rates: list[Tensor]
    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    steps: int = 0


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum: v ← μ v + g, p ← p - lr · v.

    Args:
        lr: Learning rate > 0, one for all or one per member.
        momentum: μ in [0, 1).

    Raises:
        ValueError: If an argument is out of range.

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
        object.__setattr__(self, "lr", _rates(self.lr))
        _checks.number("momentum", self.momentum, minimum=0, below=1)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        first = [torch.zeros_like(p) for p in parameters] if self.momentum else []
        return State(_per_parameter(self.lr, parameters), first)

    @torch.no_grad()
    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        state: State,
        *,
        factor: float = 1.0,
    ) -> None:
        """Update `parameters` and `state` in place, all rates multiplied by `factor`."""
        moves = gradients
        if self.momentum:
            for velocity, gradient in zip(state.first, gradients, strict=True):
                velocity.mul_(self.momentum).add_(gradient)
            moves = state.first
        for p, rate, move in zip(parameters, state.rates, moves, strict=True):
            p.addcmul_(rate, move, value=-factor)
        state.steps += 1


@dataclass(frozen=True)
class Adam:
    """Adam: p ← p - lr · m̂ / (√v̂ + eps), m and v running means of g and g², bias-corrected.

    Args:
        lr: Learning rate > 0, one for all or one per member.
        betas: Decay rates of m and v, each in [0, 1).
        eps: Number > 0 that keeps the quotient finite.

    Raises:
        ValueError: If an argument is out of range.

    Source: Kingma & Ba 2015, algorithm 1; equals torch.optim.Adam in `tests/test_optimizers.py`.

    >>> p, g, rule = [torch.ones(1)], [torch.full((1,), 7.0)], Adam(0.1)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([0.9000])
    """

    lr: Rates
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", _rates(self.lr))
        if len(self.betas) != 2:
            raise ValueError(f"betas must be two numbers, got {self.betas!r}")
        for beta in self.betas:
            _checks.number("betas", beta, minimum=0, below=1)
        _checks.number("eps", self.eps, above=0)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
        return State(_per_parameter(self.lr, parameters), first, second)

    @torch.no_grad()
    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        state: State,
        *,
        factor: float = 1.0,
    ) -> None:
        """Update `parameters` and `state` in place, all rates multiplied by `factor`."""
        state.steps += 1
        beta1, beta2 = self.betas
        correction1 = 1 - beta1**state.steps
        correction2 = math.sqrt(1 - beta2**state.steps)
        moments = zip(state.first, state.second, strict=True)
        for p, rate, g, (m, v) in zip(parameters, state.rates, gradients, moments, strict=True):
            m.lerp_(g, 1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            scale = (v.sqrt() / correction2).add_(self.eps)
            p.addcmul_(rate, m / scale, value=-factor / correction1)


@dataclass(frozen=True)
class SignDescent:
    """Sign descent: p ← p - lr · sign(g); a zero gradient moves nothing.

    Args:
        lr: Learning rate > 0, one for all or one per member.

    Raises:
        ValueError: If `lr` is out of range.

    Source: Adam with both betas 0 and eps → 0, tested in `tests/test_optimizers.py`.

    >>> p, g, rule = [torch.zeros(3)], [torch.tensor([2.0, -0.1, 0.0])], SignDescent(0.5)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([-0.5000,  0.5000,  0.0000])
    """

    lr: Rates

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", _rates(self.lr))

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        return State(_per_parameter(self.lr, parameters))

    @torch.no_grad()
    def step(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        state: State,
        *,
        factor: float = 1.0,
    ) -> None:
        """Update `parameters` and `state` in place, all rates multiplied by `factor`."""
        for p, rate, g in zip(parameters, state.rates, gradients, strict=True):
            p.addcmul_(rate, g.sign(), value=-factor)
        state.steps += 1


Optimizer = SGD | Adam | SignDescent


def _rates(lr: Rates) -> Rates:
    if isinstance(lr, Iterable):
        return tuple(_checks.number("lr", rate, above=0) for rate in lr)
    return _checks.number("lr", lr, above=0)


def _per_parameter(lr: Rates, parameters: Sequence[Tensor]) -> list[Tensor]:
    rates: list[Tensor] = []
    for p in parameters:
        rate = torch.as_tensor(lr, dtype=p.dtype, device=p.device)
        if rate.ndim and rate.numel() != p.shape[0]:
            raise ValueError(
                f"lr must be one rate or one per member ({p.shape[0]}), got {rate.numel()} rates"
            )
        rates.append(rate.view(-1, *[1] * (p.ndim - 1)) if rate.ndim else rate)
    return rates
