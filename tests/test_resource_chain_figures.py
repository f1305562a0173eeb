"""Figures of chains and samples: they draw what they are given, on the axes they name."""

import numpy as np

from skillscale.figures import resource_chain as figures

WIDTH = np.array([16, 32, 64])


def test_profile_draws_errors_above_and_slopes_below():
    x = np.linspace(-1, 1, 5)
    above, below = figures.profile(x, {"16": x**2, "32": x**4}, {"sine": x + 1}).axes
    np.testing.assert_array_equal(above.lines[1].get_xydata(), np.c_[x, x**4])
    np.testing.assert_array_equal(below.lines[0].get_xydata(), np.c_[x, x + 1])
    assert [text.get_text() for text in above.get_legend().get_texts()] == ["16", "32"]
    assert below.get_xlabel() == "input $x$"


def test_additivity_draws_means_and_the_range_over_members():
    plain = np.array([[1.2, 1.3, 1.4], [1.4, 1.5, 1.6]])
    panels = figures.additivity(WIDTH, {"sine": (plain, plain - 0.3), "root": (plain, plain)}).axes
    assert [axes.get_title() for axes in panels] == ["sine", "root"]
    line, mean, weighted = panels[0].lines
    assert set(line.get_ydata()) == {1}
    np.testing.assert_allclose(mean.get_xydata(), np.c_[WIDTH, plain.mean(0)])
    np.testing.assert_allclose(weighted.get_ydata(), plain.mean(0) - 0.3)
    first = panels[0].collections[0].get_segments()[0]
    np.testing.assert_allclose(first, [[16, 1.2], [16, 1.4]])


def test_split_draws_networks_prediction_and_its_best():
    share, loss = np.array([0.25, 0.5]), {"sine": np.array([[2.0, 1.0], [3.0, 1.5]])}
    curve = (np.array([0.2, 0.8]), np.array([4.0, 5.0]))
    axes = figures.split(share, loss, {"sine": curve}, {"sine": (0.4, 0.9)}).axes[0]
    drawn = [line.get_xydata() for line in axes.lines]
    np.testing.assert_array_equal(drawn[0], np.c_[curve])
    np.testing.assert_array_equal(drawn[2], np.c_[share, loss["sine"][1]])
    np.testing.assert_array_equal(drawn[4], [[0.4, 0.9]])
    assert axes.get_yscale() == "log"


def test_no_function_is_left_out():
    names = [str(place) for place in range(6)]
    points, line = np.array([0.2, 0.8]), np.array([1.0, 2.0])
    axes = figures.split(
        points,
        dict.fromkeys(names, line[None]),
        dict.fromkeys(names, (points, line)),
        dict.fromkeys(names, (0.5, 1.0)),
    ).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [*names, "predicted best"]
    below = figures.profile(points, {"16": line}, dict.fromkeys(names, line)).axes[1]
    assert [text.get_text() for text in below.get_legend().get_texts()] == names


def test_samples_draw_medians_and_the_whole():
    loss = {16: np.array([[4.0, 4, 4], [5, 5, 5], [9, 9, 9]]), 1024: np.ones((3, 3))}
    figure = figures.samples(WIDTH, loss, np.full((3, 3), 0.5))
    axes = figure.axes[0]
    medians = [line.get_ydata() for line in axes.lines]
    np.testing.assert_array_equal(medians, [[5, 5, 5], [1, 1, 1], [0.5, 0.5, 0.5]])
    np.testing.assert_array_equal(axes.lines[2].get_xdata(), WIDTH)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert axes.get_legend() is None
    assert set(names) == {"16", "1,024", "all inputs"}
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_samples_show_all_but_what_few_samples_blow_up():
    loss = {16: np.full((3, 3), 1e3), 64: np.ones((3, 3)), 1024: np.full((3, 3), 0.7)}
    figure = figures.samples(WIDTH, loss, np.full((3, 3), 0.5))
    np.testing.assert_allclose(figure.axes[0].get_ylim(), [0.3, 10])
    # the fit to all inputs is always in the frame
    del loss[64], loss[1024]
    loss[32] = loss.pop(16) * 1e-3
    low, high = figures.samples(WIDTH, loss, np.full((3, 3), 0.5)).axes[0].get_ylim()
    assert low < 0.5 < high
