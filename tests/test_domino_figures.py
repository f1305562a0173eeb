"""Figures of the domino chapter: they draw what they are given, and the unfinished as such."""

import numpy as np
import pytest

from skillscale.figures import domino, domino_networks


def points(axes):
    return [line.get_xydata() for line in axes.lines]


def test_medians_count_what_never_came_as_latest():
    values = np.array([[1.0, 2.0, np.nan], [1.0, np.nan, np.nan]])
    np.testing.assert_array_equal(domino.middles(values), [2.0, np.inf])


def test_delays_draw_every_network_and_the_median():
    at, values = np.array([1.0, 10.0]), np.array([[1.0, 1.1, 1.3], [2.0, 3.0, np.nan]])
    (axes,) = domino.delays(
        np.array([1.0, 20.0]), {"model": np.array([1.0, 2.0])}, {"Adam": (at, values)}
    ).axes
    drawn = points(axes)
    np.testing.assert_array_equal(drawn[0][:, 0], drawn[0][:, 1])
    np.testing.assert_array_equal(drawn[1][:, 1], [1.0, 2.0])
    np.testing.assert_array_equal(drawn[2][:, 1], [1.0, 2.0])
    np.testing.assert_array_equal(drawn[-1][:, 1], [1.1, 3.0])
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "Adam"


def test_local_exponents_write_only_levels_that_have_no_curve():
    t = np.array([1.0, 10.0])
    (axes,) = domino.local_exponents(
        t, {"a": np.array([0.5, 0.6])}, {"a": 0.7, "parallel": 0.4}, xlabel="step"
    ).axes
    assert [text.get_text() for text in axes.texts] == ["parallel"]
    assert [tuple(line.get_ydata()) for line in axes.lines] == [(0.5, 0.6), (0.7, 0.7), (0.4, 0.4)]
    assert axes.get_xlabel() == "step"


def test_labels_beyond_the_marks_are_drawn_too():
    ratios, values = np.array([1.0, 2.0]), np.array([[1.0, 1.2], [1.5, 1.7]])
    company = dict.fromkeys("abcd", values)
    (axes,) = domino_networks.competition(ratios, company).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list("abcd")
    measured = dict.fromkeys("abcd", (ratios, values))
    (axes,) = domino.delays(ratios, dict.fromkeys("vwxyz", ratios), measured).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()][1:] == list("vwxyzabcd")


def test_competition_labels_the_frequency_ratios():
    ratios = np.array([1.0, 2.0, 20.0])
    values = np.array([[1.0, 1.2], [1.5, 1.7], [2.0, 2.4]])
    (axes,) = domino_networks.competition(ratios, {"Adam": values}).axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "20"]
    np.testing.assert_allclose(points(axes)[-1][:, 1], [1.1, 1.6, 2.2])


def test_composition_draws_members_medians_and_the_model():
    steps = np.array([0.0, 10.0])
    third = np.array([[0.5, 0.7], [0.5, 0.9], [0.5, 1.0]])
    (axes,) = domino_networks.composition(
        steps, third, {"alone": third}, np.array([[0.5, 0.5], [1.0, 0.6]])
    ).axes
    drawn = [tuple(line.get_ydata()) for line in axes.lines]
    assert (0.5, 0.9) in drawn
    assert (0.5, 0.6) in drawn
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["parents", "alone", "gated dynamics"]


def test_remedies_put_unfinished_tasks_at_the_end():
    times = np.array([[100.0, 200.0], [300.0, np.nan]])
    figure = domino_networks.remedies({"one": {"dense": times}, "two": {"dense": times}}, end=900)
    assert len(figure.axes) == 2
    np.testing.assert_array_equal(points(figure.axes[0])[1], [[100.0, 300.0], [200.0, 900.0]])


@pytest.mark.parametrize("task", [0, 1])
def test_noisy_draws_a_panel_a_task(task):
    losses = np.array([[[0.1, 0.2], [0.01, 0.02]], [[0.3, 0.4], [0.03, 0.04]]])
    figure = domino_networks.noisy(
        np.array([0.0, 4.0]), {"dense": losses}, ("common", "rare"), learned=1e-3
    )
    np.testing.assert_allclose(points(figure.axes[task])[-1][:, 1], losses[..., task].mean(0))
