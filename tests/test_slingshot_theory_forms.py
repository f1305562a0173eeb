"""Symbolic results of the slingshot chapter against the numerical functions."""

import numpy as np
import pytest
import sympy as sp
from scipy.stats import gamma

from skillscale.resource.theory import REPLICATION
from skillscale.slingshot import theory

a, q, theta, k = sp.symbols("a q theta k", positive=True)


@pytest.fixture(scope="module")
def forms():
    return theory.derivation()


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9])
def test_explicit_bound_lies_above_the_curve_and_near_it(share):
    grid = np.linspace(0.01, 0.99, 99)
    for draws in (1, 2, 8, 32):
        found = theory.explicit_bound(grid, share, draws)
        curve = theory.performance_curve(grid, share, draws)
        exists = ~np.isnan(curve)
        assert np.all(found[exists] >= curve[exists] * (1 - 1e-12))
        np.testing.assert_allclose(found[~exists], 1 / grid[~exists], rtol=1e-12)
        if draws >= 8:  # the two steps leave less than a hundredth
            assert np.all(found[exists] <= 1.01 * curve[exists])


def test_explicit_form_is_the_function():
    compute = sp.lambdify((a, theta, k), theory.explicit_form(a, theta, k), "numpy")
    for share, draws in ((0.1, 8), (0.01, 2), (0.4, 12)):
        for fraction in (0.02, 0.2, 0.6, 0.95):
            assert compute(fraction, share, draws) == pytest.approx(
                float(theory.explicit_bound(fraction, share, draws)), rel=1e-9
            )


def test_explicit_form_of_composites():
    found = sp.lambdify((a, theta, k), theory.explicit_form(a, 3 * theta, k))(0.2, 0.05, 8)
    assert found == pytest.approx(float(theory.explicit_bound(0.2, 0.15, 8)), rel=1e-9)


def test_jensens_bound_of_the_divergence(forms):
    """Its leading order is that of the divergence, and it lies below."""
    divergence, below = (sp.lambdify((q, a), forms[n]) for n in ("divergence", "jensen"))
    rng = np.random.default_rng(0)
    low = rng.uniform(0.001, 0.99, 5000)
    high = low + (1 - low) * rng.uniform(1e-3, 0.999, 5000)
    assert np.all(below(high, low) <= divergence(high, low) * (1 + 1e-9))
    assert below(0.2001, 0.2) / divergence(0.2001, 0.2) == pytest.approx(1, abs=1e-4)


def test_doubling(forms):
    exponents = {
        sp.Symbol("alpha_N", positive=True): REPLICATION.alpha_N,
        sp.Symbol("alpha_D", positive=True): REPLICATION.alpha_D,
    }
    factor = float(forms["doubling"].subs(exponents))
    assert factor == pytest.approx(theory.doubling_compute(REPLICATION), rel=1e-12)
    # θ goes with the root of the excess, which must fall to a quarter
    assert factor**2 == pytest.approx(theory.doubling_compute(REPLICATION, link="pinsker"))


def test_gamma_moment(forms):
    rho = sp.Symbol("rho", positive=True)
    moment = float(forms["gamma_moment"].subs(rho, 0.7))
    assert moment == pytest.approx(float(theory.co_occurrence(5, 0.7)), rel=1e-12)
    assert moment == pytest.approx(gamma(1 / 0.7, scale=0.7).expect(lambda g: g**5), rel=1e-6)
