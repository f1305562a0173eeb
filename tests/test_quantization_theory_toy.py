"""What a finite, noisy toy shows of the law, against counting and against drawn learning times."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import zeta

from skillscale.frequencies import power_law
from skillscale.quantization import theory

# Staircase


@pytest.mark.parametrize("n_skills", [math.inf, 1, 40, 500])
@pytest.mark.parametrize("alpha", [0.1, 0.4, 2.0])
def test_staircase_is_the_count(alpha, n_skills):
    cost = 37.0
    ranks = np.arange(1, 1001 if math.isinf(n_skills) else n_skills + 1, dtype=np.float64)
    total = zeta(alpha + 1) if math.isinf(n_skills) else (ranks ** -(alpha + 1)).sum()
    frequency = ranks ** -(alpha + 1) / total
    amounts = np.concatenate([[0.0], np.geomspace(1.0, 1e4, 300)])
    brute = (amounts[:, None] * frequency >= cost).sum(1)
    found = theory.staircase(amounts, alpha, cost=cost, n_skills=n_skills)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, brute)


def test_staircase_at_its_edges():
    # Both sides of every edge, 1e-9 of it away: more than rounding, less than any spacing.
    frequency = power_law(500, 0.4)
    edges = 2e4 / frequency
    ranks = np.arange(1, 501)
    above = theory.staircase(edges * (1 + 1e-9), 0.4, cost=2e4, n_skills=500)
    below = theory.staircase(edges * (1 - 1e-9), 0.4, cost=2e4, n_skills=500)
    np.testing.assert_array_equal(above, ranks)
    np.testing.assert_array_equal(below, ranks - 1)


# Exponent of the loss with data, by the published rule

ALPHAS = np.linspace(0.1, 0.8, 15)
AMOUNTS = np.geomspace(1e4, 5e6, 25)  # the settings of the published sweep
# Exponents that the published sweep of 500 skills measured, as its code prints them.
MEASURED = [0.275, 0.271, 0.274, 0.284, 0.297, 0.311, 0.308, 0.322]
MEASURED += [0.335, 0.341, 0.357, 0.366, 0.373, 0.394, 0.404]


def read(cost, n_skills):
    return np.array([
        theory.apparent_data_exponent(alpha, amounts=AMOUNTS, cost=cost, n_skills=n_skills)
        for alpha in ALPHAS
    ])  # fmt: skip


def rms(predicted):
    return float(np.sqrt(np.mean((predicted - MEASURED) ** 2)))


def test_apparent_data_exponents_of_500_skills():
    table = [0.256, 0.267, 0.285, 0.294, 0.303, 0.321, 0.327, 0.346]
    table += [0.365, 0.383, 0.383, 0.398, 0.399, 0.413, 0.431]
    # Half a unit of the third digit of an independent computation by partial sums.
    np.testing.assert_allclose(read(2e4, 500), table, atol=5.5e-4)


def test_apparent_data_exponent_by_hand():
    frequency = power_law(500, 0.4)
    counts = [int((amount * frequency >= 2e4).sum()) for amount in AMOUNTS]
    left = np.array([1 - frequency[:count].sum() for count in counts])
    first = int(np.argmax(left < 0.95))
    x, y = np.log(AMOUNTS[first:]), np.log(left[first:])
    by_hand = -((x - x.mean()) @ y) / ((x - x.mean()) @ x)
    found = theory.apparent_data_exponent(0.4, amounts=AMOUNTS, cost=2e4, n_skills=500)
    assert found == pytest.approx(by_hand, rel=1e-10)


def test_truncation_explains_part_of_the_data_exponents():
    gaps = {
        "law": rms(ALPHAS / (ALPHAS + 1)),
        "constant": rms(np.mean(MEASURED)),
        "500 skills": rms(read(2e4, 500)),
        "500 skills, half the cost": rms(read(1e4, 500)),
        "1e7 skills": rms(read(2e4, 10**7)),
        "1e7 skills, half the cost": rms(read(1e4, 10**7)),
    }
    expected = {
        "law": 0.076,
        "constant": 0.043,
        "500 skills": 0.023,
        "500 skills, half the cost": 0.031,
        "1e7 skills": 0.071,
        "1e7 skills, half the cost": 0.068,
    }
    # Half a unit of the third digit: the gaps are of numbers printed to three digits.
    assert gaps == pytest.approx(expected, abs=5.5e-4)
    # Only the finite number of skills brings the law closer than one constant for all alphas.
    assert gaps["500 skills"] < gaps["constant"] < gaps["1e7 skills"]


def test_apparent_data_exponent_approaches_the_law():
    # Many quanta, many of them learned, a fit far from both ends.
    amounts = np.geomspace(1e7, 1e11, 200)
    found = theory.apparent_data_exponent(0.5, amounts=amounts, cost=10.0)
    # n from 3e3 on, and whole numbers: a relative error of order 1e-3.
    assert found == pytest.approx(0.5 / 1.5, rel=2e-3)


# Order


def test_rank_correlation_by_chance():
    rng = np.random.default_rng(1)
    mean = 1.4 * np.log(np.arange(1, 16))
    for spread in (0.3, rng.uniform(0.0, 1.0, 15)):
        drawn = mean + rng.normal(size=(4000, 15)) * spread
        taus = [stats.kendalltau(mean, times).statistic for times in drawn]
        expected = theory.expected_rank_correlation(mean, spread)
        # Four standard errors of the mean of 4000 draws.
        assert np.mean(taus) == pytest.approx(expected, abs=4 * np.std(taus) / math.sqrt(4000))


def test_rank_correlation_of_two_is_an_error_function():
    gap, spread = 0.7, np.array([0.3, 0.4])
    found = theory.expected_rank_correlation([0.0, gap], spread)
    # P(in order) - P(out of order) with a difference of standard deviation 0.5.
    assert found == pytest.approx(2 * stats.norm.cdf(gap / 0.5) - 1, rel=1e-12)


def test_rank_correlation_limits():
    times = [0.0, 1.0, 3.0, 3.5]
    assert theory.expected_rank_correlation(times, 0.0) == 1
    assert theory.expected_rank_correlation(times[::-1], 0.0) == -1
    assert theory.expected_rank_correlation([1.0, 1.0, 1.0], 0.5) == 0
    assert theory.expected_rank_correlation(times, 1e6) == pytest.approx(0, abs=1e-5)
    mixed = theory.expected_rank_correlation([0.0, 1.0, 2.0], [0.0, 0.0, 1e9])
    assert mixed == pytest.approx(1 / 3, abs=1e-8)


# Selection


def pooled_and_single(alpha, n_skills, log_cost, log_budget, spread, q, runs):
    """Exponent of learned skills: one fit over all runs, and the mean of the fits to each."""
    rng = np.random.default_rng(2)
    log_p = np.log(power_law(n_skills, alpha))
    times = log_cost + q * (log_p[0] - log_p) + rng.normal(size=(runs, n_skills)) * spread
    seen = times <= log_budget
    x, y = np.broadcast_to(log_p, times.shape)[seen], times[seen]
    fits = [-np.polyfit(log_p[row], times[i, row], 1)[0] for i, row in enumerate(seen)]
    return -np.polyfit(x, y, 1)[0], np.array(fits)


@pytest.mark.parametrize(("alpha", "q", "spread"), [(0.4, 1.0, 0.4), (0.4, 0.9, 0.2), (1.0, 1, 1)])
def test_selection_lowers_q(alpha, q, spread):
    runs = 2000
    found = theory.censored_exponent(
        alpha, n_skills=100, cost=100.0, budget=5000.0, spread=spread, q=q
    )
    pooled, single = pooled_and_single(alpha, 100, math.log(100), math.log(5000), spread, q, runs)
    # About 15 skills a run, with residuals of about `spread` over one unit of ln P.
    assert pooled == pytest.approx(found, abs=4 * spread / math.sqrt(15 * runs))
    # One fit a run: a ratio of averages over some 15 skills, biased by a few percent at most.
    assert single.mean() == pytest.approx(found, abs=0.05 * q)
    assert found < q


def test_spread_by_skill():
    spread = np.linspace(0.2, 0.6, 100)
    found = theory.censored_exponent(0.4, n_skills=100, cost=1.0, budget=50.0, spread=spread)
    pooled, _ = pooled_and_single(0.4, 100, 0.0, math.log(50.0), spread, 1.0, 2000)
    assert pooled == pytest.approx(found, abs=4 * 0.4 / math.sqrt(15 * 2000))


def test_nothing_is_selected_without_spread_or_without_an_end():
    run = {"n_skills": 100, "cost": 1.0, "q": 0.8}
    assert theory.censored_exponent(0.4, **run, budget=50.0, spread=1e-6) == pytest.approx(0.8)
    assert theory.censored_exponent(0.4, **run, budget=1e9, spread=0.5) == pytest.approx(0.8)
    tiny = theory.censored_exponent(0.4, **run, budget=50.0, spread=1e-12)
    assert tiny == pytest.approx(0.8)
