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


@pytest.mark.parametrize("alpha", [0.3, 0.6, 1.5])
def test_tail_mass_of_infinitely_many_skills_is_one_minus_the_head(alpha):
    k = np.arange(1, 51)
    head = np.cumsum(k ** -(alpha + 1.0)) / zeta(alpha + 1.0, 1)
    np.testing.assert_allclose(frequencies.tail_mass(alpha, k), 1.0 - head, rtol=1e-12)


def test_zipf_exponent_is_alpha_plus_one():
    assert frequencies.zipf_exponent(0.4) == pytest.approx(1.4)
