"""Closed forms that a reader explores with sliders, in the browser alone.

The formulas are printed as JavaScript from the same sympy expressions that a chapter derives;
`book/_static/explorable.js` draws them. No kernel and no other host takes part.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

from skillscale import _checks

__all__ = ["Explorable", "explorable"]

_SCALES = ("linear", "log")
_LOG_STEPS = 100
_FALLBACK = "The sliders work on the book's web pages."


@dataclass(frozen=True)
class Explorable:
    """A plot with sliders for a notebook's last line; `text` is its JSON, made by `explorable`."""

    title: str
    text: str

    def __repr__(self) -> str:
        """Name the plot where no HTML is shown."""
        return f"Explorable: {self.title}. {_FALLBACK}"

    def _repr_html_(self) -> str:
        data = self.text.replace("<", "\\u003c")  # nothing in it can close the script element
        return (
            f'<div class="explorable" role="group" aria-label="{html.escape(self.title)}">'
            f'<script type="application/json">{data}</script>'
            f'<p class="explorable-fallback">{_FALLBACK}</p></div>'
        )


def explorable(
    curves: Mapping[str, Any],
    *,
    x: tuple[sp.Symbol | None, float, float, str, str],
    y: tuple[float, float, str, str],
    sliders: Mapping[sp.Symbol, tuple[float, float, float, float | str, str]],
    title: str,
    parameter: tuple[sp.Symbol, float, float, str] | None = None,
) -> Explorable:
    """Return a plot of closed forms whose sliders recompute it in the reader's browser.

    Args:
        curves: label -> expression in the x symbol and the slider symbols, or a pair
            (x expression, y expression) in `parameter` and the slider symbols. A `sympy.Sum` over
            whole numbers between fixed limits becomes a loop.
        x: (symbol, low, high, "linear" or "log", axis title); the symbol is None where all curves
            are pairs.
        y: (low, high, "linear" or "log", axis title).
        sliders: symbol -> (low, high, start, step or "log", label), at least one.
        title: Says what is shown, also to readers who cannot see the plot.
        parameter: (symbol, low, high, "linear" or "log") along curves given as pairs.

    Returns:
        An object with `_repr_html_`, the same text on every machine.

    Raises:
        ValueError: If a range, scale or label is unusable, an expression holds an unknown symbol,
            or it has no JavaScript form.

    Source: derived here; `tests/test_explorable.py` compares the printed formulas with sympy.

    >>> T, a = sp.symbols("T a", positive=True)
    >>> explorable({"decay": sp.exp(-a * T)}, x=(T, 0, 5, "linear", "time"),
    ...            y=(0, 1, "linear", "left"), sliders={a: (0.1, 2, 1, 0.1, "rate")}, title="Decay")
    Explorable: Decay. The sliders work on the book's web pages.
    """
    if not curves:
        raise ValueError(f"curves must hold at least one expression, got {curves!r}")
    if not sliders:
        raise ValueError(f"sliders must hold at least one symbol, got {sliders!r}")
    symbol = x[0]
    paired = [isinstance(curve, tuple) for curve in curves.values()]
    if any(paired) and parameter is None:
        raise ValueError("parameter must be given for curves that are pairs, got None")
    if not all(paired) and symbol is None:
        raise ValueError("x must name a symbol unless all curves are pairs, got None")
    along = {} if symbol is None else {symbol: "x"}
    clashing = [name for name in (symbol, *(parameter or ())[:1]) if name in sliders]
    if clashing:
        raise ValueError(f"sliders must not hold the symbol of an axis, got {clashing[0]}")
    tuned = {name: f"p{i}" for i, name in enumerate(sliders)}
    data: dict[str, Any] = {
        "title": _label("title", title),
        "x": _axis("x", x[1:4]) | {"title": _label("title of x", x[4])},
        "y": _axis("y", y[:3]) | {"title": _label("title of y", y[3])},
        "sliders": [_slider(name, setting) for name, setting in sliders.items()],
    }
    if parameter is not None:
        data["parameter"] = _axis("parameter", parameter[1:4])
    entries = []
    for label, curve in curves.items():
        entry = {"label": _label("label of a curve", label)}
        if isinstance(curve, tuple):
            assert parameter is not None
            if len(curve) != 2:
                raise ValueError(f"curve {label!r} must be a pair (x, y), got {len(curve)} parts")
            names = {parameter[0]: "x"} | tuned
            entry |= {"x": _javascript(label, curve[0], names)}
            entry |= {"y": _javascript(label, curve[1], names)}
        else:
            entry |= {"y": _javascript(label, curve, along | tuned)}
        entries.append(entry)
    data["curves"] = entries
    return Explorable(title, json.dumps(data, ensure_ascii=False))


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
        name = self.names[index] = f"n{len(self.names)}"
        body = self._print(expr.function)
        loop = f"for (let {name} = {low}; {name} <= {high}; {name}++) total += {body};"
        return f"(() => {{ let total = 0; {loop} return total; }})()"


def _javascript(label: str, expression: Any, names: Mapping[sp.Symbol, str]) -> str:
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
    if not formula.has(sp.Sum):  # an index must stay inside its loop
        shared, (formula,) = sp.cse(formula, symbols=sp.numbered_symbols("c", cls=sp.Dummy))
    printer.names |= {part: f"c{i}" for i, (part, _) in enumerate(shared)}
    lines = [f"const {printer.names[part]} = {_print(printer, label, e)};" for part, e in shared]
    return " ".join([*lines, f"return {_print(printer, label, formula)};"])


def _print(printer: _Printer, label: str, formula: sp.Expr) -> str:
    try:
        constants, unsupported, text = printer.doprint(formula)
    except NotImplementedError as error:
        raise ValueError(f"curve {label!r} has no JavaScript form: {error}") from error
    if constants or unsupported:
        raise ValueError(f"curve {label!r} has no JavaScript form: {constants or unsupported}")
    return str(text)


def _axis(name: str, setting: tuple[Any, ...]) -> dict[str, Any]:
    low, high, scale = setting
    _checks.choice(f"scale of {name}", scale, _SCALES)
    low = _checks.number(f"low end of {name}", low, **({"above": 0} if scale == "log" else {}))
    high = _checks.number(f"high end of {name}", high, above=low)
    return {"low": low, "high": high, "log": scale == "log"}


def _slider(symbol: sp.Symbol, setting: tuple[float, float, float, float | str, str]) -> Any:
    low, high, start, step, label = setting
    name = f"slider {symbol}"
    axis = _axis(name, (low, high, "log" if step == "log" else "linear"))
    axis["start"] = _checks.number(f"start of {name}", start, minimum=low, maximum=high)
    if step == "log":
        axis["steps"] = _LOG_STEPS
    else:
        axis["step"] = _checks.number(f"step of {name}", step, above=0, maximum=high - low)
    return axis | {"label": _label(f"label of {name}", label)}


def _label(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be a text that is not empty, got {value!r}")
    return value
