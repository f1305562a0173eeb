"""The least loss of N freely chosen noisy neurons."""

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from skillscale.resource import theory


def small_case(n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(8, 6)), rng.normal(size=(8, n_outputs))


@pytest.mark.parametrize("N", [0.5, 3.0, 200.0])
@pytest.mark.parametrize("weights", [[1.0], [0.9, 0.1], [0.2, 1.0, 3.0]])
def test_optimum_is_the_brute_force_minimum_over_copies(weights, N):
    features, targets = small_case(len(weights))

    def loss(log_copies):
        copies = np.exp(log_copies - log_copies.max())
        copies *= N / copies.sum()
        each = [
            theory.noise_limited_loss(features, target, noise=0.3, copies=copies)
            for target in targets.T
        ]
        return np.dot(weights, each)

    # logarithms keep the copies positive; absent neurons are approached, so a little is missing
    brute = min(
        minimize(loss, start, method="L-BFGS-B", options={"maxiter": 500}).fun
        for start in np.random.default_rng(1).normal(size=(3, 6))
    )
    best = theory.noise_limited_optimum(features, targets, noise=0.3, N=N, weights=weights)
    assert best.lower_bound <= brute
    np.testing.assert_allclose(best.loss, brute, rtol=1e-4)
    np.testing.assert_allclose(best.copies.sum(), N, rtol=1e-12)
    assert (best.copies >= 0).all()


@pytest.mark.parametrize("weights", [[1.0], [0.7, 0.3]])
def test_copies_reach_the_loss_and_no_other_copies_do_better(weights):
    features, targets = small_case(len(weights), seed=2)
    N = np.array([2.0, 20.0])
    best = theory.noise_limited_optimum(features, targets, noise=0.4, N=N, weights=weights)
    rng = np.random.default_rng(3)
    for place, total in enumerate(N):
        used = best.copies[place] > 0
        at_best = [
            theory.noise_limited_loss(
                features[:, used], target, noise=0.4, copies=best.copies[place][used]
            )
            for target in targets.T
        ]
        np.testing.assert_allclose(np.dot(weights, at_best), best.loss[place], rtol=1e-10)
        for copies in total * rng.dirichlet(np.ones(6), size=50):
            others = [
                theory.noise_limited_loss(features, target, noise=0.4, copies=copies)
                for target in targets.T
            ]
            assert np.dot(weights, others) >= best.lower_bound[place]


def test_one_atom():
    y = np.array([1.0, -1.0])
    N = np.array([[0.1, 1.0], [10.0, 1e4]])
    best = theory.noise_limited_optimum(y[:, None], y, noise=0.7, N=N)
    np.testing.assert_allclose(best.loss, 0.49 / (N + 0.49), rtol=1e-9)
    assert best.copies.shape == (2, 2, 1)


def test_scaled_loss_tends_to_the_squared_variation_norm_from_below():
    x = np.linspace(-1, 1, 24)
    features = theory.silu_dictionary(x, np.geomspace(0.3, 30, 12), np.linspace(-1.4, 1.4, 29))
    gamma = theory.variation_norm(features, x**2)
    N = np.geomspace(1, 1e6, 7)
    best = theory.noise_limited_optimum(features, x**2, noise=0.3, N=N)
    scaled = N * best.loss / (0.3 * gamma) ** 2
    assert (np.diff(scaled) > 0).all()
    assert (scaled < 1).all()
    np.testing.assert_allclose(scaled[-1], 1, rtol=1e-4)
    assert (best.lower_bound >= best.loss * (1 - 2e-6)).all()


def test_weights_scale_the_outputs():
    features, targets = small_case(2, seed=4)
    weighted = theory.noise_limited_optimum(
        features, targets, noise=0.2, N=9.0, weights=[4.0, 0.25]
    )
    scaled = theory.noise_limited_optimum(features, targets * [2.0, 0.5], noise=0.2, N=9.0)
    np.testing.assert_allclose(weighted.loss, scaled.loss, rtol=1e-9)


def test_equal_outputs_are_one_output_of_their_total_weight():
    """A neuron that serves two outputs pays for its noise in both, and sends one signal."""
    features, target = small_case(1, seed=5)
    both = theory.noise_limited_optimum(
        features, np.hstack([target, target]), noise=0.2, N=9.0, weights=[0.3, 0.7]
    )
    one = theory.noise_limited_optimum(features, target, noise=0.2, N=9.0)
    np.testing.assert_allclose(both.loss, one.loss, rtol=1e-6)


def test_offset_is_a_constant_without_noise():
    features, target = small_case(1, seed=6)
    target = target[:, 0]
    rms = np.sqrt((features**2).mean(axis=0))
    best = theory.noise_limited_optimum(features, target, noise=0.3, N=10.0, offset=True)
    used = best.copies > 0

    def loss(parameters):
        constant, v = parameters[0], parameters[1:]
        noise = 0.09 * (v**2 * rms[used] ** 2 / best.copies[used]).sum()
        return ((target - constant - features[:, used] @ v) ** 2).mean() + noise

    found = minimize(loss, np.zeros(1 + used.sum()), tol=1e-12).fun
    np.testing.assert_allclose(best.loss, found, rtol=1e-7)
    without = theory.noise_limited_optimum(features, target, noise=0.3, N=10.0)
    assert best.loss < without.loss
    shifted = theory.noise_limited_optimum(features, target + 5, noise=0.3, N=10.0, offset=True)
    np.testing.assert_allclose(shifted.loss, best.loss, rtol=1e-6)


def test_a_target_that_no_neuron_helps_keeps_its_mean_square():
    best = theory.noise_limited_optimum([[1.0], [1.0]], [1.0, -1.0], noise=0.1, N=5.0)
    np.testing.assert_allclose([best.loss, best.lower_bound], 1.0)
    np.testing.assert_allclose(best.copies, [5.0])


def plane(n_directions, slopes, bends):
    """Points of a grid on the square and SiLU neurons in all directions; which are on an axis."""
    side = np.linspace(-1, 1, 6)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    angles = np.arange(n_directions) * 2 * np.pi / n_directions
    along = points @ np.stack([np.cos(angles), np.sin(angles)])
    z = slopes[:, None] * (along[:, :, None, None] - bends)
    on_axis = np.repeat(
        np.arange(n_directions) % (n_directions // 4) == 0, slopes.size * bends.size
    )
    return points, (z / (1 + np.exp(-z))).reshape(len(points), -1), on_axis


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_two_inputs_split_by_the_square_root_rule_if_constants_are_free(beta):
    points, features, on_axis = plane(8, np.geomspace(0.5, 8, 6), np.linspace(-1.5, 1.5, 13))
    targets, weights, N = points**2, np.array([beta, 1 - beta]), 1e4
    free = theory.noise_limited_optimum(
        features, targets, noise=0.1, N=N, weights=weights, offset=True
    )
    alone = theory.noise_limited_optimum(features, targets[:, 0], noise=0.1, N=N, offset=True)
    apart = np.sqrt(weights).sum() ** 2 * float(alone.loss)  # costs are equal by symmetry
    # N · loss is within about 1/N of its limit in either
    np.testing.assert_allclose(free.loss, apart, rtol=1e-3)
    assert free.copies[~on_axis].sum() < 1e-3 * N
    # without a free constant the neurons share the offset of both outputs, and win
    shared = theory.noise_limited_optimum(features, targets, noise=0.1, N=N, weights=weights)
    alone = theory.noise_limited_optimum(features, targets[:, 0], noise=0.1, N=N)
    assert shared.loss < 0.99 * np.sqrt(weights).sum() ** 2 * alone.loss


STEP_SLOPES = np.geomspace(0.3, 2000, 24)
STEP_CORE = np.geomspace(1e-3, 0.5, 24)
STEP_BENDS = np.concatenate([-STEP_CORE, [0.0], STEP_CORE, [-1.5, -1.0, 1.0, 1.5]])


def step_case(n_points):
    x = np.linspace(-1, 1, n_points)
    return theory.silu_dictionary(x, STEP_SLOPES, STEP_BENDS), np.sign(x)


def test_a_step_has_the_exponent_one_third():
    """Its norm is infinite in the continuum; the ramp of the derivation is an upper bound."""
    features, target = step_case(400)
    N = 2.0 ** np.arange(4, 13)
    best = theory.noise_limited_optimum(features, target, noise=0.1, N=N)
    slopes = -np.diff(np.log2(best.loss))
    assert (np.abs(slopes - 1 / 3) < 0.02).all()
    forms = theory.derivation()
    delta, sigma, number = sp.symbols("delta sigma N", positive=True)
    bound = sp.lambdify([sigma, number], forms["step_loss"])(0.1, N)
    width = (4 * 0.01 / N) ** (1 / 3)
    np.testing.assert_allclose(bound, width / 2, rtol=1e-12)
    exact = forms["ramp_error"] + sigma**2 * forms["ramp_norm"] ** 2 / number
    ramps = sp.lambdify([delta, sigma, number], exact)(width, 0.1, N)
    assert (best.loss < ramps).all()
    assert (best.loss > 0.85 * bound).all()  # SiLU neurons gain a tenth on ReLU ones, no more


def test_few_samples_make_the_norm_of_a_step_finite():
    features, target = step_case(32)
    gamma = theory.variation_norm(features, target)
    # the steepest ramp that samples 2/31 apart let pass; SiLU neurons may gain or lose a tenth
    steepest = theory.derivation()["ramp_norm"].subs(sp.Symbol("delta", positive=True), 1 / 31)
    np.testing.assert_allclose(gamma, float(steepest), rtol=0.1)
    best = theory.noise_limited_optimum(features, target, noise=0.1, N=[1e6, 1e7])
    np.testing.assert_allclose(best.loss[1] * 1e7, (0.1 * gamma) ** 2, rtol=1e-2)


def test_ramp_norm_is_that_of_four_neurons():
    x = (np.arange(200_000) + 0.5) / 100_000 - 1  # midpoints: means over [-1, 1]
    forms = theory.derivation()
    for width in (0.1, 0.6):
        neurons = [np.maximum(s * (x - t), 0) for s in (1, -1) for t in (width, -width)]
        readout = np.array([-1, 1, -1, 1]) / (2 * width)
        made = np.sum([v * h for v, h in zip(readout, neurons, strict=True)], axis=0)
        np.testing.assert_allclose(made, np.clip(x / width, -1, 1), atol=1e-12)
        total = sum(abs(v) * np.sqrt((h**2).mean()) for v, h in zip(readout, neurons, strict=True))
        delta = sp.Symbol("delta", positive=True)
        np.testing.assert_allclose(float(forms["ramp_norm"].subs(delta, width)), total, rtol=1e-6)
        np.testing.assert_allclose(
            float(forms["ramp_error"].subs(delta, width)),
            ((made - np.sign(x)) ** 2).mean(),
            rtol=1e-6,
        )


def test_square_beside_step():
    """Exponents 1 and 1/3: the step takes ever more, the square's share grows as N^(2/3)."""
    N = np.geomspace(1e6, 1e15, 4)
    exponents = [1.0, 1 / 3]
    split = theory.allocate([0.5, 0.5], [0.02, 0.16], N, exponent=exponents)
    rates = np.diff(np.log(split), axis=0) / np.diff(np.log(N))[:, None]
    np.testing.assert_allclose(theory.homogeneous_growth(exponents), [2 / 3, 1.0])
    np.testing.assert_allclose(rates[-1], [2 / 3, 1.0], atol=2e-3)
    np.testing.assert_allclose(split.sum(axis=1), N, rtol=1e-12)
    loss = theory.composite_loss([0.5, 0.5], [0.02, 0.16], N, exponent=exponents)
    assert np.diff(np.log(loss))[-1] / np.diff(np.log(N))[-1] == pytest.approx(-1 / 3, abs=2e-3)
    g1, g2 = sp.symbols("g_1 g_2", positive=True)
    growth = theory.derivation()["growth"].subs({g1: sp.Rational(1, 3), g2: 1})
    assert growth == sp.Rational(2, 3)


def test_joint_optimum_of_sine_and_step_is_the_best_split_of_two_modules():
    """Odd targets of different inputs share nothing, whatever the exponents of their modules."""
    side = np.linspace(-1, 1, 16)
    one = theory.silu_dictionary(side, np.geomspace(0.5, 30, 7), np.linspace(-0.9, 0.9, 13))
    sine, step = np.sin(np.pi * side), np.sign(side)
    first, second = (grid.ravel() for grid in np.meshgrid(np.arange(16), np.arange(16)))
    features = np.hstack([one[first], one[second]])
    targets, weights, N = np.stack([sine[first], step[second]], axis=1), np.array([0.9, 0.1]), 64.0
    joint = theory.noise_limited_optimum(features, targets, noise=0.1, N=N, weights=weights)
    shares = np.linspace(0.4, 0.7, 61)
    sines = theory.noise_limited_optimum(one, sine, noise=0.1, N=N * shares).loss
    steps = theory.noise_limited_optimum(one, step, noise=0.1, N=N * (1 - shares)).loss
    split = weights[0] * sines + weights[1] * steps
    np.testing.assert_allclose(joint.loss, split.min(), rtol=1e-4)
    given = joint.copies[: one.shape[1]].sum() / N
    assert abs(given - shares[split.argmin()]) < 0.02  # the minimum is flat


def test_a_loss_without_proof_is_not_returned(monkeypatch):
    features, targets = small_case(2)
    monkeypatch.setattr("skillscale.resource.theory.optimum._ROUNDS", 1)
    with pytest.raises(RuntimeError, match=r"did not converge: loss .*, lower bound"):
        theory.noise_limited_optimum(features, targets, noise=0.1, N=50.0)


def test_candidates_are_silu_neurons_both_ways_without_the_silent_ones():
    x, slopes, bends = np.linspace(-1, 1, 5), np.array([1.0, 500.0]), np.array([-2.0, 0.5])
    found = theory.silu_dictionary(x, slopes, bends)
    wanted = [
        [sp.Float(a * (p - t)) / (1 + sp.exp(sp.Float(-a * (p - t)))) for p in x]
        for a in (1.0, 500.0, -1.0, -500.0)
        for t in bends
        if (a, t) != (-500.0, -2.0)  # falls to the right of its bend, where all samples are
    ]
    np.testing.assert_allclose(found, np.array(wanted, dtype=float).T, rtol=1e-12, atol=1e-15)
