"""Modularity: the clock integral against simulated sign descent, limits, the bound."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from skillscale.domino import theory as domino
from skillscale.frequencies import power_law


def _finish(vectors, p, lr, eps=0.1):
    """Steps of sign descent until every skill is learned to `eps`."""
    theta, complete = np.zeros(vectors.shape[1]), np.zeros(len(p), dtype=bool)
    for step in range(20_000):
        u = 1 - vectors @ theta
        complete |= u <= eps
        if complete.all():
            return step
        theta += lr * np.sign((p * u) @ vectors)
    raise AssertionError("not finished")


def _vectors(seed, n_skills, dim, modular):
    rng = np.random.default_rng(seed)
    if not modular:
        return np.linalg.qr(rng.standard_normal((dim, n_skills)))[0].T
    vectors, block = np.zeros((n_skills, dim)), dim // n_skills
    for k, own in enumerate(rng.standard_normal((n_skills, block))):
        vectors[k, k * block : (k + 1) * block] = own / np.linalg.norm(own)
    return vectors


@pytest.mark.parametrize("alpha", [-0.999, 0.0, 1.0])  # Zipf exponents 0, 1, 2
def test_speedup_equals_simulated_sign_descent(alpha):
    n, dim, lr = 10, 10_000, 3e-5
    p = power_law(n, alpha)
    dense, modular = (_finish(_vectors(1, n, dim, modular), p, lr) for modular in (False, True))
    # a module has 1000 dimensions: sums of that many signs deviate by 1/√1000 = 3 %, and the
    # slowest of ten modules counts
    assert dense / modular == pytest.approx(domino.modularity_speedup(alpha, n), rel=0.06)


def test_modular_time_grows_with_the_root_of_the_number_of_modules():
    dim, lr = 16_000, 3e-5
    times = [_finish(_vectors(0, n, dim, True), power_law(n, 1.0), lr) for n in (4, 16)]
    expected = [math.sqrt(n) * 0.9 / (lr * math.sqrt(2 * dim / math.pi)) for n in (4, 16)]
    np.testing.assert_allclose(times, expected, rtol=0.05)


@pytest.mark.parametrize(("alpha", "n", "eps"), [(0.0, 10, 0.1), (2.0, 4, 0.01), (0.5, 30, 0.5)])
def test_speedup_equals_the_integral_of_the_norm(alpha, n, eps):
    p = power_law(n, alpha)
    end = math.log(1 / eps) / p[-1]
    norm = quad(
        lambda s: np.linalg.norm(p * np.exp(-p * s)), 0, end, points=[1 / p[0]], epsabs=1e-10
    )[0]
    expected = norm / (math.sqrt(n) * (1 - eps))
    assert domino.modularity_speedup(alpha, n, eps=eps) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("n", [1, 2, 10, 50])
def test_speedup_rises_from_one_towards_the_bound(n, eps):
    found = [domino.modularity_speedup(alpha, n, eps=eps) for alpha in (-0.9999, 0.0, 1.0, 3.0)]
    assert found[0] == pytest.approx(1, abs=1e-3)
    assert (np.diff(found) >= -1e-9).all()
    assert found[-1] <= domino.modularity_bound(n, eps=eps) * (1 + 1e-9)


def test_bound_is_reached_in_series_and_becomes_the_root():
    for eps in (0.1, 1e-6):
        # frequency ratios 2^41 and more: each skill is complete before the next one moves
        serial = domino.modularity_speedup(40.0, 3, eps=eps)
        assert serial == pytest.approx(domino.modularity_bound(3, eps=eps), rel=2e-3)
    assert domino.modularity_bound(100, eps=1e-12) == pytest.approx(10)
    assert domino.modularity_bound(1, eps=0.3) == 1
