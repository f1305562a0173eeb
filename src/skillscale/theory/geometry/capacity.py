"""What fits into the dimensions: alignment of the step, and how many skills can be satisfied."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from skillscale import _checks

__all__ = ["alignment", "separable_fraction"]

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
    counts, dims = _checks.array("n", n, minimum=1.0), _checks.array("d", d, minimum=1.0)
    for name, value in (("n", counts), ("d", dims)):
        if (value != np.floor(value)).any():
            raise ValueError(f"{name} must be whole numbers >= 1, got {value.tolist()!r}")
    return np.asarray(binom.cdf(dims - 1, counts - 1, 0.5))
