import numpy as np
import pytest

from skillscale.figures import quanta_statistics as figures

SIZES = np.array([[8.0, 4.0, 1.0, 0.0], [6.0, 4.0, 2.0, 0.0]])


def test_envelopes_draw_means_and_intervals():
    found = np.array([[1.2, 1.1, 1.3], [1.6, 1.5, 1.8]])
    windows = [(1, 3), (2, 4)]
    figure = figures.envelopes(
        {"gradients": SIZES, "null": SIZES / 2},
        {"gradients": found, "null": found + 1},
        windows,
        predicted=1.05,
        margin=0.2,
    )
    left, right = figure.axes
    first, second = left.lines
    assert first.get_ydata().tolist() == [7.0, 4.0, 1.5]
    # means below one sample are left out
    assert second.get_ydata().tolist() == [3.5, 2.0]
    assert [tick.get_text() for tick in right.get_xticklabels()] == ["1–3", "2–4"]
    assert right.lines[0].get_ydata()[0] == 1.05
    low, high = right.collections[0].get_segments()[1][:, 1]
    assert (low, high) == pytest.approx((1.5, 1.8))
    names = [text.get_text() for text in right.get_legend().get_texts()]
    assert names == ["model: 1 + α of the loss", "equal sizes", "gradients", "null"]


def test_size_series_draws_every_member_and_the_mean():
    losses = np.array([[4.0, 3.0, 2.5], [4.2, 3.2, 2.7]])
    share = np.array([[0.0, 0.1, 0.2], [0.0, 0.1, 0.3]])
    figure = figures.size_series(
        np.array([1e3, 1e4, 1e5]), {"short": losses + 1, "long": losses}, {"long": share}
    )
    left, right = figure.axes
    assert len(left.lines) == 2 * (2 + 1)
    assert left.lines[-1].get_ydata().tolist() == pytest.approx([4.1, 3.1, 2.6])
    assert right.lines[-1].get_ydata().tolist() == pytest.approx([0, 0.1, 0.25])


def test_token_curves_have_a_title_and_a_line_for_each_network():
    curves = np.arange(24.0).reshape(2, 4, 3)
    rows = {"one step": (["if x:", "$cost"], curves), "many": (["a b"], curves[:1])}
    figure = figures.token_curves(np.array([1.0, 2.0, 3.0]), rows)
    assert len(figure.axes) == 4
    assert len(figure.axes[0].lines) == 4 + 1
    assert figure.axes[0].get_title() == "if x:"
    assert figure.axes[1].get_title() == r"\$cost"
    assert figure.axes[0].lines[-1].get_ydata().tolist() == curves[0].mean(0).tolist()
    assert not figure.axes[3].lines
    figure.canvas.draw()


def test_recovered_draws_each_member():
    scores = {"ARI": {"signed": np.array([0.1, 0.2]), "absolute": np.array([0.3, 0.5])}}
    figure = figures.recovered(scores, ["signed", "absolute"])
    (axes,) = figure.axes
    assert axes.lines[0].get_xdata().tolist() == [0.1, 0.2]
    assert axes.lines[3].get_xdata()[0] == pytest.approx(0.4)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["signed", "absolute"]
