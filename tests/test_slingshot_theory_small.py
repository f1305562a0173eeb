"""Small systems: the exact curve by enumeration, finite bounds by linear programs."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from skillscale.slingshot import theory


def worst_mean(hits, weights, theta):
    """Mean hits of the worst θ of the texts; the last one may be taken in part."""
    order = np.argsort(-hits, kind="stable")
    taken = np.diff(np.minimum(np.cumsum(weights[order]), theta), prepend=0)
    return float((taken * hits[order]).sum() / theta)


@pytest.mark.parametrize(("n_skills", "k", "n_bad"), [(5, 3, 1), (5, 3, 2), (3, 5, 1), (6, 4, 4)])
def test_exact_curve_equals_an_enumeration_of_all_texts(n_skills, k, n_bad):
    """Every text once: exactly the law that infinitely many random texts follow."""
    texts = np.array(list(itertools.product(range(n_skills), repeat=k)))
    hits = (texts < n_bad).sum(axis=1).astype(float)
    a = n_bad / n_skills
    for theta in (0.002, 0.03, 0.1, 0.4, 0.95):
        measured = worst_mean(hits, np.full(len(texts), 1 / len(texts)), theta) / (k * a)
        assert theory.exact_curve(a, theta, k) == pytest.approx(measured, rel=1e-12)


def test_no_set_of_enumerated_texts_is_worse_than_the_top_ones():
    """2 skills, 3 per text: all C(8, m) sets of the 8 texts."""
    texts = np.array(list(itertools.product(range(2), repeat=3)))
    hits = (texts == 0).sum(axis=1)
    for size in range(1, 8):
        most = max(sum(hits[list(s)]) for s in itertools.combinations(range(8), size))
        assert most / (size * 3 * 0.5) == pytest.approx(
            float(theory.exact_curve(0.5, size / 8, 3)), rel=1e-12
        )


def test_exact_curve_needs_the_measure_of_bad_skills_only():
    """Zipf skills: any bad set of one measure does the same."""
    p = np.arange(1, 7) ** -0.7
    p /= p.sum()
    texts = np.array(list(itertools.product(range(6), repeat=4)))
    weights = p[texts].prod(axis=1)
    for bad in ((0,), (5, 3), (1, 2, 4)):
        hits = np.isin(texts, bad).sum(axis=1).astype(float)
        a = p[list(bad)].sum()
        for theta in (0.01, 0.1, 0.3):
            measured = worst_mean(hits, weights, theta) / (4 * a)
            assert theory.exact_curve(a, theta, 4) == pytest.approx(measured, rel=1e-10)


def largest_least(per_text, bad, n_wrong):
    """Most failures that the least favoured of the bad skills can have, texts taken in part."""
    n_texts = len(per_text)
    covered = per_text[:, list(bad)].T.astype(float)
    found = linprog(
        np.r_[np.zeros(n_texts), -1.0],
        A_ub=np.vstack(
            [
                np.c_[-covered, np.ones(len(bad))],
                np.r_[np.ones(n_texts), 0.0][None],
            ]
        ),
        b_ub=np.r_[np.zeros(len(bad)), n_wrong],
        bounds=[(0, 1)] * n_texts + [(0, None)],
        method="highs",
    )
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize(("n_texts", "low", "high"), [(240, 2.8, 3.1), (1200, 2.6, 2.85)])
def test_linear_programs_stay_below_the_finite_bounds(n_texts, low, high):
    """Sets of 3 out of 12 skills on one graph, as many texts wrong as θ allows, in part if need be.

    Other graphs of these sizes reach 2.92-2.96 and 2.71; the windows allow for chance.
    """
    n_skills, k, theta, n_bad = 12, 4, 0.1, 3
    rng = np.random.default_rng([n_texts, 1])
    graph = rng.integers(n_skills, size=(n_texts, k))
    per_text = np.stack([np.bincount(row, minlength=n_skills) for row in graph])
    average = theta * n_texts * k / n_skills
    # the busiest sets are where the largest value is to be expected
    degrees = per_text.sum(axis=0)
    sets = sorted(
        itertools.combinations(range(n_skills), n_bad),
        key=lambda bad: -degrees[list(bad)].sum(),
    )
    sets = sets if n_texts < 500 else sets[:25]
    reached = max(largest_least(per_text, bad, theta * n_texts) for bad in sets) / average
    a = n_bad / n_skills
    sizes = {"n_skills": n_skills, "n_texts": n_texts, "failure_probability": 1e-3}
    assert reached < float(theory.finite_curve(a, theta, k, **sizes))
    assert reached < float(theory.concentration_bound(a, theta, k, **sizes))
    assert float(theory.exact_curve(a, theta, k)) < reached
    assert low < reached < high


def test_concentration_bound_tends_to_the_exact_curve():
    values = [
        float(theory.concentration_bound(0.2, 0.1, 8, n_skills=1000, n_texts=1000 * ratio))
        for ratio in (10**4, 10**6, 10**10)
    ]
    exact = float(theory.exact_curve(0.2, 0.1, 8))
    assert values[0] > values[1] > values[2] > exact
    assert values[2] == pytest.approx(exact, abs=1e-3)
    # the gap falls as the square root of texts per skill
    assert (values[0] - exact) / (values[1] - exact) == pytest.approx(10, rel=1e-9)
