"""Calibrate one constant of a predicted curve on data, predict the rest blind, and score it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from skillscale import _checks, fits

Predict = Callable[[NDArray[np.float64], float], ArrayLike]


def calibrate_each(
    predict: Predict,
    x: ArrayLike,
    measured: ArrayLike,
    *,
    bounds: tuple[float, float],
) -> NDArray[np.float64]:
    """Fit the one positive constant c of `predict(x, c)` to each member's curve by least squares.

    The squared residual is scanned on 200 logarithmic steps over `bounds` and then refined by
    Brent's bounded method around the best one, so that a curve with several dips is no trap.
    `predict` returns the shape of `x`, (n_points,); curves are `measured`, (n_members, n_points).

    Returns:
        One constant per member; nan where the best one sits at an end of the allowed range.

    Source: derived here; planted constants are recovered in `tests/test_calibration.py`.

    >>> t = np.linspace(0, 3, 20)
    >>> curves = np.exp(-np.array([[0.5], [0.7]]) * t)
    >>> calibrate_each(lambda t, c: np.exp(-c * t), t, curves, bounds=(0.1, 10)).round(4)
    array([0.5, 0.7])
    """
    abscissae = _checks.array("x", x, dims=(1,))
    curves = _checks.array("measured", measured, dims=(2,))
    if curves.shape[1:] != abscissae.shape:
        raise ValueError(
            f"measured must have {abscissae.size} points last like x, got shape {curves.shape}"
        )
    low, high = (_checks.number("bounds", end, above=0) for end in _checks.pair("bounds", bounds))
    if not low < high:
        raise ValueError(f"bounds must increase, got {bounds!r}")
    if not callable(predict):
        raise ValueError(f"predict must be a function of (x, c), got {type(predict).__name__}")

    with np.errstate(all="ignore"):  # what overflows is refused with the data that it meets
        scan = np.stack([_curve(predict, abscissae, point) for point in _grid(bounds)])
    found = [_least(predict, abscissae, curve, bounds, scan)[0] for curve in curves]
    edge = np.minimum(found - np.log(low), np.log(high) - found) < 1e-6
    return np.where(edge, np.nan, np.exp(found))


def blind_error(predicted: ArrayLike, measured: ArrayLike) -> fits.Estimate:
    """Score a blind prediction by √mean_points[(measured/predicted - 1)²], a mean over members.

    `predicted` > 0 and `measured` have shape (n_points,) or (n_members, n_points).

    Source: derived here.

    >>> round(blind_error([1.0, 2.0], [[1.1, 2.2], [0.9, 1.8]]).value, 6)
    0.1
    """
    data = np.atleast_2d(_checks.array("measured", measured, dims=(1, 2)))
    curve = np.atleast_2d(_checks.array("predicted", predicted, positive=True, dims=(1, 2)))
    if curve.shape not in ((1, data.shape[1]), data.shape):
        raise ValueError(
            f"predicted must match measured of shape {data.shape}, got shape {curve.shape}"
        )
    with np.errstate(over="ignore", divide="ignore"):
        errors = np.sqrt(np.mean((data / curve - 1.0) ** 2, axis=1))
    if not np.isfinite(errors).all():
        raise ValueError("measured must not exceed predicted so far that the error is infinite")
    return fits.mean(errors)


def _grid(bounds: tuple[float, float]) -> NDArray[np.float64]:
    return np.linspace(np.log(bounds[0]), np.log(bounds[1]), 201)


def _curve(predict: Predict, x: NDArray[np.float64], log_constant: float) -> NDArray[np.float64]:
    return np.asarray(predict(x, float(np.exp(log_constant))), dtype=np.float64)


@_checks.finite
def _least(
    predict: Predict,
    x: NDArray[np.float64],
    measured: NDArray[np.float64],
    bounds: tuple[float, float],
    scan: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the logarithm of the best constant, refined from the scan, and its mean square."""
    grid = _grid(bounds)

    def residual(log_constant: float) -> float:
        return float(np.mean((_curve(predict, x, log_constant) - measured) ** 2))

    best = int(((scan - measured) ** 2).mean(1).argmin())
    ends = grid[max(best - 1, 0)], grid[min(best + 1, 200)]
    found = optimize.minimize_scalar(
        residual, bounds=ends, method="bounded", options={"xatol": 1e-10}
    )
    return float(found.x), float(found.fun)
