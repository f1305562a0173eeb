"""Skill frequencies and tail masses against plain sums."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import zeta

from skillscale import frequencies

EXPONENTS = st.floats(-0.95, 4.0, allow_nan=False)
COUNTS = st.integers(1, 300)


@given(n_skills=COUNTS, alpha=EXPONENTS)
def test_power_law_is_a_distribution_with_the_zipf_ratio(n_skills, alpha):
    frequency = frequencies.power_law(n_skills, alpha)
    k = np.arange(1, n_skills + 1)
    assert frequency.shape == (n_skills,)
    assert math.isclose(frequency.sum(), 1.0, rel_tol=1e-12)
    np.testing.assert_allclose(frequency / frequency[0], k ** -(alpha + 1.0), rtol=1e-12)


@given(n_skills=COUNTS, alpha=EXPONENTS)
def test_tail_mass_of_finitely_many_skills_is_the_finite_sum(n_skills, alpha):
    frequency = frequencies.power_law(n_skills, alpha)
    n = np.arange(n_skills + 3)
    expected = [frequency[count:].sum() for count in n]
    # Differences of zeta values cancel near s = 1, where ζ has its pole.
    np.testing.assert_allclose(
        frequencies.tail_mass(alpha, n, n_skills=n_skills), expected, atol=1e-9
    )


@pytest.mark.parametrize("alpha", [0.3, 0.6, 1.5])
def test_tail_mass_of_infinitely_many_skills_is_one_minus_the_head(alpha):
    k = np.arange(1, 51)
    head = np.cumsum(k ** -(alpha + 1.0)) / zeta(alpha + 1.0, 1)
    np.testing.assert_allclose(frequencies.tail_mass(alpha, k), 1.0 - head, rtol=1e-12)


def test_tail_mass_of_many_skills_approaches_the_infinite_one():
    # Σ_{k>K} k^-1.6 ≈ K^-0.6/0.6, so K = 10^9 leaves a relative error of about 4e-6 / 0.73.
    many = frequencies.tail_mass(0.6, 3, n_skills=10**9)
    np.testing.assert_allclose(many, frequencies.tail_mass(0.6, 3), rtol=1e-5)


def test_zipf_exponent_is_alpha_plus_one():
    assert frequencies.zipf_exponent(0.4) == pytest.approx(1.4)
