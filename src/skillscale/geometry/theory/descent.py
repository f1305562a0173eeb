"""Mean fields of sign descent and gradient descent, and the waste that noise amounts to."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline

from skillscale import _checks

Array = NDArray[np.float64]


@_checks.finite
def sign_descent(
    t: ArrayLike,
    frequency: ArrayLike,
    *,
    lr: float,
    dim: int,
    overlap: ArrayLike | None = None,
    noise: float = 0.0,
    gradient_factor: float = 2.0,
) -> Array:
    """Return u_k(t) of every skill under sign descent, in mean field: shape (*t.shape, skill).

    With w_k = p_k u_k, C = `overlap`, d = `dim`, η = `lr`, σ = `noise`, c = `gradient_factor`:

        du_k/dt = -η √(2d/π) (C w)_k / √(w·C w + d σ²/c²).

    One clock with ds/dt = η √(2d/π) / √(…) makes this linear, du/ds = -C P u with P = diag(p): for
    orthonormal task vectors u_k = e^(-p_k s); with overlaps, the eigenvectors of P^½ C P^½ decay
    with their eigenvalues. The time t(s) is then an integral, done by Gauss–Legendre quadrature.
    Without noise all that can be learned is learned in finite time; later times return the end
    state.

    Args:
        overlap: Inner products t_j·t_k of the task vectors, shape (skill, skill), symmetric and
            positive semidefinite; None for orthonormal task vectors.
        gradient_factor: The gradient is -c Σ_k w_k t_k, c > 0; 2 for the loss Σ_k p_k u_k².

    Source: derived here (the public code of Liu et al. 2025 divides by the sum Σ_j w_j + N0
    instead, `domino.unlearned`); tested against an ODE solver and simulated sign descent.

    >>> sign_descent([0.0, 100.0], [0.8, 0.2], lr=3e-4, dim=1000).round(3)
    array([[1.   , 1.   ],
           [0.294, 0.736]])
    """
    times = _checks.array("t", t, minimum=0.0)
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    pace, floor = _scales(lr, dim, noise, gradient_factor)
    root = np.sqrt(p)
    if overlap is None:
        rates, weights, modes = p, p**2, None
    else:
        rates, modes = np.linalg.eigh(root[:, None] * _gram(overlap, p.size) * root)
        rates = np.where(rates > 1e-12 * rates.max(), rates, 0.0)
        weights = rates * (modes.T @ root) ** 2
    s = _invert(_tabulate(rates, weights, floor, pace), times)
    decay = np.exp(-s[..., None] * rates)
    if modes is None:
        return np.asarray(decay)
    return np.asarray((decay * (modes.T @ root)) @ modes.T / root)


def sgd(t: ArrayLike, frequency: ArrayLike, *, lr: float) -> Array:
    """Return u_k(t) = e^(-2 lr p_k t) under gradient descent, shape (*t.shape, skill).

    Orthonormal task vectors, loss Σ_k p_k u_k², gradient flow (small steps: lr · p_1 ≪ 1). Skills
    do not compete: each has its own exponential, so t_j / t_k = p_k / p_j.

    Source: derived here; tested against simulated descent.

    >>> sgd([10.0], [0.5, 0.1], lr=0.1).round(4)
    array([[0.3679, 0.8187]])
    """
    times = _checks.array("t", t, minimum=0.0)
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    lr = _checks.number("lr", lr, above=0)
    return np.asarray(np.exp(-2.0 * lr * times[..., None] * p))


@_checks.finite
def normalised_descent(
    t: ArrayLike, frequency: ArrayLike, *, lr: float, overlap: ArrayLike | None = None
) -> Array:
    """Return u_k(t) under descent along the gradient divided by its Euclidean norm.

    The gradient -c Σ_k w_k t_k has the norm c √(w·C w), so a step of length η = `lr`, small against
    what is left to learn, gives

        du_k/dt = -η (C w)_k / √(w·C w),

    exactly and for any task vectors: the mean field of `sign_descent` with the pace η in place of η
    √(2d/π). A step of sign descent has the length η √d, and the share √(2/π) of it is along the
    gradient.

    Source: derived here; tested against simulated descent.

    >>> normalised_descent([0.0, 100.0], [0.8, 0.2], lr=0.007).round(3)
    array([[1.   , 1.   ],
           [0.343, 0.765]])
    """
    lr = _checks.number("lr", lr, above=0)
    return sign_descent(t, frequency, lr=lr * math.sqrt(math.pi / 2.0), dim=1, overlap=overlap)


@_checks.finite
def completion_time(
    frequency: ArrayLike, *, lr: float, dim: int, noise: float = 0.0, eps: float = 0.1
) -> Array:
    """Return the time at which sign descent has brought each skill's unlearned fraction to `eps`.

    Orthonormal task vectors, gradient factor 2. Skill k is there when the clock reads
    s_k = ln(1/ε)/p_k, and t_k = ∫_0^{s_k} √(Σ_j p_j² e^(-2 p_j s) + d σ²/4) ds / (η √(2d/π)).

    Source: derived here; tested against simulated sign descent.

    >>> completion_time([0.5, 0.5], lr=3e-4, dim=1000).round(1)
    array([168.1, 168.1])
    """
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    pace, floor = _scales(lr, dim, noise, 2.0)
    eps = _checks.number("eps", eps, above=1e-15, below=1)
    table = _tabulate(p, p**2, floor, pace)
    return np.asarray(table.time(-math.log(eps) / p))


@_checks.finite
def two_skill_ratio(r: ArrayLike, *, eps: float = 0.1) -> Array:
    """Return t_2 / t_1 under sign descent for two skills with frequency ratio r = p_1 / p_2 ≥ 1.

    No noise, orthonormal task vectors; learning rate and dimension drop out. Rises from 1 at r = 1
    to (2 - ε)/(1 - ε) for r → ∞, the limit that resource dynamics has too
    (`domino.two_skill_ratio`).

    Source: derived here.

    >>> two_skill_ratio([1.0, 10.0, 40.0]).round(2)
    array([1.  , 1.78, 2.  ])
    """
    ratio = _checks.array("r", r, minimum=1.0)
    pairs = [completion_time([x, 1.0], lr=1.0, dim=1, eps=eps) for x in ratio.ravel()]
    return np.asarray([late / early for early, late in pairs]).reshape(ratio.shape)


@_checks.finite
def wasted_resource(noise: ArrayLike, dim: int, *, gradient_factor: float = 2.0) -> Array:
    """Return the wasted resource N0 that gradient noise amounts to, N0 = σ √(2πd) / c.

    Where noise dominates, sign descent gives du_k/dt = -η √(2/π) c w_k / σ; resource dynamics with
    rate 2η√d gives -2η√d w_k / N0 for N0 ≫ Σ_j w_j. Equating them gives N0, in the unit of the
    demands: a large-noise limit.

    Source: derived here; tested on `sign_descent` and `domino.unlearned` at large noise.

    >>> float(wasted_resource(1.0, 1000).round(2))
    39.63
    """
    sigma = _checks.array("noise", noise, minimum=0.0)
    dim = _checks.integer("dim", dim, minimum=1)
    factor = _checks.number("gradient_factor", gradient_factor, above=0)
    return np.asarray(sigma * math.sqrt(2.0 * math.pi * dim) / factor)


class _Clock(NamedTuple):
    """Time t(s) of the shared clock as a spline on the knots `s`."""

    s: Array
    t: Array
    time: CubicHermiteSpline


def _tabulate(rates: Array, weights: Array, floor: float, pace: float) -> _Clock:
    """Integrate dt/ds = √(Σ weights e^(-2 rates s) + floor) / pace from 0 until all has decayed."""
    live = rates > 0
    rates, weights = rates[live], weights[live]
    # 45 time constants of the slowest mode: what is left, e^-45, is below double precision
    s = np.append(0.0, np.geomspace(1e-4 / rates.max(), 45.0 / rates.min(), 2000))

    def slope(at: Array) -> Array:
        block = max(1, 4_000_000 // rates.size)
        parts = np.array_split(at, -(-at.size // block))
        norms = [np.sqrt(np.exp(-2.0 * x[:, None] * rates) @ weights + floor) for x in parts]
        return np.concatenate(norms) / pace

    nodes, shares = np.polynomial.legendre.leggauss(4)
    middle, half = (s[1:] + s[:-1]) / 2, np.diff(s) / 2
    areas = sum(share * slope(middle + half * x) for x, share in zip(nodes, shares, strict=True))
    t = np.append(0.0, np.cumsum(half * areas))
    if not (np.isfinite(s).all() and np.isfinite(t).all()):
        raise OverflowError("the clock or the time to the end is no float")
    return _Clock(s, t, CubicHermiteSpline(s, t, slope(s)))


def _invert(table: _Clock, times: Array) -> Array:
    """Return the clock readings s(t); beyond the table, its end."""
    target = np.minimum(times, table.t[-1])
    low = np.clip(np.searchsorted(table.t, target, side="right") - 1, 0, table.s.size - 2)
    left, right = table.s[low], table.s[low + 1]
    for _ in range(50):
        middle = (left + right) / 2
        below = table.time(middle) < target
        left, right = np.where(below, middle, left), np.where(below, right, middle)
    return np.asarray((left + right) / 2)


def _scales(lr: float, dim: int, noise: float, gradient_factor: float) -> tuple[float, float]:
    """Return the pace η √(2d/π) and the noise floor d σ²/c² under the root."""
    lr = _checks.number("lr", lr, above=0)
    dim = _checks.integer("dim", dim, minimum=1)
    noise = _checks.number("noise", noise, minimum=0)
    factor = _checks.number("gradient_factor", gradient_factor, above=0)
    return lr * math.sqrt(2.0 * dim / math.pi), dim * noise**2 / factor**2


def _gram(overlap: ArrayLike, n_skills: int) -> Array:
    """Return a validated matrix of inner products."""
    matrix = _checks.array("overlap", overlap, dims=(2,))
    if matrix.shape != (n_skills, n_skills) or not np.allclose(matrix, matrix.T):
        raise ValueError(
            f"overlap must be a symmetric matrix of shape {(n_skills, n_skills)}, "
            f"got shape {matrix.shape}"
        )
    smallest = float(np.linalg.eigvalsh(matrix).min())
    if smallest < -1e-8 * np.abs(matrix).max():
        raise ValueError(f"overlap must be positive semidefinite, got eigenvalue {smallest:g}")
    if not matrix.any():
        raise ValueError("overlap must have an entry that is not 0, got none")
    return matrix
