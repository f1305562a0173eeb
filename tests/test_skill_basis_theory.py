"""Curves and losses of the skill basis against integrated flows, brute-force sums and limits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from skillscale.frequencies import power_law
from skillscale.skill_basis import theory

S, R0, ETA = 5.0, 0.01, 0.02


def integrated_flow(frequency, times, *, layers=2, start=None):
    """R/S from the gradient flow of the loss itself, for one skill."""

    def two_layers(_, state):
        a, b = state
        push = ETA * frequency * (S - a * b)
        return [push * b, push * a]

    def one_layer(_, state):
        return ETA * frequency * (S - state)

    if start is None:
        start = [math.sqrt(R0)] * 2 if layers == 2 else [0.0]
    flow = solve_ivp(
        two_layers if layers == 2 else one_layer,
        (0, times[-1]),
        start,
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    )
    return flow.y.prod(0) / S


def test_strength_solves_the_gradient_flow_of_both_layers():
    times = np.linspace(0, 400, 21)
    for frequency in (0.1, 0.3):
        expected = integrated_flow(frequency, times)
        found = theory.strength_time(times, frequency, S=S, R0=R0, eta=ETA)
        np.testing.assert_allclose(found, expected, atol=1e-8)  # integrator's own error


def test_linear_control_solves_the_flow_of_one_layer():
    times = np.linspace(0, 400, 21)
    found = theory.linear_control(times, 0.3, eta=ETA)
    np.testing.assert_allclose(found, integrated_flow(0.3, times, layers=1), atol=1e-8)


def test_clock_only_rescales_time():
    slow = theory.strength_time(220.0, 0.2, S=S, R0=R0, eta=ETA, clock=1 / 22)
    assert slow == pytest.approx(theory.strength_time(10.0, 0.2, S=S, R0=R0, eta=ETA), rel=1e-12)


@pytest.mark.parametrize("eps", [0.05, 0.5, 0.95])
def test_emergence_time_inverts_the_strength(eps):
    frequency = power_law(50, 0.6)
    options = {"S": S, "R0": R0, "eta": ETA, "clock": 0.07}
    times = theory.emergence_time(frequency, eps=eps, **options)
    np.testing.assert_allclose(theory.strength_time(times, frequency, **options), eps, rtol=1e-10)
    slope = np.diff(np.log(times)) / np.diff(np.log(np.arange(1, 51)))
    np.testing.assert_allclose(slope, 1.6, rtol=1e-10)


@pytest.mark.parametrize("ratio", [1.0, 3.0, 100.0, 1e-4])
def test_unbalanced_strength_solves_the_flow_of_unequal_layers(ratio):
    times = np.linspace(0, 400, 21)
    start = [math.sqrt(R0 * ratio), math.sqrt(R0 / ratio)]
    expected = integrated_flow(0.3, times, start=start)
    imbalance = R0 * (ratio - 1 / ratio)
    found = theory.unbalanced_strength_time(times, 0.3, S=S, R0=R0, imbalance=imbalance, eta=ETA)
    np.testing.assert_allclose(found, expected, atol=1e-8)  # integrator's own error


def test_unbalanced_strength_lies_between_sigmoid_and_exponential():
    times = np.linspace(0, 400, 21)
    options = {"S": S, "R0": R0, "eta": ETA, "clock": 0.9}
    sigmoid = theory.strength_time(times, 0.3, **options)
    for imbalance in (0.0, 1e-9):
        found = theory.unbalanced_strength_time(times, 0.3, imbalance=imbalance, **options)
        np.testing.assert_allclose(found, sigmoid, rtol=1e-9)
    large = 1e6 * S
    options |= {"R0": 0.0, "eta": ETA / large, "clock": 1.0}
    found = theory.unbalanced_strength_time(times, 0.3, imbalance=large, **options)
    # The rate √(4R² + Δ²) differs from Δ by 2(S/Δ)² at most; doubles hold R to 1e-16.
    np.testing.assert_allclose(found, theory.linear_control(times, 0.3, eta=ETA), atol=1e-11)


def test_imbalance_shortens_the_delay():
    def half_time(ratio):
        imbalance = R0 * (ratio - 1 / ratio)
        options = {"S": S, "R0": R0, "imbalance": imbalance, "eta": ETA}
        return brentq(
            lambda T: theory.unbalanced_strength_time(T, 0.5, **options) - 0.5, 0, 100, xtol=1e-10
        )

    ratios = [1.0, 3.0, 10.0, 30.0, 100.0]
    found = [half_time(ratio) for ratio in ratios]
    # Separation of variables, the time by quadrature over ln R.
    for ratio, time in zip(ratios, found, strict=True):
        gap = R0 * (ratio - 1 / ratio)
        span = quad(
            lambda x, gap=gap: math.exp(x) / (math.hypot(2 * math.exp(x), gap) * (S - math.exp(x))),
            math.log(R0),
            math.log(S / 2),
            epsabs=1e-12,
        )[0]
        assert time == pytest.approx(span / (ETA * 0.5), rel=1e-8)
    assert (np.diff(found) < 0).all()


def test_loss_in_time_is_the_loss_of_the_integrated_flows():
    times = np.array([0.0, 100.0, 400.0])
    frequency = power_law(6, 0.6)
    strengths = np.array([integrated_flow(p, times) for p in frequency])
    expected = 0.5 * S**2 * frequency @ (1 - strengths) ** 2
    found = theory.loss(alpha=0.6, n_skills=6, T=times, S=S, R0=R0, eta=ETA)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_loss_at_finite_data_is_the_mean_over_drawn_counts():
    frequency, T, D = power_law(20, 0.6), 60.0, 40
    counts = np.random.default_rng(0).multinomial(D, frequency, size=100_000)
    phase = 2 * ETA * S * T * counts / D
    drawn = 0.5 * S**2 * (1 + np.exp(phase) / (S / R0 - 1)) ** -2.0 @ frequency
    found = theory.loss(alpha=0.6, n_skills=20, T=T, D=D, S=S, R0=R0, eta=ETA)
    # Five standard errors of the mean over draws.
    assert abs(found - drawn.mean()) < 5 * drawn.std() / math.sqrt(drawn.size)


def test_every_likely_count_is_summed():
    alpha, n_skills, T, D = 0.6, 40, 30.0, 25
    frequency = power_law(n_skills, alpha)
    expected = 0.0
    for d in range(D + 1):
        ways = math.comb(D, d) * frequency**d * (1 - frequency) ** (D - d)
        expected += 0.5 * (ways * frequency).sum() * (1 + math.exp(2 * T * d / D) / 99) ** -2
    found = theory.loss(alpha=alpha, n_skills=n_skills, T=T, D=D, R0=0.01, eta=1.0)
    assert found == pytest.approx(expected, rel=1e-12)


def test_finite_data_and_time_join_their_limits():
    both = theory.loss(alpha=0.6, n_skills=30, T=1e9, D=50)
    assert both == pytest.approx(float(theory.loss(alpha=0.6, n_skills=30, D=50)), rel=1e-12)
    # d_k/D scatters by D^-1/2 around P(k): at D = 10^7 its effect is of order 10^-5 here.
    plenty = theory.loss(alpha=0.6, n_skills=5, T=20.0, D=10_000_000)
    assert plenty == pytest.approx(float(theory.loss(alpha=0.6, n_skills=5, T=20.0)), rel=1e-4)


def test_limits_of_the_loss():
    frequency = power_law(8, 0.6)
    assert theory.loss(alpha=0.6, n_skills=8) == 0
    assert theory.loss(alpha=0.6, n_skills=8, T=0, S=S, R0=R0) == pytest.approx(0.5 * (S - R0) ** 2)
    tails = theory.loss(alpha=0.6, n_skills=8, N=np.arange(1, 10), S=S)
    expected = 0.5 * S**2 * np.append(1 - np.cumsum(frequency), 0.0)
    np.testing.assert_allclose(tails, expected, atol=1e-12)
    one_skill = theory.loss(alpha=0.6, n_skills=1, T=[1.0, 2.0], D=3)
    expected = theory.loss(alpha=0.6, n_skills=1, T=[1.0, 2.0])
    np.testing.assert_allclose(one_skill, expected, rtol=1e-12)
    grid = theory.loss(
        alpha=0.6, n_skills=8, T=[[1.0], [9.0]], D=[10, 20, math.inf], N=[2, 4, math.inf]
    )
    assert grid.shape == (2, 3)


def test_missing_tail_is_the_loss_of_the_skills_beyond():
    alpha, n_skills = 0.9, 50
    weights = np.arange(1, 4_000_001) ** -(alpha + 1)
    norm = weights[:n_skills].sum()
    # The sum is cut at 4·10⁶; beyond it the tail is an integral to 1e-12.
    beyond = weights[n_skills:].sum() + 4e6**-alpha / alpha
    exact = theory.missing_tail(alpha, n_skills, S=S, exact=True)
    assert exact == pytest.approx(0.5 * S**2 * beyond / norm, rel=1e-6)
    integral = theory.missing_tail(alpha, n_skills, S=S)
    assert integral == pytest.approx(0.5 * S**2 * n_skills**-alpha / alpha / norm, rel=1e-12)
    ratio = theory.missing_tail(alpha, [1e2, 1e4]) / theory.missing_tail(
        alpha, [1e2, 1e4], exact=True
    )
    assert ratio[1] == pytest.approx(1, abs=1e-4)
    assert ratio[0] > ratio[1] > 1
