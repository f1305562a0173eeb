"""Updates with a memory: Adam, AdEMAMix, Lion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab.optimizers._shared import (
    Optimizer,
    Rates,
    State,
    check_betas,
    decay,
    per_parameter,
    rates,
)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: p ← p - lr · m̂ / (√v̂ + eps), m and v running means of g and g², bias-corrected.

    With weight decay λ, decoupled from the gradient, first p ← (1 - lr λ) p. `pooled`, for all
    parameters or one answer each, gives one v a member, the running mean of g² averaged over its
    entries: rare and frequent entries then keep the ratio of their gradients, as in gradient
    descent. Entries that are exactly 0 at the start, the padding of ensembles, are left out of the
    average; a pooled parameter needs a leading member axis.

    Source: Kingma & Ba 2015, algorithm 1; with weight decay Loshchilov & Hutter 2019. Equals
    torch.optim.Adam and AdamW in `tests/test_optimizers.py`. Pooling derived here.

    >>> p, g, rule = [torch.ones(1)], [torch.full((1,), 7.0)], Adam(0.1)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([0.9000])
    """

    lr: Rates
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    pooled: bool | tuple[bool, ...] = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))
        check_betas(self.betas, 2)
        _checks.number("eps", self.eps, above=0)
        _checks.number("weight_decay", self.weight_decay, minimum=0)

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
        return State(per_parameter(self.lr, parameters), first, second, counts=counts)

    def _pooled(self, n_parameters: int) -> list[int]:
        """Return the numbers of the parameters with one v a member."""
        if isinstance(self.pooled, bool):
            return list(range(n_parameters)) if self.pooled else []
        if len(self.pooled) != n_parameters:
            raise ValueError(
                f"pooled must hold one answer per parameter ({n_parameters}), got {self.pooled!r}"
            )
        return [i for i, pool in enumerate(self.pooled) if pool]

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        beta1, beta2 = self.betas
        correction1 = 1 - beta1**state.steps
        correction2 = math.sqrt(1 - beta2**state.steps)
        moments = zip(state.first, state.second, state.counts, strict=True)
        for p, rate, g, (m, v, n) in zip(parameters, state.rates, gradients, moments, strict=True):
            decay(p, rate, self.weight_decay, factor)
            m.lerp_(g, 1 - beta1)
            if n is None:
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            else:
                square = g.square().sum(list(range(1, g.ndim)), keepdim=True) / n
                v.lerp_(square, 1 - beta2)
            scale = (v.sqrt() / correction2).add_(self.eps)
            p.addcmul_(rate, m / scale, value=-factor / correction1)


@dataclass(frozen=True)
class AdEMAMix(Optimizer):
    """Adam with a second, slower mean of the gradients: p ← p - lr · (m̂ + a n) / (√v̂ + eps).

    m and v as in `Adam`, with the decay rates β1 and β2, bias-corrected; n is the running mean of
    the gradients with the decay rate β3, which starts at 0 and is not corrected; a = `slow_weight`.
    Neither β3 nor a is warmed up. With a = 0 the rule is Adam.

    Source: Pagliardini et al. 2024, algorithm 1 without its schedulers; `tests/test_optimizers.py`
    compares with the formula and, for a = 0, with Adam.

    >>> p, g, rule = [torch.ones(1)], [torch.full((1,), 7.0)], AdEMAMix(0.1, slow_weight=100.0)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([0.8990])
    """

    lr: Rates
    betas: tuple[float, float, float] = (0.9, 0.999, 0.9999)
    slow_weight: float = 2.0
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))
        check_betas(self.betas, 3)
        _checks.number("slow_weight", self.slow_weight, minimum=0)
        _checks.number("eps", self.eps, above=0)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        first, second, slow = ([torch.zeros_like(p) for p in parameters] for _ in range(3))
        return State(per_parameter(self.lr, parameters), first, second, slow)

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        beta1, beta2, beta3 = self.betas
        correction1 = 1 - beta1**state.steps
        correction2 = math.sqrt(1 - beta2**state.steps)
        moments = zip(state.first, state.second, state.slow, strict=True)
        for p, rate, g, (m, v, n) in zip(parameters, state.rates, gradients, moments, strict=True):
            m.lerp_(g, 1 - beta1)
            n.lerp_(g, 1 - beta3)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            move = (m / correction1).add_(n, alpha=self.slow_weight)
            p.addcmul_(rate, move / (v.sqrt() / correction2).add_(self.eps), value=-factor)


@dataclass(frozen=True)
class Lion(Optimizer):
    """Lion: p ← p - lr · sign(β1 m + (1 - β1) g), then m ← β2 m + (1 - β2) g.

    With both betas 0 the rule is sign descent; weight decay as in `Adam`.

    Source: Chen et al. 2023, algorithm 2; `tests/test_optimizers.py` compares with the formula and,
    for betas of 0, with sign descent.

    >>> p, g, rule = [torch.zeros(2)], [torch.tensor([2.0, -0.1])], Lion(0.5)
    >>> rule.step(p, g, rule.start(p))
    >>> p[0]
    tensor([-0.5000,  0.5000])
    """

    lr: Rates
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        object.__setattr__(self, "lr", rates(self.lr))
        check_betas(self.betas, 2)
        _checks.number("weight_decay", self.weight_decay, minimum=0)

    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""
        return State(per_parameter(self.lr, parameters), [torch.zeros_like(p) for p in parameters])

    def _update(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], state: State, factor: float
    ) -> None:
        beta1, beta2 = self.betas
        moments = zip(state.rates, gradients, state.first, strict=True)
        for p, (rate, g, m) in zip(parameters, moments, strict=True):
            decay(p, rate, self.weight_decay, factor)
            p.addcmul_(rate, m.lerp(g, 1 - beta1).sign_(), value=-factor)
            m.lerp_(g, 1 - beta2)
