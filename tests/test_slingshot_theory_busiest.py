"""The busiest skills of a random graph: formula against counting."""

import numpy as np
import pytest
from scipy.stats import binom

from skillscale.slingshot import theory

FRACTIONS = [0.05, 0.2, 0.5, 0.8]


def counted(n_skills, n_texts, k, theta, generator):
    """Mean failure factor of the busiest skills of one graph at the worst texts, by counting."""
    texts = generator.integers(n_skills, size=(n_texts, k))
    order = np.argsort(-np.bincount(texts.ravel(), minlength=n_skills), kind="stable")
    factors = []
    for a in FRACTIONS:
        chosen = np.zeros(n_skills, dtype=bool)
        chosen[order[: round(a * n_skills)]] = True
        hits = chosen[texts].sum(axis=1)
        worst = np.sort(hits)[::-1][: round(theta * n_texts)]
        factors.append(worst.sum() / (a * k * n_texts * theta))
    return factors


@pytest.mark.parametrize(("n_texts", "k", "theta"), [(20_000, 8, 0.1), (40_000, 4, 0.3)])
def test_formula_is_what_counting_finds(n_texts, k, theta):
    generator = np.random.default_rng(3)
    graphs = np.array([counted(1000, n_texts, k, theta, generator) for _ in range(8)])
    found = theory.busiest_curve(FRACTIONS, theta, k, n_skills=1000, n_texts=n_texts)
    # N1 / (k N2) = 0.6 %, and graphs scatter by as much: measured differences are below 0.4 %
    assert graphs.mean(axis=0) == pytest.approx(found, rel=0.01)
    # the limit is another number: 13 or 16 % off at a = 0.05, 8 or 9 % at 0.2
    gap = graphs.mean(axis=0) / theory.exact_curve(FRACTIONS, theta, k) - 1
    assert (gap[:2] > [0.1, 0.06]).all()


def test_share_is_the_tail_mean_of_the_skills_numbers_of_draws():
    # at θ so near 1 that all texts are wrong the factor is the share of the draws itself, a'/a
    found = theory.busiest_curve(FRACTIONS, 1 - 1e-12, 8, n_skills=1000, n_texts=20_000)
    draws, a = 160_000, np.array(FRACTIONS)
    tails = binom.sf(np.arange(400), draws, 1e-3)
    exact = np.minimum(tails, a[:, None]).sum(axis=1) / (a * draws * 1e-3)
    # the skewness of the draws is what the normal leaves out: 0.34 % at a = 0.05
    assert found == pytest.approx(exact, rel=0.006)


def test_tends_to_the_exact_curve_as_the_square_root_of_texts():
    limit = theory.exact_curve(FRACTIONS[:3], 0.1, 8)
    gaps = [
        theory.busiest_curve(FRACTIONS[:3], 0.1, 8, n_skills=1000, n_texts=n) - limit
        for n in (10**10, 10**12)
    ]
    assert (gaps[1] > 0).sum() >= 2  # beyond a = θ^(1/k) both are Markov's 1/a
    assert gaps[1][:2] == pytest.approx(gaps[0][:2] / 10, rel=1e-3)
    assert gaps[1] == pytest.approx(np.zeros(3), abs=1e-4)


def test_between_the_exact_curve_and_the_finite_bound():
    found = theory.busiest_curve(FRACTIONS[:3], 0.1, 8, n_skills=1000, n_texts=100_000)
    bound = theory.finite_curve(FRACTIONS[:3], 0.1, 8, n_skills=1000, n_texts=100_000)
    assert (theory.exact_curve(FRACTIONS[:3], 0.1, 8) < found + 1e-12).all()
    assert (found < bound).all()
    assert (found <= 1 / np.array(FRACTIONS[:3])).all()


def test_no_number_where_the_normal_leaves_a_negative_share_to_the_rest():
    found = theory.busiest_curve([0.2, 0.99], 0.1, 8, n_skills=1000, n_texts=200)
    assert np.isfinite(found[0])
    assert np.isnan(found[1])
    assert theory.busiest_curve(0.2, 0.1, 8, n_skills=10, n_texts=100).shape == ()
