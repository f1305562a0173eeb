"""Tuples of skills: what structured sets of them reach, against the two certificates."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from skillscale.slingshot import theory

# k, theta, tuple size, bad fraction, clique, star, exact curve at floor(k / tuple size):
# worked out independently before
FAMILIES = [
    (8, 0.1, 2, 0.1, 3.473, 3.9025, 3.9025),
    (8, 0.1, 2, 0.3, 2.293, 2.295, 2.432),
    (8, 0.05, 2, 0.1, 4.188, 4.877, 5.190),
    (16, 0.1, 2, 0.1, 2.665, 3.000, 3.045),
    (16, 0.025, 4, 0.1, 4.588, 5.013, 5.380),
    (32, 0.02, 4, 0.3, 2.283, 2.177, 2.347),
]


@pytest.mark.parametrize(("k", "theta", "size", "a", "clique", "star", "cap"), FAMILIES)
def test_table_of_structured_tuples(k, theta, size, a, clique, star, cap):
    reached = [
        float(theory.structured_tuples(a, theta, k, size, family=family))
        for family in ("clique", "star")
    ]
    np.testing.assert_allclose(reached, [clique, star], atol=6e-4)
    slots = float(theory.exact_curve(a, theta, k // size))
    assert slots == pytest.approx(cap, abs=6e-4)
    assert max(reached) <= slots + 1e-12
    # neither a mean over tuples nor the limit of slots may pass what the theorem certifies
    assert slots * theta < theory.tuple_failure_bound(a, theta, k, size, method="slots")


@pytest.mark.parametrize(
    ("k", "theta", "size", "a", "value"),
    [(8, 0.1, 4, 0.3, 3.1667), (8, 0.1, 2, 0.5, 1.8125)],
)
def test_a_clique_can_reach_the_slots_limit(k, theta, size, a, value):
    clique = float(theory.structured_tuples(a, theta, k, size, family="clique"))
    assert clique == pytest.approx(value, abs=6e-5)
    assert clique == pytest.approx(float(theory.exact_curve(a, theta, k // size)), rel=1e-12)


@pytest.mark.parametrize(("k", "size"), [(8, 2), (8, 4), (9, 3), (6, 3), (6, 1)])
def test_a_clique_reaches_it_where_the_worst_texts_lie_in_it_up_to_one_skill(k, size):
    a, cap = 0.3, lambda theta: float(theory.exact_curve(0.3, theta, k // size))
    end = float(binom.sf(k - 2, k, a ** (1 / size)))  # texts with k or k - 1 skills in the set
    for theta in (0.3 * end, 0.999 * end):
        found = theory.structured_tuples(a, theta, k, size, family="clique")
        assert found == pytest.approx(cap(theta), rel=1e-12)
    beyond = float(theory.structured_tuples(a, 1.2 * end, k, size, family="clique"))
    if size > 1:
        assert beyond < cap(1.2 * end) * (1 - 1e-4)


def test_the_stars_mean_hides_two_kinds_of_tuples():
    """At (8, .1, 2, .1) tuples with one skill in the star reach 3.738, those with two 10."""
    k, theta, a = 8, 0.1, 0.1
    share = 1 - math.sqrt(1 - a)
    hits, chances = np.arange(k + 1), binom.pmf(np.arange(k + 1), k, share)

    def worst_mean(held):  # the texts with most hits come first
        left, total = theta, 0.0
        for x in hits[::-1]:
            taken = min(left, chances[x])
            total, left = total + taken * held[x], left - taken
        return total / theta

    pairs = math.comb(k, 2)
    two = worst_mean(hits * (hits - 1) / 2) / (pairs * share**2)
    one = worst_mean(hits * (k - hits)) / (pairs * 2 * share * (1 - share))
    assert two == pytest.approx(10.0, rel=1e-9)
    assert one == pytest.approx(3.738, abs=6e-4)
    mixed = (share**2 * two + 2 * share * (1 - share) * one) / a
    assert mixed == pytest.approx(
        float(theory.structured_tuples(a, theta, k, 2, family="star")), rel=1e-12
    )


@pytest.mark.parametrize("family", ["clique", "star"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_structured_tuples_equal_an_enumeration_of_all_texts(family, size):
    """Each of 6^4 texts once; 2 of 6 skills form the set; tuples are counted by position."""
    texts = np.array(list(itertools.product(range(6), repeat=4)))
    inside = texts < 2
    slots = [inside[:, list(places)] for places in itertools.combinations(range(4), size)]
    bad = np.sum([s.all(1) if family == "clique" else s.any(1) for s in slots], axis=0)
    a = (1 / 3) ** size if family == "clique" else 1 - (2 / 3) ** size
    for worst in (1, 60, 400, 1200):
        measured = np.sort(bad)[::-1][:worst].mean() / (math.comb(4, size) * a)
        found = theory.structured_tuples(a, worst / 6**4, 4, size, family=family)
        assert found == pytest.approx(measured, rel=1e-12)


def test_single_skills_are_tuples_of_one():
    a = np.linspace(0.05, 0.9, 9)
    for family in ("clique", "star"):
        np.testing.assert_allclose(
            theory.structured_tuples(a, 0.1, 8, 1, family=family),
            theory.exact_curve(a, 0.1, 8),
            rtol=1e-12,
        )


def test_no_set_of_tuples_passes_the_slots_limit_on_an_enumerated_system():
    """5 skills, k = 4, pairs: random sets of pairs against all 625 texts, every one once."""
    rng = np.random.default_rng(3)
    texts = np.array(list(itertools.product(range(5), repeat=4)))
    places = list(itertools.combinations(range(4), 2))
    pair_of = np.stack([texts[:, i] * 5 + texts[:, j] for i, j in places], axis=1)
    for n_bad, worst in itertools.product((3, 6, 12), (25, 100, 300)):
        a, theta = n_bad / 25, worst / 625
        cap = float(theory.exact_curve(a, theta, 2))
        for _ in range(50):
            bad = np.zeros(25, dtype=int)
            bad[rng.permutation(25)[:n_bad]] = 1
            reached = np.sort(bad[pair_of].sum(axis=1))[::-1][:worst].mean() / (6 * a)
            assert reached <= cap + 1e-12


def test_neither_certificate_always_wins():
    rows = [(8, 0.1, 2, 0.1), (8, 0.01, 3, 0.01)]
    better = [
        theory.tuple_failure_bound(a, theta, k, size, method="slots")
        < theory.tuple_failure_bound(a, theta, k, size)
        for k, theta, size, a in rows
    ]
    assert better == [True, False]


@pytest.mark.parametrize(
    ("k", "theta", "a", "tensor", "product"),
    [(8, 0.1, 0.1, 0.802, 0.888), (8, 0.05, 0.1, 0.450, 0.603), (16, 0.1, 0.3, 0.380, 0.461)],
)
def test_tensor_beats_independent_parts_at_an_equal_fraction_of_pairs(k, theta, a, tensor, product):
    """Pairs of skills that are both good singly, each from its own text."""
    single = theory.performance_curve(1 - math.sqrt(1 - a), theta, k) * theta
    assert 1 - (1 - single) ** 2 == pytest.approx(product, abs=6e-4)
    assert theory.tuple_failure_bound(a, theta, k, 2) == pytest.approx(tensor, abs=6e-4)
