"""What the curves say about tuples of skills."""

from math import comb
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from skillscale import _checks
from skillscale.slingshot.theory._counting import (
    Array,
    check_terms,
    checked,
    divergence,
    entropy,
)
from skillscale.slingshot.theory.curves import performance_curve


def tuple_failure_bound(
    bad_fraction: ArrayLike,
    theta: float,
    k: int,
    tuple_size: int,
    *,
    method: Literal["tensor", "slots"] = "tensor",
) -> Array:
    """Failure rate that all but a fraction a of the tuples of skills stay below, clipped at 1.

    "tensor" certifies tuples spread over a composite of k' = `tuple_size` texts: such a composite
    is wrong with probability at most k'θ and holds k disjoint tuples, so the curve of single skills
    at k'θ applies; this is an identity of the method, not a measurement. "slots" certifies tuples
    within one text, cut into floor(k/k') disjoint slots: the curve at (θ, floor(k/k')), for
    k' <= k. In both k' >= 1.

    Returns:
        min(1, βθ), with k'θ for θ where the method is "tensor"; nan where no curve exists, 1 where
        k'θ >= 1.

    Source: "tensor" follows Corollary 13 of Arora & Goyal 2023; "slots" is derived here and
    needs many more texts than tuples.

    >>> round(float(tuple_failure_bound(0.1, 0.05, 8, 2, method="slots")), 3)
    0.343
    """
    a, theta, k = checked(bad_fraction, theta, k)
    tuple_size = _checks.integer("tuple_size", tuple_size, minimum=1)
    _checks.choice("method", method, ("tensor", "slots"))
    if method == "tensor":
        theta, per_text = tuple_size * theta, k
        if theta >= 1:
            return np.ones_like(a)
    else:
        _at_most_k(tuple_size, k)
        per_text = k // tuple_size
    return np.asarray(np.minimum(1.0, theta * performance_curve(a, theta, per_text)))


@_checks.finite
def structured_tuples(
    bad_fraction: ArrayLike,
    theta: float,
    k: int,
    tuple_size: int,
    *,
    family: Literal["clique", "star"],
) -> Array:
    """Failure factor that the worst texts reach on average over a structured set of tuples.

    Bad tuples are all those within a set of skills ("clique": a fraction a^(1/k') of the skills) or
    all that touch one ("star": 1 - (1-a)^(1/k')). A text with x of its k >= k' >= 1 skills in that
    set holds C(x, k') resp. C(k, k') - C(k-x, k') bad tuples, growing in x ~ Bin(k, s), so the
    worst texts are those of largest x. Divided by the mean count C(k, k') a, for many more texts
    than tuples. The exact curve at floor(k/k') draws caps both; if k' divides k, a clique reaches
    it where all of the worst texts have k or k - 1 skills in the set. The star's mean is no
    guarantee: its tuples with two skills in the set fail more often than others.

    Source: derived here; tested on all texts.

    >>> round(float(structured_tuples(0.1, 0.1, 8, 2, family="star")), 4)
    3.9025
    """
    a, theta, k = checked(bad_fraction, theta, k)
    tuple_size = _checks.integer("tuple_size", tuple_size, minimum=1)
    _at_most_k(tuple_size, k)
    _checks.choice("family", family, ("clique", "star"))
    check_terms(k, a)
    hits, everything = np.arange(k + 1), comb(k, tuple_size)
    if family == "clique":
        share = a ** (1 / tuple_size)
        held = [comb(x, tuple_size) for x in hits]
    else:
        share = -np.expm1(np.log1p(-a) / tuple_size)
        held = [everything - comb(k - x, tuple_size) for x in hits]
    tails = np.minimum(theta, binom.sf(hits[:-1], k, share[..., None]))
    return np.asarray((np.diff(held) * tails).sum(axis=-1) / (theta * everything * a))


def certified_fraction(
    max_failure: ArrayLike, theta: float, k: int, *, tuple_size: int = 1
) -> Array:
    """Fraction 1 - a of the k'-tuples that surely fail on at most `max_failure` of their texts.

    With k' = `tuple_size` >= 1, `max_failure` in (0, 1), the composite's θ' = k'θ and
    β = max_failure / θ', solves KL(aβ‖a) = H(θ') / (kθ') for a; where that has no root, Markov's
    a = 1/β remains (and nothing for β <= 1).

    Source: derived here from `performance_curve`.

    >>> round(float(certified_fraction(0.25, 0.1, 8)), 3)
    0.709
    """
    limit, theta, k = checked(max_failure, theta, k, name="max_failure")
    tuple_size = _checks.integer("tuple_size", tuple_size, minimum=1)
    composite = tuple_size * theta
    if composite >= 1:
        return np.zeros_like(limit)
    cost = entropy(composite) / (k * composite)
    beta = limit / composite
    useful = np.where(beta > 1, beta, 2.0)
    low, high = np.zeros_like(beta), 1 / useful
    for _ in range(100):  # the divergence rises with a, from 0 to ln β at a = 1/β
        middle = (low + high) / 2
        above = divergence(middle * useful, middle) > cost
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    # without a root the bisection ends at 1/β, which is Markov's line
    return np.asarray(np.where(beta > 1, 1 - high, 0.0))


def _at_most_k(tuple_size: int, k: int) -> None:
    if tuple_size > k:
        raise ValueError(f"tuple_size must be at most k = {k} within a text, got {tuple_size!r}")
