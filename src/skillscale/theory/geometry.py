"""The geometry model: skills are directions in parameter space, and the optimizer decides the pace.

Liu et al. 2025: parameters θ in R^d, skill k has a unit task vector t_k and the progress t_k·θ; its
unlearned fraction is u_k = 1 - t_k·θ, the loss Σ_k p_k u_k². Sign descent moves every coordinate by
`lr` whatever the gradient's size. For task vectors with Gaussian-like entries the expected progress
of a step is a skill's demand w_k = p_k u_k divided by the L2 norm of all demands; this module holds
that mean field, gradient descent for comparison, and what follows from them.
"""

import math
from typing import NamedTuple

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline
from scipy.stats import binom

from skillscale import _checks

__all__ = [
    "alignment",
    "completion_time",
    "derivation",
    "separable_fraction",
    "sgd",
    "sign_descent",
    "two_skill_ratio",
    "wasted_resource",
]

Array = NDArray[np.float64]


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
    """Return the unlearned fraction u_k(t) of every skill under sign descent, in mean field.

    With w_k = p_k u_k, C = `overlap`, d = `dim`, η = `lr`, σ = `noise`, c = `gradient_factor`:

        du_k/dt = -η √(2d/π) (C w)_k / √(w·C w + d σ²/c²).

    One clock with ds/dt = η √(2d/π) / √(…) makes this linear, du/ds = -C P u with P = diag(p): for
    orthonormal task vectors u_k = e^(-p_k s); with overlaps, the eigenvectors of P^½ C P^½ decay
    with their eigenvalues. The time t(s) is then an integral, done by Gauss–Legendre quadrature.

    Args:
        t: Times ≥ 0 in steps, any shape.
        frequency: Frequencies p_k > 0, shape (skill,).
        lr: Learning rate > 0: the length of a step in every coordinate.
        dim: Number of parameters d ≥ 1.
        overlap: Inner products t_j·t_k of the task vectors, shape (skill, skill), symmetric and
            positive semidefinite; None for orthonormal task vectors.
        noise: Standard deviation σ ≥ 0 of Gaussian noise on each coordinate of the gradient.
        gradient_factor: Gradient is -c Σ_k w_k t_k; c = 2 for the loss Σ_k p_k u_k².

    Returns:
        Array of shape (*t.shape, skill). Without noise all that can be learned is learned in finite
        time; later times return the end state.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here (the public code of Liu et al. 2025 divides by the sum Σ_j w_j + N0
    instead, `domino.unlearned`); `tests/test_geometry_theory.py` compares with an ODE solver and
    with simulated sign descent.

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
    """Return the unlearned fraction u_k(t) = e^(-2 lr p_k t) under gradient descent.

    Orthonormal task vectors, loss Σ_k p_k u_k², gradient flow (small steps: lr · p_1 ≪ 1). Skills
    do not compete: each has its own exponential, so t_j / t_k = p_k / p_j.

    Args:
        t: Times ≥ 0 in steps, any shape.
        frequency: Frequencies p_k > 0, shape (skill,).
        lr: Learning rate > 0.

    Returns:
        Array of shape (*t.shape, skill).

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_geometry_theory.py` compares with simulated descent.

    >>> sgd([10.0], [0.5, 0.1], lr=0.1).round(4)
    array([[0.3679, 0.8187]])
    """
    times = _checks.array("t", t, minimum=0.0)
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    lr = _checks.number("lr", lr, above=0)
    return np.asarray(np.exp(-2.0 * lr * times[..., None] * p))


def completion_time(
    frequency: ArrayLike, *, lr: float, dim: int, noise: float = 0.0, eps: float = 0.1
) -> Array:
    """Return the time at which sign descent has brought each skill's unlearned fraction to `eps`.

    Orthonormal task vectors, gradient factor 2. Skill k is there when the clock reads
    s_k = ln(1/ε)/p_k, and t_k = ∫_0^{s_k} √(Σ_j p_j² e^(-2 p_j s) + d σ²/4) ds / (η √(2d/π)).

    Args:
        frequency: Frequencies p_k > 0, shape (skill,).
        lr: Learning rate > 0.
        dim: Number of parameters d.
        noise: Standard deviation ≥ 0 of the gradient noise per coordinate.
        eps: Residual ε in (1e-15, 1).

    Returns:
        Times in steps, shape (skill,).

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_geometry_theory.py` compares with `sign_descent` and with
    simulated sign descent.

    >>> completion_time([0.5, 0.5], lr=3e-4, dim=1000).round(1)
    array([168.1, 168.1])
    """
    p = _checks.array("frequency", frequency, positive=True, dims=(1,))
    pace, floor = _scales(lr, dim, noise, 2.0)
    eps = _checks.number("eps", eps, above=1e-15, below=1)
    table = _tabulate(p, p**2, floor, pace)
    return np.asarray(table.time(-math.log(eps) / p))


def two_skill_ratio(r: ArrayLike, *, eps: float = 0.1) -> Array:
    """Return t_2 / t_1 under sign descent for two skills with frequency ratio r = p_1 / p_2.

    No noise, orthonormal task vectors; learning rate and dimension drop out. Rises from 1 at r = 1
    to (2 - ε)/(1 - ε) for r → ∞, the limit that resource dynamics has too
    (`domino.two_skill_ratio`).

    Args:
        r: Ratios ≥ 1, any shape.
        eps: Residual ε in (1e-15, 1) that counts as learned.

    Returns:
        Ratios of the shape of `r`.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; limits in `tests/test_geometry_theory.py`.

    >>> two_skill_ratio([1.0, 10.0, 40.0]).round(2)
    array([1.  , 1.78, 2.  ])
    """
    ratio = _checks.array("r", r, minimum=1.0)
    pairs = [completion_time([x, 1.0], lr=1.0, dim=1, eps=eps) for x in ratio.ravel()]
    return np.asarray([late / early for early, late in pairs]).reshape(ratio.shape)


def wasted_resource(noise: ArrayLike, dim: int, *, gradient_factor: float = 2.0) -> Array:
    """Return the wasted resource N0 that gradient noise amounts to, N0 = σ √(2πd) / c.

    Where noise dominates, sign descent gives du_k/dt = -η √(2/π) c w_k / σ; resource dynamics with
    rate 2η√d gives -2η√d w_k / N0 for N0 ≫ Σ_j w_j. Equating them gives N0: a large-noise limit.

    Args:
        noise: Standard deviation σ ≥ 0 of the noise per coordinate, any shape.
        dim: Number of parameters d ≥ 1.
        gradient_factor: Factor c > 0 in the gradient -c Σ_k w_k t_k.

    Returns:
        N0 in the unit of the demands, shape of `noise`.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_geometry_theory.py` compares `sign_descent` with
    `domino.unlearned` at large noise.

    >>> float(wasted_resource(1.0, 1000).round(2))
    39.63
    """
    sigma = _checks.array("noise", noise, minimum=0.0)
    dim = _checks.integer("dim", dim, minimum=1)
    factor = _checks.number("gradient_factor", gradient_factor, above=0)
    return np.asarray(sigma * math.sqrt(2.0 * math.pi * dim) / factor)


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


def derivation() -> dict[str, sp.Expr]:
    """Return the chapter's results as symbolic expressions, each obtained by integration.

    Keys: "mean_abs" (E|Z| of a standard normal variable), "sign_gain" (E[X sign G] for jointly
    Gaussian X, G with covariance kappa and standard deviation tau of G), "pace" (expected
    -du_k/dt of sign descent on d coordinates), "noise_limit" (the same without other demands'
    pull: noise dominates), "wasted" (N0 that gives resource dynamics the same pace),
    "sgd" (u_k(t) of gradient descent).

    Returns:
        Expressions in kappa, tau, d, eta, sigma, c, w_k, q (the quadratic form w·Cw), p_k, t.

    Source: derived here; `tests/test_geometry_theory.py` compares with the numerical functions.

    >>> derivation()["mean_abs"]
    sqrt(2)/sqrt(pi)
    """
    z = sp.symbols("z", real=True)
    tau, d, eta, sigma, c, q, wk, pk, N0 = sp.symbols(
        "tau d eta sigma c q w_k p_k N_0", positive=True
    )
    kappa = sp.symbols("kappa", real=True)
    t = sp.symbols("t", nonnegative=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    mean_abs = 2 * sp.integrate(z * density, (z, 0, sp.oo))
    # X = (kappa/tau²) G + a part independent of G, whose product with sign G averages to zero
    sign_gain = kappa / tau**2 * tau * mean_abs
    # a coordinate of t_k has variance 1/d; the gradient's signal c Σ w_j t_j adds to its noise
    covariance, deviation = c * wk / d, sp.sqrt(c**2 * q / d + sigma**2)
    pace = sp.simplify(eta * d * sign_gain.subs({kappa: covariance, tau: deviation}))
    noise_limit = sp.simplify(pace.subs(q, 0))
    wasted = sp.solve(sp.Eq(2 * eta * sp.sqrt(d) * wk / N0, noise_limit), N0)[0]
    u = sp.Function("u")
    flow = sp.dsolve(sp.Eq(u(t).diff(t), -2 * eta * pk * u(t)), u(t), ics={u(0): 1})
    return {
        "mean_abs": mean_abs,
        "sign_gain": sign_gain,
        "pace": pace,
        "noise_limit": noise_limit,
        "wasted": wasted,
        "sgd": flow.rhs,
    }


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
    return matrix
