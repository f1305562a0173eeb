"""Forecasts of seed means, and the delay of later skills, on planted half points."""

import numpy as np
import pytest
import xarray as xr

from skillscale import frequencies
from skillscale.skill_basis.readings import data, shared, time

ALPHAS = shared.ALPHAS


def test_a_forecast_ratio_is_one_of_means_and_its_interval_covers_the_truth():
    rng = np.random.default_rng(0)
    truth, hits = np.array([1.0, 1.2, 0.8]), []
    for _ in range(200):
        predicted = rng.normal(1.0, 0.1, (20, 2, 1)) * np.array([3.0, 5.0, 9.0])
        measured = truth * np.array([3.0, 5.0, 9.0]) * rng.normal(1.0, 0.1, (20, 2, 3))
        found = shared.forecast_ratios(measured, predicted, 2)
        assert list(found) == ["skill 2", "skill 3", "skill 4"]
        hits.append([e.low < t < e.high for e, t in zip(found.values(), truth, strict=True)])
    # 600 intervals of 95 %: three standard errors are 2.7 %.
    assert 0.92 < np.mean(hits) < 0.98
    # Means of unequal forecasts, not a mean of ratios: (2 + 4) / (1 + 3) and not (2 + 4/3) / 2.
    uneven = shared.forecast_ratios(np.array([[2.0], [4.0]]), np.array([[1.0], [3.0]]))
    assert uneven["skill 1"].value == pytest.approx(2 * 1.5 - (2 + 4 / 3) / 2)


def planted(delay):
    """Return a record whose half-times are 100 / P(k) times the delay of (α, rank)."""
    rank, step = np.arange(1, 6), np.arange(0, 40_000.0, 5)
    shares = np.array([frequencies.power_law(5, a) for a in ALPHAS])
    half = np.stack([100 / p * delay(a, rank) for a, p in zip(ALPHAS, shares, strict=True)])
    half = np.repeat(half, 3, 0) * np.tile([0.99, 1.0, 1.01], 3)[:, None]
    curves = 1 / (1 + np.exp(-10 * (step / half[..., None] - 1)))
    return xr.Dataset(
        {
            "strength": (("member", "skill", "step"), curves),
            "frequency": (("member", "skill"), np.repeat(shares, 3, 0)),
        },
        {
            "alpha": ("member", np.repeat(ALPHAS, 3)),
            "seed": ("member", np.tile([0, 1, 2], 3)),
            "step": step,
            "skill": rank,
        },
    )


def test_a_delay_by_rank_and_one_by_frequency_are_told_apart():
    by_rank = time.later_skills_lag_by_their_rank(planted(lambda a, k: k**0.13))
    assert by_rank["skill 5"].value == pytest.approx(5**0.13, abs=1e-2)
    assert by_rank["frequency"].value == pytest.approx(0.0, abs=2e-3)
    rare = time.later_skills_lag_by_their_rank(planted(lambda a, k: k ** (0.09 * (a + 1))))
    assert rare["frequency"].value == pytest.approx(0.09 * 0.6, abs=2e-3)


def test_slopes_in_data_are_a_mean_over_alpha():
    samples = np.geomspace(10, 1e6, 200)
    shares = np.array([frequencies.power_law(5, a) for a in ALPHAS])
    half = 50 * shares ** -np.array([0.9, 1.0, 1.25])[:, None]
    rising = np.clip(np.log(samples / half[..., None]) + 0.5, 0, 1)
    run = xr.Dataset(
        {
            "strength": (("member", "skill", "samples"), np.repeat(rising, 4, 0)),
            "frequency": (("member", "skill"), np.repeat(shares, 4, 0)),
        },
        {
            "alpha": ("member", np.repeat(ALPHAS, 4)),
            "disjoint": ("member", np.tile([0, 0, 1, 1], 3)),
            "samples": samples,
        },
    )
    found = data.samples_at_half_strength_follow_frequency(run)
    assert list(found) == ["shared bits", "disjoint bits"]
    assert [each.value for each in found.values()] == pytest.approx([1.05, 1.05], abs=1e-2)
