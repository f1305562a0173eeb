"""The best split of N neurons over subtasks, and what follows for the composite loss."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from skillscale import _checks

Array = NDArray[np.float64]


@_checks.finite
def allocate(
    weights: ArrayLike, costs: ArrayLike, N: ArrayLike, *, exponent: ArrayLike = 1.0
) -> Array:
    """Best split of N resources over subtasks, shape ``(*N.shape, subtask)``.

    Minimises L = Σ_k β_k c_k N_k^-g_k subject to Σ_k N_k = N, with β = `weights`, c = `costs` and
    g = `exponent`. For a common g the ratios do not depend on N: N_i / N_j = (β_i c_i / β_j c_j)^(1
    / (1 + g)). For unequal exponents the stationarity condition N_k = (g_k β_k c_k / λ)^(1
    / (1 + g_k)) is solved for the multiplier λ.

    Args:
        weights: > 0, shape (subtask,).
        costs: > 0, shape (subtask,); loss of a subtask that owns one unit of resource.
        N: > 0, any shape.
        exponent: Decay rate of a subtask's loss, > 0; one for all, or one per subtask.

    Source: derived here (Lagrange multiplier), tested against a numerical minimiser. That ratios
    stay fixed is the homogeneous growth of Song et al. 2024.

    >>> allocate([0.9, 0.1], [1.0, 1.0], 100.0).round(6).tolist()
    [75.0, 25.0]
    """
    products = _products(weights, costs)
    g = _exponents(exponent, products.size)
    total = _checks.array("N", N, positive=True)
    if np.all(g == g[0]):
        share = products ** (1 / (1 + g[0]))
        return np.asarray(total[..., None] * (share / share.sum()))
    parts = [_unequal_split(products, g, float(n)) for n in total.ravel()]
    return np.asarray(parts).reshape(*total.shape, products.size)


@_checks.finite
def composite_loss(
    weights: ArrayLike, costs: ArrayLike, N: ArrayLike, *, exponent: ArrayLike = 1.0
) -> Array:
    """Loss of a composite task whose N resources are shared out as by `allocate`.

    L(N) = min Σ_k β_k c_k N_k^-g_k; for a common g this is (Σ_k (β_k c_k)^(1/(1+g)))^(1+g) N^-g,
    and for g = 1 it is (Σ_k sqrt(β_k c_k))² / N, in the unit of the costs.

    Source: derived here; the additive loss is a hypothesis of Song et al. 2024.

    >>> float(composite_loss([0.5, 0.5], [2.0, 2.0], 8.0))
    0.5
    """
    products = _products(weights, costs)
    g = _exponents(exponent, products.size)
    split = allocate(weights, costs, N, exponent=g)
    return np.asarray((products * split**-g).sum(axis=-1))


def homogeneous_growth(exponents: ArrayLike) -> Array:
    """Rate at which each subtask's share grows with N when the best split is kept.

    N_k ∝ N^r_k as N → ∞ with r_k = (1 + min_j g_j) / (1 + g_k): all ones (growth is homogeneous)
    exactly when the loss exponents g = `exponents` > 0, shape (subtask,), are equal; otherwise the
    slowest subtask takes an ever larger share.

    Source: derived here; tested against `allocate`.

    >>> homogeneous_growth([1.0, 3.0]).tolist()
    [1.0, 0.5]
    """
    g = np.atleast_1d(_checks.array("exponents", exponents, positive=True))
    return np.asarray((1 + g.min()) / (1 + g))


def parameter_exponent(width_exponent: float, depth_width_exponent: float) -> float:
    """Exponent g / (2 + κ) in the number of parameters, from those in width and shape.

    If L ∝ width^-g and depth ∝ width^κ, g > 0 and κ >= 0, then N_p ∝ width² depth = width^(2 + κ)
    and L ∝ N_p^(-g / (2 + κ)). With g = κ = 1 this is the 1/3 that Song et al. 2024 compare with
    Chinchilla's exponent; depth ∝ width is an assumption there.

    Source: derived here; tested on planted shapes.

    >>> round(parameter_exponent(1.0, 1.0), 4)
    0.3333
    """
    width_exponent = _checks.number("width_exponent", width_exponent, above=0)
    depth_width_exponent = _checks.number("depth_width_exponent", depth_width_exponent, minimum=0)
    return width_exponent / (2 + depth_width_exponent)


def _unequal_split(products: Array, g: Array, total: float) -> Array:
    """Split for unequal exponents: root in log λ of Σ_k (g β c / λ)^(1/(1+g)) = N."""
    scale = np.log(g * products)

    def split(log_multiplier: float) -> Array:
        return np.asarray(np.exp((scale - log_multiplier) / (1 + g)))

    # one subtask alone at N, or at N / K, brackets the sum
    edges = scale - (1 + g) * np.log(total)
    wide = scale - (1 + g) * np.log(total / products.size)
    found = brentq(
        lambda m: float(np.log(split(m).sum() / total)),
        edges.min() - 1e-9,
        wide.max() + 1e-9,
        xtol=1e-13,
    )
    part = split(found)
    return np.asarray(part * (total / part.sum()))


def _products(weights: ArrayLike, costs: ArrayLike) -> Array:
    beta = _checks.array("weights", weights, positive=True)
    c = _checks.array("costs", costs, positive=True)
    if beta.ndim != 1 or beta.shape != c.shape:
        raise ValueError(
            "weights and costs must be two 1-D sequences of one length, "
            f"got shapes {beta.shape!r} and {c.shape!r}"
        )
    return beta * c


def _exponents(exponent: ArrayLike, n_subtasks: int) -> Array:
    """One positive exponent per subtask."""
    g = _checks.array("exponent", exponent, positive=True)
    if g.ndim > 1 or g.size not in (1, n_subtasks):
        raise ValueError(
            f"exponent must be one number or one per subtask ({n_subtasks}), got shape {g.shape!r}"
        )
    return np.array(np.broadcast_to(g, (n_subtasks,)))
