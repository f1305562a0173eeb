"""What the optimizers share: their state, rates per member, and weight decay."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from skillscale import _checks

Rates = float | Sequence[float]


@dataclass
class State:
    """What an optimizer remembers: rates and moments, one tensor per parameter, and steps done.

    `slow` is a second, slower mean of the gradients; `counts`, for a parameter with one second
    moment a member, the entries it averages.
    """

    rates: list[Tensor]
    first: list[Tensor] = field(default_factory=list)
    second: list[Tensor] = field(default_factory=list)
    slow: list[Tensor] = field(default_factory=list)
    counts: list[Tensor | None] = field(default_factory=list)
    steps: int = 0


class Optimizer(ABC):
    """What every optimizer offers: a state at the start, and steps that change it in place."""

    @abstractmethod
    def start(self, parameters: Sequence[Tensor]) -> State:
        """Return the state before the first step."""

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
        self._update(parameters, gradients, state, factor)

    @abstractmethod
    def _update(
        self,
        parameters: Sequence[Tensor],
        gradients: Sequence[Tensor],
        state: State,
        factor: float,
    ) -> None:
        """Make the step number `state.steps`."""


def rates(lr: Rates) -> Rates:
    """Return one rate, or a tuple of one per member, all > 0."""
    if isinstance(lr, Iterable):
        return tuple(_checks.number("lr", rate, above=0) for rate in lr)
    return _checks.number("lr", lr, above=0)


def per_parameter(lr: Rates, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the rates as one tensor per parameter that multiplies its members."""
    found: list[Tensor] = []
    for p in parameters:
        rate = torch.as_tensor(lr, dtype=p.dtype, device=p.device)
        if rate.ndim and rate.numel() != p.shape[0]:
            raise ValueError(
                f"lr must be one rate or one per member ({p.shape[0]}), got {rate.numel()} rates"
            )
        found.append(rate.view(-1, *[1] * (p.ndim - 1)) if rate.ndim else rate)
    return found


def check_betas(betas: tuple[float, ...], length: int) -> None:
    """Refuse anything but `length` decay rates in [0, 1)."""
    if len(betas) != length:
        words = {2: "two", 3: "three"}
        raise ValueError(f"betas must be {words[length]} numbers, got {betas!r}")
    for beta in betas:
        _checks.number("betas", beta, minimum=0, below=1)


def decay(parameter: Tensor, rate: Tensor, weight_decay: float, factor: float) -> None:
    """Shrink a parameter in place by factor · rate · weight_decay of itself."""
    if weight_decay:
        parameter.mul_(1 - factor * weight_decay * rate)
