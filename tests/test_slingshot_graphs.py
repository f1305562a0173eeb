"""Random graphs and adversaries on them against enumeration, closed forms and loops."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from skillscale.lab import records
from skillscale.slingshot import experiments, readings, theory
from skillscale.slingshot.experiments import graphs, many_graphs

SHAPES = (experiments.Shape(100, 4000, 8), experiments.Shape(100, 4000, 8, 1.0))
MANY = experiments.ManyGraphs(SHAPES, (0.1, 0.2), (0.1, 0.3), swaps=30, seeds=(0, 1))
TINY = experiments.TinyGraphs(((4, 10, 3, 3),), graphs=3, seeds=(0, 1))


def generator(seed=0):
    return np.random.default_rng(seed)


def bound(shape, theta, a, chance=1e-6):
    """Finite curve; for Zipf skills a fraction is a sum of frequencies: up to 2^N1 sets."""
    extra = shape[0] * (np.log(2) + a * np.log(a) + (1 - a) * np.log(1 - a)) if shape[3] else 0.0
    delta = chance * np.exp(-extra)
    sizes = {"n_skills": shape[0], "n_texts": shape[1], "failure_probability": float(delta)}
    return float(theory.finite_curve(a, theta, shape[2], **sizes))


def test_a_graph_takes_two_bytes_an_entry_where_it_can():
    assert graphs.random_graph(2**15, 10, 3, generator=generator()).dtype == np.int16
    wide = graphs.random_graph(2**15 + 1, 40_000, 8, generator=generator())
    assert wide.dtype == np.int32
    assert wide.max() == 2**15  # the largest index is met in 320 000 draws
    assert graphs.random_graph(2**15, 40_000, 8, generator=generator()).min() == 0


def test_zipf_skills_have_their_frequencies():
    graph = graphs.random_graph(20, 50_000, 8, generator=generator(), zipf=1.0)
    expected = graphs.skill_frequencies(20, 1.0)
    assert expected[0] / expected[4] == pytest.approx(5.0)
    share = np.bincount(graph.ravel(), minlength=20) / graph.size
    # five standard deviations of a binomial share
    assert np.all(np.abs(share - expected) < 5 * np.sqrt(expected / graph.size))
    np.testing.assert_array_equal(graphs.skill_frequencies(4), 0.25)


def test_hits_and_failures_equal_plain_loops():
    graph = graphs.random_graph(12, 300, 5, generator=generator())
    skills, texts = np.array([1, 4, 11]), np.array([0, 7, 8, 200])
    loop = [sum(int(s) in (1, 4, 11) for s in row) for row in graph]
    assert graphs.hits(graph, skills, 12).tolist() == loop
    count = [sum(int(s) == skill for t in texts for s in graph[t]) for skill in range(12)]
    assert graphs.failures(graph, texts, 12).tolist() == count


def test_hits_of_many_skills_per_text_do_not_overflow():
    graph = np.zeros((2, 300), dtype=np.int16)
    assert graphs.hits(graph, np.array([0]), 3).tolist() == [300, 300]


@pytest.mark.parametrize("n_wrong", [1, 5, 17, 50])
def test_worst_texts_have_the_highest_scores(n_wrong):
    score = generator(3).integers(6, size=50).astype(np.int16)
    chosen = graphs.worst_texts(score, n_wrong, generator=generator())
    assert len(set(chosen.tolist())) == n_wrong
    assert sorted(score[chosen])[::-1] == sorted(score)[::-1][:n_wrong]


def test_ties_are_broken_by_chance():
    score = np.array([2, 1, 1, 1, 1, 0], dtype=np.int16)
    draws = [graphs.worst_texts(score, 3, generator=generator(seed)) for seed in range(400)]
    taken = np.bincount(np.concatenate(draws), minlength=6)
    assert taken[0] == 400
    assert taken[5] == 0
    # each of four ties is taken with probability 1/2: 200 ± 10
    assert np.all(np.abs(taken[1:5] - 200) < 50)


def test_swaps_find_what_the_linear_program_allows():
    graph = graphs.random_graph(100, 5000, 8, generator=generator())
    busiest = np.argsort(-np.bincount(graph.ravel()))[:20]
    start = graphs.worst_texts(graphs.hits(graph, busiest, 100), 500, generator=generator())
    texts = graphs.soft_min_swaps(graph, busiest, start, np.ones(100), swaps=200)
    assert len(set(texts.tolist())) == 500
    reached = graphs.failures(graph, texts, 100)[busiest].min()
    started = graphs.failures(graph, start, 100)[busiest].min()
    most = graphs.certificate(graph, busiest, 500, 100)
    # within 2 %: an independent implementation comes within 1 % at 50 texts per skill
    assert started < reached <= most < 1.02 * reached


def test_certificate_of_a_graph_solved_by_hand():
    """Three texts, two skills, one text wrong: half of each outer one, or the middle one."""
    graph = np.array([[0, 0], [0, 1], [1, 1]], dtype=np.int16)
    assert graphs.certificate(graph, np.array([0, 1]), 1, 2) == pytest.approx(1.0)
    assert graphs.certificate(graph, np.array([0]), 1, 2) == pytest.approx(2.0)
    assert graphs.certificate(graph, np.array([0]), 2, 2) == pytest.approx(3.0)


def test_all_sets_of_texts_equal_all_sets_of_skills_in_loops():
    graph = graphs.random_graph(4, 8, 3, generator=generator(5))
    found = graphs.every_set_of_texts(graph, 3, 4)
    for size in range(1, 5):
        best = max(
            min(sum((graph[t] == skill).sum() for t in texts) for skill in skills)
            for texts in itertools.combinations(range(8), 3)
            for skills in itertools.combinations(range(4), size)
        )
        assert found[size - 1] == best


def test_the_certificate_covers_all_sets():
    graph = graphs.random_graph(6, 12, 4, generator=generator(7))
    found = graphs.every_set_of_texts(graph, 3, 6)
    for size in (1, 2, 3):
        sets = itertools.combinations(range(6), size)
        most = max(graphs.certificate(graph, np.array(z), 3, 6) for z in sets)
        assert found[size - 1] <= most + 1e-9


def test_the_bound_holds_on_graphs_of_uniform_and_zipf_skills():
    found = MANY.run()
    assert found.reached.dims == ("member", "shape", "theta", "bad_fraction", "strategy")
    assert found.seed.values.tolist() == [0, 1]
    for (j, shape), (m, theta), (n, a) in itertools.product(
        enumerate(SHAPES), enumerate(MANY.thetas), enumerate(MANY.bad_fractions)
    ):
        worst = found.worst.values[:, j, m, n]
        assert np.all(found.reached.values[:, j, m, n] <= worst + 1e-4)
        assert worst.max() < bound(shape, theta, a)
        # without aim, random skills get what everyone gets: 5 % of noise on ten skills' mean
        random = found.targeted.sel(strategy="random texts").values[:, j, m, n]
        assert np.all(np.abs(random - 1) < 0.15)
    swaps, busiest = (
        found.reached.sel(strategy=name) for name in ("soft-min swaps", "busiest skills")
    )
    assert np.all(swaps.sel(shape=0) >= busiest.sel(shape=0))


def test_no_stored_graph_or_network_passes_the_bound():
    """The bound is a theorem, but for 1e-6 per setting, and 1e-3 where all sets are enumerated."""
    run = records.published("slingshot_adversaries")
    assert (run.reached / readings.adversary_bounds(run)).max() < 1
    ratios = readings.graphs_over_bound(records.published("slingshot_many_graphs"))
    compared = ratios.notnull().all(("member", "strategy"))
    assert (int(compared.sum()), compared.size) == (226, 240)
    assert ratios.max() < 1
    assert compared.any(("theta", "bad_fraction")).all()
    assert readings.tiny_graphs_over_bound(records.published("slingshot_tiny_graphs")).max() <= 1
    tightness, _ = readings.worst_skills(records.published("slingshot_known_entropy"))
    assert np.nanmax(tightness[:, 0]) < 1


def test_a_planted_graph_is_recognised():
    """If texts are made of one half of the skills, that half fails and nothing else does."""
    graph = np.concatenate([np.tile([0, 1], (50, 1)), np.tile([2, 3], (50, 1))]).astype(np.int16)
    found = many_graphs.attack(graph, np.full(4, 0.25), 0.5, 0.5, 5, generator())
    # the busiest two are skills 0 and 1: all their 50 texts are wrong, twice the average
    assert found[2] == found[3] == (2.0, 2.0, 2.0)


def test_the_strongest_adversary_reaches_the_exact_worst_case():
    """1000 skills, 100 000 texts: between the limit 2.30 and 2.40, far below 3.084."""
    settings = experiments.ManyGraphs(
        (experiments.Shape(1000, 100_000, 8),), (0.1,), (0.2,), seeds=(1, 2)
    )
    reached = settings.run().reached.values[:, 0, 0, 0]
    limit = float(theory.exact_curve(0.2, 0.1, 8))
    assert limit == pytest.approx(2.3, abs=5e-5)
    assert bound((1000, 100_000, 8, 0.0), 0.1, 0.2, chance=1.0) == pytest.approx(3.084, abs=5e-5)
    assert np.all((reached[:, 3] > 2.28) & (reached[:, 3] < 2.40))
    assert reached.max() < 3.084


def test_tiny_graphs_hold_what_enumeration_finds():
    found = TINY.run()
    assert found.worst.dims == ("member", "graph", "shape", "n_bad")
    graph = graphs.random_graph(4, 10, 3, generator=np.random.default_rng([1, 2, 4, 10, 3, 3]))
    expected = graphs.every_set_of_texts(graph, 3, 4) / (3 * 3 / 4)
    np.testing.assert_allclose(found.worst.values[1, 2, 0], expected, rtol=1e-4)
    swapped = found.swapped.values[..., :3]
    assert np.all(swapped <= found.worst.values[..., :3] + 1e-4)
    assert np.isnan(found.swapped.values[..., 3]).all()


def test_certified_graphs_lie_between_the_exact_curve_and_the_bound():
    settings = replace(
        experiments.CertifiedGraphs.records["slingshot_certified_graphs"]["standard"],
        n_texts=(120,),
        seeds=(0,),
    )
    certified = float(settings.run().certified[0, 0])
    sizes = {"n_skills": 12, "n_texts": 120, "failure_probability": 1e-2}
    assert float(theory.exact_curve(0.25, 0.1, 4)) < certified
    assert certified < float(theory.finite_curve(0.25, 0.1, 4, **sizes))


def test_the_stored_run_can_be_drawn_again():
    stored = records.published("slingshot_adversaries")
    settings = replace(
        experiments.Adversaries.records["slingshot_adversaries"]["standard"],
        n_texts=(10_000,),
        seeds=(3,),
    )
    again = settings.run()
    np.testing.assert_allclose(again.reached[0, 0], stored.reached[3, 0], rtol=1e-6)
