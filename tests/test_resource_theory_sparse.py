"""The x² pair toy under a weight penalty: closed form, exact minimum and brute force."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit

from skillscale.resource import theory

STRENGTHS = np.geomspace(1e4, 1e8, 9)


def slope(x, y):
    return np.polyfit(np.log(x), np.log(y), 1)[0]


def brute_force(strength):
    """Minimise over n, w, v and the offset with SiLU itself on a fine grid, from several starts.

    A trapezoid with 401 points has an error of about 1e-5 relative for these smooth integrands.
    """
    x = np.linspace(-1, 1, 401)
    weight = np.r_[0.5, np.ones(399), 0.5] / 400

    def parts(z):
        n, w, v = np.exp(z[:3])
        output = n * v * (w * x * expit(w * x) - w * x * expit(-w * x)) + z[3]
        return n, w, v, weight @ (output - x**2) ** 2

    def objective(z):
        n, w, v, loss = parts(z)
        return np.log(strength * loss + 2 * n * (w**2 + v**2))

    starts = [[np.log(n), np.log(0.8), np.log(0.8), 0.0] for n in (1.0, 10.0, 100.0)]
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20_000, "maxfev": 20_000}
    found = [minimize(objective, z, method="Nelder-Mead", options=options) for z in starts]
    # a restart at the end keeps a collapsed simplex from passing as a minimum
    found += [minimize(objective, one.x, method="Nelder-Mead", options=options) for one in found]
    n, w, _, loss = parts(min(found, key=lambda one: one.fun).x)
    return w, 2 * n, loss


@pytest.mark.parametrize("strength", [1e4, 1e6, 1e8])
def test_minimum_is_what_brute_force_finds(strength):
    # flat direction along w at fixed function: the simplex leaves w good to about 1e-4
    for exact, brute in zip(
        theory.sparse_pair_minimum(strength), brute_force(strength), strict=True
    ):
        np.testing.assert_allclose(exact, brute, rtol=2e-3)


def test_exponents_of_the_closed_form_match_the_minimum_within_three_percent():
    """The exponents 3/5, 4/5, 1/3 and 4/3 against a minimisation without any expansion."""
    w, N, loss = theory.sparse_pair_minimum(STRENGTHS)
    np.testing.assert_allclose(slope(STRENGTHS, N), 3 / 5, rtol=0.03)
    np.testing.assert_allclose(-slope(STRENGTHS, loss), 4 / 5, rtol=0.03)
    np.testing.assert_allclose(-slope(STRENGTHS, w), 1 / 5, rtol=0.03)
    np.testing.assert_allclose(-slope(N, w), 1 / 3, rtol=0.03)
    np.testing.assert_allclose(-slope(N, loss), 4 / 3, rtol=0.03)
    # and an exponent of 1 is far off
    assert -slope(N, loss) > 1.3


def test_closed_form_is_the_limit_of_strong_tasks():
    strengths = np.array([1e4, 1e6, 1e8, 1e12])
    leading = theory.sparse_pair_equilibrium(strengths)
    exact = theory.sparse_pair_minimum(strengths)
    for one, other in zip(leading, exact, strict=True):
        off = np.abs(other / one - 1)
        assert (np.diff(off) < 0).all()
        # the next order is relative w², with w² = 1.2e-3 at the largest strength
        assert off[-1] < 1e-4
    np.testing.assert_allclose(leading.w, (4 / leading.N) ** (1 / 3), rtol=1e-12)


def test_leading_loss_is_the_part_of_x4_outside_constant_and_x2():
    """The factor 4/99225 from quadrature: residual w²x⁴/12 after a least-squares fit."""
    powers = [quad(lambda x, p=p: x**p, 0, 1)[0] for p in (0, 2, 4, 6, 8)]
    gram = np.array([[powers[0], powers[1]], [powers[1], powers[2]]])
    overlap = np.array([powers[2], powers[3]])
    left = powers[4] - overlap @ np.linalg.solve(gram, overlap)
    w, _, loss = theory.sparse_pair_equilibrium(1e7)
    np.testing.assert_allclose(loss / w**4, left / 144, rtol=1e-10)


def test_shape_and_types():
    grid = np.full((2, 3), 1e5)
    for pair in (theory.sparse_pair_equilibrium(grid), theory.sparse_pair_minimum(grid)):
        assert [part.shape for part in pair] == [(2, 3)] * 3
    assert theory.sparse_pair_minimum(1e5).w.shape == ()


def test_derivation_agrees_with_the_closed_form():
    forms = theory.derivation()
    w, N, loss = (float(part) for part in theory.sparse_pair_equilibrium(3e5))
    values = {"r": 3e5, "w": w, "N": N}

    def number(name):
        symbols = forms[name].free_symbols
        return float(forms[name].subs({symbol: values[symbol.name] for symbol in symbols}))

    assert number("pair_w") == pytest.approx(w, rel=1e-12)
    for name in ("pair_loss", "pair_law"):
        assert number(name) == pytest.approx(loss, rel=1e-12)
