"""Figures of random graphs show what they are given."""

import numpy as np

from skillscale.figures import slingshot_graphs as figures


def test_margins_mark_every_graph_and_the_largest():
    figure = figures.margins({"one": [0.5, 0.7], "two": [0.2, 0.9, 0.4]})
    axes = figure.axes[0]
    marks, largest = axes.lines[2], axes.lines[3]
    assert marks.get_xdata().tolist() == [0.2, 0.9, 0.4]
    assert largest.get_xdata().tolist() == [0.9]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]
    assert axes.lines[4].get_xdata() == [1, 1]
    assert axes.get_xlim()[1] > 1


def test_margins_hide_no_graph_beyond_the_bound():
    axes = figures.margins({"one": [0.5, 1.4], "two": [0.2]}).axes[0]
    assert axes.get_xlim()[1] > 1.4


def test_levels_put_closed_forms_in_their_rows():
    figure = figures.levels(
        {"a": [1.0, 1.1], "b": [3.0]}, {"b": 2.9}, 4.0, xlabel="x", limit_label="most"
    )
    axes = figure.axes[0]
    forms = [line for line in axes.lines if list(line.get_xdata()) == [2.9, 2.9]]
    assert [list(line.get_ydata()) for line in forms] == [[0.65, 1.35]]
    assert any(list(line.get_xdata()) == [4.0, 4.0] for line in axes.lines)


def test_combinations_draw_a_line_and_points_per_correlation():
    size = np.arange(1, 4)
    expected = {0.0: 10.0**-size, 1.0: 20.0**-size}
    count = {rho: np.tile(line, (5, 1)) for rho, line in expected.items()}
    ascribed = {0.0: [0, 0, 0], 1.0: [0, 0.5, 0.9]}
    above, below = figures.combinations(size, expected, count, ascribed).axes
    assert above.get_yscale() == "log"
    # for each correlation a line and the points of five members; the line at one text
    assert len(above.lines) == 2 * (1 + 5) + 1
    np.testing.assert_allclose(above.lines[6].get_ydata(), expected[1.0])
    assert [text.get_text() for text in below.get_legend().get_texts()] == [
        r"$\rho=0$",
        r"$\rho=1$",
    ]
    np.testing.assert_allclose(below.lines[1].get_ydata(), [0, 0.5, 0.9])
