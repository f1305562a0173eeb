"""Closed forms that a reader explores with sliders, in the browser alone.

The formulas are tables of operations made from the same sympy expressions that a chapter derives;
`book/_static/explorable.js` computes and draws them. No kernel and no other host takes part.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from numpy.typing import ArrayLike

from skillscale import _checks
from skillscale.drawing._formulas import Formulas

__all__ = ["Explorable", "Panel", "explorable", "linked"]

AxisOfX = tuple[sp.Symbol | None, float, float, str, str]
AxisOfY = tuple[float, float, str, str]
SliderSetting = tuple[float, float, float, float | str, str]
ParameterSetting = tuple[sp.Symbol, float, float, str]
PointSets = Mapping[str, tuple[ArrayLike, ArrayLike]]
Readouts = Mapping[str, Any]

_SCALES = ("linear", "log")
_LOG_STEPS = 100
_FALLBACK = "The sliders work on the book's web pages."


@dataclass(frozen=True)
class Explorable:
    """Plots with sliders for a notebook's last line; `text` is their JSON."""

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


@dataclass(frozen=True)
class Panel:
    """One plot of several that share sliders; its other arguments are those of `explorable`.

    `points`, label -> (x values, y values), are measurements drawn as markers that no slider moves;
    kept to four digits.
    """

    curves: Mapping[str, Any]
    x: AxisOfX
    y: AxisOfY
    title: str
    parameter: ParameterSetting | None = None
    points: PointSets | None = None


def explorable(
    curves: Mapping[str, Any],
    *,
    x: AxisOfX,
    y: AxisOfY,
    sliders: Mapping[sp.Symbol, SliderSetting],
    title: str,
    parameter: ParameterSetting | None = None,
    readouts: Readouts | None = None,
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
        readouts: label -> expression in the slider symbols, printed as a number below the sliders.

    Source: derived here; `tests/test_explorable.py` compares the page's numbers with sympy's.

    >>> T, a = sp.symbols("T a", positive=True)
    >>> explorable({"decay": sp.exp(-a * T)}, x=(T, 0, 5, "linear", "time"),
    ...            y=(0, 1, "linear", "left"), sliders={a: (0.1, 2, 1, 0.1, "rate")}, title="Decay")
    Explorable: Decay. The sliders work on the book's web pages.
    """
    formulas = Formulas()
    data = _controls(title, sliders, readouts, formulas) | _axes(x, y)
    data |= _lines(Panel(curves, x, y, title, parameter), _tuned(sliders), formulas)
    data |= {"formulas": formulas.entries}
    return Explorable(title, json.dumps(data, ensure_ascii=False))


def linked(
    panels: Sequence[Panel],
    *,
    sliders: Mapping[sp.Symbol, SliderSetting],
    title: str,
    parameter: ParameterSetting | None = None,
) -> Explorable:
    """Return several plots of closed forms that the same sliders recompute.

    The plots stand side by side where there is room, and one below the other where there is not.
    `sliders`, `title` and `parameter`, for panels that name none of their own, are as in
    `explorable`.

    >>> T, a = sp.symbols("T a", positive=True)
    >>> time, left = (T, 0, 5, "linear", "time"), (0, 1, "linear", "left")
    >>> linked([Panel({"f": sp.exp(-a * T)}, time, left, "Decay"),
    ...         Panel({"g": 1 / (1 + a * T)}, time, left, "Slower decay")],
    ...        sliders={a: (0.1, 2, 1, 0.1, "rate")}, title="Two decays")
    Explorable: Two decays. The sliders work on the book's web pages.
    """
    if not panels:
        raise ValueError(f"panels must hold at least one plot, got {panels!r}")
    formulas = Formulas()
    data = _controls(title, sliders, None, formulas)
    plots = []
    for panel in panels:
        own = panel if panel.parameter is not None else replace(panel, parameter=parameter)
        shown: dict[str, Any] = {"title": _label("title of a panel", panel.title)}
        shown |= _axes(own.x, own.y) | _lines(own, _tuned(sliders), formulas)
        plots.append(shown | _measured(own.points, shown))
    data |= {"panels": plots, "formulas": formulas.entries}
    return Explorable(title, json.dumps(data, ensure_ascii=False))


def _controls(
    title: str,
    sliders: Mapping[sp.Symbol, SliderSetting],
    readouts: Readouts | None,
    formulas: Formulas,
) -> dict[str, Any]:
    if not sliders:
        raise ValueError(f"sliders must hold at least one symbol, got {sliders!r}")
    data: dict[str, Any] = {
        "title": _label("title", title),
        "sliders": [_slider(name, setting) for name, setting in sliders.items()],
    }
    if readouts is not None:
        data["readouts"] = [
            {
                "label": _label("label of a readout", label),
                "value": formulas.add(f"readout {label!r}", value, _tuned(sliders)),
            }
            for label, value in readouts.items()
        ]
    return data


def _tuned(sliders: Mapping[sp.Symbol, SliderSetting]) -> dict[sp.Symbol, str]:
    return {name: f"p{i}" for i, name in enumerate(sliders)}


def _axes(x: AxisOfX, y: AxisOfY) -> dict[str, Any]:
    return {
        "x": _axis("x", x[1:4]) | {"title": _label("title of x", x[4])},
        "y": _axis("y", y[:3]) | {"title": _label("title of y", y[3])},
    }


def _lines(panel: Panel, tuned: dict[sp.Symbol, str], formulas: Formulas) -> dict[str, Any]:
    """Return the curves of a plot as places in the table of formulas, and what they run along."""
    curves, symbol, parameter = panel.curves, panel.x[0], panel.parameter
    if not curves:
        raise ValueError(f"curves must hold at least one expression, got {curves!r}")
    paired = [isinstance(curve, tuple) for curve in curves.values()]
    if any(paired) and parameter is None:
        raise ValueError("parameter must be given for curves that are pairs, got None")
    if not all(paired) and symbol is None:
        raise ValueError("x must name a symbol unless all curves are pairs, got None")
    along = {} if symbol is None else {symbol: "x"}
    clashing = [name for name in (symbol, *(parameter or ())[:1]) if name in tuned]
    if clashing:
        raise ValueError(f"sliders must not hold the symbol of an axis, got {clashing[0]}")
    data: dict[str, Any] = {}
    if parameter is not None:
        data["parameter"] = _axis("parameter", parameter[1:4])
    entries = []
    for label, curve in curves.items():
        entry: dict[str, Any] = {"label": _label("label of a curve", label)}
        name = f"curve {label!r}"
        if isinstance(curve, tuple):
            assert parameter is not None
            if len(curve) != 2:
                raise ValueError(f"{name} must be a pair (x, y), got {len(curve)} parts")
            names = {parameter[0]: "x"} | tuned
            entry["x"], entry["y"] = (formulas.add(name, part, names) for part in curve)
        else:
            entry["y"] = formulas.add(name, curve, along | tuned)
        entries.append(entry)
    return data | {"curves": entries}


def _measured(points: PointSets | None, plot: Mapping[str, Any]) -> dict[str, Any]:
    if points is None:
        return {}
    if not points:
        raise ValueError(f"points must hold at least one set or be None, got {points!r}")
    entries = []
    for label, pair in points.items():
        entry: dict[str, Any] = {"label": _label("label of points", label)}
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"points {label!r} must be a pair (x values, y values), got {pair!r}")
        for name, values in zip("xy", pair, strict=True):
            what, axis = f"{name} of points {label!r}", plot[name]
            given = _checks.array(what, values, dims=(1,)).tolist()
            for value in given:
                _checks.number(what, value, minimum=axis["low"], maximum=axis["high"])
            # four digits, so that the text does not depend on a machine's rounding
            entry[name] = [float(f"{value:.4g}") for value in given]
        if len(entry["x"]) != len(entry["y"]):
            lengths = f"{len(entry['x'])} and {len(entry['y'])}"
            raise ValueError(f"points {label!r} must have as many x as y values, got {lengths}")
        entries.append(entry)
    return {"points": entries}


def _axis(name: str, setting: tuple[Any, ...]) -> dict[str, Any]:
    low, high, scale = setting
    _checks.choice(f"scale of {name}", scale, _SCALES)
    low = _checks.number(f"low end of {name}", low, **({"above": 0} if scale == "log" else {}))
    high = _checks.number(f"high end of {name}", high, above=low)
    return {"low": low, "high": high, "log": scale == "log"}


def _slider(symbol: sp.Symbol, setting: SliderSetting) -> Any:
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
