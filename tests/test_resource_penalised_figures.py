"""Figures of penalised networks: they draw what they are given, on the axes they name."""

import numpy as np

from skillscale.figures import resource_penalised as figures


def test_sparse_draws_networks_and_prediction_and_leaves_out_the_empty():
    neurons = {"L2": np.array([[4, 4], [0, 8]]), "L1": np.array([[2, 2], [3, 5]])}
    loss = {name: 1e-4 / (values + 1.0) for name, values in neurons.items()}
    weight = {name: 2 * value for name, value in loss.items()}
    line = (np.array([2.0, 8.0]), np.array([1e-4, 1e-5]), np.array([1.2, 0.8]))
    panels = np.reshape(figures.sparse(neurons, loss, weight, line).axes, (2, 2))
    kept = {"L2": [0, 1, 3], "L1": [0, 1, 2, 3]}
    for row, name in zip(panels, neurons, strict=True):
        assert row[0].get_title("left") == name
        for axes, curve, measured in ((row[0], line[1], loss), (row[1], line[2], weight)):
            found = [one.get_xydata() for one in axes.lines]
            expected = np.c_[neurons[name].ravel(), measured[name].ravel()][kept[name]]
            np.testing.assert_array_equal(found[0], expected)
            np.testing.assert_array_equal(found[1], np.c_[line[0], curve])
            assert axes.get_xscale() == axes.get_yscale() == "log"


def test_shares_draw_the_power_and_every_network():
    weights = np.array([0.5, 0.75])
    ratios = {"loss": np.array([[1.0, 1.1], [2.4, 2.6]]), "neurons": np.ones((2, 3))}
    panels = figures.shares(weights, ratios, (0.8, 0.6)).axes
    for axes, (name, values), power in zip(panels, ratios.items(), (0.8, 0.6), strict=True):
        curve = axes.lines[0].get_xydata()
        np.testing.assert_allclose(curve[:, 1], curve[:, 0] ** power)
        np.testing.assert_allclose(curve[[0, -1], 0], [1, 3])
        for line, member in zip(axes.lines[1:], values.T, strict=False):
            np.testing.assert_allclose(line.get_xydata(), np.c_[[1, 3], member])
        assert axes.get_ylabel() == name


def test_plain_draws_networks_medians_and_the_predicted_slope_in_the_window():
    widths = np.array([2, 4, 8, 16])
    last = np.array([[1.0, 0.5, 0.25, 0.1], [1.2, 0.5, 0.25, 0.3], [9.0, 0.5, 0.25, 0.2]])
    loss = {"SiLU": {10: 2 * last, 30: last}, "ReLU": {10: last, 30: last / 2}}
    panels = figures.plain(widths, loss, (4, 8), 1.0).axes
    assert len(panels) == 2
    lines = {line.get_label(): line.get_xydata() for line in panels[0].lines}
    np.testing.assert_allclose(lines["10 steps"], np.c_[widths, [2.4, 1.0, 0.5, 0.4]])
    np.testing.assert_allclose(lines["30 steps"], np.c_[widths, [1.2, 0.5, 0.25, 0.2]])
    # 0.5 at 4 and 0.25 at 8 lie on 2/N
    np.testing.assert_allclose(lines["exponent 1"], [[4, 0.5], [8, 0.25]])
    assert [axes.get_ylabel() for axes in panels] == ["loss, SiLU", "loss, ReLU"]
    (axes,) = figures.plain(widths, {"SiLU": {"one": 2 * last, "tuned": last}}, (4, 8), 1.0).axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(lines["one"], [2.4, 1.0, 0.5, 0.4])
    np.testing.assert_allclose(lines["tuned"], [1.2, 0.5, 0.25, 0.2])


def test_series_draws_both_losses_and_leaves_out_the_empty():
    neurons = np.array([[4, 0], [8, 16]])
    fresh = np.where(neurons > 0, 2.0, 1.0) / np.maximum(neurons, 1)
    (axes,) = figures.series(neurons, fresh, fresh / 2, 1.0).axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    np.testing.assert_allclose(lines["fresh points"], [[4, 0.5], [8, 0.25], [16, 0.125]])
    np.testing.assert_allclose(lines["training points"][:, 1], [0.25, 0.125, 0.0625])
    np.testing.assert_allclose(lines["exponent 1"], [[4, 0.5], [16, 0.125]])


def test_carriers_draw_every_layer_and_leave_out_what_is_missing():
    correlation = np.array([[0.1, 0.2, 0.3], [0.5, np.nan, 0.7], [np.nan] * 3])
    (axes,) = figures.carriers(correlation, 0.99, 0.97).axes
    points = [line.get_ydata() for line in axes.lines if line.get_marker() == "."]
    for values, expected in zip(points, ([0.9, 0.8, 0.7], [0.5, 0.3], []), strict=True):
        np.testing.assert_allclose(values, expected)
    medians = [bar.get_segments()[0][0, 1] for bar in axes.collections]
    np.testing.assert_allclose(medians, [0.8, 0.4])
    levels = [line.get_ydata()[0] for line in axes.lines if line.get_marker() != "."]
    np.testing.assert_allclose(levels, [0.01, 0.03])
