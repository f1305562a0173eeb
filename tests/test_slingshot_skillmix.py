"""Combinations of skills in a corpus, with and without a shared rate."""

from dataclasses import replace

import numpy as np
import pytest

from skillscale.slingshot import experiments, theory

SMALL = experiments.SkillCombinations(
    n_texts=500_000, topics=8, sizes=(1, 2, 3, 5), correlations=(0.0, 0.5, 1.0), seeds=(0, 1, 2)
)


@pytest.fixture(scope="module")
def corpora():
    return SMALL.run()


def test_counts_follow_the_product_of_moments(corpora):
    mean = corpora.mean("member")
    ratio = (mean["count"] / mean.independent).sel(size=[1, 2, 3])
    sizes, rho = ratio["size"].values, ratio.correlation.values
    expected = theory.co_occurrence(sizes[None, :], rho[:, None])
    # three corpora with 8 x 1e4 texts: 5 counts of each triple, correlated by shared texts
    np.testing.assert_allclose(ratio.values, expected, rtol=0.08)


def test_independent_expectation_stays_below_the_mean_frequency_estimate(corpora):
    """Maclaurin: averaged over combinations, unequal rates make fewer large combinations."""
    size = corpora["size"].values
    limit = theory.skillmix_expected_texts(size, p_skill=0.06, p_topic=0.02, corpus=500_000)
    mean = corpora.independent.mean(("member", "correlation")).values
    # 7200 combinations of 5: the products scatter by 100 %, their mean by 1.2 %
    assert np.all(mean <= 1.05 * limit)
    assert mean[-1] > 0.5 * limit[-1]


def test_seen_fraction_of_equal_independent_skills_is_poisson():
    settings = replace(SMALL, spread=0.0, sizes=(3, 4), correlations=(0.0,))
    found = settings.run().mean("member").sel(correlation=0.0)
    expected = theory.skillmix_expected_texts([3, 4], p_skill=0.06, p_topic=0.02, corpus=5e5)
    np.testing.assert_allclose(found.independent, expected, rtol=1e-4)
    # 2400 combinations: the fraction scatters by 0.01
    np.testing.assert_allclose(found.seen, -np.expm1(-expected), atol=0.05)


def test_a_topic_of_all_texts_and_certain_skills_are_always_seen():
    settings = experiments.SkillCombinations(
        n_skills=3,
        mean_rate=0.999,
        spread=0.0,
        topic_rate=1.0,
        topics=2,
        n_texts=100,
        sizes=(3,),
        combinations=4,
        correlations=(0.0,),
        single_success=1.0,
    )
    found = settings.run().isel(member=0, correlation=0, size=0)
    assert found.seen == 1
    assert found.composed == 1
    assert found.novel == 0
    assert 98 < float(found["count"]) <= 100


def test_a_composer_does_not_look_at_the_corpus(corpora):
    success = corpora.composed.mean("member")
    expected = 0.8 ** corpora["size"].values
    # 2400 combinations: five standard deviations are 0.05
    assert np.all(np.abs(success.values - expected) < 0.05)
    # what a composer gets right is as novel as what is unseen
    difference = corpora.novel - (1 - corpora.seen)
    assert np.all(np.abs(difference.mean("member").values) < 0.06)


def test_without_success_nothing_is_novel():
    settings = replace(SMALL, single_success=0.0, seeds=(0,), sizes=(2,), correlations=(0.0,))
    assert np.isnan(settings.run().novel.values).all()


def test_a_shared_rate_makes_a_parrot_look_inventive(corpora):
    size, rho = 5, 1.0
    parrot = float(corpora.seen.sel(size=size, correlation=rho).mean())
    naive = theory.skillmix_expected_texts(size, p_skill=0.06, p_topic=0.02, corpus=5e5)
    assert theory.novel_fraction(parrot, naive) > 0.8
    corrected = theory.novel_fraction(parrot, naive, inflation=theory.co_occurrence(size, rho))
    assert corrected == 0
