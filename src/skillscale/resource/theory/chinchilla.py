"""The law in parameters N and tokens D that language models are fitted with, and its best use.

The resource model speaks of the term in N only. Constants `params` are for example `REPLICATION`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks

Array = NDArray[np.float64]

_FLOP = 6.0  # floating point operations per parameter and token, forward and backward


@dataclass(frozen=True)
class ChinchillaParameters:
    """Constants of L(N, D) = E + A N^-alpha_N + B D^-alpha_D, in nats; all > 0 but E >= 0.

    E is the loss that no model of any size removes; the literature calls alpha_N α and alpha_D β.
    Published sets: `HOFFMANN_ROUNDED` as Hoffmann et al. 2022 print them, `HOFFMANN_UNROUNDED` with
    the digits of their TeX source, and `REPLICATION`, the output of the public notebook of
    Besiroglu et al. 2024 on 240 runs digitised from a figure of the former, whose standard errors
    are .0154 for alpha_N and .0206 for alpha_D.

    Source: the form is that of Hoffmann et al. 2022.

    >>> ChinchillaParameters(A=400.0, B=400.0, E=1.7, alpha_N=0.34, alpha_D=0.28).alpha_N
    0.34
    """

    A: float
    B: float
    E: float
    alpha_N: float  # noqa: N815
    alpha_D: float  # noqa: N815

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        for name in ("A", "B", "alpha_N", "alpha_D"):
            _checks.number(name, getattr(self, name), above=0)
        _checks.number("E", self.E, minimum=0)


HOFFMANN_ROUNDED = ChinchillaParameters(A=406.4, B=410.7, E=1.69, alpha_N=0.34, alpha_D=0.28)
"""The parametric fit of Hoffmann et al. 2022 as printed there."""

HOFFMANN_UNROUNDED = ChinchillaParameters(
    A=math.exp(6.0073404),
    B=math.exp(6.0179186),
    E=math.exp(0.5267228),
    alpha_N=0.33917084,
    alpha_D=0.2849083,
)
"""The same fit with the digits of the TeX source of Hoffmann et al. 2022, as the replication by
Besiroglu et al. 2024 uses them; rounding the exponents shifts predicted losses."""

REPLICATION = ChinchillaParameters(A=477.84, B=2143.86, E=1.81724, alpha_N=0.34731, alpha_D=0.36718)
"""Output of the public notebook of Besiroglu et al. 2024: the same procedure, run to convergence
on 240 runs digitised from a figure of Hoffmann et al. 2022."""


class ComputeOptimal(NamedTuple):
    """Parameters N, tokens D and loss of the best run that a compute budget allows."""

    N: Array
    D: Array
    loss: Array


class ComputeExponents(NamedTuple):
    """Growth N ∝ C^N and D ∝ C^D along the best runs, and decay L - E ∝ C^-loss."""

    N: float
    D: float
    loss: float


@_checks.finite
def chinchilla_loss(N: ArrayLike, D: ArrayLike, params: ChinchillaParameters) -> Array:
    """Loss L = E + A N^-α_N + B D^-α_D in nats per token; N, D > 0 broadcast.

    Source: Hoffmann et al. 2022, the parametric loss of their third approach.

    >>> chinchilla_loss(70e9, 1.4e12, HOFFMANN_ROUNDED).round(4).tolist()
    1.9366
    """
    _check_params(params)
    n, d = _checks.array("N", N, positive=True), _checks.array("D", D, positive=True)
    try:
        n, d = np.broadcast_arrays(n, d)
    except ValueError:
        raise ValueError(f"D must broadcast with N of shape {n.shape!r}, got {d.shape!r}") from None
    return np.asarray(params.E + params.A * n**-params.alpha_N + params.B * d**-params.alpha_D)


@_checks.finite
def compute_optimal(C: ArrayLike, params: ChinchillaParameters) -> ComputeOptimal:
    """Size and data of least loss for a budget of C = 6 N D > 0 floating point operations.

    Setting the derivative along C = 6ND to zero, α_N A N^-α_N = α_D B D^-α_D: the two reducible
    terms stand in the fixed ratio α_D : α_N. Hence N = G (C/6)^a, D = (C/6)^(1-a) / G with a = α_D
    / (α_N + α_D) and G = (α_N A / (α_D B))^(1/(α_N + α_D)). Unlike the split over subtasks, where
    resources add, here a product is fixed.

    Source: Hoffmann et al. 2022 state it; derived here, tested against a numerical minimiser.

    >>> best = compute_optimal(5.76e23, REPLICATION)
    >>> f"{float(best.N):.3g} parameters, {float(best.D):.3g} tokens"
    '7.32e+10 parameters, 1.31e+12 tokens'
    """
    _check_params(params)
    budget = _checks.array("C", C, positive=True) / _FLOP
    alpha_sum = params.alpha_N + params.alpha_D
    ratio = params.alpha_N * params.A / (params.alpha_D * params.B)
    G = ratio ** (1 / alpha_sum)
    N = G * budget ** (params.alpha_D / alpha_sum)
    D = budget ** (params.alpha_N / alpha_sum) / G
    return ComputeOptimal(np.asarray(N), np.asarray(D), chinchilla_loss(N, D, params))


@_checks.finite
def compute_exponents(params: ChinchillaParameters) -> ComputeExponents:
    """Exponents of the best runs in compute.

    N ∝ C^a with a = α_D / (α_N + α_D), D ∝ C^(1-a), and L - E ∝ C^(-α_N α_D / (α_N + α_D)).

    Source: derived here; read off `compute_optimal` by a test.

    >>> [round(value, 4) for value in compute_exponents(REPLICATION)]
    [0.5139, 0.4861, 0.1785]
    """
    _check_params(params)
    a, b = params.alpha_N, params.alpha_D
    return ComputeExponents(N=b / (a + b), D=a / (a + b), loss=a * b / (a + b))


def _check_params(params: object) -> None:
    if not isinstance(params, ChinchillaParameters):
        raise ValueError(f"params must be ChinchillaParameters, got {params!r}")
