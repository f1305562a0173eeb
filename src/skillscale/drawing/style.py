"""One look for every figure of the book, and the numbers that it shows."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, ParamSpec

import matplotlib as mpl
import numpy as np
import pandas as pd
import PIL.Image
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from skillscale.drawing.series import plotted
from skillscale.fits import Summary

P = ParamSpec("P")


# Okabe and Ito's palette stays apart under the common kinds of colour blindness.
COLOURS = {
    "skill_basis": "#0072B2",
    "quantization": "#D55E00",
    "resource": "#009E73",
    "geometry": "#CC79A7",
    "domino": "#8A4F9E",
    "slingshot": "#B8860B",
    "measured": "#333333",
    "control": "#8C8C8C",
}

_RC: Any = {
    "figure.dpi": 130,
    "savefig.dpi": 130,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "font.size": 10.5,
    "mathtext.fontset": "dejavusans",
}


class Drawn(NamedTuple):
    """A figure and the series that it shows, as `drawing.series.plotted` reads them from it."""

    figure: Figure
    data: pd.DataFrame


def drawn(draw: Callable[P, Figure]) -> Callable[P, Drawn]:
    """Let a function that draws a figure do so in the book's style, and return the data as well."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        with context():
            figure = draw(*args, **kwargs)
        return Drawn(figure, plotted(figure))

    inner.__annotations__ = draw.__annotations__ | {"return": "Drawn"}
    return inner


@contextmanager
def context() -> Iterator[None]:
    """Apply the book's matplotlib settings, which an artist reads when it is made."""
    with mpl.rc_context(), sns.axes_style("ticks", rc=_RC):
        mpl.rcParams.update(_RC)
        yield


def new(
    nrows: int = 1, ncols: int = 1, *, width: float = 6.4, height: float = 3.6, **options: Any
) -> tuple[Figure, Any]:
    """Return a figure and its axes on an opaque white ground, outside pyplot's global state.

    Its size is in inches; `options` go to `matplotlib.figure.Figure.subplots`, which gives axes.
    """
    with context():
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes: Axes | NDArray[np.object_] = figure.subplots(nrows, ncols, **options)
    return figure, axes


def bars(
    axes: Axes, x: ArrayLike, found: Summary, *, horizontal: bool = False, **options: Any
) -> None:
    """Draw values as marks whose error bars are their 95 % intervals; none exists, none is drawn.

    Args:
        x: Place of each value on the other axis, shape (point,), or one place.
        found: Values with intervals, shaped alike.
        horizontal: Whether the values run along the horizontal axis.
        **options: Passed to `matplotlib.axes.Axes.errorbar`.
    """
    with np.errstate(invalid="ignore"):  # a value that is itself infinite
        ends = np.stack([found.value - found.low, found.high - found.value]).reshape(2, -1)
    reach = np.maximum(ends, 0.0)
    across, up = map(np.atleast_1d, (found.value, x) if horizontal else (x, found.value))
    look: dict[str, Any] = {"fmt": "o", "color": COLOURS["measured"], "ms": 4, "lw": 1} | options
    look["xerr" if horizontal else "yerr"] = reach
    axes.errorbar(across, up, **look)


def band(axes: Axes, x: ArrayLike, found: Summary, **look: Any) -> None:
    """Draw a line of values, shape (point,), in the band of their 95 % intervals."""
    (line,) = axes.plot(x, found.value, **look)
    shade = axes.fill_between(x, found.low, found.high, color=line.get_color(), alpha=0.22, lw=0)
    for part in (line, shade):  # how `drawing.series` knows that they belong together
        part.set_gid(f"band {len(axes.collections)}")


def show(figure: Figure | Drawn) -> None:
    """Display a figure as a PNG image in a notebook.

    The image is drawn in the book's style whatever settings the reader's kernel carries. It keeps
    the 256 colours that suit it best, which makes stored chapters a third as large.
    """
    from IPython.display import Image, display

    canvas = FigureCanvasAgg(figure.figure if isinstance(figure, Drawn) else figure)
    with context():
        canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = PIL.Image.fromarray(drawn).convert("RGB")
    buffer = io.BytesIO()
    palette = image.quantize(256, kmeans=1, dither=PIL.Image.Dither.NONE)
    palette.save(buffer, "PNG", optimize=True)
    display(Image(data=buffer.getvalue()))  # type: ignore[no-untyped-call]
