"""Calibration recovers a planted constant; blind scores are what they say."""

import numpy as np
import pytest

from skillscale import calibration, fits


def sigmoid(t, clock):
    return 1 / (1 + 99 * np.exp(-clock * t))


@pytest.mark.parametrize("clock", [0.03, 0.5, 7.0])
def test_planted_clock_is_recovered_from_noisy_members(clock):
    t = np.linspace(0, 12 / clock, 80)
    noise = 0.01 * np.random.default_rng(3).standard_normal((5, 80))
    found = calibration.calibrate_each(sigmoid, t, sigmoid(t, clock) + noise, bounds=(1e-3, 1e2))
    # 80 points of noise 0.01 on a curve with d ln y/d ln c of order 1 to 5 fix c to about 0.2 %.
    np.testing.assert_allclose(found, clock, rtol=1e-2)


def test_members_are_calibrated_one_by_one():
    t, planted = np.linspace(0, 12, 80), np.array([0.7, 1.0, 1.6])
    curves = sigmoid(t, planted[:, None])
    np.testing.assert_allclose(
        calibration.calibrate_each(sigmoid, t, curves, bounds=(1e-2, 1e2)), planted, rtol=1e-6
    )
    with pytest.raises(ValueError, match="measured must"):
        calibration.calibrate_each(sigmoid, t, curves[0], bounds=(1e-2, 1e2))


def test_a_member_without_an_optimum_inside_has_no_constant():
    t = np.linspace(0, 12, 80)
    curves = sigmoid(t, np.array([[0.1], [1.0], [9.0]]))
    found = calibration.calibrate_each(sigmoid, t, curves, bounds=(0.5, 5.0))
    assert np.isnan(found[[0, 2]]).all()
    assert found[1] == pytest.approx(1.0)


def test_the_global_dip_is_found_where_the_residual_has_several():
    x = np.linspace(0, 3, 200)

    def wave(x, c):
        return np.sin(c * x)

    found = calibration.calibrate_each(wave, x, wave(x, 9.0)[None], bounds=(1.0, 30.0))
    assert found == pytest.approx([9.0], rel=1e-6)


def test_blind_error_is_relative_and_averages_over_members():
    estimate = calibration.blind_error([10.0, 100.0], [[12.0, 120.0], [9.0, 90.0], [10.0, 100.0]])
    assert estimate.value == pytest.approx(fits.mean([0.2, 0.1, 0.0]).value)
    assert (estimate.low, estimate.high) == pytest.approx(
        (fits.mean([0.2, 0.1, 0.0]).low, fits.mean([0.2, 0.1, 0.0]).high)
    )
