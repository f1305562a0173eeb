import numpy as np

from skillscale.figures import quanta_discovery as figures


def test_similarity_orders_by_size():
    label = np.array([0, 1, 1, 1, 0, 2])
    cosine = (label[:, None] == label).astype(float)
    figure = figures.similarity(cosine, label, np.zeros(6, int))
    by_cluster = figure.axes[1].images[0].get_array()
    expected = np.zeros((6, 6))
    for block in (slice(0, 3), slice(3, 5), slice(5, 6)):
        expected[block, block] = 1
    np.testing.assert_array_equal(by_cluster, expected)


def test_figures_draw_what_they_are_given():
    rng = np.random.default_rng(0)
    own, other, untrained = rng.random((3, 4, 3))
    figure = figures.excess((1, 2, 3), own, other, untrained, rng.normal(size=(4, 9, 3)))
    drawn = np.concatenate([line.get_ydata() for line in figure.axes[0].lines])
    assert np.isin([own, other, untrained], drawn).all()
    sizes = {2: np.array([5.0, 3.0, 0.0]), 3: np.array([4.0, 3.0, 1.0])}
    figure = figures.rank_sizes(sizes, np.array([5.0, 3.0, 1.0]), (0.4,))
    assert figure.axes[0].lines[0].get_ydata().tolist() == [5.0, 3.0]
    figure = figures.distinct(np.array([1.0, 10.0]), *np.ones((3, 2)))
    assert len(figure.axes[0].lines) == 3
