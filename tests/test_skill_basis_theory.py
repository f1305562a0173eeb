"""The skill-basis theory against integrated flows, brute-force sums, drawn counts and limits."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp
from scipy.special import zeta

from skillscale.frequencies import power_law
from skillscale.theory import skill_basis as theory

S, R0, ETA = 5.0, 0.01, 0.02


def integrated_flow(frequency, times, *, layers=2):
    """R/S from the gradient flow of the loss itself, for one skill."""

    def two_layers(_, state):
        a, b = state
        push = ETA * frequency * (S - a * b)
        return [push * b, push * a]

    def one_layer(_, state):
        return ETA * frequency * (S - state)

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


@pytest.mark.parametrize("alpha", [0.3, 0.6, 0.9])
def test_loss_plus_missing_tail_follows_the_power_laws(alpha):
    n_skills = 20_000
    tail = theory.missing_tail(alpha, n_skills, exact=True)
    share = float(1 / (1 + 2 * tail))  # weight of the finite problem within the infinite one
    predicted = theory.exponents(alpha)
    for resource, points in (("T", [30.0, 300.0]), ("D", [30, 300])):
        exact = theory.loss(alpha=alpha, n_skills=n_skills, **{resource: points}) + tail
        # As a part of the infinite problem the finite one has its frequencies scaled by 1/share.
        law = theory.prefactor(resource, alpha) * share ** (-1 + predicted[resource])
        law = law * np.array(points) ** -predicted[resource]
        # The tail counts skills as S²/2, not (S - R0)²/2 (2 %), and the first ones are discrete.
        np.testing.assert_allclose(exact, law, rtol=0.035)
        slope = -np.log(exact[1] / exact[0]) / math.log(10)
        assert slope == pytest.approx(predicted[resource], abs=0.012)
    N = np.array([50, 500])
    exact = theory.loss(alpha=alpha, n_skills=n_skills, N=N) + tail
    law = theory.prefactor("N", alpha) / share * (N + 0.5) ** -predicted["N"]
    np.testing.assert_allclose(exact, law, rtol=1e-4)  # midpoint rule, error of order N^-2


@pytest.mark.parametrize("alpha", [0.3, 0.6, 0.9])
def test_time_prefactor_equals_its_integral(alpha):
    p, M = alpha / (alpha + 1), S / R0 - 1
    # u = x^(1/p) takes the singularity at u = 0 out of the integrand.
    integral = quad(lambda x: (1 + math.exp(min(2 * x ** (1 / p), 700)) / M) ** -2, 0, 12**p)[0] / p
    expected = S**2 / 2 * zeta(alpha + 1) ** (p - 1) / (alpha + 1) * (ETA * S) ** -p * integral
    found = theory.prefactor("T", alpha, S=S, R0=R0, eta=ETA)
    assert found == pytest.approx(expected, rel=1e-7)


def test_prefactors_in_units_of_a_skill_not_learned():
    # Rounded constants of the published plotting code for S = 1, R0 = 0.01.
    found = [round(2 * theory.prefactor("T", alpha), 2) for alpha in (0.3, 0.6, 0.9)]
    assert found == [1.29, 1.20, 1.06]
    assert 2 * theory.prefactor("D", 0.6, R0=1e-12) == pytest.approx(0.8837, abs=5e-5)
    assert 2 * theory.prefactor("N", 0.6) == pytest.approx(0.7292, abs=5e-5)


def test_prefactor_is_stable_for_tiny_starts():
    small = [theory.prefactor("T", 0.6, R0=10.0**-power) for power in (4, 8, 16)]
    # For small R0 the prefactor grows with ln(S/R0) to the power p = 0.375.
    assert small[2] / small[1] == pytest.approx(2**0.375, rel=0.02)
    assert small[0] < small[1]


def test_exponents():
    assert theory.exponents(1.0) == {"T": 0.5, "D": 0.5, "N": 1.0, "C": pytest.approx(1 / 3)}


def test_derivation_is_consistent_and_equals_the_functions():
    forms = theory.derivation()
    symbols = {s.name: s for form in forms.values() for s in form.free_symbols}
    strength = forms["strength"]
    flow = forms["rate"].subs(symbols["R"], symbols["S"] * strength) / symbols["S"]
    assert sp.simplify(sp.diff(strength, symbols["T"]) - flow) == 0
    assert sp.simplify(strength.subs(symbols["T"], 0) - symbols["R0"] / symbols["S"]) == 0
    assert sp.simplify(strength.subs(symbols["T"], forms["half_time"])) == sp.Rational(1, 2)
    values = {"P": 0.3, "S": S, "R0": R0, "eta": ETA, "clock": 0.1, "T": 700.0}
    number = float(strength.subs({symbols[name]: value for name, value in values.items()}))
    expected = theory.strength_time(700.0, 0.3, S=S, R0=R0, eta=ETA, clock=0.1)
    assert number == pytest.approx(float(expected), rel=1e-12)


def test_a_perturbed_coefficient_breaks_the_derivation():
    forms = theory.derivation()
    symbols = {s.name: s for form in forms.values() for s in form.free_symbols}
    wrong = forms["strength"].subs(symbols["eta"], sp.Rational(101, 100) * symbols["eta"])
    flow = forms["rate"].subs(symbols["R"], symbols["S"] * wrong) / symbols["S"]
    assert sp.simplify(sp.diff(wrong, symbols["T"]) - flow) != 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.strength_time(-1.0, 0.1, R0=0.01, eta=1), "T must be >= 0, got -1.0"),
        (lambda: theory.strength_time(1.0, 0.0, R0=0.01, eta=1), "frequency must be > 0, got 0.0"),
        (lambda: theory.strength_time(1.0, 0.1, R0=0.0, eta=1), "R0 must be .* > 0 .*, got 0.0"),
        (lambda: theory.strength_time(1.0, 0.1, R0=2.0, eta=1), "R0 must be .* < 1, got 2.0"),
        (lambda: theory.strength_time(1.0, 0.1, R0=0.01, eta=-1), "eta must be .* > 0, got -1"),
        (lambda: theory.strength_time(1.0, 0.1, S=-5, R0=0.01, eta=1), "S must be .* > 0, got -5"),
        (
            lambda: theory.strength_time(1.0, 0.1, R0=0.01, eta=1, clock=0),
            "clock must be .* > 0, got 0",
        ),
        (
            lambda: theory.emergence_time(0.1, R0=0.01, eta=1, eps=1.0),
            "eps must be .* < 1, got 1.0",
        ),
        (lambda: theory.linear_control(math.nan, 0.1, eta=1), "T must be finite, got nan"),
        (lambda: theory.loss(alpha=0.6, n_skills=0), "n_skills must be an integer >= 1, got 0"),
        (lambda: theory.loss(alpha=0.6, n_skills=3, T=-1), "T must be numbers >= 0 or inf, got -1"),
        (lambda: theory.loss(alpha=0.6, n_skills=3, D=2.5), "D must be whole numbers >= 1 or inf"),
        (lambda: theory.loss(alpha=0.6, n_skills=3, N=0), "N must be whole numbers >= 1 or inf"),
        (lambda: theory.loss(alpha=0.6, n_skills=3, N=math.nan), "N must be .*, got nan"),
        (lambda: theory.missing_tail(0.0, 10), "alpha must be .* > 0, got 0.0"),
        (lambda: theory.missing_tail(0.5, 0), "n_skills must be >= 1, got 0"),
        (lambda: theory.exponents(-0.5), "alpha must be .* > 0, got -0.5"),
        (
            lambda: theory.prefactor("B", 0.6),
            "resource must be one of 'T', 'D', 'N', 'C', got 'B'",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
