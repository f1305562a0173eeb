"""One subtask under a weight penalty: pairs of SiLU neurons that make x², and how many pay off.

Fixed width and a penalty, as in the experiments of Song et al. 2024, instead of fixed noise. A pair
sends v [silu(wx) + silu(-wx)]; n equal pairs make x² on [-1, 1] together with a free offset, N = 2n
neurons in all. What is minimised is

    strength · loss + Σ_neurons (w² + v²) = strength · loss + 2n (w² + v²),

with the mean squared error as loss and n, w, v continuous and without biases. `strength` is α/λ, of
any shape, the weight of the task over that of the penalty.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from skillscale import _checks

Array = NDArray[np.float64]

# mean square of what w⁴x⁴ leaves after the best offset and amplitude: see `derivation`
_LOSS_FACTOR = 4 / 99225
# a smooth even integrand: 40 nodes are exact to rounding for the w in question
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(40)


class SparsePair(NamedTuple):
    """Input weight w, number of neurons N (not rounded) and mean squared error of the minimum."""

    w: Array
    N: Array
    loss: Array


@_checks.finite
def sparse_pair_equilibrium(strength: ArrayLike) -> SparsePair:
    """Balance of error and penalty for the pair toy, to leading order in small w.

    w = (2 / (K s))^(1/5), N = 4 / w³, loss = K w⁴ with K = 4/99225 and s = `strength` > 0: hence
    N ∝ s^(3/5), loss ∝ s^(-4/5), w = (4/N)^(1/3) and loss = K (4/N)^(4/3), an exponent of 4/3 and
    not of 1. At s = 1e4 w and loss are off by 5 and 6 %, at 1e6 by less than 1 %. With free biases
    other minima exist, which are better at large strength; counts are whole pairs in a network, so
    N < 2 does not occur there (strength below about 1.6e4).

    Source: derived here for the toy that Song et al. 2024 train; tested against a numerical
    minimum.

    >>> w, N, loss = sparse_pair_equilibrium(1e6)
    >>> round(float(w), 4), round(float(N), 3), float(loss.round(9))
    (0.5484, 24.25, 3.647e-06)
    """
    s = _checks.array("strength", strength, positive=True)
    w = (2 / (_LOSS_FACTOR * s)) ** 0.2
    return SparsePair(np.asarray(w), np.asarray(4 / w**3), np.asarray(_LOSS_FACTOR * w**4))


@_checks.finite
def sparse_pair_minimum(strength: ArrayLike) -> SparsePair:
    """Balance of error and penalty for the pair toy, with the exact SiLU pair, for strength >= 1e3.

    At a total readout V = n v the penalty 2n w² + 2V²/n is least at n = V/w, where it is 4 V w. The
    rest is quadratic in V, and w is found numerically. Tends to `sparse_pair_equilibrium` for large
    strength.

    Source: derived here; tested against brute force over n, w, v.

    >>> w, N, loss = sparse_pair_minimum(1e6)
    >>> round(float(w), 3), round(float(N), 2)
    (0.553, 24.23)
    """
    s = _checks.array("strength", strength, minimum=1e3)
    found = np.array([_minimum(float(one)) for one in s.ravel()])
    return SparsePair(*(column.reshape(s.shape) for column in found.T))


def _minimum(strength: float) -> tuple[float, float, float]:
    """w, N and loss at one strength."""

    def at(w: float) -> tuple[float, float, float]:
        """Objective, best V and loss at one w."""
        pair = _NODES * w * np.tanh(_NODES * w / 2)  # silu(z) + silu(-z) = z tanh(z/2)
        pair, target = _centred(pair), _centred(_NODES**2)
        power, overlap = _mean(pair**2), _mean(pair * target)
        V = (overlap - 2 * w / strength) / power
        loss = _mean((target - V * pair) ** 2)
        return strength * loss + 4 * V * w, V, loss

    guess = np.log(float(sparse_pair_equilibrium(strength).w))
    best = minimize_scalar(
        lambda log_w: at(float(np.exp(log_w)))[0],
        bounds=(guess - 1, guess + 1),
        method="bounded",
        options={"xatol": 1e-10},
    )
    w = float(np.exp(best.x))
    _, V, loss = at(w)
    return w, 2 * V / w, loss


def _mean(values: Array) -> float:
    """Mean over [-1, 1] of a function known at the nodes."""
    return float(_NODE_WEIGHTS @ values) / 2


def _centred(values: Array) -> Array:
    return values - _mean(values)
