"""Figures of emergence in data and width show every skill of every panel."""

import numpy as np
import pytest

from skillscale.figures import skill_basis_emergence as figures


@pytest.mark.parametrize("logarithmic", [True, False])
def test_ladders_draw_each_prediction_and_each_mean(logarithmic):
    x = np.array([100.0, 200.0, 400.0])
    measured = np.stack([np.linspace(0, 1, 3), np.linspace(0, 0.2, 3)], -1)[None].repeat(4, 0)
    forms = {"projection": np.zeros((5, 2)), "paper": np.ones((5, 2))}
    ladder = figures.Ladder(x, measured, np.linspace(100, 400, 5), forms)
    figure = figures.ladders(
        {"left": ladder, "right": ladder}, xlabel="samples", logarithmic=logarithmic
    )
    assert [axes.get_title("left") for axes in figure.axes] == ["left", "right"]
    for axes in figure.axes:
        assert len(axes.lines) == 2 * (2 + 1)
        np.testing.assert_allclose(axes.lines[2].get_ydata(), measured[0, :, 0])
        # Only the first skill passes one half.
        assert [text.get_text() for text in axes.texts] == ["1"]
        assert axes.get_xscale() == ("log" if logarithmic else "linear")
    figure.draw_without_rendering()
