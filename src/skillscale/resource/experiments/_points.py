"""The inputs on which networks of several inputs are trained."""

from __future__ import annotations

import torch
from torch import Tensor


def sobol(n_points: int, seed: int, *, n_inputs: int) -> Tensor:
    """Return scrambled Sobol points in [0, 1]^n_inputs, shape (n_points, n_inputs).

    >>> sobol(4, 0, n_inputs=2).shape
    torch.Size([4, 2])
    """
    engine = torch.quasirandom.SobolEngine(n_inputs, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    points: Tensor = engine.draw(n_points)
    return points
