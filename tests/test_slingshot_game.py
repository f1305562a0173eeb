"""The adversary of the game of bad skills, against all sets of skills and of texts."""

import itertools

import numpy as np
import pytest

from skillscale.slingshot.experiments import graphs, least_favoured, worst_named

N_SKILLS, N_TEXTS, K = 12, 60, 4
GRAPH = graphs.random_graph(N_SKILLS, N_TEXTS, K, generator=np.random.default_rng(8))
TINY = [graphs.random_graph(6, 9, 3, generator=np.random.default_rng(seed)) for seed in range(20)]


def harm(graph, named, n_wrong):
    """Failures of named skills in the texts that hold most of them."""
    return int(np.sort(np.isin(graph, named).sum(axis=1))[-n_wrong:].sum())


def all_sets(n_skills, size):
    """In the order of the binary numbers: the highest skill counts first."""
    return sorted(itertools.combinations(range(n_skills), size), key=lambda named: named[::-1])


def least(graph, texts, named):
    return min(int((graph[list(texts)] == skill).sum()) for skill in named)


@pytest.mark.parametrize("n_wrong", [1, 3, 9])
def test_with_room_for_all_sets_the_first_of_the_worst_is_found(n_wrong):
    for graph in TINY:  # C(6, 3) = 20 sets at most
        found = worst_named(graph, n_wrong, 6)
        for size, named in enumerate(found, start=1):
            best = max(all_sets(6, size), key=lambda sets: harm(graph, sets, n_wrong))
            assert named.tolist() == list(best)
        assert len(found) == 5


@pytest.mark.parametrize("n_wrong", [3, 6, 20])
def test_the_sets_kept_hold_the_worst_one_throughout(n_wrong):
    found = worst_named(GRAPH, n_wrong, N_SKILLS)  # C(12, 6) = 924 sets, of which 200 are kept
    for size, named in enumerate(found, start=1):
        most = max(harm(GRAPH, sets, n_wrong) for sets in all_sets(N_SKILLS, size))
        assert harm(GRAPH, named, n_wrong) == most


def test_of_sets_harmed_alike_the_first_binary_number_is_named():
    graph = np.arange(5)[:, None]
    found = [named.tolist() for named in worst_named(graph, 1, 5)]
    assert found == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]
    assert found == [named.tolist() for named in worst_named(graph[::-1], 1, 5)]


def test_least_favoured_against_all_sets_of_texts():
    cases = exact = 0
    for graph in TINY:
        for n_wrong, size in itertools.product((2, 4), (2, 3, 5)):
            named = list(worst_named(graph, n_wrong, 6)[size - 1])
            choices = itertools.combinations(range(len(graph)), n_wrong)
            best = max(least(graph, texts, named) for texts in choices)
            found = least_favoured(graph, named, n_wrong, 6)
            assert best - 1 <= found <= best
            cases, exact = cases + 1, exact + (found == best)
    assert exact >= 0.9 * cases  # exchanging one at a time is no proof of the best


@pytest.mark.parametrize("n_wrong", [6, 15, 30])
def test_least_favoured_stays_close_below_the_linear_program(n_wrong):
    for named in worst_named(GRAPH, n_wrong, N_SKILLS):
        ceiling = graphs.certificate(GRAPH, named, n_wrong, N_SKILLS)
        found = least_favoured(GRAPH, named, n_wrong, N_SKILLS)
        # the linear program is solved to 1e-7; whole texts and exchanges lose little
        assert ceiling - 2.5 < found <= ceiling + 1e-6
        assert found * len(named) <= harm(GRAPH, named, n_wrong)


def test_more_exchanges_never_lose():
    named = worst_named(GRAPH, 15, N_SKILLS)[5]
    found = [least_favoured(GRAPH, named, 15, N_SKILLS, exchanges=n) for n in range(30)]
    assert found == sorted(found)
    assert found[0] < found[-1]
    first = np.argsort(-np.isin(GRAPH, named).sum(axis=1), kind="stable")[:15]
    assert found[0] == least(GRAPH, first, named)


def test_one_skill_or_all_texts_leave_nothing_to_exchange():
    for skill in range(N_SKILLS):
        assert least_favoured(GRAPH, [skill], 7, N_SKILLS) == harm(GRAPH, [skill], 7)
    everywhere = np.bincount(GRAPH.ravel(), minlength=N_SKILLS)
    named = [5, 0, 9]
    assert least_favoured(GRAPH, named, N_TEXTS, N_SKILLS) == everywhere[named].min()


def test_of_texts_worth_alike_the_first_leaves_and_comes():
    # the first exchange brings text 3 for text 0, the second text 0 for text 1
    graph = np.array([[0, 0], [0, 0], [0, 0], [1, 1], [1, 1]])
    found = [least_favoured(graph, [0, 1], 3, 2, exchanges=n) for n in range(3)]
    assert found == [0, 2, 2]
    assert least_favoured(graph, (0, 1), 3, 2) == 2


def test_kinds_of_integers_and_order_of_names_change_nothing():
    named = worst_named(GRAPH, 15, N_SKILLS)[4]
    wide = GRAPH.astype(np.int64)
    for left, right in zip(worst_named(wide, 15, 12), worst_named(GRAPH, 15, 12), strict=True):
        assert left.tolist() == right.tolist()
    found = least_favoured(GRAPH, named, 15, N_SKILLS)
    assert type(found) is int
    assert found == least_favoured(wide, named[::-1].tolist(), 15, N_SKILLS)
