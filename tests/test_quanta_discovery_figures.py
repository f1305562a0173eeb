import re

import numpy as np
import pytest

from skillscale.figures import quanta_discovery as figures

VOCABULARY = ["a", " b", "\n    ", "<script>", ":"]


@pytest.fixture
def clusters():
    tokens = np.array([[4, 1, 0], [4, 0, 1], [3, 2, 1], [2, 4, 0], [4, 1, 1]])
    return figures.ClusterList(
        tokens, np.array([1, 1, 0, 0, 1]), VOCABULARY, np.array([0.1, 0.9]), examples=2
    )


def test_list_marks_the_predicted_token_in_its_context(clusters):
    page = clusters._repr_html_()
    # the context runs forwards, the predicted token comes last
    assert "a b<mark>:</mark>" in page
    assert " b⏎    <mark>&lt;script&gt;</mark>" in page
    assert "a:<mark>⏎····</mark>" in page
    assert repr(clusters) == "2 clusters of 5 samples"


def test_list_escapes_what_the_text_holds(clusters):
    assert "<script" not in clusters._repr_html_()


def test_largest_cluster_comes_first_with_its_commonest_token(clusters):
    first, second = re.findall(r"(\d) samples<br>(\d) × <mark>", clusters._repr_html_())
    assert first == ("3", "3")
    assert second == ("2", "1")
    assert clusters._repr_html_().index("cosine 0.90") < clusters._repr_html_().index("cosine 0.10")


def test_examples_are_limited(clusters):
    # one mark for each cluster's commonest token, two examples of each
    assert clusters._repr_html_().count("<mark>") == 2 + 4


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
