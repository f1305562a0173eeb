"""Figures of the toy show every panel, curve and network."""

import numpy as np
import pytest

from skillscale.figures import quantization_toy as figures

RNG = np.random.default_rng(0)


def test_counts_show_means_between_extremes_and_leave_out_nothing_learned():
    amount = np.array([8.0, 16.0, 32.0])
    count = np.array([[0.0, 2.0, 4.0], [0.0, 4.0, 8.0]])
    panel = figures.Counts(amount, {"early": count / 2, "late": count}, amount / 4)
    figure = figures.counts({"left": panel, "right": panel}, xlabel="width")
    assert [axes.get_title() for axes in figure.axes] == ["left", "right"]
    for axes in figure.axes:
        drawn = [container.lines[0].get_data() for container in axes.containers]
        assert len(drawn) == 2
        np.testing.assert_allclose(drawn[1], [[16.0, 32.0], [3.0, 6.0]])
        np.testing.assert_allclose(axes.lines[0].get_ydata(), amount / 4)
    figure.draw_without_rendering()


@pytest.mark.parametrize("rules", [["SGD"], ["SGD", "Adam", "sign", "pooled"]])
def test_learning_times_have_a_panel_a_rule(rules):
    frequency = np.array([0.5, 0.3, 0.2])
    times = {name: np.array([[1.0, 2.0, np.nan], [1.5, np.nan, np.nan]]) for name in rules}
    line = dict.fromkeys(rules, 1 / frequency)
    figure = figures.learning_times(frequency, times, line, horizon=10.0)
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in visible] == rules
    # The rarest skill was never learned; the axis ends below the last one that was.
    assert 0.1 < visible[0].get_xlim()[1] < 0.3
    figure.draw_without_rendering()


def test_exponents_mark_each_reading_and_leave_gaps():
    rows = {
        "SGD": {"all learned": (1.0, 0.9, 1.1), "gap-free": (1.05, 0.9, 1.2)},
        "sign": {"all learned": (0.8, np.nan, np.nan)},
    }
    figure = figures.exponents(rows, law=1.0, xlabel="q")
    (axes,) = figure.axes
    values = [container.lines[0].get_xdata() for container in axes.containers]
    np.testing.assert_array_equal(values, [[1.0, 0.8], [1.05, np.nan]])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["SGD", "sign"]
    figure.draw_without_rendering()


def test_steps_end_where_a_quantum_is_learned():
    amount = np.array([1.0, 10.0, 100.0, 1000.0])
    learned, share = np.array([50.0, np.nan]), np.array([0.4, 0.2])
    figure = figures.steps_and_sum(amount, learned, share, amount, np.geomspace(1, 0.1, 4))
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [0.4, 0.4, np.nan, np.nan])
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), [0.2] * 4)
    figure.draw_without_rendering()


def test_order_shows_skills_never_learned_at_the_end():
    times = np.array([[10.0, 30.0, 20.0], [12.0, 25.0, np.nan]])
    figure = figures.order(times, np.array([10.0, 20.0, 40.0]), horizon=100.0)
    (axes,) = figure.axes
    hollow = [line.get_ydata().tolist() for line in axes.lines if line.get_mfc() == "none"]
    assert hollow == [[], [100.0]]
    figure.draw_without_rendering()
