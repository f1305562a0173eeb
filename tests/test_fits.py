"""Estimates recover planted parameters, and their intervals cover them."""

import math

import numpy as np
import pytest

from skillscale import fits

# A fraction of 1000 trials at 95 % has a standard error of 0.7 %; ± 2.5 % is more than three.
COVERAGE = pytest.approx(0.95, abs=0.025)
TRIALS = 1000


def covers(estimate, truth):
    return estimate.low <= truth <= estimate.high


@pytest.mark.parametrize("n_members", [3, 5, 20])
def test_mean_covers_the_planted_value_for_few_members_too(n_members):
    generator = np.random.default_rng(n_members)
    samples = 2.0 + 0.7 * generator.standard_normal((TRIALS, n_members))
    assert np.mean([covers(fits.mean(sample), 2.0) for sample in samples]) == COVERAGE


@pytest.mark.parametrize("n_members", [3, 10])
def test_power_law_covers_when_points_of_a_curve_share_their_noise(n_members):
    generator = np.random.default_rng(n_members)
    x = np.geomspace(1, 100, 12)
    slopes = 0.6 + 0.05 * generator.standard_normal((TRIALS, n_members, 1))
    levels = np.exp(0.3 * generator.standard_normal((TRIALS, n_members, 1)))
    found = [fits.power_law(x, curves).exponent for curves in levels * x**-slopes]
    assert np.mean([covers(estimate, 0.6) for estimate in found]) == COVERAGE


def test_power_law_recovers_exponent_and_prefactor_exactly_without_noise():
    x = np.array([2.0, 3.0, 7.0, 20.0])
    fit = fits.power_law(x, np.stack([3.0 * x**-0.4, 3.0 * x**-0.4]))
    assert fit.exponent.value == pytest.approx(0.4, abs=1e-12)
    assert fit.prefactor.value == pytest.approx(3.0, rel=1e-12)
    assert fit.exponent.high - fit.exponent.low < 1e-12


def test_power_law_takes_abscissae_per_member():
    x = np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 9.0]])
    assert fits.power_law(x, 5.0 / x).exponent.value == pytest.approx(1.0, abs=1e-12)


def test_one_member_has_no_interval_and_says_so():
    estimate = fits.power_law([1.0, 2.0, 4.0], [4.0, 2.0, 1.0]).exponent
    assert estimate.status == "too_few_points"
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)


def test_crossing_recovers_planted_sigmoid_times():
    t = np.linspace(0, 20, 2001)
    planted = np.array([4.0, 5.0, 6.5])
    curves = 1 / (1 + np.exp(-(t - planted[:, None])))
    # Linear interpolation of a curve with |y''| < 0.1 on steps of 0.01 is off by less than 1e-5.
    np.testing.assert_allclose(fits.crossing_times(t, curves, threshold=0.5), planted, atol=1e-5)


def test_a_curve_that_only_touches_a_level_has_reached_it():
    touching = [[0.0, 1.0, 0.0], [0.0, 0.5, 1.0], [0.0, 0.0, 0.9]]
    found = fits.crossing_times([0, 2, 4], touching, threshold=1.0)
    np.testing.assert_array_equal(found, [2.0, 4.0, np.nan])


def test_first_of_several_crossings_counts():
    times = fits.crossing_times([0, 1, 2, 3, 4], [0.0, 1.0, 0.0, 1.0, 1.0], threshold=0.5)
    assert float(times) == pytest.approx(0.5)


def test_proportion_covers_at_least_nominally():
    # Clopper and Pearson's interval is conservative by construction.
    generator = np.random.default_rng(1)
    found = [fits.proportion(int(k), 40) for k in generator.binomial(40, 0.1, 500)]
    assert np.mean([covers(estimate, 0.1) for estimate in found]) >= 0.95
    assert fits.proportion(0, 200).low == 0.0
    assert fits.proportion(0, 200).high == pytest.approx(1 - 0.025 ** (1 / 200))


def test_rank_correlation_of_planted_orders():
    x = np.arange(6)
    assert fits.rank_correlation(x, [x, x**2]).value == pytest.approx(1.0)
    assert fits.rank_correlation(x, -x).value == pytest.approx(-1.0)
    # One swapped neighbour among 15 pairs: τ = 1 - 2/15.
    assert fits.rank_correlation(x, [0, 2, 1, 3, 4, 5]).value == pytest.approx(1 - 2 / 15)


@pytest.mark.parametrize(
    ("estimate", "shown", "note"),
    [
        (fits.Estimate(1.0, 0.9, 1.1), "1 [0.9, 1.1]", ""),
        (fits.Estimate(1.0, status="too_few_points"), "1 (no interval)", "too few points"),
        (fits.Estimate(1.0, 0.9, math.nan, "not_converged"), "1 [0.9, –]", "not converged"),
        (fits.Estimate(math.nan, status="bound_hit"), "–", "at the edge of the range"),
    ],
)
def test_what_is_not_known_is_shown_in_words(estimate, shown, note):
    assert (str(estimate), estimate.note) == (shown, note)


@pytest.mark.parametrize("n_members", [1, 2, 12])
def test_means_are_the_mean_of_each_point(n_members):
    values = np.random.default_rng(n_members).standard_normal((n_members, 2, 3))
    found = fits.means(values)
    for place in np.ndindex(2, 3):
        single = fits.mean(values[(slice(None), *place)])
        at = found[place]
        np.testing.assert_allclose(
            [at.value, at.low, at.high], [single.value, single.low, single.high], rtol=1e-12
        )
        np.testing.assert_array_equal(at.members, values[(slice(None), *place)])


# The chance that between rank k and n + 1 - k of n members lies the median: 1 - 2 P(B < k).
@pytest.mark.parametrize(("n_members", "exact"), [(6, 0.96875), (12, 0.96143), (25, 0.95671)])
def test_medians_cover_the_median_of_any_population(n_members, exact):
    generator = np.random.default_rng(n_members)
    found = fits.medians(np.exp(2 * generator.standard_normal((n_members, 20_000))))
    share = ((found.low <= 1) & (found.high >= 1)).mean()
    assert share == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 20_000) ** 0.5)


def test_what_never_came_lies_beyond_all_others_and_few_have_no_interval():
    found = fits.medians([[1.0, 2.0, np.nan], [1.0, np.nan, np.nan], [5.0, 3.0, 1.0]])
    np.testing.assert_array_equal(found.value, [1.0, 3.0, np.inf])
    assert np.isnan([found.low, found.high]).all()
    with pytest.raises(ValueError, match="values must not be empty"):
        fits.means(np.empty((0, 3)))


def test_means_beyond_all_floats_warn_of_nothing():
    assert np.isinf(fits.means([[1.0, np.inf], [2.0, 3.0]]).value[1])
    assert not np.isfinite(fits.means([1e308, 1e308, -1e308]).low)


def test_estimates_keep_their_nesting_and_logs_become_ratios():
    rows = [[fits.Estimate(1.0, 0.5, 2.0), fits.Estimate(2.0)]]
    found = fits.intervals(rows)
    assert found.value.tolist() == [[1.0, 2.0]]
    assert found.high[0, 0] == 2.0
    assert np.isnan(found.low[0, 1])
    assert found.members.shape == (0, 1, 2)
    doubled = found.apply(lambda x: 2 * x)
    assert (doubled.low[0, 0], doubled.high[0, 0]) == (1.0, 4.0)
