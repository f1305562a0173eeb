"""The law in parameters and tokens: optimum by brute force, exponents, published constants."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from skillscale.resource import theory

PUBLISHED = [theory.HOFFMANN_ROUNDED, theory.HOFFMANN_UNROUNDED, theory.REPLICATION]
EVEN = theory.ChinchillaParameters(A=300.0, B=300.0, E=0.0, alpha_N=1 / 3, alpha_D=1 / 3)
C = np.geomspace(1e18, 1e26, 9)


@pytest.mark.parametrize("params", [*PUBLISHED, EVEN])
def test_optimum_is_what_a_numerical_minimiser_finds(params):
    best = theory.compute_optimal(C, params)
    np.testing.assert_allclose(6 * best.N * best.D, C, rtol=1e-12)
    np.testing.assert_allclose(best.loss, theory.chinchilla_loss(best.N, best.D, params))
    for compute, N, loss in zip(C, best.N, best.loss, strict=True):
        found = minimize_scalar(
            lambda u, compute=compute: float(
                theory.chinchilla_loss(np.exp(u), compute / 6 / np.exp(u), params)
            ),
            bounds=(np.log(1e5), np.log(1e15)),
            method="bounded",
            options={"xatol": 1e-9},
        )
        # a minimum is flat: the position is good to the root of the rounding, 1e-7 or so
        np.testing.assert_allclose(N, np.exp(found.x), rtol=1e-5)
        np.testing.assert_allclose(loss, found.fun, rtol=1e-12)


@pytest.mark.parametrize("params", PUBLISHED)
def test_first_order_condition_is_met_exactly(params):
    N, D, _ = theory.compute_optimal(C, params)
    gain_N = params.alpha_N * params.A * N**-params.alpha_N
    gain_D = params.alpha_D * params.B * D**-params.alpha_D
    np.testing.assert_allclose(gain_N, gain_D, rtol=1e-12)


@pytest.mark.parametrize("params", PUBLISHED)
def test_exponents_are_the_slopes_along_the_frontier(params):
    N, D, loss = theory.compute_optimal(C, params)
    exponents = theory.compute_exponents(params)

    def slope(y):
        return np.polyfit(np.log(C), np.log(y), 1)[0]

    np.testing.assert_allclose(slope(N), exponents.N, rtol=1e-10)
    np.testing.assert_allclose(slope(D), exponents.D, rtol=1e-10)
    np.testing.assert_allclose(-slope(loss - params.E), exponents.loss, rtol=1e-9)
    np.testing.assert_allclose(exponents.N + exponents.D, 1, rtol=1e-15)


def test_equal_laws_share_compute_evenly():
    """Both exponents 1/3: N = D, and the loss falls as C^(-1/6)."""
    N, D, _ = theory.compute_optimal(6e20, EVEN)
    np.testing.assert_allclose([N, D], 1e10, rtol=1e-12)
    np.testing.assert_allclose(theory.compute_exponents(EVEN), [1 / 2, 1 / 2, 1 / 6], rtol=1e-12)


def test_limits_of_the_loss():
    params = theory.REPLICATION
    assert theory.chinchilla_loss(1e300, 1e300, params) == pytest.approx(params.E, rel=1e-12)
    only_N = theory.chinchilla_loss([1e6, 1e9], 1e300, params) - params.E
    np.testing.assert_allclose(only_N[0] / only_N[1], 1e3**params.alpha_N, rtol=1e-9)
    grid = theory.chinchilla_loss(np.ones((3, 1)), np.ones(4), params)
    np.testing.assert_allclose(grid, np.full((3, 4), params.E + params.A + params.B))


def test_published_sets_belong_together():
    """The printed values are the digits of the source, rounded; the refit has another data law."""
    rounded, exact, refit = PUBLISHED
    for name, digits in (("A", 1), ("B", 1), ("E", 2), ("alpha_N", 2), ("alpha_D", 2)):
        assert round(getattr(exact, name), digits) == getattr(rounded, name)
    errors = {"alpha_N": 0.0154, "alpha_D": 0.0206}  # of the refit
    assert abs(refit.alpha_N - exact.alpha_N) < 2 * errors["alpha_N"]
    assert refit.alpha_D - exact.alpha_D > 3 * errors["alpha_D"]
    # the resource model's 1/3 lies within one standard error of the refit
    third = theory.parameter_exponent(1.0, 1.0)
    assert abs(refit.alpha_N - third) < errors["alpha_N"]


def test_derivation_agrees_with_the_functions():
    forms, params = theory.derivation(), theory.REPLICATION
    values = {"alpha_N": params.alpha_N, "alpha_D": params.alpha_D}

    def number(name):
        symbols = forms[name].free_symbols
        return float(forms[name].subs({symbol: values[symbol.name] for symbol in symbols}))

    exponents = theory.compute_exponents(params)
    assert number("size_exponent") == pytest.approx(exponents.N, rel=1e-12)
    assert number("compute_exponent") == pytest.approx(exponents.loss, rel=1e-12)
