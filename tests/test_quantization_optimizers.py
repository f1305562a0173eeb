"""Rates matched at the first skill."""

import dataclasses

import numpy as np
import pytest

from skillscale.quantization import experiments

SMALL = experiments.OptimizerAblation(
    optimizers=(("sgd", 0.1, 2.0), ("adam", 3e-3, 3e-2)), first_steps=(60,), matching_seeds=(0, 1),
    seeds=(4, 5), n_rates=3, width=32, steps=300, n_times=60, alpha=1.0, n_skills=3, n_bits=4,
    batch_size=128, n_test=16,
)  # fmt: skip
RATES = np.array([1.0, 2.0, 4.0, 8.0])


def test_the_matched_rate_learns_the_first_skill_when_wanted():
    data = SMALL.run()
    assert dict(data["learned"].sizes) == {
        "optimizer": 2, "first_step": 1, "seed": 2, "threshold": 3, "skill": 3,
    }  # fmt: skip
    first = data["learned"].sel(threshold=0.1, skill=1, first_step=60)
    # Two seeds and three rates a factor 3 to 4 apart: within half of the wanted step.
    np.testing.assert_allclose(np.exp(np.log(first).mean("seed")), 60, rtol=0.5)
    assert data["first_learned"].sizes == {"optimizer": 2, "matching_seed": 2, "rate_tried": 3}
    assert data["seed"].values.tolist() == [4, 5]
    assert data["frequency"].dims == ("skill",)


def test_rates_are_interpolated_on_logarithmic_axes():
    first = np.array([[800.0, 400.0, 200.0, 100.0]] * 2)
    assert experiments.matched_rate(RATES, first, 400 / np.sqrt(2)) == pytest.approx(2 * 2**0.5)
    # Seeds are averaged on the logarithmic scale.
    spread = first * np.array([[2.0], [0.5]])
    assert experiments.matched_rate(RATES, spread, 200.0) == pytest.approx(4.0)


def test_the_lowest_rate_is_taken_where_learning_slows_down_again():
    first = np.array([[800.0, 100.0, 400.0, 100.0]])
    assert 1 < experiments.matched_rate(RATES, first, 200.0) < 2


@pytest.mark.parametrize(
    "first", [[50.0, 40.0, 30.0, 20.0], [np.nan, 100.0, 90.0, 80.0], [900.0, 800.0, 700.0, 600.0]]
)
def test_a_step_that_no_rates_enclose_gets_none(first):
    assert np.isnan(experiments.matched_rate(RATES, np.array([first]), 200.0))


def test_an_arm_without_a_rate_is_nan():
    slow = dataclasses.replace(SMALL, optimizers=(("sgd", 1e-4, 2e-4), ("adam", 3e-3, 3e-2)))
    data = slow.run()
    assert np.isnan(data["rate"].sel(optimizer="sgd")).all()
    assert np.isnan(data["learned"].sel(optimizer="sgd")).all()
    assert np.isnan(data["loss"].sel(optimizer="sgd")).all()
    assert np.isfinite(data["loss"].sel(optimizer="adam")).all()
