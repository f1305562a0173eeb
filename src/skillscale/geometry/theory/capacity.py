"""What fits into the dimensions: alignment of the step, and how many skills can be satisfied."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from skillscale import _checks

Array = NDArray[np.float64]


def alignment(demand: ArrayLike) -> Array:
    """Return the share of coordinates in which minus the gradient and a task vector have one sign.

    1 - arccos(ρ_k)/π with ρ_k = w_k / ‖w‖₂ (orthonormal Gaussian-like task vectors): ½ is chance, 1
    a skill that alone sets every sign. `demand` holds w_k ≥ 0, shape (..., skill), not all zero
    along the last axis.

    Source: derived here (sign agreement of two jointly Gaussian variables); tested on sampled
    vectors.

    >>> alignment([3.0, 4.0]).round(4)
    array([0.7048, 0.7952])
    """
    w = np.atleast_1d(_checks.array("demand", demand, minimum=0.0))
    norm = np.linalg.norm(w, axis=-1, keepdims=True)
    if (norm == 0).any():
        raise ValueError(f"demand must have an entry > 0 in every row, got {demand!r}")
    return np.asarray(1.0 - np.arccos(np.minimum(w / norm, 1.0)) / math.pi)


def separable_fraction(n: ArrayLike, d: ArrayLike) -> Array:
    """Return the probability that some θ in R^d satisfies t_k·θ > 0 for n random task vectors.

    P = 2^(1-n) Σ_{i<d} C(n-1, i): 1 for n ≤ d, ½ at n = 2d. Vectors in general position with
    symmetric distribution; n and d are whole, ≥ 1, and broadcast.

    Source: Cover (1965), function-counting theorem; tested by counting with linear programming.

    >>> separable_fraction([3, 10, 20], 5)
    array([1.        , 0.5       , 0.00960541])
    """
    counts, dims = _checks.whole("n", n, minimum=1), _checks.whole("d", d, minimum=1)
    return np.asarray(binom.cdf(dims - 1, counts - 1, 0.5))


def modular_loss(frequency: ArrayLike, dim: ArrayLike) -> Array:
    """Return the cross entropy when each of the first `dim` skills has a dimension to itself.

    L = ln 2 Σ_{k>d} p_k nats: a skill with its own coordinate axis is learned perfectly, the others
    have no parameter and stay at the loss ln 2 of a logit 0. `frequency` is in the order in which
    skills get dimensions, `dim` whole, ≥ 0, of any shape.

    Source: derived here for the "orthogonal" task vectors of the public code of Liu et al. 2025;
    tested against simulated sign descent.

    >>> modular_loss([0.5, 0.3, 0.2], [0, 1, 3]).round(4)
    array([0.6931, 0.3466, 0.    ])
    """
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    dims = _checks.whole("dim", dim, minimum=0)
    tail = np.append(np.cumsum(p[::-1])[::-1], 0.0)
    return np.asarray(math.log(2.0) * tail[np.minimum(dims, p.size).astype(int)])
