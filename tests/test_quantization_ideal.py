"""Ideal learners: they do on samples what the model says of expectations."""

import dataclasses

import numpy as np
import pytest
from scipy.special import zeta

from skillscale.lab.randomness import Stream
from skillscale.quantization import experiments, theory
from skillscale.quantization.experiments import ideal

SMALL = experiments.IdealLearner(
    capacities=(1, 3, 10), samples=(200, 2000, 20000), seeds=(0, 1, 2, 3), n_drawn=50_000,
    alphas=(0.4, 0.8), n_shown=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def small():
    return SMALL.run()


def test_frequent_quanta_are_chosen_and_cost_what_the_law_says(small):
    for alpha in SMALL.alphas:
        found = small["loss_capacity"].sel(alpha=alpha)
        exact = theory.loss(np.array(SMALL.capacities), alpha)
        # The ten most frequent have 800 samples or more, 8 % between neighbours: at most the
        # last two are mistaken for each other, 4e-3 of the loss.
        np.testing.assert_allclose(found, np.tile(exact, (4, 1)), rtol=4e-3)
        assert (found >= exact * (1 - 1e-6)).all()


def test_expected_losses_are_the_sums_over_poisson_counts(small):
    ranks = np.arange(1, 10**6, dtype=np.float64)
    for alpha in SMALL.alphas:
        share = ranks ** -(alpha + 1) / zeta(alpha + 1)
        beyond = 1 - share.sum()
        for amount in SMALL.samples:
            kept = (share * (1 - 0.1 * share) ** amount).sum() + beyond
            found = small["loss_soft"].sel(alpha=alpha, samples=amount)
            # Four seeds; a single loss scatters by 5 % at 200 samples and less beyond.
            np.testing.assert_allclose(found.mean(), kept, rtol=0.06)


def test_counting_is_done_sample_by_sample(small):
    draws = Stream(2, "quanta").at(0).zipf(1.8, 50_000)
    counts = np.bincount(np.minimum(draws[:2000], 10**5))
    known = np.flatnonzero(counts >= 10)
    own = small.sel(alpha=0.8, seed=2)
    assert own["count_samples"].sel(samples=2000) == known.size
    exact = 1 - (known**-1.8 / zeta(1.8)).sum()
    np.testing.assert_allclose(own["loss_samples"].sel(samples=2000), exact, rtol=1e-5)
    moment = int(own["learned"].sel(skill=1))
    assert (draws[:moment] == 1).sum() == 10
    assert draws[moment - 1] == 1


def test_a_quantum_that_is_never_learned_is_nan():
    few = dataclasses.replace(SMALL, samples=(20,), n_drawn=20, seeds=(0,))
    data = few.run()
    assert data["learned"].sel(skill=5).isnull().all()
    assert data["seed"].values.tolist() == [0]


def test_equal_counts_are_kept_in_the_order_seen():
    draws = np.array([7, 3, 3, 7, 9])
    losses = ideal._with_room(draws, 1.0, [1, 2])
    np.testing.assert_allclose(losses, 1 - np.cumsum([7.0**-2, 3.0**-2]) / zeta(2.0))
