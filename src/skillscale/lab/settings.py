"""What a setting may be, said where it is declared: types that carry their own check.

    width: Count = 50  #: hidden neurons

Every field of a class of settings is checked when an instance is made; a failure names the field,
its value and the range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache, partial
from typing import Annotated, Any, get_type_hints

from skillscale import _checks

Check = Callable[[str, Any], object]


def whole(minimum: int) -> Check:
    """Check for a whole number from `minimum`."""
    return partial(_checks.integer, minimum=minimum)


def real(**ends: Any) -> Check:
    """Check for a finite number within `above`, `below`, `minimum`, `maximum`."""
    return partial(_checks.number, **ends)


def word(*options: str) -> Check:
    """Check for one of some words."""
    return partial(_checks.choice, options=options)


def least(entries: int) -> Check:
    """Check for so many entries, each above the one before."""
    return partial(_checks.increasing, least=entries)


def each(check: Check) -> Check:
    """Check every entry of a sequence, of which there must be one."""

    def every(name: str, values: Any) -> None:
        _checks.filled(name, values)
        for value in values:
            check(name, value)

    return every


def distinct(name: str, values: Any) -> None:
    """Check that no entry stands twice."""
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must be distinct, got {values!r}")


Flag = Annotated[bool, _checks.flag]
Count = Annotated[int, whole(1)]
Steps = Annotated[int, whole(0)]
Positive = Annotated[float, real(above=0)]
NonNegative = Annotated[float, real(minimum=0)]
Share = Annotated[float, real(above=0, maximum=1)]
Fraction = Annotated[float, real(above=0, below=1)]
Alpha = Annotated[float, real(above=-1)]

Counts = Annotated[tuple[int, ...], each(whole(1))]
Positives = Annotated[tuple[float, ...], each(real(above=0))]
Shares = Annotated[tuple[float, ...], each(real(above=0, maximum=1))]
Fractions = Annotated[tuple[float, ...], each(real(above=0, below=1))]
Flags = Annotated[tuple[bool, ...], each(_checks.flag)]
Alphas = Annotated[tuple[float, ...], each(real(above=-1))]
Seeds = Annotated[tuple[int, ...], _checks.seeds]
# in increasing order
Sizes = Annotated[tuple[int, ...], each(whole(1)), _checks.increasing]
Rates = Annotated[tuple[float, ...], each(real(above=0)), _checks.increasing]


class Settings:
    """Base of all settings, which are frozen dataclasses.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Network(Settings):
    ...     width: Count = 50
    >>> Network(width=0)
    Traceback (most recent call last):
    ValueError: width must be an integer >= 1, got 0
    """

    def __post_init__(self) -> None:
        """Check every field, then what they owe each other."""
        for name, checks in _declared(type(self)):  # type: ignore[arg-type]
            for check in checks:
                check(name, getattr(self, name))
        self.together()

    def together(self) -> None:
        """Check what no field can say alone; nothing by default."""


@cache
def _declared(kind: Any) -> list[tuple[str, tuple[Check, ...]]]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        (field.name, getattr(hints[field.name], "__metadata__", ()))
        for field in dataclasses.fields(kind)
    ]
