"""Sympy expressions as a table of operations that a page computes without compiling text.

A page whose policy forbids `eval` can still look operations up and call them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp

__all__ = ["Formulas"]

# Of any number of arguments, applied from the left; a condition is 0 or 1.
_FOLDED = {sp.Add: "+", sp.Mul: "*", sp.Min: "min", sp.Max: "max", sp.And: "min", sp.Or: "max"}
_OPERATIONS = {sp.Pow: "pow", sp.StrictLessThan: "<", sp.LessThan: "<="}
_OPERATIONS |= {
    getattr(sp, name): name
    for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
}


class Formulas:
    """The table of all formulas of a page's plot; what they share stands in it once.

    `entries` are numbers, names, and lists of an operation and the places of its arguments, which
    come earlier; a sum is ["sum", name of the index, first, last, place of the term].
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.entries: list[Any] = []
        self._places: dict[str, int] = {}

    def add(self, label: str, expression: Any, names: Mapping[sp.Symbol, str]) -> int:
        """Return the place of `expression`, whose symbols have the given names."""
        try:
            formula = sp.sympify(expression, strict=True)
        except sp.SympifyError as error:
            raise ValueError(f"{label} must be a sympy expression: {expression!r}") from error
        if not isinstance(formula, sp.Expr):
            raise ValueError(f"{label} must be a sympy expression, got {expression!r}")
        if unknown := sorted(map(str, formula.free_symbols - set(names))):
            raise ValueError(f"{label} holds symbols without a range: {', '.join(unknown)}")
        for inner in formula.atoms(sp.Sum):
            if len(inner.limits) != 1 or not all(end.is_Integer for end in inner.limits[0][1:]):
                raise ValueError(f"{label} must sum between fixed whole numbers, got {inner}")
        try:
            return self._walk(formula, dict(names))
        except NotImplementedError as error:
            raise ValueError(f"{label} holds what a page cannot compute: {error}") from error

    def _walk(self, part: sp.Basic, names: dict[sp.Symbol, str]) -> int:
        if part in names:
            return self._place(names[part])
        if isinstance(part, sp.Sum):
            ((index, low, high),) = part.limits
            name = f"n{sum(used.startswith('n') for used in names.values())}"
            term = self._walk(part.function, names | {index: name})
            return self._place(["sum", name, int(low), int(high), term])
        if part.is_number and not part.has(sp.Sum):
            return self._place(_number(part))
        if isinstance(part, sp.Piecewise):
            return self._choice(part, names)
        if isinstance(part, sp.StrictGreaterThan | sp.GreaterThan):
            part = part.reversed
        operation = _FOLDED.get(part.func) or _OPERATIONS.get(part.func)
        if operation is None:
            raise NotImplementedError(str(part))
        arguments = part.args
        if operation in ("min", "max"):  # sympy keeps these as sets, in no fixed order
            arguments = sorted(arguments, key=sp.default_sort_key)
        return self._place([operation, *(self._walk(each, names) for each in arguments)])

    def _choice(self, part: sp.Piecewise, names: dict[sp.Symbol, str]) -> int:
        *cases, (value, condition) = part.args
        if condition is not sp.true:
            raise NotImplementedError(f"{part}, which is not defined everywhere")
        place = self._walk(value, names)
        for value, condition in reversed(cases):
            test, yes = self._walk(condition, names), self._walk(value, names)
            place = self._place(["if", test, yes, place])
        return place

    def _place(self, entry: Any) -> int:
        key = repr(entry)
        if key not in self._places:
            self._places[key] = len(self.entries)
            self.entries.append(entry)
        return self._places[key]


def _number(part: sp.Expr) -> float:
    if part.is_Integer:
        return int(part)
    try:
        value = float(part)
    except TypeError:
        value = math.nan
    if not math.isfinite(value):
        raise NotImplementedError(f"{part}, which is no finite number")
    return value
