"""Figures of the law show what they are given."""

import numpy as np

from skillscale.figures import quantization as figures


def test_published_exponents_stand_beside_every_curve():
    alpha = np.array([0.2, 0.4, 0.8])
    measured = alpha + 0.1
    curves = {"law": alpha, "500 skills": 1.5 * alpha}
    figure = figures.published({"N": (alpha, measured, curves), "S": (alpha, measured, curves)})
    assert [axes.get_title() for axes in figure.axes] == ["N", "S"]
    for axes in figure.axes:
        law, finite, dots = (line.get_ydata() for line in axes.lines)
        np.testing.assert_array_equal(law, alpha)
        np.testing.assert_array_equal(finite, 1.5 * alpha)
        np.testing.assert_array_equal(dots, measured)
    assert figure.axes[0].get_legend() is not None
    figure.draw_without_rendering()


def test_apparent_exponents_have_a_curve_a_window_and_the_truth():
    sizes = np.array([20.0, 200.0])
    figure = figures.apparent(sizes, {"n = 1…10": np.array([0.6, 0.4])}, 0.4)
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [0.6, 0.4])
    assert set(axes.lines[1].get_ydata()) == {0.4}
