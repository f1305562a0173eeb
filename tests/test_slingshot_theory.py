from itertools import combinations

import numpy as np
import pytest
import sympy as sp

from skillscale.slingshot import theory


def divergence(q, a):
    return q * np.log(q / a) + (1 - q) * np.log((1 - q) / (1 - a))


def entropy(p):
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


# theta, k, bad fraction, performance curve, exact curve: both solved independently beforehand
CURVES = [
    (0.1, 4, 0.05, 9.8796, 5.7253),
    (0.1, 4, 0.20, 3.9653, 2.8600),
    (0.1, 8, 0.05, 6.7560, 4.0855),
    (0.1, 8, 0.10, 4.5019, 3.0447),
    (0.1, 8, 0.20, 3.0672, 2.3000),
    (0.1, 8, 0.30, 2.4591, 1.9609),
    (0.1, 8, 0.50, 1.8334, 1.5977),
    (0.1, 16, 0.20, 2.4264, 1.9285),
    (0.05, 8, 0.10, 4.9334, 3.5893),
    (0.05, 8, 0.20, 3.2981, 2.6466),
    (0.2, 8, 0.20, 2.7976, 2.0875),
]


@pytest.mark.parametrize(("theta", "k", "a", "bound", "exact"), CURVES)
def test_table_of_curves(theta, k, a, bound, exact):
    assert theory.performance_curve(a, theta, k) == pytest.approx(bound, abs=6e-5)
    assert theory.exact_curve(a, theta, k) == pytest.approx(exact, abs=6e-5)


def test_closed_form_value():
    assert theory.closed_form_bound(0.2, 0.1, 8) == pytest.approx(2.719, abs=6e-4)


def test_curve_solves_its_equation():
    a = np.linspace(0.02, 0.6, 30)
    beta = theory.performance_curve(a, 0.1, 8)
    np.testing.assert_allclose(divergence(a * beta, a), entropy(0.1) / 0.8, rtol=1e-10)
    finite = theory.finite_curve(a, 0.1, 8, n_skills=50, n_texts=2000, failure_probability=0.01)
    needed = (entropy(0.1) + entropy(a) / 40 + np.log(100) / 2000) / 0.8
    np.testing.assert_allclose(
        divergence((a * finite)[finite > 0], a[finite > 0]), needed[finite > 0], rtol=1e-10
    )


def test_exact_below_closed_form_below_theorem_below_markov():
    for theta in (0.01, 0.1, 0.4):
        for k in (1, 2, 8, 32):
            a = np.linspace(0.01, 0.95, 48)
            exact = theory.exact_curve(a, theta, k)
            closed = theory.closed_form_bound(a, theta, k)
            theorem = theory.performance_curve(a, theta, k)
            saturated = a >= theta ** (1 / k)
            assert np.all(exact[~saturated] < closed[~saturated])
            np.testing.assert_allclose(exact[saturated], 1 / a[saturated], rtol=1e-12)
            np.testing.assert_allclose(closed[saturated], 1 / a[saturated], rtol=1e-12)
            exists = ~np.isnan(theorem)
            assert np.all(closed[exists] < theorem[exists])
            assert np.all(theorem[exists] <= 1 / a[exists])
            np.testing.assert_array_equal(exists, a < theory.max_bad_fraction(theta, k))


def test_curve_ends_on_markovs_line():
    end = theory.max_bad_fraction(0.1, 8)
    assert end == pytest.approx(0.6661, abs=6e-5)
    assert theory.performance_curve(end * (1 - 1e-9), 0.1, 8) == pytest.approx(1 / end, rel=1e-6)
    assert np.isnan(theory.performance_curve(end * 1.001, 0.1, 8))
    ends = [theory.max_bad_fraction(0.1, k) for k in (2, 4, 8, 16)]
    np.testing.assert_allclose(ends, [0.1968, 0.4437, 0.6661, 0.8161], atol=6e-5)
    # a_max^k / theta -> 1/e as theta -> 0; the correction is theta/2
    assert theory.max_bad_fraction(1e-4, 8) ** 8 / 1e-4 == pytest.approx(np.exp(-1), rel=1e-4)


def test_finite_curve_tends_to_the_curve_from_above():
    sizes = [10_000, 100_000, 1_000_000]
    values = [float(theory.finite_curve(0.2, 0.1, 8, n_skills=1000, n_texts=n)) for n in sizes]
    np.testing.assert_allclose(values, [3.2303, 3.0840, 3.0689], atol=6e-5)
    assert theory.finite_curve(0.2, 0.1, 8, n_skills=1, n_texts=10**12) == pytest.approx(
        float(theory.performance_curve(0.2, 0.1, 8)), rel=1e-9
    )


def test_exact_curve_is_the_upper_tail_mean_of_a_sample():
    hits = np.sort(np.random.default_rng(1).binomial(8, 0.2, 1_000_000))[::-1]
    # the standard error of this tail mean over 1e5 texts is about 0.003: five of them
    assert hits[:100_000].mean() / 1.6 == pytest.approx(
        float(theory.exact_curve(0.2, 0.1, 8)), abs=0.01
    )


def test_the_curve_of_many_draws_follows_the_second_order():
    """KL(aβ‖a) ≈ c (β - 1)², so β - 1 falls as the square root of k."""
    coefficient = float(
        theory.derivation()["second_order"].subs(sp.Symbol("a", positive=True), 0.2)
    )
    assert coefficient == pytest.approx(0.125)
    excess = float(theory.performance_curve(0.2, 0.1, 10**7)) - 1
    # the third order changes β - 1 = 0.0016 by a part in a thousand
    assert excess == pytest.approx(np.sqrt(entropy(0.1) / 1e6 / coefficient), rel=2e-3)


# k, theta, tuple size, bad fraction, slots, tensor (None: no curve)
TUPLES = [
    (8, 0.1, 2, 0.1, 0.623, 0.802),
    (8, 0.1, 2, 0.3, 0.302, 0.456),
    (8, 0.05, 2, 0.1, 0.343, 0.450),
    (16, 0.1, 2, 0.1, 0.450, 0.604),
    (16, 0.025, 4, 0.1, 0.186, 0.335),
    (32, 0.02, 4, 0.3, 0.056, 0.140),
    (8, 0.1, 4, 0.3, None, 0.819),
    (8, 0.01, 3, 0.01, 0.733, 0.720),
]


@pytest.mark.parametrize(("k", "theta", "size", "a", "slots", "tensor"), TUPLES)
def test_table_of_tuples(k, theta, size, a, slots, tensor):
    found = theory.tuple_failure_bound(a, theta, k, size, method="slots")
    if slots is None:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(slots, abs=6e-4)
    assert theory.tuple_failure_bound(a, theta, k, size) == pytest.approx(tensor, abs=6e-4)


def test_tensor_corollary_is_an_identity():
    a = np.linspace(0.05, 0.5, 10)
    np.testing.assert_array_equal(
        theory.tuple_failure_bound(a, 0.05, 8, 4), theory.tuple_failure_bound(a, 0.2, 8, 1)
    )
    assert theory.tuple_failure_bound(0.1, 0.3, 8, 4) == 1.0


def test_certified_fraction_ladder():
    """Halving the bad fraction: the fraction of skills known to fail on at most a quarter."""
    ladder = [float(theory.certified_fraction(0.25, 0.4 / 2**j, 8)) for j in range(6)]
    np.testing.assert_allclose(ladder, [0, 0.200, 0.709, 0.902, 0.963, 0.985], atol=6e-4)
    pairs = [float(theory.certified_fraction(0.25, 0.2 / 2**j, 8, tuple_size=2)) for j in range(6)]
    np.testing.assert_allclose(pairs, ladder)
    assert theory.certified_fraction(0.25, 0.2, 8, tuple_size=8) == 0.0


def test_certified_fraction_inverts_the_curve():
    for theta in (0.01, 0.05, 0.1):
        bad = 1 - theory.certified_fraction(0.25, theta, 8)
        assert theory.performance_curve(bad, theta, 8) * theta == pytest.approx(0.25, rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_set_of_texts_on_a_tiny_graph_beats_the_finite_bound(seed):
    """All 1820 sets of 4 out of 16 texts; δ = 0.001, so that 20 graphs fail with at most 2 %."""
    n_skills, n_texts, k, theta = 6, 16, 8, 0.25
    graph = np.random.default_rng([seed, 7]).integers(n_skills, size=(n_texts, k))
    per_text = np.stack([np.bincount(row, minlength=n_skills) for row in graph])
    sets = np.array(list(combinations(range(n_texts), 4)))
    failures = -np.sort(-per_text[sets].sum(axis=1), axis=1)
    reached = failures.max(axis=0) / (theta * k * n_texts / n_skills)
    a = np.arange(1, n_skills) / n_skills
    bound = theory.finite_curve(
        a, theta, k, n_skills=n_skills, n_texts=n_texts, failure_probability=1e-3
    )
    exists = ~np.isnan(bound)
    assert exists.sum() >= 2
    assert np.all(reached[:-1][exists] <= bound[exists])


def test_derivation():
    steps = theory.derivation()
    a, q, beta = sp.symbols("a q beta", positive=True)
    values = {a: sp.Rational(1, 5), q: sp.Rational(3, 7), beta: sp.Rational(9, 4)}
    at_root = steps["divergence"].subs(q, a * beta)
    assert abs(sp.N((steps["bracket"] + at_root).subs(values), 30)) < 1e-25
    assert sp.simplify(steps["second_order"] - a / (2 * (1 - a))) == 0
    theta, k = sp.symbols("theta k", positive=True)
    end = steps["max_bad_fraction"].subs({theta: 0.1, k: 8})
    assert float(end) == pytest.approx(theory.max_bad_fraction(0.1, 8), rel=1e-12)
