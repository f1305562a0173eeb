"""Argument checks of the package: a failure names the argument, its value and the range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def integer(name: str, value: object, *, minimum: int) -> int:
    """Return `value` as an int, or raise ValueError unless it is a whole number >= `minimum`.

    >>> integer("n_skills", 3, minimum=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    return int(value)


def number(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    minimum: float = -math.inf,
    maximum: float = math.inf,
) -> float:
    """Return `value` as a float, or raise ValueError unless it is a finite real in the given range.

    `above` and `below` exclude their ends; `minimum` and `maximum` include them.

    >>> number("alpha", 0.5, above=0)
    0.5
    """
    valid = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(float(value))
    if (
        not valid
        or not above < float(value) < below  # type: ignore[arg-type]
        or not minimum <= float(value) <= maximum  # type: ignore[arg-type]
    ):
        limits = [
            f"{sign} {end:g}"
            for sign, end in ((">", above), ("<", below), (">=", minimum), ("<=", maximum))
            if math.isfinite(end)
        ]
        wanted = " and ".join(["a finite number", *limits])
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return float(value)  # type: ignore[arg-type]


def choice(name: str, value: object, options: tuple[str, ...]) -> str:
    """Return `value`, or raise ValueError unless it is one of `options`.

    >>> choice("loss", "mse", ("mse", "cross_entropy"))
    'mse'
    """
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, got {value!r}")
    return str(value)


def seeds(name: str, values: Sequence[int]) -> None:
    """Raise ValueError unless there are seeds, all of them whole numbers >= 0, none twice.

    Seeds stand for independent members: a repeated one would narrow their interval falsely.

    >>> seeds("seeds", (0, 1))
    >>> seeds("seeds", (1, 1))
    Traceback (most recent call last):
    ...
    ValueError: seeds must be distinct, got (1, 1)
    """
    if len(values) == 0:
        raise ValueError(f"{name} must not be empty, got {values!r}")
    for seed in values:
        integer(name, seed, minimum=0)
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must be distinct, got {_short(values)}")


def increasing(name: str, values: Sequence[float], *, least: int = 1) -> None:
    """Raise ValueError unless there are `least` values or more, each above the one before.

    >>> increasing("widths", (8, 16))
    >>> increasing("widths", (16, 16))
    Traceback (most recent call last):
    ...
    ValueError: widths must increase, got (16, 16)
    """
    if len(values) == 0:
        raise ValueError(f"{name} must not be empty, got {values!r}")
    if len(values) < least:
        raise ValueError(f"{name} must hold at least {least} entries, got {values!r}")
    if not all(before < after for before, after in pairwise(values)):
        raise ValueError(f"{name} must increase, got {_short(values)}")


def apart(name: str, chosen: tuple[int, ...], judged: tuple[int, ...]) -> None:
    """Raise ValueError if some of the seeds on which a choice is made are among those judged.

    >>> apart("tuning_seeds", (100,), (0, 1))
    """
    if set(chosen) & set(judged):
        raise ValueError(f"{name} must be none of seeds = {judged}, got {chosen}")


def array(
    name: str,
    value: ArrayLike,
    *,
    positive: bool = False,
    minimum: float | None = None,
    dims: tuple[int, ...] | None = None,
) -> NDArray[np.float64]:
    """Return `value` as a float64 array, or raise ValueError unless it is finite and in range.

    `positive` demands entries > 0, `minimum` entries >= it, `dims` the allowed numbers of axes.

    >>> array("x", [1, 2])
    array([1., 2.])
    """
    try:
        result = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers, got {_short(value)}") from error
    if dims is not None and result.ndim not in dims:
        wanted = " or ".join(map(str, dims))
        raise ValueError(f"{name} must have {wanted} axes, got shape {result.shape}")
    if result.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {result.shape}")
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got {_short(value)}")
    if positive and not (result > 0).all():
        raise ValueError(f"{name} must be > 0, got {_short(value)}")
    if minimum is not None and not (result >= minimum).all():
        raise ValueError(f"{name} must be >= {minimum:g}, got {_short(value)}")
    return result


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
