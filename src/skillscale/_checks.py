"""Argument checks of the package: a failure names the argument, its value and the range."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST_INTEGER = 2**128 - 1  # a seed may have so many bits, and a float holds it
LARGEST_SIZE = 10**8
"""The most entries that an array may have, 0.8 GB."""


class TooExtremeError(ValueError):
    """A result that no float can hold."""


P = ParamSpec("P")
Result = TypeVar("Result")


def integer(name: str, value: object, *, minimum: int, maximum: int = LARGEST_INTEGER) -> int:
    """Return `value` as an int, or raise ValueError unless it is a whole number in the range."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {_short(value)}")
    number = int(value)
    if number > maximum:
        raise ValueError(f"{name} must be an integer <= {maximum}, got {_short(value)}")
    return number


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
    """
    given = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            given = float(value)
    if not (math.isfinite(given) and above < given < below and minimum <= given <= maximum):
        limits = [
            f"{sign} {end:g}"
            for sign, end in ((">", above), ("<", below), (">=", minimum), ("<=", maximum))
            if math.isfinite(end)
        ]
        wanted = " and ".join(["a finite number", *limits])
        raise ValueError(f"{name} must be {wanted}, got {_short(value)}")
    return given


def choice(name: str, value: object, options: tuple[str, ...]) -> str:
    """Return `value`, or raise ValueError unless it is one of `options`."""
    if not isinstance(value, str) or value not in options:
        wanted = ", ".join(map(repr, options))
        raise ValueError(f"{name} must be one of {wanted}, got {_short(value)}")
    return str(value)


def flag(name: str, value: object) -> bool:
    """Return `value` as a bool, or raise ValueError unless it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {_short(value)}")
    return bool(value)


def pair(name: str, value: object) -> tuple[object, object]:
    """Return the two entries of `value`, or raise ValueError unless it is a sequence of two."""
    first, *rest = value if isinstance(value, Sequence | np.ndarray) and len(value) else (value,)
    if len(rest) != 1:
        raise ValueError(f"{name} must be a pair of numbers, got {_short(value)}")
    return first, rest[0]


def sequence(name: str, value: object) -> None:
    """Raise ValueError unless `value` has entries that can be counted."""
    if not isinstance(value, Collection):
        raise ValueError(f"{name} must be a sequence, got {_short(value)}")


def filled(name: str, values: Any) -> None:
    """Raise ValueError unless `values` has entries, at least one."""
    sequence(name, values)
    if len(values) == 0:
        raise ValueError(f"{name} must not be empty, got {values!r}")


def seeds(name: str, values: Sequence[int]) -> None:
    """Raise ValueError unless there are seeds, all of them whole numbers >= 0, none twice.

    Seeds stand for independent members: a repeated one would narrow their interval falsely.
    """
    filled(name, values)
    for seed in values:
        integer(name, seed, minimum=0)
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must be distinct, got {_short(values)}")


def increasing(name: str, values: Sequence[float], *, least: int = 1) -> None:
    """Raise ValueError unless there are `least` values or more, each above the one before."""
    filled(name, values)
    if len(values) < least:
        raise ValueError(f"{name} must hold at least {least} entries, got {values!r}")
    if not all(before < after for before, after in pairwise(values)):
        raise ValueError(f"{name} must increase, got {_short(values)}")


def apart(name: str, chosen: tuple[int, ...], judged: tuple[int, ...]) -> None:
    """Raise ValueError if some of the seeds on which a choice is made are among those judged."""
    if set(chosen) & set(judged):
        raise ValueError(f"{name} must be none of seeds = {judged}, got {chosen}")


def array(
    name: str,
    value: ArrayLike,
    *,
    positive: bool = False,
    minimum: float | None = None,
    dims: tuple[int, ...] | None = None,
    finite: bool = True,
) -> NDArray[np.float64]:
    """Return `value` as a float64 array, or raise ValueError unless it is finite and in range.

    `positive` demands entries > 0, `minimum` entries >= it, `dims` the allowed numbers of axes.
    Without `finite`, nan and infinite entries pass as well.
    """
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "biufO":  # neither complex numbers nor text nor dates
            raise TypeError(given.dtype)
        result = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be an array of numbers, got {_short(value)}") from error
    if dims is not None and result.ndim not in dims:
        wanted = " or ".join(map(str, dims))
        raise ValueError(f"{name} must have {wanted} axes, got shape {result.shape}")
    if result.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {result.shape}")
    if result.size > LARGEST_SIZE:
        raise ValueError(f"{name} must hold at most {LARGEST_SIZE} entries, got {result.shape}")
    if finite and not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got {_short(value)}")
    if positive and not (result > 0).all():
        raise ValueError(f"{name} must be > 0, got {_short(value)}")
    if minimum is not None and not (result >= minimum).all():
        raise ValueError(f"{name} must be >= {minimum:g}, got {_short(value)}")
    return result


def whole(name: str, value: ArrayLike, *, minimum: int) -> NDArray[np.float64]:
    """Return `value` as a float64 array, or raise ValueError unless it holds whole numbers."""
    numbers = array(name, value, minimum=minimum)
    if (numbers != np.floor(numbers)).any():
        raise ValueError(f"{name} must be whole numbers >= {minimum}, got {_short(value)}")
    return numbers


def finite(function: Callable[P, Result]) -> Callable[P, Result]:
    """Make a formula raise ValueError where arguments that are in range overflow a float.

    The message names the number that is furthest from 1.

    >>> finite(lambda x, y: x**y)(1e308, 2.0)
    Traceback (most recent call last):
    skillscale._checks.TooExtremeError: x must leave a result that a float can hold, got 1e+308
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> Result:
        cause: Exception | None = None
        try:
            with np.errstate(all="ignore"):  # what overflows shows in the result
                result = function(*args, **kwargs)
            if _is_finite(result):
                return result
        except (ArithmeticError, np.linalg.LinAlgError, TooExtremeError) as error:
            cause = error
        given = signature.bind(*args, **kwargs).arguments
        name = max(given, key=lambda name: _extremity(given[name]))
        raise TooExtremeError(
            f"{name} must leave a result that a float can hold, got {_short(given[name])}"
        ) from cause

    return checked


def _is_finite(result: object) -> bool:
    if dataclasses.is_dataclass(result):
        return all(_is_finite(value) for value in vars(result).values())
    if isinstance(result, tuple):
        return all(map(_is_finite, result))
    return isinstance(result, str | int) or bool(np.isfinite(np.asarray(result)).all())


def _extremity(value: object) -> float:
    """Largest order of magnitude up or down among numbers; 0 without any."""
    try:
        sizes = np.abs(np.ravel(np.asarray(value, dtype=np.float64)))
    except (TypeError, ValueError):
        return 0.0
    return float(np.abs(np.log10(sizes[(sizes > 0) & (sizes < np.inf)])).max(initial=0.0))


def shortened(text: str) -> str:
    """Return a text, or what of it fits into 80 characters."""
    return text if len(text) <= 80 else text[:77] + "..."


def _short(value: Any) -> str:
    try:
        return shortened(repr(value))
    except ValueError:  # Python does not print integers of thousands of digits
        return f"{type(value).__name__} with an integer too large to print"
