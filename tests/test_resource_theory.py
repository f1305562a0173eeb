import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from skillscale.resource import theory


def brute_force_split(weights, costs, total, exponents):
    """Softmax coordinates, so that every point is a split; the best of several starts."""
    products, g = np.asarray(weights) * np.asarray(costs), np.asarray(exponents)

    def loss(z):
        share = np.exp(z - z.max())
        return (products * (total * share / share.sum()) ** -g).sum()

    starts = np.random.default_rng(0).normal(size=(5, products.size))
    best = min((minimize(loss, z, tol=1e-14) for z in starts), key=lambda found: found.fun)
    share = np.exp(best.x - best.x.max())
    return total * share / share.sum(), best.fun


@pytest.mark.parametrize(
    "exponent", [1.0, 0.5, 4 / 3, [1.0, 0.5, 2.0]], ids=["1", "1/2", "4/3", "unequal"]
)
def test_allocation_is_what_a_numerical_minimiser_finds(exponent):
    weights, costs, total = [0.7, 0.2, 0.1], [1.0, 3.0, 0.5], 40.0
    split, loss = brute_force_split(weights, costs, total, np.broadcast_to(exponent, 3))
    # BFGS stops at a gradient of about 1e-8, where the split is good to 1e-4
    np.testing.assert_allclose(
        theory.allocate(weights, costs, total, exponent=exponent), split, rtol=1e-3
    )
    np.testing.assert_allclose(
        theory.composite_loss(weights, costs, total, exponent=exponent), loss, rtol=1e-7
    )


def test_total_loss_is_one_over_n_and_ratios_do_not_depend_on_n():
    weights, costs, N = [0.6, 0.3, 0.1], [1.0, 2.0, 5.0], np.geomspace(3, 3e4, 7)
    constant = np.sqrt(np.multiply(weights, costs)).sum() ** 2
    np.testing.assert_allclose(theory.composite_loss(weights, costs, N) * N, constant, rtol=1e-12)
    split = theory.allocate(weights, costs, N)
    assert split.shape == (7, 3)
    np.testing.assert_allclose(split.sum(axis=-1), N, rtol=1e-12)
    np.testing.assert_allclose(split / N[:, None], split[:1] / N[0] * np.ones((7, 1)), rtol=1e-12)


def test_equal_exponents_agree_with_the_root_finder():
    weights, costs = [0.8, 0.2], [1.0, 1.0]
    nearly = theory.allocate(weights, costs, 50.0, exponent=[1.0, 1.0 + 1e-9])
    np.testing.assert_allclose(nearly, theory.allocate(weights, costs, 50.0), rtol=1e-7)


def test_growth_is_homogeneous_only_for_equal_exponents():
    np.testing.assert_allclose(theory.homogeneous_growth([0.7, 0.7, 0.7]), 1.0)
    exponents = [0.5, 1.0, 2.0]
    N = np.array([1e12, 1e14])
    split = theory.allocate([0.3, 0.3, 0.4], [1.0, 1.0, 1.0], N, exponent=exponents)
    slopes = np.log(split[1] / split[0]) / np.log(100.0)
    # the other subtasks' share at N = 1e12 is about 1e-3 of the slowest one's, and shrinks
    np.testing.assert_allclose(slopes, theory.homogeneous_growth(exponents), atol=2e-3)


def test_ticket_average_against_simulation():
    rng, n, rho = np.random.default_rng(1), 5, 0.3
    covariance = 4.0 * (rho * np.ones((n, n)) + (1 - rho) * np.eye(n))
    errors = 0.7 + rng.multivariate_normal(np.zeros(n), covariance, size=200_000)
    predicted = theory.ticket_average(n, bias=0.7, spread=2.0, correlation=rho)
    # standard error of the mean square is below 0.3 % at 2e5 draws: five of them
    np.testing.assert_allclose((errors.mean(axis=1) ** 2).mean(), predicted, rtol=0.015)


def test_ticket_average_limits():
    assert theory.ticket_average(1, bias=0.0, spread=3.0, correlation=-1.0) == 9.0
    np.testing.assert_allclose(theory.ticket_average(4, bias=0, spread=1, correlation=-1 / 3), 0)
    np.testing.assert_allclose(theory.ticket_average([1, 9], bias=0, spread=1, correlation=1), 1)


def test_one_atom():
    target = np.array([1.0, -1.0, 1.0, 1.0])
    for sigma in (0.1, 1.0):
        for copies in (1, 4, 16, 64):
            loss = theory.noise_limited_loss(
                3 * target[:, None], target, noise=sigma, copies=copies
            )
            np.testing.assert_allclose(loss, sigma**2 / (copies + sigma**2), rtol=1e-12)
    scaled = [
        n * theory.noise_limited_loss(target[:, None], target, noise=1.0, copies=n)
        for n in (1, 4, 16, 64)
    ]
    np.testing.assert_allclose(scaled, [0.5, 0.8, 16 / 17, 64 / 65], rtol=1e-12)


def test_ridge_form_is_the_minimum_over_the_readout():
    rng = np.random.default_rng(2)
    features, target, noise = rng.normal(size=(30, 5)) * [1, 2, 0.5, 1, 3], rng.normal(size=30), 0.4

    def expected_loss(v):
        residual = target - features @ v
        return (residual**2).mean() + noise**2 * (v**2 * (features**2).mean(axis=0)).sum()

    best = minimize(expected_loss, np.zeros(5), tol=1e-12).fun
    np.testing.assert_allclose(
        theory.noise_limited_loss(features, target, noise=noise), best, rtol=1e-8
    )


def test_expected_loss_is_what_noisy_neurons_do():
    rng = np.random.default_rng(3)
    features, target, noise = rng.normal(size=(20, 3)), rng.normal(size=20), 0.5
    rms = np.sqrt((features**2).mean(axis=0))
    psi = features / rms
    v = psi.T @ np.linalg.solve(psi @ psi.T + 20 * noise**2 * np.eye(20), target) / rms
    draws = 1 + noise * rng.normal(size=(100_000, 1, 3))
    losses = ((target - (features * draws) @ v) ** 2).mean(axis=1)
    sampling = 5 * losses.std() / np.sqrt(losses.size)
    predicted = theory.noise_limited_loss(features, target, noise=noise)
    np.testing.assert_allclose(losses.mean(), predicted, atol=sampling)


def test_copies_are_repeated_columns():
    rng = np.random.default_rng(4)
    features, target = rng.normal(size=(12, 3)), rng.normal(size=12)
    repeated = np.repeat(features, [1, 2, 5], axis=1)
    np.testing.assert_allclose(
        theory.noise_limited_loss(features, target, noise=0.3, copies=[1, 2, 5]),
        theory.noise_limited_loss(repeated, target, noise=0.3),
        rtol=1e-10,
    )


def test_scaled_loss_tends_to_the_squared_variation_norm():
    """Neurons shared out as |v_i| rms(h_i) make N L approach noise² γ² from below."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(4, 3))
    readout = np.array([1.0, -2.0, 0.5])
    target, noise = features @ readout, 0.2
    outputs = np.abs(readout) * np.sqrt((features**2).mean(axis=0))
    gamma = theory.variation_norm(features, target)
    np.testing.assert_allclose(gamma, outputs.sum(), rtol=1e-9)
    scaled = []
    for N in (1e2, 1e4, 1e6):
        copies = N * outputs / outputs.sum()
        scaled.append(N * theory.noise_limited_loss(features, target, noise=noise, copies=copies))
    assert scaled == sorted(scaled)
    np.testing.assert_allclose(scaled[-1], noise**2 * gamma**2, rtol=1e-5)
    equal = 1e6 * theory.noise_limited_loss(features, target, noise=noise, copies=1e6 / 3)
    assert equal > scaled[-1]


def test_unreachable_target_has_no_finite_norm():
    features = np.array([[1.0], [1.0], [1.0]])
    assert theory.variation_norm(features, np.array([1.0, 0.0, 0.0])) == np.inf
    # and its loss keeps a floor: the part of the target outside the span, mean square 2/9
    loss = theory.noise_limited_loss(features, [1.0, 0.0, 0.0], noise=0.1, copies=1e6)
    np.testing.assert_allclose(loss, 2 / 9, rtol=1e-7)


def test_parameter_exponent_on_planted_shapes():
    width = np.geomspace(1e3, 1e6, 5)
    for g, kappa in [(1.0, 1.0), (1.0, 0.0), (4 / 3, 1.0), (1.0, 0.75)]:
        slope = np.polyfit(np.log(width**2 * width**kappa), np.log(width**-g), 1)[0]
        np.testing.assert_allclose(theory.parameter_exponent(g, kappa), -slope, rtol=1e-10)


def test_derivation_agrees_with_the_functions():
    steps = theory.derivation()
    values = {"beta_1": 0.7, "c_1": 2.0, "beta_2": 0.3, "c_2": 5.0, "N": 90.0, "g": 1.5}
    values |= {"sigma": 0.4, "c": 7.0}

    def number(expression):
        return float(expression.subs({s: values[s.name] for s in expression.free_symbols}))

    weights, costs = [0.7, 0.3], [2.0, 5.0]
    split = theory.allocate(weights, costs, 90.0)
    assert number(steps["share"]) == pytest.approx(split[0], rel=1e-12)
    assert number(steps["total"]) == pytest.approx(
        float(theory.composite_loss(weights, costs, 90.0)), rel=1e-12
    )
    unequal = theory.allocate(weights, costs, 90.0, exponent=1.5)
    assert number(steps["ratio"]) == pytest.approx(unequal[0] / unequal[1], rel=1e-12)
    assert number(steps["one_atom"]) == pytest.approx(
        theory.noise_limited_loss([[1.0], [-1.0]], [1.0, -1.0], noise=0.4, copies=7), rel=1e-12
    )
    assert sp.simplify(steps["noise"] - 1 / sp.Symbol("n", positive=True)) == 0
