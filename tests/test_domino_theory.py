"""Resource dynamics: closed form against integrators, conservation laws, limits."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp
from scipy.special import gamma

from skillscale.domino import theory as domino
from skillscale.frequencies import power_law

SETTINGS = [  # (n_skills, alpha, rate, N0)
    (2, 0.5, 0.01, 0.0),
    (10, 1.0, 0.019, 0.003),
    (10, 1.0, 0.019, 1.0),
    (5, 3.0, 0.1, 0.05),
    (40, 0.3, 0.05, 0.01),
]


@pytest.mark.parametrize(("n_skills", "alpha", "rate", "N0"), SETTINGS)
@pytest.mark.parametrize("loss", ["mse", "ce"])
def test_closed_form_equals_ode_solver(n_skills, alpha, rate, N0, loss):
    p = power_law(n_skills, alpha)
    t = np.linspace(0, 0.8 * n_skills / rate, 30)  # before the last skill is done at N0 = 0

    def slope(_, state):  # as defined, without a shared clock
        demand = p * (1 - state if loss == "mse" else 1 / (1 + np.exp(state)))
        return rate * demand / (demand.sum() + N0)

    path = solve_ivp(slope, (0, t[-1]), 0 * p, "DOP853", t, rtol=1e-11, atol=1e-12).y.T
    reference = 1 - path if loss == "mse" else 1 / (1 + np.exp(path))
    exact = domino.unlearned(t, p, rate=rate, N0=N0, loss=loss)
    np.testing.assert_allclose(exact, reference, atol=1e-9)


@pytest.mark.parametrize("N0", [0.0, 1e-4, 0.1, 10.0])
@pytest.mark.parametrize("n_skills", [1, 10, 1000])
def test_conservation_laws(n_skills, N0):
    p, rate = power_law(n_skills, 1.0), 0.03
    t = np.linspace(0, 0.99 * n_skills / rate, 50)
    for loss in ("mse", "ce"):
        s = domino.clock(t, p, rate=rate, N0=N0, loss=loss)
        u = domino.unlearned(t, p, rate=rate, N0=N0, loss=loss)
        learned = 1 - u if loss == "mse" else np.log((1 - u) / u)
        # in double precision the sum of n_skills terms carries an error of about 1e-16 · n_skills
        np.testing.assert_allclose(learned.sum(-1) + N0 * s, rate * t, rtol=1e-9, atol=1e-12)


def test_the_clock_of_very_many_skills_is_read_time_by_time():
    # equal frequencies 1: n (1 - e^-s) = t at N0 = 0; so many skills are summed two times at once
    share = np.array([0.1, 0.4, 0.7, 0.0, 1.0])
    s = domino.clock(share * 1_500_000, np.ones(1_500_000), rate=1.0, N0=0.0)
    # Newton's iteration stops within 1e-13 of s + 1
    np.testing.assert_allclose(s[:4], -np.log1p(-share[:4]), rtol=1e-12, atol=1e-12)
    assert s[4] == np.inf


def test_cross_entropy_logit_solves_its_equation():
    x = sp.symbols("x", positive=True)
    logit = 1 + x - sp.LambertW(sp.exp(1 + x))
    # e^ℓ = W(e^(1+x)), written with W itself to keep sympy from expanding the exponential
    assert sp.simplify(logit.diff(x) - 1 / (1 + sp.LambertW(sp.exp(1 + x)))) == 0
    assert logit.subs(x, 0) == 0
    s = domino.clock(20.0, [0.7, 0.3], rate=0.1, N0=0.2, loss="ce")
    u = domino.unlearned(20.0, [0.7, 0.3], rate=0.1, N0=0.2, loss="ce")
    expected = [1 / (1 + np.exp(float(logit.subs(x, p * float(s)).evalf()))) for p in (0.7, 0.3)]
    np.testing.assert_allclose(u, expected, rtol=1e-12)


def test_everything_is_learned_at_n_skills_over_rate_without_waste():
    p = power_law(7, 1.0)
    before, after = domino.unlearned([7 / 0.1 - 1e-3, 7 / 0.1], p, rate=0.1, N0=0.0)
    assert (before > 0).all()
    assert before.max() < 2e-4  # 1e-3 steps at rate 0.1 can still teach 1e-4 in all
    assert (after == 0).all()


def test_waste_leaves_an_exponential_tail():
    p, rate, N0 = np.array([0.6, 0.4]), 0.1, 0.5
    u = domino.unlearned([400.0, 401.0], p, rate=rate, N0=N0)
    np.testing.assert_allclose(np.log(u[0] / u[1]), p * rate / N0, rtol=1e-9)


@pytest.mark.parametrize("N0", [0.0, 0.003, 1.0])
def test_completion_times_put_back_give_the_residual(N0):
    p = power_law(10, 1.0)
    for eps in (0.1, 0.01):
        t = domino.completion_time(p, rate=0.02, N0=N0, eps=eps)
        u = domino.unlearned(t, p, rate=0.02, N0=N0)
        np.testing.assert_allclose(np.diag(u), eps, rtol=1e-6)


def _completion_by_solver(p, N0, eps=0.1):
    """Times at which each u falls to `eps`, found by an ODE solver that stops there."""

    def slope(_, y):  # y = -ln u
        return p / (p @ np.exp(-y) + N0)

    crossings = [lambda _, y, k=k: y[k] + np.log(eps) for k in range(p.size)]
    path = solve_ivp(
        slope, (0, 1e3), np.zeros(p.size), "DOP853", events=crossings, rtol=1e-11, atol=1e-12
    )
    return np.array([found[0] for found in path.t_events])


@pytest.mark.parametrize("N0", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("r", [1.0, 3.0, 10.0, 40.0])
def test_two_skill_ratio_and_completion_times_equal_an_ode_solver(r, N0):
    p = np.array([r, 1]) / (1 + r)
    times = _completion_by_solver(p, N0)
    np.testing.assert_allclose(domino.completion_time(p, rate=1.0, N0=N0), times, rtol=1e-8)
    assert domino.two_skill_ratio(r, N0=N0) == pytest.approx(times[1] / times[0], rel=1e-8)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_completion_times_become_a_staircase(alpha):
    p, eps, zipf = power_law(400_000, alpha), 0.1, alpha + 1
    k = np.array([50, 500])
    times = [-np.expm1(np.log(eps) * p / p[own - 1]).sum() for own in k]
    assert times[0] == pytest.approx(
        domino.completion_time(p[:50], rate=1.0, N0=0.0)[-1]
        - np.expm1(np.log(eps) * p[50:] / p[49]).sum()
    )
    # ∫ (1 - e^(-λ y^-a)) dy = λ^(1/a) Γ(1 - 1/a): equal intervals, up to the ends of the sum
    constant = np.log(1 / eps) ** (1 / zipf) * gamma(1 - 1 / zipf)
    cut = np.log(1 / eps) * (k / p.size) ** alpha / alpha  # what 400 000 skills leave out
    np.testing.assert_allclose(times / k, constant - cut, atol=0.6 / k[0])


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.5])
def test_two_skill_ratio_rises_from_one_to_its_limit(eps):
    r = np.geomspace(1, 1e8, 200)
    ratio = domino.two_skill_ratio(r, eps=eps)
    assert ratio[0] == 1
    assert (np.diff(ratio) >= -1e-12).all()
    assert ratio[-1] == pytest.approx((2 - eps) / (1 - eps), rel=1e-6)


def test_large_waste_makes_learning_parallel():
    r = np.array([2.0, 10.0])
    np.testing.assert_allclose(domino.two_skill_ratio(r, N0=1e9), r, rtol=1e-6)


@pytest.mark.parametrize(("alpha", "N0", "regime"), [(1.0, 0.0, "domino"), (1.0, 3.0, "parallel")])
def test_time_exponents_on_the_dynamics(alpha, N0, regime):
    p = power_law(50_000, alpha)
    t = np.geomspace(200, 600, 6)
    loss = (domino.unlearned(t, p, rate=1.0, N0=N0) ** 2) @ p
    slope = -np.polyfit(np.log(t), np.log(loss), 1)[0]
    # finite t and n_skills: local slopes are within a few percent of the asymptote
    assert slope == pytest.approx(domino.exponents(alpha, regime)["T"], rel=0.08)


def test_exponents_between_regimes():
    assert domino.exponents(0.5, "domino") == {"T": 0.5, "N": 0.5}
    assert domino.exponents(0.5, "parallel")["T"] == pytest.approx(1 / 3)
    assert domino.exponents(0.5, "l2")["T"] == 1.0


def test_domino_curve_is_one_skill_at_a_time():
    t = np.linspace(0, 60, 601)
    learned = domino.domino_curve(t, 5, 10.0)
    moving = (learned > 0) & (learned < 1)
    assert moving.sum(-1).max() == 1
    np.testing.assert_allclose(learned.sum(-1), np.minimum(t / 10.0, 5), atol=1e-12)


def test_conservation_laws_follow_from_the_dynamics():
    p = sp.symbols("p_1 p_2", positive=True)
    N0, eta, s = sp.symbols("N_0 eta s", positive=True)
    u, logits = sp.symbols("u_1 u_2", positive=True), sp.symbols("ell_1 ell_2", positive=True)
    for state, left, given, sign in (
        (u, u, sum(1 - x for x in u) + N0 * s, -1),
        (logits, [1 / (1 + sp.exp(x)) for x in logits], sum(logits) + N0 * s, 1),
    ):
        total = sum(p_k * u_k for p_k, u_k in zip(p, left, strict=True)) + N0
        rates = [sign * eta * p_k * u_k / total for p_k, u_k in zip(p, left, strict=True)]
        change = sum(given.diff(x) * v for x, v in zip(state, rates, strict=True))
        change += given.diff(s) * eta / total
        assert sp.simplify(change - eta) == 0
