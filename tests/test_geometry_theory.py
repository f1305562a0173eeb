"""Geometry model: mean field against solvers and simulation, limits, counts."""

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

from skillscale.domino import theory as domino
from skillscale.frequencies import power_law
from skillscale.geometry import theory as geometry


def _orthonormal(rng, n_skills, dim):
    return np.linalg.qr(rng.standard_normal((dim, n_skills)))[0].T


def _descend(vectors, p, lr, steps, noise=0.0, rng=None):
    """Sign descent on Σ p (1 - t·θ)², the model itself, as a plain loop."""
    theta, path = np.zeros(vectors.shape[1]), []
    for _ in range(steps):
        u = 1 - vectors @ theta
        path.append(u)
        gradient = -2 * (p * u) @ vectors
        if noise:
            gradient = gradient + noise * rng.standard_normal(gradient.size)
        theta = theta - lr * np.sign(gradient)
    return np.array(path)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("overlapping", [False, True])
def test_clock_solution_equals_ode_solver(noise, overlapping):
    p, lr, dim = power_law(5, 1.0), 1e-3, 400
    rng = np.random.default_rng(0)
    unit = rng.standard_normal((5, 40))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    C = unit @ unit.T if overlapping else np.eye(5)

    def slope(_, u):
        w = p * u
        return -lr * np.sqrt(2 * dim / np.pi) * C @ w / np.sqrt(w @ C @ w + dim * noise**2 / 4)

    t = np.linspace(0, 100, 21)  # the noiseless dynamics ends after 100
    reference = solve_ivp(slope, (0, 100), np.ones(5), "DOP853", t, rtol=1e-10, atol=1e-12).y.T
    u = geometry.sign_descent(t, p, lr=lr, dim=dim, noise=noise, overlap=C if overlapping else None)
    np.testing.assert_allclose(u, reference, atol=1e-7)


def test_singular_overlap_keeps_what_cannot_be_learned():
    # three skills in a plane, as vectors at 120°: every θ leaves Σ t_k·θ = 0
    angles = np.array([0, 2, 4]) * np.pi / 3
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)
    p = np.array([0.5, 0.3, 0.2])
    end = geometry.sign_descent(1e6, p, lr=1e-3, dim=2, overlap=vectors @ vectors.T)
    # the end is the weighted least-squares optimum
    root = np.sqrt(p)
    theta = np.linalg.lstsq(root[:, None] * vectors, root, rcond=None)[0]
    np.testing.assert_allclose(end, 1 - vectors @ theta, atol=1e-9)


def test_mean_field_equals_simulation():
    p, lr, dim = power_law(10, 1.0), 3e-4, 1000
    curves = [
        _descend(_orthonormal(np.random.default_rng(seed), 10, dim), p, lr, 600)
        for seed in range(4)
    ]
    theory = geometry.sign_descent(np.arange(600.0), p, lr=lr, dim=dim)
    # a sum of d random signs deviates from its mean by 1/√d of its size
    assert np.sqrt(np.mean((np.mean(curves, 0) - theory) ** 2)) < 1 / np.sqrt(dim)


def test_mean_field_with_overlaps_equals_simulation():
    p, lr, dim = power_law(20, 1.0), 1e-4, 2000
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((20, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    measured = _descend(vectors, p, lr, 1500)
    theory = geometry.sign_descent(
        np.arange(1500.0), p, lr=lr, dim=dim, overlap=vectors @ vectors.T
    )
    assert np.sqrt(np.mean((measured - theory) ** 2)) < 2 / np.sqrt(dim)


def test_wasted_resource_is_the_large_noise_limit():
    p, lr, dim, noise = power_law(4, 1.0), 1e-3, 1000, 1.0
    t = np.linspace(0, 20_000, 30)
    l2 = geometry.sign_descent(t, p, lr=lr, dim=dim, noise=noise)
    N0 = float(geometry.wasted_resource(noise, dim))
    resource = domino.unlearned(t, p, rate=2 * lr * np.sqrt(dim), N0=N0)
    # the two differ by terms of order Σw / N0 = 1/40 in the pace
    assert np.abs(l2 - resource).max() < 0.025
    assert geometry.wasted_resource(noise, dim, gradient_factor=1.0) == pytest.approx(2 * N0)


def test_noise_slows_the_simulation_as_predicted():
    rng = np.random.default_rng(3)
    p, lr, dim, noise = power_law(5, 1.0), 3e-4, 2000, 0.05
    vectors = _orthonormal(rng, 5, dim)
    measured = _descend(vectors, p, lr, 1500, noise, rng)
    theory = geometry.sign_descent(np.arange(1500.0), p, lr=lr, dim=dim, noise=noise)
    # ±η steps that are mostly noise leave a jitter of about η√steps in each skill
    assert np.sqrt(np.mean((measured - theory) ** 2)) < 0.03


def test_completion_times_put_back_give_the_residual():
    p = power_law(10, 1.0)
    t = geometry.completion_time(p, lr=3e-4, dim=1000, noise=1e-3)
    u = geometry.sign_descent(t, p, lr=3e-4, dim=1000, noise=1e-3)
    np.testing.assert_allclose(np.diag(u), 0.1, rtol=1e-6)


def _completed(vectors, p, lr, steps):
    """First steps at which simulated sign descent has each unlearned fraction below 0.1."""
    return np.argmax(_descend(vectors, p, lr, steps) < 0.1, axis=0)


def test_completion_times_equal_simulation():
    p, lr, dim = power_law(10, 1.0), 1e-4, 4000
    seeds = [_orthonormal(np.random.default_rng(seed), 10, dim) for seed in range(3)]
    measured = np.mean([_completed(vectors, p, lr, 1200) for vectors in seeds], 0)
    # sums of 4000 signs deviate by 1/√4000 = 1.6 % each
    np.testing.assert_allclose(
        measured, geometry.completion_time(p, lr=lr, dim=dim), rtol=2 / np.sqrt(dim)
    )


def test_two_skill_ratio_equals_simulation():
    lr, dim = 1e-4, 4000
    vectors = _orthonormal(np.random.default_rng(5), 2, dim)
    for r in (1.0, 2.0, 4.0, 10.0, 19.0, 40.0):
        early, late = _completed(vectors, np.array([r, 1.0]) / (1 + r), lr, 600)
        # two times, each with a deviation of 1/√dim
        assert late / early == pytest.approx(geometry.two_skill_ratio(r), rel=2 / np.sqrt(dim))


def test_a_single_skill_moves_at_the_pace_of_the_mean_size_of_a_coordinate():
    dim, lr = 1000, 3e-4
    vector = _orthonormal(np.random.default_rng(0), 1, dim)[0]
    pace = lr * np.abs(vector).sum()  # all signs follow the one task vector
    t = float(geometry.completion_time([1.0], lr=lr, dim=dim)[0])
    assert 0.9 / t == pytest.approx(pace, rel=2 / np.sqrt(dim))


@pytest.mark.parametrize("alpha", [0.3, 0.5])
def test_loss_of_many_skills_follows_the_l2_norm_and_not_the_sum(alpha):
    n = dim = 500
    p, lr, steps = power_law(n, alpha), 2e-4, 1200
    path = _descend(_orthonormal(np.random.default_rng(2), n, dim), p, lr, steps)
    t = np.arange(100, steps, 100)
    measured = path[t] ** 2 @ p
    l2 = geometry.sign_descent(t, p, lr=lr, dim=dim) ** 2 @ p
    l1 = domino.unlearned(t, p, rate=2 * lr * np.sqrt(dim), N0=0.0) ** 2 @ p
    # 1/√500 = 4.5 % of the clock, and L falls with up to the first power of it here
    np.testing.assert_allclose(measured, l2, rtol=0.05)
    assert np.abs(np.log(measured / l1))[-1] > 0.2


@pytest.mark.parametrize("overlapping", [False, True])
def test_normalised_descent_equals_simulated_steps(overlapping):
    p, lr, dim = power_law(8, 1.0), 1e-3, 60
    rng = np.random.default_rng(4)
    vectors = _orthonormal(rng, 8, dim)
    if overlapping:
        vectors = rng.standard_normal((8, dim))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    theta, path = np.zeros(dim), []
    for _ in range(2000):
        path.append(1 - vectors @ theta)
        gradient = -(p * path[-1]) @ vectors
        theta = theta - lr * gradient / np.linalg.norm(gradient)
    exact = geometry.normalised_descent(
        np.arange(2000), p, lr=lr, overlap=vectors @ vectors.T if overlapping else None
    )
    # no mean field here: what remains is the step, of length lr
    assert np.abs(path - exact).max() < 3 * lr


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.5])
def test_two_skill_ratio_rises_from_one_to_the_domino_limit(eps):
    ratio = geometry.two_skill_ratio(np.geomspace(1, 1e6, 25), eps=eps)
    assert ratio[0] == pytest.approx(1, abs=1e-9)
    assert (np.diff(ratio) > 0).all()
    # in r the approach to the limit is first order, 1e-6 with a factor ln(1/eps)
    assert ratio[-1] == pytest.approx((2 - eps) / (1 - eps), rel=2e-5)


def test_time_exponent_under_the_l2_norm_is_twice_alpha():
    p = power_law(50_000, 1.0)
    end = geometry.completion_time(p[:2000], lr=1e-3, dim=1000)
    t = np.geomspace(end[400], end[1200], 6)
    loss = (geometry.sign_descent(t, p, lr=1e-3, dim=1000) ** 2) @ p
    slope = -np.polyfit(np.log(t), np.log(loss), 1)[0]
    assert slope == pytest.approx(domino.exponents(1.0, "l2")["T"], rel=0.08)


def test_sgd_equals_simulated_descent():
    p, lr = power_law(5, 1.0), 0.01
    vectors = _orthonormal(np.random.default_rng(0), 5, 50)
    theta, path = np.zeros(50), []
    for _ in range(400):
        path.append(1 - vectors @ theta)
        theta = theta + 2 * lr * (p * path[-1]) @ vectors
    # gradient flow against steps: relative error lr · p_1 of the rate
    np.testing.assert_allclose(path, geometry.sgd(np.arange(400), p, lr=lr), atol=0.004)


def test_alignment_equals_sampled_vectors():
    w, dim = np.array([0.6, 0.3, 0.1]), 200_000
    vectors = np.random.default_rng(0).standard_normal((3, dim))
    agree = (np.sign(w @ vectors) == np.sign(vectors)).mean(1)
    # binomial standard error 0.5/√200 000 = 0.0011
    np.testing.assert_allclose(geometry.alignment(w), agree, atol=0.005)
    rows = geometry.alignment([[1.0, 0.0], [3.0, 4.0]])
    np.testing.assert_allclose(rows, [[1.0, 0.5], geometry.alignment([3.0, 4.0])])


def _separable(signs, points):
    """Whether some θ has signs_k · points_k·θ ≥ 1 for all k (linear programming)."""
    rows = -signs[:, None] * points
    found = linprog(np.zeros(points.shape[1]), rows, -np.ones(len(signs)), bounds=(None, None))
    return found.status == 0


@pytest.mark.parametrize(("n", "d"), [(4, 4), (6, 2), (6, 3), (7, 4)])
def test_separable_fraction_equals_counted_sign_patterns(n, d):
    points = np.random.default_rng(n * d).standard_normal((n, d))
    patterns = np.array(list(itertools.product([-1.0, 1.0], repeat=n)))
    count = sum(_separable(signs, points) for signs in patterns)
    # Cover's count is exact for points in general position, whatever they are
    assert count == round(float(geometry.separable_fraction(n, d)) * 2**n)


def test_separable_fraction_at_capacity_is_one_half():
    d = np.array([5, 50, 500])
    np.testing.assert_allclose(geometry.separable_fraction(2 * d, d), 0.5, atol=1e-9)
    assert geometry.separable_fraction(5, 5) == 1
