"""Figures of noisy networks: they draw what they are given, on the axes they name."""

import numpy as np

from skillscale.figures import resource_noise as figures


def test_proportions_draw_the_best_one_and_both_stages():
    widths = np.array([16, 32, 64])
    start = np.array([[1.0, 1.1, 1.2], [0.9, 1.0, 1.0], [1.1, 1.2, 1.4]])
    ratios = {name: np.stack([start, 2 * start]) for name in ("a", "b", "c")}
    best = {"a": 3.0, "b": np.array([1.0, 0.8, 0.6]), "c": 1.0}
    figure = figures.proportions(widths, ratios, best)
    panels = figure.axes
    assert [axes.get_title("left") or axes.get_title() for axes in panels[:3]] == ["a", "b", "c"]
    assert not panels[3].axison
    np.testing.assert_allclose(panels[0].lines[0].get_ydata(), 3.0)
    np.testing.assert_allclose(panels[1].lines[0].get_ydata(), best["b"])
    for axes in panels[:3]:
        before, after = (bars.lines[0].get_ydata() for bars in axes.containers)
        np.testing.assert_allclose(before, start[0])
        np.testing.assert_allclose(after, 2 * start[0])
        assert axes.get_xscale() == axes.get_yscale() == "log"
    # an ordinary figure of one panel has both labels
    (axes,) = figures.proportions(widths, {"a": ratios["a"]}, best).axes
    assert axes.get_xlabel()
    assert axes.get_ylabel()


def test_singularities_draw_n_times_the_loss():
    widths = np.array([16, 64])
    loss = {"square": np.array([[0.5, 0.125], [0.25, 0.25]]), "step": np.array([[1.0, 0.5]])}
    predicted = {"square": 2 / widths, "step": widths ** (-1 / 3)}
    (axes,) = figures.singularities(widths, loss, predicted).axes
    lines = [line.get_ydata() for line in axes.lines if line.get_linestyle() == "-"][1:]
    np.testing.assert_allclose(lines[0], 2.0)
    np.testing.assert_allclose(lines[1], widths ** (2 / 3))
    square, step = axes.containers
    np.testing.assert_allclose(square.lines[0].get_ydata(), [6, 12])  # medians
    np.testing.assert_allclose(step.lines[0].get_ydata(), [16, 32])
    bars = [segment[:, 1].tolist() for segment in square.lines[2][0].get_segments()]
    np.testing.assert_allclose(bars, [[4, 8], [8, 16]])
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["least loss, no fit", "square", "step"]
