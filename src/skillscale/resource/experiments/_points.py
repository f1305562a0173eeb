"""The inputs on which networks of several inputs are trained."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor

from skillscale import _checks


def _power_of_two(name: str, value: Any) -> None:
    if _checks.integer(name, value, minimum=4).bit_count() != 1:
        raise ValueError(f"{name} must be a power of 2, got {value}")


# Sobol points are balanced in powers of 2 only
SobolPoints = Annotated[int, _power_of_two]


def sobol(n_points: int, seed: int, *, n_inputs: int) -> Tensor:
    """Return scrambled Sobol points in [0, 1]^n_inputs, shape (n_points, n_inputs)."""
    engine = torch.quasirandom.SobolEngine(n_inputs, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    points: Tensor = engine.draw(n_points)
    return points
