"""What fits into the dimensions: alignment of the step, and how many skills can be satisfied."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from skillscale import _checks

__all__ = ["alignment", "modular_loss", "separable_fraction"]

Array = NDArray[np.float64]


def alignment(demand: ArrayLike) -> Array:
    """Return the share of coordinates in which minus the gradient and a task vector have one sign.

    1 - arccos(ρ_k)/π with ρ_k = w_k / ‖w‖₂ (orthonormal Gaussian-like task vectors): ½ is chance,
    1 a skill that alone sets every sign.

    Args:
        demand: Demands w_k ≥ 0, shape (..., skill), not all zero along the last axis.

    Returns:
        Shares of the shape of `demand`.

    Raises:
        ValueError: If an entry is negative or not finite, or a row is zero.

    Source: derived here (sign agreement of two jointly Gaussian variables);
    `tests/test_geometry_theory.py` compares with sampled vectors.

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
    symmetric distribution.

    Args:
        n: Numbers of vectors, whole and ≥ 1.
        d: Dimensions, whole and ≥ 1; broadcasts with `n`.

    Returns:
        Probabilities, broadcast shape of `n` and `d`.

    Raises:
        ValueError: If an entry is not a whole number ≥ 1.

    Source: Cover (1965), function-counting theorem; `tests/test_geometry_theory.py` counts the
    separable sign patterns by linear programming.

    >>> separable_fraction([3, 10, 20], 5)
    array([1.        , 0.5       , 0.00960541])
    """
    counts, dims = _checks.whole("n", n, minimum=1), _checks.whole("d", d, minimum=1)
    return np.asarray(binom.cdf(dims - 1, counts - 1, 0.5))


def modular_loss(frequency: ArrayLike, dim: ArrayLike) -> Array:
    """Return the cross entropy when each of the first `dim` skills has a dimension to itself.

    L = ln 2 Σ_{k>d} p_k: a skill with its own coordinate axis is learned perfectly, the others have
    no parameter and stay at the loss ln 2 of a logit 0.

    Args:
        frequency: Frequencies p_k > 0 in the order in which skills get dimensions, shape (skill,).
        dim: Numbers of dimensions d, whole and ≥ 0, any shape.

    Returns:
        Loss in nats, shape of `dim`.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here for the "orthogonal" task vectors of the public code of Liu et al. 2025;
    `tests/test_geometry_theory_capacity.py` compares with simulated sign descent.

    >>> modular_loss([0.5, 0.3, 0.2], [0, 1, 3]).round(4)
    array([0.6931, 0.3466, 0.    ])
    """
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    dims = _checks.whole("dim", dim, minimum=0)
    tail = np.append(np.cumsum(p[::-1])[::-1], 0.0)
    return np.asarray(math.log(2.0) * tail[np.minimum(dims, p.size).astype(int)])
