"""Planted growth, order and convergence exponents come back, with and without censoring."""

import numpy as np
import pytest
from scipy import stats

from skillscale import learning_order
from skillscale.frequencies import power_law

P = power_law(100, 0.4)


def planted(q, scatter, *, members=40, seed=0):
    noise = np.random.default_rng(seed).normal(size=(members, P.size))
    return 10 * P**-q * np.exp(scatter * noise)


def exponent(frequency, times, **options):
    found = learning_order.convergence_exponents(frequency, times, **options)
    return learning_order.mean_of_all(found)


def seen_until(times, horizon):
    return np.where(times <= horizon, times, np.nan)


@pytest.mark.parametrize("select", learning_order.SELECTIONS)
def test_exponents_without_scatter_are_exact(select):
    times = seen_until(planted(0.8, 0.0, members=2), 300.0)
    found = exponent(P, times, horizon=300.0, select=select)
    # The likelihood of noise-free data has no maximum; its search stops close to it.
    assert found.value == pytest.approx(0.8, abs=1e-3)


def test_all_learned_reads_low_and_the_likelihood_does_not():
    times, horizon = planted(1.0, 0.5), 1000.0
    watched = seen_until(times, horizon)
    assert 10 < np.isfinite(watched).sum(1).mean() < 60
    by = {
        select: exponent(P, watched, horizon=horizon, select=select)
        for select in learning_order.SELECTIONS
    }
    # The lucky rare ones flatten the fit by far more than its standard error.
    assert by["all learned"].high < 0.95
    assert by["censored"].low < 1.0 < by["censored"].high
    assert by["censored"].high - by["censored"].low < 0.1
    assert by["all learned"].value < by["gap-free"].value < 1.15


def test_without_censoring_all_three_agree():
    times = planted(0.9, 0.2, members=5)
    found = [
        exponent(P, times, horizon=times.max(), select=select).value
        for select in learning_order.SELECTIONS
    ]
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


def test_the_censored_exponent_has_the_largest_likelihood():
    """Against the likelihood as it is defined, with level and scatter on a fine grid."""
    (times,) = planted(1.0, 0.5, members=1)
    watched = seen_until(times, 1000.0)
    known = np.isfinite(watched)
    found = exponent(P, watched, horizon=1000.0).value
    level, scatter = np.meshgrid(np.linspace(-2, 4, 241), np.linspace(0.2, 1.2, 201))

    def best(q):
        line = level[..., None] - q * np.log(P)
        seen = stats.norm.logpdf(np.log(times[known]), line[..., known], scatter[..., None])
        left = stats.norm.logsf(np.log(1000.0), line[..., ~known], scatter[..., None])
        return (seen.sum(-1) + left.sum(-1)).max()

    tried = found + np.array([-0.06, -0.03, 0.0, 0.03, 0.06])
    assert np.argmax([best(q) for q in tried]) == 2


def test_too_few_skills_give_no_interval():
    times = np.full((3, P.size), np.nan)
    times[:2, :4] = [1.0, 2.0, 4.0, 8.0]
    found = exponent(P, times, horizon=10.0, select="all learned")
    assert (found.status, found.n_members) == ("too_few_points", 3)
    assert np.isfinite(found.value)
    assert np.isnan(found.low)
    nothing = exponent(P, times[2:], horizon=10.0)
    assert nothing.status == "too_few_points"
    assert np.isnan(nothing.value)


def test_growth_of_the_count_ignores_the_order():
    rng = np.random.default_rng(1)
    times = rng.permuted(np.arange(1, 41) ** 1.4 * np.ones((5, 1)), axis=1)
    assert learning_order.count_growth(times).value == pytest.approx(1 / 1.4, abs=1e-9)
    times[0, np.argsort(times[0])[19:]] = np.nan
    censored = learning_order.count_growth(times)
    assert censored.status == "bound_hit"
    assert np.isnan(censored.low)
    assert censored.value == pytest.approx(1 / 1.4, abs=1e-9)
    assert np.isnan(learning_order.count_growth(times[:1]).value)


def test_order_with_skills_never_learned_is_censored():
    times = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, np.nan, 3.0]])
    found = learning_order.order_correlation(times, n=4)
    assert found.status == "bound_hit"
    # One of six pairs is out of order in the second member.
    assert found.value == pytest.approx((1 + 4 / 6) / 2)
    assert learning_order.order_correlation(times, n=2).value == 1.0


def test_skills_never_learned_come_after_all_others_and_together():
    # a tie with the last one learned would make it less than 1
    assert learning_order.order_correlation([[0.5, 1.0, 2.0, np.nan]], n=4).value == 1.0
    # below one step, too
    assert learning_order.order_correlation([[0.1, 0.2, np.nan]], n=3).value == 1.0
    # Of six pairs five are ordered and one is tied among the times: τ_b = 5/√(6·5).
    found = learning_order.order_correlation([[1.0, 2.0, np.nan, np.nan]], n=4)
    assert found.value == pytest.approx((5 / 6) ** 0.5)
