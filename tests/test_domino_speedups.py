"""Figures of the speed-ups: they draw what they are given."""

import numpy as np

from skillscale import fits
from skillscale.figures import domino_speedups as figures


def labels(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_ended_runs_keep_their_last_value():
    steps = np.array([0.0, 10.0, 20.0])
    accuracy = np.array([[[0.1, 1.0, np.nan], [0.0, 0.5, np.nan]]] * 2)
    figure = figures.grokking(steps, {"sign": accuracy, "Adam": accuracy, "third": accuracy})
    assert [axes.get_title() for axes in figure.axes][:3] == ["sign", "Adam", "third"]
    drawn = [line.get_ydata().tolist() for line in figure.axes[0].lines]
    assert drawn.count([1.0, 1.0]) == drawn.count([0.5, 0.5]) == 3
    assert labels(figure.legends[0]) == ["trained on", "not trained on"]


def test_tuning_fills_the_best_rate():
    rates = {"a": np.array([0.1, 0.2, 0.4]), "b": np.array([1.0, 2.0, 3.0])}
    losses = {"a": np.array([3.0, 2.0, np.nan]), "b": np.array([1.0, 2.0, 3.0])}
    (axes,) = figures.tuning(rates, losses).axes
    single = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xdata()) == 1]
    assert single == [[[0.2, 2.0]], [[1.0, 1.0]]]
    assert labels(axes.get_legend()) == ["a", "b"]


def test_changes_are_means_with_their_intervals():
    values = np.array([[0.1, 0.3], [0.2, 0.5], [0.6, 0.1]])
    (axes,) = figures.loss_changes(np.array([0.0, 1.0]), {"a": values}).axes
    np.testing.assert_allclose(axes.lines[1].get_ydata(), values.mean(0))
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == max(fits.mean(column).high for column in values.T)

    (axes,) = figures.group_changes({"a": values, "b": -values}, ["all", "rare"]).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    centres = [container.lines[0].get_xdata() for container in axes.containers]
    np.testing.assert_allclose(centres, [[0.3, -0.3], [0.3, -0.3]])
    assert labels(axes.get_legend()) == ["all", "rare"]


def test_speed_ups_have_geometric_means():
    values = np.array([0.5, 1.0, 2.0])
    (axes,) = figures.speed_ups({"a": values}).axes
    interval = axes.lines[-1].get_xdata()
    np.testing.assert_allclose(np.sqrt(np.prod(interval)), 1.0)
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), values)
