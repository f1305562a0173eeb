"""Nested tasks: their leaves, the best split over them, and chains of noisy stages."""

import numpy as np
import pytest
from scipy.optimize import minimize

from skillscale.resource import theory
from skillscale.resource.theory import Parallel, Series, Subtask

NESTED = Parallel(
    (
        Series((Subtask(3.0), Parallel((Subtask(1.0), Subtask(2.0)), (0.5, 0.25))), (0.7,)),
        Subtask(5.0),
    ),
    (0.8, 0.2),
)


def loss_by_recursion(task, counts):
    """Loss of a task as its definition says, taking neurons for each leaf from an iterator."""
    if isinstance(task, Subtask):
        return task.cost * next(counts) ** -task.exponent
    factors = task.weights if isinstance(task, Parallel) else [*task.gains, 1.0]
    return sum(f * loss_by_recursion(p, counts) for f, p in zip(factors, task.parts, strict=True))


def best_by_brute_force(task, n_leaves, total):
    def split(z):
        share = np.exp(z - z.max())
        return total * share / share.sum()

    starts = np.random.default_rng(0).normal(size=(4, n_leaves))
    found = (
        minimize(lambda z: loss_by_recursion(task, iter(split(z))), start, tol=1e-14)
        for start in starts
    )
    best = min(found, key=lambda one: one.fun)
    return split(best.x), best.fun


def test_leaves_carry_the_product_of_the_factors_on_their_path():
    weights, costs, exponent = theory.leaves(NESTED)
    np.testing.assert_allclose(weights, [0.8 * 0.7, 0.8 * 0.5, 0.8 * 0.25, 0.2], rtol=1e-15)
    assert costs.tolist() == [3, 1, 2, 5]
    assert exponent.tolist() == [1, 1, 1, 1]
    alone = theory.leaves(Subtask(2.0, 0.5))
    assert [part.tolist() for part in alone] == [[1.0], [2.0], [0.5]]


@pytest.mark.parametrize(
    "task",
    [
        NESTED,
        Series((NESTED, Subtask(0.5), Subtask(2.0)), (1.5, 0.1)),
        Series(
            (Subtask(1.0, 0.5), Parallel((Subtask(1.0, 2.0), Subtask(3.0)), (0.4, 0.6))), (2.0,)
        ),
    ],
    ids=["nested", "deeper", "unequal exponents"],
)
def test_best_split_is_what_a_numerical_minimiser_of_the_nested_loss_finds(task):
    weights, costs, exponent = theory.leaves(task)
    split, least = best_by_brute_force(task, weights.size, 60.0)
    found = theory.allocate(weights, costs, 60.0, exponent=exponent)
    # the minimiser stops at a gradient of about 1e-8, where the split is good to 1e-4
    np.testing.assert_allclose(found, split, rtol=1e-3)
    np.testing.assert_allclose(loss_by_recursion(task, iter(found)), least, rtol=1e-7)
    np.testing.assert_allclose(
        theory.composite_loss(weights, costs, 60.0, exponent=exponent), least, rtol=1e-7
    )


def test_a_chain_of_one_and_a_pair_of_one_are_their_part():
    part = Subtask(2.0, 0.7)
    assert theory.as_subtask(Series((part,), ())) == part
    assert theory.as_subtask(Parallel((part,), (1.0,))) == part


@pytest.mark.parametrize("g", [1.0, 0.5, 4 / 3])
def test_replacing_a_part_by_its_single_subtask_changes_nothing(g):
    inner = Parallel((Subtask(1.0, g), Subtask(2.0, g)), (0.5, 0.25))
    whole = Series((Subtask(3.0, g), inner), (0.7,))
    replaced = Series((Subtask(3.0, g), theory.as_subtask(inner)), (0.7,))
    one, other = theory.as_subtask(whole), theory.as_subtask(replaced)
    assert one.exponent == g
    np.testing.assert_allclose(one.cost, other.cost, rtol=1e-12)
    weights, costs, exponent = theory.leaves(whole)
    N = np.array([5.0, 500.0])
    np.testing.assert_allclose(
        theory.composite_loss(weights, costs, N, exponent=exponent), one.cost * N**-g, rtol=1e-12
    )


def test_modules_keep_their_shares_at_every_level():
    weights, costs, exponent = theory.leaves(NESTED)
    N = np.array([10.0, 1e4])
    split = theory.allocate(weights, costs, N, exponent=exponent)
    module = split[:, :3].sum(axis=1)  # all of the chain
    np.testing.assert_allclose(module[1] / module[0], 1e3, rtol=1e-12)
    inside = theory.allocate(weights[:3], costs[:3], module[0])  # its own best split
    np.testing.assert_allclose(split[0, :3], inside, rtol=1e-12)


def test_a_noisy_chain_has_the_loss_of_its_leaves():
    """Three stages u², sin, exp with small independent errors; gains are those of the chain."""
    rng, n = np.random.default_rng(1), 400_000
    x = rng.uniform(-1, 1, n)
    sizes = np.array([2e-5, 1e-5, 3e-5])  # mean squares
    errors = np.sqrt(sizes)[:, None] * rng.normal(size=(3, n))
    clean = np.exp(np.sin(x**2))
    noisy = np.exp(np.sin(x**2 + errors[0]) + errors[1]) + errors[2]
    slopes = [clean * np.cos(x**2), clean]  # of the output in the first and second stage
    gains = tuple(float((slope**2).mean()) for slope in slopes)
    chain = Series(tuple(Subtask(float(size)) for size in sizes), gains)
    weights, costs, _ = theory.leaves(chain)
    # sampling error of a mean of 4e5 squares: 0.3 %; second order in the errors: below 1e-4
    np.testing.assert_allclose(((noisy - clean) ** 2).mean(), weights @ costs, rtol=0.015)


def test_an_error_that_grows_with_the_slope_counts_for_more():
    """The condition in the docstring is needed: e ∝ slope breaks the product of means."""
    rng, n = np.random.default_rng(2), 200_000
    x = rng.uniform(0, 1, n)
    error = 1e-3 * x * rng.normal(size=n)
    measured = (((x + error) ** 2 - x**2) ** 2).mean()
    independent = (4 * x**2).mean() * (error**2).mean()
    # E 4x⁴ over E 4x² E x² is 9/5
    np.testing.assert_allclose(measured / independent, 1.8, rtol=0.02)
