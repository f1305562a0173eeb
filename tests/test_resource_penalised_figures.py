"""Figures of penalised networks: they draw what they are given, on the axes they name."""

import numpy as np

from skillscale.figures import resource_penalised as figures


def test_sparse_draws_networks_and_prediction_and_leaves_out_the_empty():
    neurons = {"L2": np.array([[4, 4], [0, 8]]), "L1": np.array([[2, 2], [3, 5]])}
    loss = {name: 1e-4 / (values + 1.0) for name, values in neurons.items()}
    weight = {name: 2 * value for name, value in loss.items()}
    line = (np.array([2.0, 8.0]), np.array([1e-4, 1e-5]), np.array([1.2, 0.8]))
    above, below = figures.sparse(neurons, loss, weight, line).axes
    for axes, curve, measured in ((above, line[1], loss), (below, line[2], weight)):
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), np.c_[line[0], curve])
        drawn = [one.get_xydata() for one in axes.lines[1:]]
        np.testing.assert_array_equal(drawn[0], np.c_[[4, 4, 8], measured["L2"].flat[[0, 1, 3]]])
        np.testing.assert_array_equal(drawn[1], np.c_[[2, 2, 3, 5], measured["L1"].ravel()])
        assert axes.get_xscale() == axes.get_yscale() == "log"
    names = [text.get_text() for text in above.get_legend().get_texts()]
    assert names == ["balance of pairs, no fit", "L2", "L1"]


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
