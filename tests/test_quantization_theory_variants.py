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


@pytest.mark.parametrize(("alpha", "every"), [(0.4, 5), (0.4, 2), (1.0, 3), (0.1, 7)])
def test_missing_quanta(alpha, every):
    k, weight = terms(alpha, 0)
    beyond = (LAST + 0.5) ** -alpha / alpha
    # The same midpoint integral over multiples: k = M j, j from LAST // M + 1 on.
    first = LAST // every + 0.5
    multiples = weight[k % every == 0].sum() + every ** -(alpha + 1) * first**-alpha / alpha
    brute = multiples / (weight.sum() + beyond)
    # The integrals are short by LAST^-(alpha+2), rounding adds 1e-13.
    assert theory.missing_quanta_floor(alpha, every) == pytest.approx(brute, rel=1e-10)
    levels = theory.missing_quanta_floor(alpha, every, a=0.5, b=2.5)
    assert levels == pytest.approx(2 * brute, rel=1e-10)


def test_missing_quanta_keep_the_exponent_and_lower_the_prefactor():
    alpha, every = 0.4, 5
    floor = theory.missing_quanta_floor(alpha, every)
    n = np.array([1000, 10000])
    # Unlearned are the quanta beyond n and, below it, the multiples.
    below = [((np.arange(1, m // every + 1) * float(every)) ** -1.4).sum() / zeta(1.4) for m in n]
    excess = theory.loss(n, alpha) + below - floor
    ratio = excess / theory.loss(n, alpha)
    # Where n is a multiple, the multiples' sum starts M/2 later: relative order alpha M / 2n.
    np.testing.assert_allclose(ratio, 1 - 1 / every, atol=alpha * every / n[0])
    slope = -np.diff(np.log(excess)) / np.diff(np.log(n))
    assert slope.item() == pytest.approx(alpha, abs=1e-3)


def test_polygenic_loss_is_the_sum():
    rng = np.random.default_rng(0)
    quanta = rng.choice(np.arange(1, 200), size=20, replace=False)
    gains = rng.uniform(0.1, 1.0, 20)
    n = rng.integers(0, 220, size=(3, 4))
    brute = [0.25 + sum(g for k, g in zip(quanta, gains, strict=True) if k > m) for m in n.ravel()]
    found = theory.polygenic_loss(n, quanta, gains, floor=0.25)
    # Sums of 20 float64 numbers: rounding only.
    np.testing.assert_allclose(found, np.reshape(brute, n.shape), rtol=1e-13)


def test_one_quantum_is_a_step_and_spread_quanta_are_a_line():
    n = np.unique(np.geomspace(1, 1e6, 200).astype(int))
    step = theory.polygenic_loss(n, [1000], 5.0)
    assert set(step.tolist()) == {0.0, 5.0}
    assert np.array_equal(step == 5.0, n < 1000)
    spread = np.unique(np.geomspace(1, 1e6, 100).round())
    gradual = theory.polygenic_loss(n, spread, 5.0 / spread.size)
    drops = -np.diff(gradual)
    assert drops.max() < 0.06 * 5.0
    # 100 quanta even in ln k, of which the smallest ranks coincide: a line to a few gains.
    inner = (n > 100) & (n < 3e5)
    fit = np.polyfit(np.log(n[inner]), gradual[inner], 1)
    np.testing.assert_allclose(gradual[inner], np.polyval(fit, np.log(n[inner])), atol=0.1)


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


def test_gain_is_the_sum():
    alpha, factor = 0.4, 2.5
    s, total = alpha + 1, zeta(alpha + 1)
    k, weight = terms(alpha, 0)
    surprise = s * np.log(k) + math.log(total)
    x = LAST + 0.5
    beyond = s * integral_of_log(alpha) + math.log(total) * (
        x**-alpha / alpha - s * x ** -(s + 1) / 24
    )
    for n in (0, 7, 500):
        learned = np.where(k <= n, math.log(factor), 0.0)
        brute = ((weight * (surprise - learned)).sum() + beyond) / total
        found = theory.loss_with_gain(n, alpha, factor=factor)
        assert found == pytest.approx(brute, rel=1e-11)
    # All quanta learned: the exact constant, not the integral that stands in for the entropy.
    end = theory.loss_with_gain(1e12, alpha, factor=factor)
    assert end == pytest.approx(theory.entropy(alpha) - math.log(factor), abs=1e-4)


BAD = [
    (lambda: theory.missing_quanta_floor(0.4, 1), r"every must be an integer >= 2, got 1"),
    (lambda: theory.missing_quanta_floor(0.4, 2.5), r"every must be an integer >= 2, got 2.5"),
    (lambda: theory.missing_quanta_floor(-0.4, 2), r"alpha must be a finite number and > 0, got"),
    (lambda: theory.missing_quanta_floor(0.4, 2, a=2.0), r"b must be a finite number and > 2, got"),
    (lambda: theory.polygenic_loss(-1, [1], 1.0), r"n must be >= 0, got -1"),
    (lambda: theory.polygenic_loss(1, [0, 2], 1.0), r"quanta must be >= 1, got"),
    (lambda: theory.polygenic_loss(1, [1.5], 1.0), r"quanta must be different whole numbers"),
    (lambda: theory.polygenic_loss(1, [2, 2], 1.0), r"quanta must be different whole numbers"),
    (lambda: theory.polygenic_loss(1, 3, 1.0), r"quanta must have 1 axes, got shape \(\)"),
    (lambda: theory.polygenic_loss(1, [1, 2], [1.0]), r"gains must be one number or .* \(1,\)"),
    (lambda: theory.polygenic_loss(1, [1], -1.0), r"gains must be > 0, got -1.0"),
    (lambda: theory.polygenic_loss(1, [1], 1.0, floor=math.inf), r"floor must be a finite number"),
    (lambda: theory.loss_with_entropy(-1, 0.4), r"n must be >= 0, got -1"),
    (lambda: theory.entropy(0.0), r"alpha must be a finite number and > 0, got 0.0"),
    (lambda: theory.loss_with_entropy_integral(0, 0.4), r"n must be >= 1, got 0"),
    (lambda: theory.loss_with_gain(1, 0.4, factor=1.0), r"factor must be .* > 1, got 1.0"),
    (lambda: theory.loss_with_gain(1, 0.4, factor=4.0), r"factor must be <= 3.1.*, got 4.0"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
