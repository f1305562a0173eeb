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
    """What an optimizer remembers: rates and moments, one tensor per parameter, and steps done.

    `counts` holds, for a parameter with one second moment a member, the entries it averages.
    """

    rates: list[Tensor]
    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    counts: list[Tensor | None] = field(default_factory=list)
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

    A pooled parameter has one v a member, the running mean of g² averaged over its entries: rare
    and frequent entries then keep the ratio of their gradients, as in gradient descent. Entries
    that are exactly 0 at the start, the padding of ensembles, are left out of the average.

    Args:
        lr: Learning rate > 0, one for all or one per member.
        betas: Decay rates of m and v, each in [0, 1).
        eps: Number > 0 that keeps the quotient finite.
        pooled: Whether to pool v, for all parameters or one answer each; pooled parameters need a
            leading member axis.

    Raises:
        ValueError: If an argument is out of range.

    Source: Kingma & Ba 2015, algorithm 1; equals torch.optim.Adam in `tests/test_optimizers.py`.
    Pooling derived here.

    >>> p, g, rule = [torch.ones(1)], [torch.full((1,), 7.0)], Adam(0.1)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([0.9000])
    """

    lr: Rates
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    pooled: bool | tuple[bool, ...] = False

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
        counts: list[Tensor | None] = [None] * len(parameters)
        for i in self._pooled(len(parameters)):
            p = parameters[i].detach()
            entries = list(range(1, p.ndim))
            real = (p != 0).sum(entries, keepdim=True)
            counts[i] = torch.where(real > 0, real, p[0].numel())
            second[i] = torch.zeros_like(real, dtype=p.dtype)
        return State(_per_parameter(self.lr, parameters), first, second, counts)

    def _pooled(self, n_parameters: int) -> list[int]:
        """Return the numbers of the parameters with one v a member."""
        if isinstance(self.pooled, bool):
            return list(range(n_parameters)) if self.pooled else []
        if len(self.pooled) != n_parameters:
            raise ValueError(
                f"pooled must hold one answer per parameter ({n_parameters}), got {self.pooled!r}"
            )
        return [i for i, pool in enumerate(self.pooled) if pool]

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
        moments = zip(state.first, state.second, state.counts, strict=True)
        for p, rate, g, (m, v, n) in zip(parameters, state.rates, gradients, moments, strict=True):
            m.lerp_(g, 1 - beta1)
            if n is None:
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            else:
                square = g.square().sum(list(range(1, g.ndim)), keepdim=True) / n
                v.lerp_(square, 1 - beta2)
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
