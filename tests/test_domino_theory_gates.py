"""Gated skills: the clock form against integration in time, limits, order."""

import numpy as np
import pytest

from skillscale.domino import theory as domino
from skillscale.frequencies import power_law

CHAIN = [(), (0,), (1,)]
TREE = [(), (), (), (), (0, 1), (2, 3), (4, 5)]
RULES = {"and": np.prod, "or": np.max}
# (frequency, parents, gate, sharpness, steps) of the stored settings of the public code
PUBLIC = {
    "chain": ([0.3, 1.0, 3.0], CHAIN, ["and"] * 3, 1e-4, 5000),
    "and": ([1.0, 0.1, 2.0, 0.2, 1.0, 1.0, 1.0], TREE, ["and"] * 7, 1e-3, 9000),
    "or": ([0.1, 0.01, 2.0, 0.2, 1.0, 1.0, 1.0], TREE, ["and"] * 5 + ["or"] * 2, 1e-3, 9000),
}


def _euler(p, parents, rate, N0, sharpness, gates, steps, dt=1.0):
    """Step through the gated dynamics in time, as defined, with u clipped at zero."""
    p = np.asarray(p)
    u = np.ones_like(p)
    path = [u]
    for _ in range(steps):
        factor = 1 - u**sharpness
        above = zip(parents, gates, strict=True)
        c = np.array([RULES[gate](factor[list(who)]) if who else 1.0 for who, gate in above])
        w = c * p * u
        u = np.maximum(u - dt * rate * w / (w.sum() + N0), 0)
        path.append(u)
    return np.array(path)


@pytest.mark.parametrize("N0", [0.0, 0.003, 1.0])
def test_without_parents_it_is_the_closed_form(N0):
    p = power_law(6, 0.7)
    t = np.linspace(0, 800, 40)  # beyond the end, 6/0.01, of learning without waste
    free = domino.gated_dynamics(t, p, [()] * 6, rate=0.01, N0=N0, sharpness=0.5)
    np.testing.assert_allclose(free, domino.unlearned(t, p, rate=0.01, N0=N0), atol=1e-9)


@pytest.mark.parametrize(
    ("p", "parents", "gate", "N0", "sharpness"),
    [
        ([0.5, 1.0, 0.3], CHAIN, "and", 0.05, 0.5),
        ([0.5, 1.0, 0.3], CHAIN, "or", 0.2, 0.01),
        ([0.4, 0.1, 0.3, 0.2, 1.0, 1.0, 1.0], TREE, "and", 0.1, 2.0),
        ([0.4, 0.1, 0.3, 0.2, 1.0, 1.0, 1.0], TREE, "or", 0.1, 0.05),
    ],
)
def test_equals_a_fine_euler_integration(p, parents, gate, N0, sharpness):
    rate, substeps = 0.02, 20
    horizon = round(0.9 * len(p) / rate)
    path = _euler(
        p, parents, rate, N0, sharpness, [gate] * len(p), horizon * substeps, 1 / substeps
    )
    found = domino.gated_dynamics(
        np.arange(horizon + 1), p, parents, rate=rate, N0=N0, sharpness=sharpness, gate=gate
    )
    # first order: a step changes ln u by up to rate p / (20 N0), 2 % at worst
    np.testing.assert_allclose(found, path[::substeps], atol=4e-3)


def test_one_parent_in_closed_form():
    p, a, rate, N0 = (0.5, 0.8), 0.1, 0.01, 0.02
    s = np.linspace(0, 60, 30)
    parent = p[0] * s
    child = p[1] * (s + np.expm1(-a * p[0] * s) / (a * p[0]))
    y = np.array([parent, child]).T
    t = ((1 - np.exp(-y)).sum(-1) + N0 * s) / rate
    found = domino.gated_dynamics(t, p, [(), (0,)], rate=rate, N0=N0, sharpness=a)
    np.testing.assert_allclose(found, np.exp(-y), atol=1e-8)


def test_demand_of_a_child_grows_like_the_logarithm_of_its_parent():
    p, a, rate, N0 = [1.0, 1.0], 1e-6, 1e-3, 0.05
    t = np.linspace(0, 700, 200)
    u = domino.gated_dynamics(t, p, [(), (0,)], rate=rate, N0=N0, sharpness=a)
    assert (a * np.abs(np.log(u[:, 0]))).max() < 1e-4
    # dy_2/dt = rate a|ln u_1| / (Σw + N0), where all of Σw is the parent's
    pace = rate * a * np.abs(np.log(u[:, 0])) / (u[:, 0] + N0)
    expected = np.concatenate([[0], np.cumsum((pace[1:] + pace[:-1]) / 2 * np.diff(t))])
    # relative to the whole; the sum of trapezoids on 200 points errs by 1e-3
    np.testing.assert_allclose(-np.log(u[:, 1]), expected, atol=2e-3 * expected[-1])


def test_children_come_after_their_parents():
    t = np.linspace(0, 1000, 2001)
    p = [0.3, 1.0, 3.0]  # the later the commoner
    u = domino.gated_dynamics(t, p, CHAIN, rate=0.01, N0=0.01, sharpness=1e-3)
    half = [np.argmax(curve < 0.5) for curve in u.T]
    assert 0 < half[0] < half[1] < half[2]
    free = domino.unlearned(t, p, rate=0.01, N0=0.01)
    assert (np.diff(free, axis=1) <= 0).all()  # without gates the order is reversed


def test_gates_that_open_at_once_do_nothing():
    p, t = power_law(3, 0.5), np.linspace(0, 300, 30)
    u = domino.gated_dynamics(t, p, CHAIN, rate=0.01, N0=0.1, sharpness=1e6)
    np.testing.assert_allclose(u, domino.unlearned(t, p, rate=0.01, N0=0.1), atol=1e-4)


def test_one_parent_makes_no_difference_between_and_and_or():
    setting = {"rate": 0.01, "N0": 0.1, "sharpness": 0.1}
    t = np.linspace(0, 300, 30)
    both = [domino.gated_dynamics(t, [1.0, 1, 1], CHAIN, gate=g, **setting) for g in RULES]
    np.testing.assert_array_equal(*both)


def test_or_needs_only_the_faster_parent():
    p, parents = [1.0, 1e-9, 0.5], [(), (), (0, 1)]
    setting = {"rate": 0.01, "N0": 0.05, "sharpness": 0.1}
    t = np.linspace(0, 250, 26)
    either = domino.gated_dynamics(t, p, parents, gate="or", **setting)
    alone = domino.gated_dynamics(t, [1.0, 0.5], [(), (0,)], **setting)
    np.testing.assert_allclose(either[:, [0, 2]], alone, atol=1e-7)
    neither = domino.gated_dynamics(t, p, parents, gate="and", **setting)
    assert neither[-1, 2] > 1 - 1e-6
    assert either[-1, 2] < 0.5


@pytest.mark.parametrize("name", PUBLIC)
def test_unit_steps_with_a_clip_stay_close_to_the_equation(name):
    p, parents, gates, sharpness, steps = PUBLIC[name]
    path = _euler(p, parents, 1e-3, 1e-3, sharpness, gates, steps)
    u = domino.gated_dynamics(
        np.arange(steps + 1), p, parents, rate=1e-3, N0=1e-3, sharpness=sharpness, gate=gates
    )
    # what the docstring says
    assert np.abs(u - path).max() < 0.04


def test_conservation_law_holds_with_gates():
    rate, N0, a = 0.02, 0.1, 0.3
    t = np.linspace(0, 300, 40)
    u = domino.gated_dynamics(
        t, [0.5, 1.0, 0.3], CHAIN, rate=rate, N0=N0, sharpness=a, gate=["or", "and", "or"]
    )
    s = -np.log(u[:, 0]) / 0.5  # the root carries the clock
    np.testing.assert_allclose((1 - u).sum(-1) + N0 * s, rate * t, atol=1e-7)
