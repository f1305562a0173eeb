"""Variants of the law against their sums: missing quanta, samples of many quanta, entropies."""

import math

import numpy as np
import pytest
from scipy.special import zeta

from skillscale.quantization import theory

LAST = 10**6


def terms(alpha, n):
    """Ranks n < k <= LAST and k^-(alpha+1)."""
    k = np.arange(n + 1, LAST + 1, dtype=np.float64)
    return k, k ** -(alpha + 1)


def integral_of_log(alpha):
    """Sum of k^-s ln k over k > LAST: the midpoint integral, with its first correction."""
    s, x = alpha + 1, LAST + 0.5
    area = x**-alpha * (alpha * math.log(x) + 1) / alpha**2
    return area + (1 - s * math.log(x)) * x ** -(s + 1) / 24


@pytest.mark.parametrize("alpha", [0.3, 0.4, 1.0])
@pytest.mark.parametrize("n", [0, 1, 10, 1000])
def test_entropy_is_the_sum(alpha, n):
    s, total = alpha + 1, zeta(alpha + 1)
    k, weight = terms(alpha, n)
    logs = (weight * np.log(k)).sum() + integral_of_log(alpha)
    x = LAST + 0.5
    plain = weight.sum() + x**-alpha / alpha - s * x ** -(s + 1) / 24
    brute = (s * logs + math.log(total) * plain) / total
    # A million float64 terms; the corrected integrals are right to LAST^-(s+3).
    assert theory.loss_with_entropy(n, alpha) == pytest.approx(brute, rel=1e-11)
    if n == 0:
        assert theory.entropy(alpha) == pytest.approx(brute, rel=1e-11)


def test_entropy_values():
    assert theory.entropy(0.4) == pytest.approx(3.920, abs=5e-4)
    assert theory.loss_with_entropy(10, 0.4) == pytest.approx(2.4905, abs=5e-5)
    assert theory.loss_with_entropy_integral(10, 0.4) == pytest.approx(2.5180, abs=5e-5)
    stand_in = theory.loss_with_entropy_integral(1, 0.4)
    assert stand_in == pytest.approx(3.730, abs=5e-4)
    assert theory.entropy(0.4) - stand_in == pytest.approx(0.19, abs=5e-3)


def test_entropy_keeps_the_shape():
    n = np.array([[3, 0], [3, 12]])
    found = theory.loss_with_entropy(n, 0.4)
    assert found.shape == (2, 2)
    assert found[0, 0] == found[1, 0] == theory.loss_with_entropy(3, 0.4)


def test_entropy_integral():
    for alpha in (0.4, 1.0):
        n = np.array([1e2, 1e4])
        exact = theory.loss_with_entropy(n, alpha)
        plain = theory.loss_with_entropy_integral(n, alpha) / exact - 1
        middle = theory.loss_with_entropy_integral(n, alpha, midpoint=True) / exact - 1
        # First and second order in 1/n, with a factor of order one from the logarithm.
        assert np.all((plain * n > 0.5 * alpha / 2) & (plain * n < alpha / 2))
        assert np.all(abs(middle) < alpha * (alpha + 1) / (24 * n**2) + 1e-11)


@pytest.mark.parametrize(("n", "slope"), [(10, 0.222), (1e3, 0.302), (1e6, 0.342)])
def test_entropy_loss_looks_flatter_than_alpha(n, slope):
    step = 1e-4
    ends = n * np.exp([-step, step])
    read = -np.diff(np.log(theory.loss_with_entropy_integral(ends, 0.4))) / (2 * step)
    # Half a unit of the third digit.
    assert read.item() == pytest.approx(slope, abs=5.5e-4)
