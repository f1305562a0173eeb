"""Skill-Mix: expected texts, novel successes, and skills that occur together."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import gamma

from skillscale.slingshot import theory

RATES = {"p_skill": 0.0144, "p_topic": 0.0022, "corpus": 5e10}


def test_expected_texts():
    found = theory.skillmix_expected_texts([3, 4, 5, 6], **RATES)
    np.testing.assert_allclose(found, [328.5, 4.73, 0.0681, 0.000981], rtol=1e-3)
    np.testing.assert_allclose(-np.expm1(-found[1:]), [0.991, 0.0658, 0.00098], rtol=2e-3)
    crossing = math.log(RATES["p_topic"] * RATES["corpus"]) / -math.log(RATES["p_skill"])
    assert crossing == pytest.approx(4.37, abs=6e-3)


def test_novel_fractions_and_the_thin_margin_at_five():
    expected = theory.skillmix_expected_texts([5, 6], **RATES)
    np.testing.assert_allclose(
        theory.novel_fraction([0.12, 0.08], expected), [0.432, 0.988], atol=6e-4
    )
    np.testing.assert_allclose(1.5 * expected, [0.1022, 0.00147], rtol=2e-3)  # needed successes
    # at k = 5 a corpus larger by 17 %, or rates larger by 3.3 %, leave no third of novel successes
    for change in ({"corpus": 5.873e10}, {"p_skill": 0.014871}):
        five = theory.skillmix_expected_texts(5, **(RATES | change))
        assert theory.novel_fraction(0.12, five) == pytest.approx(1 / 3, abs=2e-3)
    assert theory.novel_fraction(0.12, 0.5) == 0
    assert theory.novel_fraction(1.0, 0.0) == 1


@pytest.mark.parametrize("rho", [0.0165, 0.5, 2.0])
def test_co_occurrence_is_a_moment_of_the_gamma_law(rho):
    rate = gamma(1 / rho, scale=rho)
    assert rate.mean() == pytest.approx(1)
    assert rate.var() == pytest.approx(rho)
    for k in (1, 2, 5, 6):
        assert float(theory.co_occurrence(k, rho)) == pytest.approx(float(rate.moment(k)), rel=1e-9)


def test_co_occurrence_in_simulated_texts():
    """Expected number of texts with three given skills; error of the mean about 1.5 %."""
    rng = np.random.default_rng(4)
    n, rho, p = 400_000, 0.5, 0.05
    shared = rng.gamma(1 / rho, rho, n)[:, None]
    held = rng.random((n, 8)) < np.minimum(1, p * shared)
    counts = [held[:, list(c)].all(axis=1).sum() for c in itertools.combinations(range(8), 3)]
    expected = theory.skillmix_expected_texts(3, p_skill=p, p_topic=1, corpus=n)
    inflated = float(expected * theory.co_occurrence(3, rho))
    assert np.mean(counts) == pytest.approx(inflated, rel=0.06)
    assert inflated == pytest.approx(3 * float(expected))


def test_break_even():
    five, six = theory.skillmix_expected_texts([5, 6], **RATES)
    assert theory.break_even_correlation(0.12, five, 5) == pytest.approx(0.0165, abs=6e-5)
    assert theory.break_even_correlation(0.08, six, 6) == pytest.approx(0.437, abs=6e-4)
    for success, expected, k in ((0.12, five, 5), (0.08, six, 6)):
        rho = theory.break_even_correlation(success, expected, k)
        left = theory.novel_fraction(success, expected, inflation=theory.co_occurrence(k, rho))
        assert left == pytest.approx(1 / 3, rel=1e-9)
    assert math.isnan(theory.break_even_correlation(0.1, 0.09, 5))
    assert theory.break_even_correlation(0.3, 0.2, 2) == pytest.approx(0, abs=1e-9)
    # two skills: 1 + ρ = (1 - t) α / λ
    assert theory.break_even_correlation(0.5, 0.1, 2, threshold=0) == pytest.approx(4.0)


def test_unequal_skills_have_fewer_combinations_on_average():
    """The mean over combinations of products is at most the power of the mean."""
    rates = np.random.default_rng(0).lognormal(-4, 1, 9)
    for k in (2, 3, 5):
        products = [math.prod(c) for c in itertools.combinations(rates.tolist(), k)]
        bound = theory.skillmix_expected_texts(k, p_skill=rates.mean(), p_topic=1, corpus=1)
        assert np.mean(products) < bound


def test_the_novel_fraction_is_a_lower_bound_for_any_set_of_successes():
    """6 of 40 combinations stand in a corpus, once each; every set of successes has novel ones."""
    rng = np.random.default_rng(1)
    seen = np.zeros(40, dtype=bool)
    seen[:6] = True
    for n_success in (3, 6, 12, 40):
        bound = theory.novel_fraction(n_success / 40, 6 / 40)
        sets = [rng.permutation(40)[:n_success] for _ in range(100)] + [np.arange(n_success)]
        novel = [1 - seen[s].mean() for s in sets]
        assert min(novel) == pytest.approx(float(bound), abs=1e-12)  # the parrot's first choice
        assert max(novel) <= 1
