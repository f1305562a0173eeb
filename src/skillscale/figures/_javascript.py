"""Sympy expressions as JavaScript: what a plot with sliders computes in the browser."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

__all__ = ["javascript"]


class _Printer(JavascriptCodePrinter):  # type: ignore[misc]
    """Print JavaScript with symbols renamed, so that none can clash with the language."""

    def __init__(self, names: Mapping[sp.Symbol, str]) -> None:
        super().__init__({"precision": 17, "human": False})
        self.names = dict(names)

    def _print_Symbol(self, expr: sp.Symbol) -> str:  # noqa: N802
        return str(self.names[expr])

    _print_Dummy = _print_Symbol  # noqa: N815

    def _print_Sum(self, expr: sp.Sum) -> str:  # noqa: N802
        ((index, low, high),) = expr.limits
        taken = {name for other, name in self.names.items() if other != index}
        free = (f"n{number}" for number in itertools.count(len(self.names)))
        name = self.names[index] = next(name for name in free if name not in taken)
        body = self._print(expr.function)
        loop = f"for (let {name} = {low}; {name} <= {high}; {name}++) total += {body};"
        return f"(() => {{ let total = 0; {loop} return total; }})()"


def javascript(label: str, expression: Any, names: Mapping[sp.Symbol, str]) -> str:
    """Return the body of a JavaScript function that computes `expression`."""
    try:
        formula = sp.sympify(expression, strict=True)
    except sp.SympifyError as error:
        raise ValueError(f"curve {label!r} must be a sympy expression: {expression!r}") from error
    if not isinstance(formula, sp.Expr):
        raise ValueError(f"curve {label!r} must be a sympy expression, got {expression!r}")
    unknown = sorted(map(str, formula.free_symbols - set(names)))
    if unknown:
        raise ValueError(f"curve {label!r} holds symbols without a range: {', '.join(unknown)}")
    for inner in formula.atoms(sp.Sum):
        if len(inner.limits) != 1 or not all(end.is_Integer for end in inner.limits[0][1:]):
            raise ValueError(f"curve {label!r} must sum between fixed whole numbers, got {inner}")
    printer = _Printer(names)
    shared: list[tuple[sp.Symbol, sp.Expr]] = []
    if formula.has(sp.Sum):
        shared, formula = _hoisted(formula)
    else:  # an index must stay inside its loop, so only here
        shared, (formula,) = sp.cse(formula, symbols=sp.numbered_symbols("c", cls=sp.Dummy))
    printer.names |= {part: f"c{i}" for i, (part, _) in enumerate(shared)}
    lines = [f"const {printer.names[part]} = {_print(printer, label, e)};" for part, e in shared]
    return " ".join([*lines, f"return {_print(printer, label, formula)};"])


def _hoisted(formula: sp.Expr) -> tuple[list[tuple[sp.Symbol, sp.Expr]], sp.Expr]:
    """Take sums out of the loops of other sums where they do not hold those sums' index."""
    shared: list[tuple[sp.Symbol, sp.Expr]] = []
    outer = [total for total in formula.atoms(sp.Sum) if total.function.has(sp.Sum)]
    inner = {part for total in outer for part in total.function.atoms(sp.Sum)}
    indices = {total.limits[0][0] for total in outer}
    for part in sorted(inner, key=sp.default_sort_key):
        if not part.free_symbols & indices and not part.function.has(sp.Sum):
            name = sp.Dummy(f"c{len(shared)}", positive=part.is_positive or None)
            shared.append((name, part))
            formula = formula.xreplace({part: name})
    return shared, formula


def _print(printer: _Printer, label: str, formula: sp.Expr) -> str:
    try:
        constants, unsupported, text = printer.doprint(formula)
    except NotImplementedError as error:
        raise ValueError(f"curve {label!r} has no JavaScript form: {error}") from error
    if constants or unsupported:
        raise ValueError(f"curve {label!r} has no JavaScript form: {constants or unsupported}")
    return str(text)
