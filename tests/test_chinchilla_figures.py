"""The figure of a fit's exponents shows every resample, and each prediction at its value."""

import numpy as np

from skillscale.figures import chinchilla


def test_exponents_stand_where_the_fits_and_predictions_are():
    draws = {"alpha_N": np.array([0.31, 0.35, 0.37]), "alpha_D": np.array([0.40, 0.36, 0.33])}
    figure = chinchilla.exponents(draws, {"1/3": 1 / 3, "1/2": 0.5}, {"published": (0.34, 0.28)})
    (axes,) = figure.axes
    by_label = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_array_equal(by_label["published"], [[0.34, 0.28]])
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.column_stack([*draws.values()]))
    vertical = [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert vertical == [1 / 3, 0.5]
    assert [note.get_text() for note in axes.texts] == ["1/3", "1/2"]
