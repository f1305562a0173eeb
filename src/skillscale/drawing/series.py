"""The series that a figure shows, read from the figure itself so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLUMNS = ("panel", "curve", "series", "across", "up", "x", "y", "low", "high")


def plotted(figure: Figure) -> pd.DataFrame:
    """Return every curve, mark, bar and band of a figure as a table, a point a row.

    Images and areas that span a panel are not series.

    Returns:
        Columns panel (its title, or its place), curve (a number within the panel), series (the
        label in the legend of what looks so), across and up (what the axes show, with units), x, y,
        and low and high, the ends of an interval of y, or of x where a bar lies; nan where there is
        none. A line across a whole panel has no x, one up a panel no y.

    >>> axes = Figure().subplots()
    >>> _ = axes.plot([0, 1], [2, 3], label="law"), axes.set(xlabel="step", ylabel="loss")
    >>> plotted(axes.figure)[["series", "across", "up", "x", "y"]].values.tolist()
    [['law', 'step', 'loss', 0.0, 2.0], ['law', 'step', 'loss', 1.0, 3.0]]
    """
    everywhere = {look: name for axes in figure.axes for look, name in _names(axes).items()}
    tables = []
    for place, axes in enumerate(figure.axes):
        titles = [axes.get_title(side) for side in ("left", "center", "right")]
        named = {
            "panel": " ".join(filter(None, titles)) or str(place + 1),
            "across": _shared(axes, "x"),
            "up": _shared(axes, "y"),
        }
        tables += [pd.DataFrame(found | named) for found in _series(axes, everywhere)]
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)] if tables else empty


def _barred(axes: Axes) -> dict[Line2D, ErrorbarContainer]:
    """Return the error bars of a panel by the line of their marks."""
    found = (each for each in axes.containers if isinstance(each, ErrorbarContainer))
    return {each.lines[0]: each for each in found if each.lines[0] is not None}


def _names(axes: Axes) -> dict[Any, str]:
    """Return the labels of a panel by what lines look like."""
    barred = _barred(axes)
    labels = {line: str(barred.get(line, line).get_label()) for line in axes.lines}
    return {_look(line): label for line, label in labels.items() if not label.startswith("_")}


def _series(axes: Axes, everywhere: dict[Any, str]) -> Iterator[dict[str, Any]]:
    names, barred = everywhere | _names(axes), _barred(axes)
    caps = {cap for container in barred.values() for cap in container.lines[1]}
    bands: dict[str | None, tuple[int, str]] = {}
    numbers = count(1)
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield _rows(next(numbers), str(container.get_label()), *_tips(container))
    for line in (each for each in axes.lines if each not in caps):
        x, y = (np.atleast_1d(np.asarray(values, float)) for values in line.get_data(orig=False))
        label = str(barred.get(line, line).get_label())
        name = names.get(_look(line), "") if label.startswith("_") else label
        curve = next(numbers)
        bands[line.get_gid()] = curve, name
        if len(x) and line.get_transform() == axes.transData:
            ends = _ends(barred[line]) if line in barred else ()
            yield _rows(curve, name, x, y, *ends)
        elif len(x):  # a level: one of its coordinates is a share of the panel
            level = line.get_transform() == axes.get_yaxis_transform(which="grid")
            yield _rows(curve, name, *(([np.nan], y[:1]) if level else (x[:1], [np.nan])))
    for band in axes.collections:
        if type(band).__name__ == "FillBetweenPolyCollection" and isinstance(band, PolyCollection):
            number, name = bands.get(band.get_gid() or "", (next(numbers), ""))
            for path in band.get_paths():
                corners = np.asarray(path.vertices)
                half = (len(corners) - 3) // 2
                low, high = corners[1 : half + 1], corners[half + 2 : 2 * half + 2][::-1]
                nothing = np.full(half, np.nan)
                yield _rows(number, name, low[:, 0], nothing, low[:, 1], high[:, 1])


def _tips(bars: BarContainer) -> tuple[Any, Any]:
    boxes = [box.get_bbox() for box in bars.patches]
    if bars.orientation == "horizontal":
        return [box.x1 for box in boxes], [(box.y0 + box.y1) / 2 for box in boxes]
    return [(box.x0 + box.x1) / 2 for box in boxes], [box.y1 for box in boxes]


def _rows(
    curve: int, label: str, x: Any, y: Any, low: Any = np.nan, high: Any = np.nan
) -> dict[str, Any]:
    series = "" if label.startswith("_") else label
    return {"curve": curve, "series": series, "x": x, "y": y, "low": low, "high": high}


def _ends(container: ErrorbarContainer) -> tuple[Any, Any]:
    """Return the ends of error bars: of the coordinate along which they run."""
    if not (container.has_xerr or container.has_yerr):
        return np.nan, np.nan
    along = 0 if container.has_xerr else 1
    segments = [np.asarray(each) for each in container.lines[2][0].get_segments()]
    ends = [each[:, along] if len(each) == 2 else (np.nan, np.nan) for each in segments]
    low, high = np.array(ends).T
    return low, high


def _look(line: Line2D) -> tuple[Any, ...]:
    """What a reader tells series apart by: lines that look alike share the label of one."""
    return to_rgb(line.get_color()), line.get_linestyle(), line.get_marker() or "None"


def _shared(axes: Axes, which: str) -> str:
    """Return the name of an axis, which may stand on another panel that shares it."""
    group = axes.get_shared_x_axes() if which == "x" else axes.get_shared_y_axes()
    together = [axes, *group.get_siblings(axes)]
    names = [each.get_xlabel() if which == "x" else each.get_ylabel() for each in together]
    figure = axes.get_figure(root=True)
    assert figure is not None
    names.append(figure.get_supxlabel() if which == "x" else figure.get_supylabel())
    return next(filter(None, names), "")
