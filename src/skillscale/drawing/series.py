"""The series that a figure shows, read from the figure itself so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLUMNS = ("panel", "series", "across", "up", "x", "y", "low", "high")


def plotted(figure: Figure) -> pd.DataFrame:
    """Return every curve, mark, bar and band of a figure as a table, a point a row.

    Images and areas that span a panel are not series.

    Returns:
        Columns panel (its title, or its place), series (the label in the legend of what looks so),
        across and up (what the axes show, with units), x, y, and low and high, the ends of an
        interval of y, or of x where a bar lies. A line across a whole panel has no x, one up a
        panel no y.

    >>> axes = Figure().subplots()
    >>> _ = axes.plot([0, 1], [2, 3], label="law"), axes.set(xlabel="step", ylabel="loss")
    >>> plotted(axes.figure)[["series", "across", "up", "x", "y"]].values.tolist()
    [['law', 'step', 'loss', 0.0, 2.0], ['law', 'step', 'loss', 1.0, 3.0]]
    """
    named_by_look = {
        _look(line): label
        for axes in figure.axes
        for line, label in _labels(axes)
        if not label.startswith("_")
    }
    tables = []
    for place, axes in enumerate(figure.axes):
        titles = [axes.get_title(side) for side in ("left", "center", "right")]
        named = {
            "panel": " ".join(filter(None, titles)) or str(place + 1),
            "across": _shared(axes, "x"),
            "up": _shared(axes, "y"),
        }
        tables += [pd.DataFrame(found | named) for found in _series(axes, named_by_look)]
    empty = pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)] if tables else empty


def _labels(axes: Axes) -> Iterator[tuple[Line2D, str]]:
    """Yield each line and the label of it, or of the error bars that it belongs to."""
    barred = {
        container.lines[0]: container
        for container in axes.containers
        if isinstance(container, ErrorbarContainer)
    }
    for line in axes.lines:
        yield line, str(barred.get(line, line).get_label())


def _series(axes: Axes, named_by_look: dict[Any, str]) -> Iterator[dict[str, Any]]:
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield _rows(str(container.get_label()), *_tips(container))
    bars = {
        container.lines[0]: _ends(container)
        for container in axes.containers
        if isinstance(container, ErrorbarContainer)
    }
    for line, label in _labels(axes):
        x, y = (np.atleast_1d(np.asarray(values, float)) for values in line.get_data(orig=False))
        name = named_by_look.get(_look(line), "") if label.startswith("_") else label
        if len(x) and line.get_transform() == axes.transData:
            yield _rows(name, x, y, *bars.get(line, ()))
        elif len(x):  # a level: one of its coordinates is a share of the panel
            level = line.get_transform() == axes.get_yaxis_transform(which="grid")
            yield _rows(name, *(([np.nan], y[:1]) if level else (x[:1], [np.nan])))
    for band in axes.collections:
        if type(band).__name__ == "FillBetweenPolyCollection" and isinstance(band, PolyCollection):
            for path in band.get_paths():
                corners = np.asarray(path.vertices)
                half = (len(corners) - 3) // 2
                low, high = corners[1 : half + 1], corners[half + 2 : 2 * half + 2][::-1]
                nothing = np.full(half, np.nan)
                yield _rows(str(band.get_label()), low[:, 0], nothing, low[:, 1], high[:, 1])


def _tips(bars: BarContainer) -> tuple[Any, Any]:
    boxes = [box.get_bbox() for box in bars.patches]
    if bars.orientation == "horizontal":
        return [box.x1 for box in boxes], [(box.y0 + box.y1) / 2 for box in boxes]
    return [(box.x0 + box.x1) / 2 for box in boxes], [box.y1 for box in boxes]


def _rows(label: str, x: Any, y: Any, low: Any = np.nan, high: Any = np.nan) -> dict[str, Any]:
    series = "" if label.startswith("_") else label
    return {"series": series, "x": x, "y": y, "low": low, "high": high}


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
