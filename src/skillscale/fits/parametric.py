"""The Chinchilla law L(N, D) = E + A N^(-alpha_N) + B D^(-alpha_D), fitted through single runs.

N are parameters and D training tokens. The runs are the members: intervals come from resampling
them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from skillscale import _checks
from skillscale.fits.estimates import LEVEL, Estimate

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

PARAMETERS = ("A", "B", "E", "alpha_N", "alpha_D")
HUBER = 1e-3
MINIMUM_RUNS = 10
MOST_RESAMPLES = 100_000
# Within 1 % of a line in logarithms, a term that is a third of the loss and has an exponent of 0.3
# tells N from D by a thousandth of the loss, which is HUBER.
_COLLINEAR = 0.01
# Coordinates of the search: logarithms of the three terms at the centre of the data, relative to
# the loss there, and the two exponents. A term under e^-7 of the loss is as small as HUBER, so it
# cannot be told from none; an exponent of 0 cannot be told from the floor E.
_BOUNDS = ((-7.0, 3.0), (-7.0, 3.0), (-7.0, 3.0), (0.0, 5.0), (0.0, 5.0))
_TERMS = ((0, 3), (1, 4), (2,), (0, 3), (1, 4))
_FLOORS = (0.3, 0.6, 0.9)
_EXPONENTS = ((0.2, 0.2), (0.5, 0.5), (1.0, 1.0), (0.2, 0.7), (0.7, 0.2), (1.0, 0.3))


@dataclass(frozen=True, eq=False)
class Chinchilla:
    """A fitted law L = E + A N^(-alpha_N) + B D^(-alpha_D); A, B, E in units of the loss.

    Attributes:
        model_exponent: alpha_D / (alpha_N + alpha_D), with which the best N grows with compute.
        objective: Huber loss of the log residuals, summed over runs.
        draws: A, B, E, alpha_N, alpha_D of every resample, shape (draw, 5).
    """

    A: Estimate
    B: Estimate
    E: Estimate
    alpha_N: Estimate  # noqa: N815, the field's symbol
    alpha_D: Estimate  # noqa: N815
    model_exponent: Estimate
    objective: float
    draws: Array

    @property
    def values(self) -> Array:
        """A, B, E, alpha_N, alpha_D of the fit, shape (5,)."""
        return np.array([getattr(self, name).value for name in PARAMETERS])


def chinchilla(
    N: ArrayLike, D: ArrayLike, loss: ArrayLike, *, bootstrap: int = 0, seed: int = 0
) -> Chinchilla:
    """Fit L = E + A N^(-alpha_N) + B D^(-alpha_D) to runs, robustly on the logarithm of the loss.

    Minimises Σ_i Huber(r_i) with r = ln(A N^(-alpha_N) + B D^(-alpha_D) + E) - ln(loss) and
    Huber(r) = r²/2 up to 1e-3 and linear beyond. The sum is not averaged: the optimiser stops early
    on numbers that small, so it is also scaled up here. L-BFGS-B with the exact gradient runs from
    18 starts, and from the best fit for each resample of the runs. It takes 10 runs or more, with 3
    values of N and of D or more. D may not be a power of N within 1 %, as in runs with D = 20 N:
    their terms could not be told apart.

    Args:
        N, D, loss: > 0, shape (run,).
        bootstrap: Number of resamples, <= 100,000; 0 gives values without intervals.

    Returns:
        Every parameter with the 95 % percentile interval over resamples. Its status is "bound_hit"
        where the fit, or more than 2.5 % of the resamples, has a term under a thousandth of the
        loss or an exponent outside (0, 5), so that the term cannot be told from none or from the
        floor; "not_converged" where the search did not end in a minimum.

    Source: Hoffmann et al. 2022, approach 3, as repeated by Besiroglu et al. 2024; tested on
    planted laws, with their coverage, and on the published values.

    >>> N, D = np.meshgrid([1e8, 1e9, 1e10, 1e11], [1e10, 1e11, 1e12])
    >>> law = chinchilla(N.ravel(), D.ravel(), (1.7 + 400 * N**-0.34 + 410 * D**-0.28).ravel())
    >>> round(law.alpha_N.value, 3), round(law.alpha_D.value, 3), law.E.status
    (0.34, 0.28, 'ok')
    """
    runs = _runs(N, D, loss)
    bootstrap = _checks.integer("bootstrap", bootstrap, minimum=0, maximum=MOST_RESAMPLES)
    generator = np.random.default_rng(_checks.integer("seed", seed, minimum=0))
    centre = runs.mean(1)
    data = runs - centre[:, None]
    n_runs = data.shape[1]

    best = min((_search(start, data, np.ones(n_runs)) for start in _starts()), key=lambda f: f[1])
    again = []
    for _ in range(bootstrap):
        row = generator.multinomial(n_runs, np.full(n_runs, 1 / n_runs))
        again.append(_search(best[0], data[:, row > 0], row[row > 0].astype(float)))
    # Which terms of which fit are at a bound or without a minimum: first the fit, then resamples.
    points = np.array([best[0], *(found[0] for found in again)])
    poor = np.array([not found[2] for found in (best, *again)])
    edge: Flags = np.isclose(points[:, :, None], np.array(_BOUNDS), rtol=0, atol=1e-6).any(-1)
    hit: Flags = np.stack([np.any(edge[:, term], axis=1) for term in _TERMS], axis=1)
    laws = _uncentred(points, centre)

    def estimate(values: Array, at_bound: Flags) -> Estimate:
        low, high = np.nan, np.nan
        if bootstrap:
            low, high = np.quantile(values[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        status = "ok"
        if _common(at_bound):
            status = "bound_hit"
        elif _common(poor):
            status = "not_converged"
        return Estimate(float(values[0]), float(low), float(high), status, n_runs)

    A, B, E, alpha_N, alpha_D = (estimate(laws[:, i], hit[:, i]) for i in range(5))
    growth = laws[:, 4] / np.maximum(laws[:, 3] + laws[:, 4], np.finfo(float).tiny)
    return Chinchilla(
        A=A,
        B=B,
        E=E,
        alpha_N=alpha_N,
        alpha_D=alpha_D,
        model_exponent=estimate(growth, np.logical_or.reduce(hit, axis=1)),
        objective=best[1] * HUBER,
        draws=laws[1:],
    )


def _runs(N: ArrayLike, D: ArrayLike, loss: ArrayLike) -> Array:
    """Logarithms of N, D and the loss, shape (3, run)."""
    named = {"N": N, "D": D, "loss": loss}
    columns = [_checks.array(name, v, positive=True, dims=(1,)) for name, v in named.items()]
    for name, column in zip(named, columns, strict=True):
        if column.size != columns[0].size:
            raise ValueError(
                f"{name} must hold one number per run like N ({columns[0].size}), got {column.size}"
            )
    if columns[0].size < MINIMUM_RUNS:
        raise ValueError(
            f"N must hold at least {MINIMUM_RUNS} runs for 5 parameters, got {columns[0].size}"
        )
    for name, column in zip("ND", columns, strict=False):
        if (n_values := np.unique(column).size) < 3:
            found = f"{n_values} (all {column[0]:g})" if n_values == 1 else str(n_values)
            raise ValueError(f"{name} must take at least 3 different values, got {found}")
    logs = np.log(np.stack(columns))
    x, y = logs[:2] - logs[:2].mean(1, keepdims=True)
    for name, side in (("N", x), ("D", y)):
        if side.std() < _COLLINEAR:
            raise ValueError(f"{name} must scatter by more than 1 % over the runs")
    slope = (x @ y) / (x @ x)
    if (y - slope * x).std() < _COLLINEAR:
        raise ValueError(
            f"N and D are collinear: D follows N^{slope:.3g} within 1 %, so that the split of the "
            "loss between N and D cannot be told; add runs with other D / N"
        )
    return logs


def _starts() -> list[Array]:
    """Points to search from: shares of the floor, with the rest in two halves, and exponents."""
    return [
        np.array([*np.log([(1 - floor) / 2, (1 - floor) / 2, floor]), *exponents])
        for floor, exponents in itertools.product(_FLOORS, _EXPONENTS)
    ]


def _objective(point: Array, data: Array, count: Array) -> tuple[float, Array]:
    """Huber loss of the residuals in units of its width, summed over runs, and its gradient."""
    x, z, y = data
    terms = np.stack([point[0] - point[3] * x, point[1] - point[4] * z, np.full_like(x, point[2])])
    top = terms.max(0)
    parts = np.exp(terms - top)
    total = parts.sum(0)
    residual = top + np.log(total) - y
    clipped = np.clip(residual, -HUBER, HUBER)
    value = count @ (clipped * (residual - 0.5 * clipped)) / HUBER
    # The gradient of a log of summed exponentials are the softmax weights of its terms.
    slope = count * clipped / HUBER * parts / total
    a, b, e = slope.sum(1)
    return float(value), np.array([a, b, e, -slope[0] @ x, -slope[1] @ z])


def _search(start: Array, data: Array, count: Array) -> tuple[Array, float, bool]:
    """Minimum from a start: the point, the objective, and whether its gradient vanishes."""
    found = minimize(
        _objective,
        start,
        args=(data, count),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 2000, "maxfun": 4000, "maxcor": 20},
    )
    # A gradient that pushes against a bound does not count. Each run adds at most 1 to it.
    low, high = np.array(_BOUNDS).T
    left = found.x - np.clip(found.x - found.jac, low, high)
    return found.x, float(found.fun), bool(np.abs(left).max() <= 1e-4 * count.sum())


def _uncentred(points: Array, centre: Array) -> Array:
    """A, B, E, alpha_N, alpha_D from coordinates at the centre of the data, shape (..., 5)."""
    a, b, e, alpha, beta = points.T
    log_a = a + centre[2] + alpha * centre[0]
    log_b = b + centre[2] + beta * centre[1]
    return np.stack([np.exp(log_a), np.exp(log_b), np.exp(e + centre[2]), alpha, beta], 1)


def _common(flags: Flags) -> bool:
    """Whether the fit is concerned, or so many resamples that an end of the interval is."""
    return bool(flags[0] or (flags.size > 1 and flags[1:].mean() > (1 - LEVEL) / 2))
