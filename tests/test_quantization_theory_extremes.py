"""The quantization theory at the ends of its ranges: exact, finite, or an error by name."""

import contextlib
import math

import mpmath
import numpy as np
import pytest

from skillscale.quantization import theory
from skillscale.quantization.theory import law
from skillscale.quantization.theory._shared import log_tail


@pytest.mark.parametrize("alpha", [-0.5, 0.0, 1e-12, 5e-4, 0.4, 10.0, 300.0])
@pytest.mark.parametrize("n_skills", [1, 40, 2000])
def test_a_finite_tail_is_the_sum(alpha, n_skills):
    mpmath.mp.dps = 30
    for n in {0, n_skills // 2, n_skills - 1}:
        exponent = -(mpmath.mpf(alpha) + 1)
        exact = mpmath.log(
            mpmath.fsum(mpmath.mpf(k) ** exponent for k in range(n + 1, 1 + n_skills))
        )
        found = float(log_tail(alpha, np.array(float(n)), n_skills))
        assert found == pytest.approx(float(exact), rel=1e-14, abs=1e-14)


@pytest.mark.parametrize("alpha", [1e-9, 0.02, 0.4, 3.0, 10.0])
def test_an_infinite_tail_is_the_zeta_function(alpha):
    mpmath.mp.dps = 60
    for n in (0, 1, 10.5, 1000):
        exact = mpmath.log(alpha * mpmath.zeta(mpmath.mpf(alpha) + 1, n + 1))
        found = float(log_tail(alpha, np.array(float(n)), math.inf))
        # Relative also where the logarithm is near 0, as it is for a small alpha.
        assert found == pytest.approx(float(exact), rel=1e-13, abs=0)


@pytest.mark.parametrize(("first", "last"), [(1, 4097), (1, 5000), (7, 10**5)])
def test_a_wide_window_sums_as_its_whole_numbers(first, last):
    n, weight = law._whole(first, last)
    assert n.size < 5000
    each = np.arange(first, last + 1.0)
    for term in (np.ones_like, np.log, lambda n: np.log(n) ** 2, lambda n: np.log(last + 1 - n)):
        assert weight @ term(n) == pytest.approx(term(each).sum(), rel=1e-13)


def test_a_wide_window_reads_as_its_plain_fit():
    n = np.arange(7, 10**5 + 1)
    frequency = np.arange(1, 10**5 + 2.0) ** -1.4
    left = frequency[::-1].cumsum()[::-1][7:]  # from n = 7 on, what is beyond n
    slope, _ = np.polyfit(np.log(n), np.log(left), 1)
    read = theory.apparent_exponent(0.4, n_min=7, n_max=10**5, n_skills=10**5 + 1)
    assert read == pytest.approx(-slope, rel=1e-9)


@pytest.mark.parametrize("n_skills", [math.inf, 2**53])
def test_a_window_of_any_width_is_read(n_skills):
    read = theory.apparent_exponent(0.34, n_min=10**6, n_max=10**9, n_skills=n_skills)
    # A local exponent is alpha (1 - 1/2n), and 2^53 skills raise it by (n / n_skills)^alpha.
    assert read == pytest.approx(0.34, rel=1e-6 if n_skills == math.inf else 0.02)
    alpha = theory.true_exponent(read, n_min=10**6, n_max=10**9, n_skills=n_skills)
    assert alpha == pytest.approx(0.34, rel=1e-9)


def test_steep_and_flat_laws_are_read_where_the_loss_itself_is_no_float():
    n = np.arange(1, 41)
    # Steep: the tail is its first term (n + 1)^-(alpha+1), the next smaller by (42/41)^-1001.
    slope, _ = np.polyfit(np.log(n), 1001 * np.log(n + 1), 1)
    assert theory.apparent_exponent(1000.0, n_min=1, n_max=40) == pytest.approx(slope, rel=1e-9)
    assert theory.local_exponent(40, 1000.0) == pytest.approx(40 / 41 * 1001, rel=1e-9)
    assert theory.loss(40, 1000.0) == 0
    flat = [theory.apparent_exponent(a, n_min=1, n_max=40) / a for a in (1e-9, 1e-7)]
    assert flat[0] == pytest.approx(flat[1], rel=1e-5)
    many = theory.apparent_exponent(5e-4, n_min=1, n_max=40, n_skills=10**9)
    fewer = theory.apparent_exponent(5e-4, n_min=1, n_max=40, n_skills=10**6)
    assert 5e-4 < many < fewer


@pytest.mark.parametrize("n_skills", [500, math.inf])
def test_a_staircase_of_extreme_amounts_never_goes_below_zero(n_skills):
    for amount in (1e-320, 1e9, 2**53 + 1, 2**63, 1e300):
        with contextlib.suppress(ValueError):
            assert (theory.staircase([amount], 0.4, cost=2e4, n_skills=n_skills) >= 0).all()
