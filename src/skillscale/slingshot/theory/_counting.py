"""Entropy, divergence and the roots and tail means that the bounds are made of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks

Array = NDArray[np.float64]
LEAST = 1e-150  # of the fractions a and θ, whose product must fit a float


def entropy(p: ArrayLike) -> Array:
    """Binary entropy in nats."""
    x = np.asarray(p, dtype=np.float64)
    return np.asarray(-x * np.log(x) - (1 - x) * np.log1p(-x))


def divergence(q: Array, a: Array) -> Array:
    """Binary divergence KL(q‖a) in nats for 0 < a < 1 and 0 < q <= 1."""
    rest = np.maximum(1 - q, np.finfo(float).tiny)
    return np.asarray(q * np.log(q / a) + rest * np.log(rest / (1 - a)))


def divergence_root(a: Array, cost: Array) -> Array:
    """β in (1, 1/a) with KL(aβ‖a) = cost by bisection; nan where cost >= ln(1/a)."""
    low, high = np.ones_like(a), 1 / a
    for _ in range(100):
        middle = (low + high) / 2
        above = divergence(a * middle, a) > cost
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(cost < -np.log(a), high, np.nan)


def checked(
    values: ArrayLike, theta: float, k: int, *, name: str = "bad_fraction"
) -> tuple[Array, float, int]:
    """Non-empty array of numbers in (0, 1), θ and k."""
    array = _checks.array(name, values)
    if not np.all((array > 0) & (array < 1)):
        raise ValueError(f"{name} must lie in (0, 1), got {values!r}")
    if not np.all(array >= LEAST):
        raise ValueError(f"{name} must be >= {LEAST:g}, got {values!r}")
    return array, *check(theta, k)


def check(theta: float, k: int) -> tuple[float, int]:
    """Ranges of θ and k."""
    theta = _checks.number("theta", theta, above=0, below=1)
    return _checks.number("theta", theta, minimum=LEAST), _checks.integer("k", k, minimum=1)


def check_terms(k: int, points: Array) -> None:
    """Refuse a `k` whose sums over k terms, one at each point, take more than 10^8 terms."""
    _checks.integer("k", k, minimum=1, maximum=max(1, _checks.LARGEST_SIZE // points.size))
