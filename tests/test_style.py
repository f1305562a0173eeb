"""How a figure is shown: what is stored in a chapter."""

import io

import IPython.display
import numpy as np
import PIL.Image
import pytest

from skillscale.drawing import style


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(IPython.display, "display", found.append)
    return found


def test_a_figure_is_shown_on_white_in_its_own_colours_and_few_bytes(shown):
    figure, axes = style.new(width=4, height=3)
    with style.context():
        axes.plot([0, 1], [1, 1], lw=12, color="#CC79A7")
        axes.plot([0, 1], [0, 1], color="#0072B2")
    style.show(figure)
    plain = io.BytesIO()
    with style.context():
        figure.savefig(plain, format="png")
    assert len(shown[0].data) < len(plain.getvalue()) / 2
    image, full = (
        np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        for data in (shown[0].data, plain.getvalue())
    )
    assert image.shape == full.shape
    assert (image[0, 0] == 255).all()
    off = np.abs(image - full).max(-1)
    # pixels of one colour keep it; of those at the edges few move by more than can be seen
    pink = (full == (0xCC, 0x79, 0xA7)).all(-1)
    assert pink.sum() > 1000
    assert off[pink].max() <= 2
    assert (off > 16).mean() < 0.005
