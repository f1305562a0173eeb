"""One look for every figure of the book: colours, sizes, and how a figure is shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import PIL.Image
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

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


@contextmanager
def context() -> Iterator[None]:
    """Apply the book's matplotlib settings for the duration of a `with` block.

    Settings are read when an artist is made, so every figure module draws inside this context.
    """
    with mpl.rc_context(), sns.axes_style("ticks", rc=_RC):
        mpl.rcParams.update(_RC)
        yield


def new(
    nrows: int = 1, ncols: int = 1, *, width: float = 6.4, height: float = 3.6, **options: Any
) -> tuple[Figure, Any]:
    """Return a figure and its axes on an opaque white ground, outside pyplot's global state.

    Args:
        nrows: Rows of axes.
        ncols: Columns of axes.
        width: Width in inches.
        height: Height in inches.
        **options: Passed to `matplotlib.figure.Figure.subplots` (sharex, sharey, …).

    Returns:
        The figure and what `Figure.subplots` returns: one `Axes` or an array of them.

    >>> figure, axes = new(width=4, height=3)
    >>> axes.get_xlabel()
    ''
    """
    with context():
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes: Axes | NDArray[np.object_] = figure.subplots(nrows, ncols, **options)
    return figure, axes


def show(figure: Figure) -> None:
    """Display `figure` as a PNG image in a notebook.

    The image is drawn in the book's style whatever settings the reader's kernel carries. It keeps
    the 256 colours that suit it best, which makes stored chapters a third as large.
    """
    from IPython.display import Image, display

    canvas = FigureCanvasAgg(figure)
    with context():
        canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = PIL.Image.fromarray(drawn).convert("RGB")
    buffer = io.BytesIO()
    palette = image.quantize(256, kmeans=1, dither=PIL.Image.Dither.NONE)
    palette.save(buffer, "PNG", optimize=True)
    display(Image(data=buffer.getvalue()))  # type: ignore[no-untyped-call]
