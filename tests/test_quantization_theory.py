import math

import mpmath
import numpy as np
import pytest
from scipy import optimize

from skillscale.frequencies import power_law
from skillscale.quantization import theory


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 2.5])
def test_loss_is_the_sum(alpha):
    frequency = power_law(500, alpha)
    n = np.arange(501)
    brute = np.array([0.2 * frequency[:k].sum() + 3.0 * frequency[k:].sum() for k in n])
    # two sums of 500 float64 numbers: rounding only
    np.testing.assert_allclose(theory.loss(n, alpha, a=0.2, b=3.0, n_skills=500), brute, rtol=1e-12)


def test_loss_equals_ten_million_terms():
    alpha, n, last = 0.4, 10, 10**7
    s = alpha + 1
    k = np.arange(1, last + 1, dtype=np.float64) ** -s
    # Euler-Maclaurin after the last term; what it leaves out is of order last^-(s+5).
    beyond = last**-alpha / alpha - last**-s / 2 + s * last ** -(s + 1) / 12
    beyond -= s * (s + 1) * (s + 2) * last ** -(s + 3) / 720
    unlearned = math.fsum([*k[n:].tolist(), beyond])
    brute = unlearned / math.fsum([*k[:n].tolist(), unlearned])
    # fsum rounds once; the powers are right to 1 unit in the last place each.
    assert theory.loss(n, alpha) == pytest.approx(brute, abs=1e-12, rel=0)
    assert theory.loss(n, alpha) / brute == pytest.approx(1, abs=1e-12, rel=0)


def test_no_quanta_gives_b_and_all_quanta_give_a():
    assert theory.loss(0, 0.4, a=0.5, b=2.0) == pytest.approx(2.0, abs=1e-14)
    assert theory.loss(100, 0.4, a=0.5, b=2.0, n_skills=100) == pytest.approx(0.5, abs=1e-14)
    assert theory.loss(1e9, 0.4, a=0.5, b=2.0) == pytest.approx(0.5, abs=1e-3)


def test_many_skills_approach_the_infinite_law():
    n = np.array([1, 10, 40])
    gaps = [
        np.abs(theory.loss(n, 0.8, n_skills=size) - theory.loss(n, 0.8)).max()
        for size in (10**3, 10**5, 10**7)
    ]
    # The gap is the tail mass, proportional to n_skills^-0.8: a factor 10^-1.6 each time.
    np.testing.assert_allclose(np.diff(np.log10(gaps)), -1.6, atol=0.01)


def test_integral_error_terms():
    # The ratios are 1 + alpha/(2n) and 1 + alpha(alpha+1)/(24 n^2), next order 1/n smaller.
    for alpha in (0.2, 0.4, 0.8):
        n = np.array([1e2, 1e3])
        exact = theory.loss(n, alpha)
        plain = theory.loss_integral(n, alpha, midpoint=False) / exact - 1
        middle = theory.loss_integral(n, alpha) / exact - 1
        np.testing.assert_allclose(plain * n, alpha / 2, rtol=0.02)
        np.testing.assert_allclose(middle * n**2, alpha * (alpha + 1) / 24, rtol=0.02)


@pytest.mark.parametrize(
    ("n", "plain", "middle"), [(1, 1.187, 1.0096), (10, 1.0199, 1.0002), (100, 1.0020, 1.0)]
)
def test_integral_ratios_to_the_printed_digits(n, plain, middle):
    exact = theory.loss(n, 0.4)
    assert theory.loss_integral(n, 0.4, midpoint=False) / exact == pytest.approx(plain, abs=5e-4)
    assert theory.loss_integral(n, 0.4) / exact == pytest.approx(middle, abs=6e-5)


@pytest.mark.parametrize("n_skills", [math.inf, 500])
def test_local_exponent_is_derivative(n_skills):
    alpha = 0.4
    mpmath.mp.dps = 30

    def log_unlearned(log_n):
        n = mpmath.exp(log_n)
        beyond = 0 if math.isinf(n_skills) else mpmath.zeta(alpha + 1, n_skills + 1)
        return mpmath.log(mpmath.zeta(alpha + 1, n + 1) - beyond)

    for n in (1, 3, 10, 200):
        slope = -float(mpmath.diff(log_unlearned, mpmath.log(n)))
        # The finite difference of two zetas loses two digits near n_skills.
        assert theory.local_exponent(n, alpha, n_skills=n_skills) == pytest.approx(slope, rel=1e-9)


def test_local_exponent_reads_low_at_small_n_and_high_near_the_end():
    np.testing.assert_allclose(
        theory.local_exponent([1, 3, 10], 0.4), [0.255, 0.340, 0.381], atol=5e-4
    )
    n = 1e4
    assert theory.local_exponent(n, 0.4) == pytest.approx(0.4 * (1 - 0.5 / n), rel=1e-7)
    assert theory.local_exponent(99, 0.4, n_skills=100) > 10


@pytest.mark.parametrize(
    ("n_skills", "table"),
    [
        (500, [0.296, 0.351, 0.412, 0.478, 0.548, 0.622, 0.700, 0.781]),
        (math.inf, [0.092, 0.185, 0.277, 0.370, 0.462, 0.554, 0.646, 0.739]),
    ],
)
def test_apparent_exponent_table(n_skills, table):
    alphas = np.arange(1, 9) / 10
    read = [
        theory.apparent_exponent(alpha, n_min=1, n_max=40, n_skills=n_skills) for alpha in alphas
    ]
    # Half a unit of the third digit, the precision of an independent computation by partial sums.
    np.testing.assert_allclose(read, table, atol=5.5e-4)


def test_apparent_exponent_by_hand():
    frequency = power_law(100, 0.4)
    n = np.arange(1, 41)
    x = np.log(n) - np.log(n).mean()
    y = np.log(1 - np.cumsum(frequency)[:40])
    by_hand = -(x @ y) / (x @ x)
    read = theory.apparent_exponent(0.4, n_min=1, n_max=40, n_skills=100)
    assert read == pytest.approx(by_hand, rel=1e-10)
    assert round(read, 3) == 0.668


@pytest.mark.parametrize(
    "window",
    [
        {"n_min": 1, "n_max": 40},
        {"n_min": 1, "n_max": 40, "n_skills": 500},
        {"n_min": 3, "n_max": 99, "n_skills": 100},
        {"n_min": 10, "n_max": 1000, "n_skills": 10**6},
    ],
)
def test_true_exponent_inverts(window):
    for alpha in (0.003, 0.1, 0.4, 1.2, 5.0):
        read = theory.apparent_exponent(alpha, **window)
        # The zeta functions are right to a few 1e-16 over a slope of order one.
        assert theory.true_exponent(read, **window) == pytest.approx(alpha, abs=1e-9)


def test_true_exponent_says_what_a_fit_can_read():
    # With 500 skills even equally spread logarithms, alpha = 0, read far above 0.
    lowest = theory.apparent_exponent(0.002, n_min=1, n_max=40, n_skills=500)
    assert lowest > 0.2
    with pytest.raises(ValueError, match=rf"apparent .* between {lowest:.3g} and .*, got 0.2"):
        theory.true_exponent(0.2, n_min=1, n_max=40, n_skills=500)
    with pytest.raises(ValueError, match=r"apparent .*, got 20.0"):
        theory.true_exponent(20.0, n_min=1, n_max=40)


def test_exponents_are_the_derivation():
    model = theory.derivation()
    for alpha, q in [(0.1, 1.0), (0.4, 0.81), (2.0, 1.3)]:
        numeric = theory.exponents(alpha, q=q)
        for name, expression in model.decay.items():
            value = float(expression.subs({model.alpha: alpha, model.q: q}))
            assert numeric[name] == pytest.approx(value, rel=1e-14)
    assert theory.exponents(0.4, q=0.81)["S"] == pytest.approx(0.353, abs=5e-4)
    assert theory.exponents(0.4)["D"] == pytest.approx(0.4 / 1.4)


def test_exponents_are_the_slopes_of_the_staircase_law():
    amount = np.array([1e12, 1e14])
    for name, expected in theory.exponents(0.4).items():
        learned = theory.quanta_learned(name, amount, 0.4, cost=2.0)
        slope = -np.diff(np.log(theory.loss(learned, 0.4))) / np.diff(np.log(amount))
        # Local exponent alpha (1 - 1/2n) with n > 1e8.
        assert slope.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 0.4, 1.0])
def test_compute_optimal_is_the_minimum(alpha):
    cost, samples = 3.0, 50.0

    def log_loss(log_n, log_c):
        """ln of the exact loss with exp(log_n) parameters and the rest of the compute in data."""
        by_size = theory.quanta_learned("N", math.exp(log_n), alpha, cost=cost)
        by_data = theory.quanta_learned("D", math.exp(log_c - log_n), alpha, cost=samples)
        return math.log(theory.loss(min(by_size, by_data), alpha))

    log_c = np.log(10.0) * np.array([24.0, 30.0])
    best = [
        optimize.minimize_scalar(
            log_loss, bounds=(0.0, c), args=(c,), method="bounded", options={"xatol": 1e-9}
        )
        for c in log_c
    ]
    size = np.array([found.x for found in best])
    grown = {
        "N": np.diff(size) / np.diff(log_c),
        "D": np.diff(log_c - size) / np.diff(log_c),
        "L": -np.diff([found.fun for found in best]) / np.diff(log_c),
    }
    expected = theory.compute_optimal(alpha)
    assert expected.keys() == grown.keys()
    for name, slope in grown.items():
        # At the smaller compute n > 1e6, so the local exponent is alpha to 1e-6.
        assert slope.item() == pytest.approx(expected[name], abs=1e-6)
    assert expected["D"] > expected["N"] > 0
    assert expected["N"] + expected["D"] == pytest.approx(1)


@pytest.mark.parametrize("n_skills", [math.inf, 300])
def test_quanta_learned_is_the_staircase(n_skills):
    alpha, cost = 0.4, 50.0
    ranks = np.arange(1, 301, dtype=np.float64)
    weight = ranks ** -(alpha + 1)
    total = weight.sum() if n_skills == 300 else float(mpmath.zeta(alpha + 1))
    for amount in (10.0, 1e3, 3.7e4, 9.1e4):
        samples = np.count_nonzero(amount * weight / total >= cost)
        steps = np.count_nonzero(cost / weight <= amount)
        for name, count in (("D", samples), ("S", steps)):
            learned = theory.quanta_learned(name, amount, alpha, cost=cost, n_skills=n_skills)
            assert math.floor(learned) == count


def test_quanta_learned_stops_at_the_number_of_skills():
    learned = theory.quanta_learned("N", [10.0, 1e9], 0.4, cost=5.0, n_skills=100)
    assert learned.tolist() == [2.0, 100.0]


def test_complete_tail_is_exact():
    n = np.array([0, 3, 40, 100])
    completed = theory.complete_tail(theory.loss(n, 0.4, n_skills=100), 0.4, 100)
    np.testing.assert_allclose(completed, theory.loss(n, 0.4), rtol=1e-12)
