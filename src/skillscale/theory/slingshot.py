"""Slingshot generalisation: how many skills can be bad when only few texts go wrong.

N2 texts need k skills each, drawn independently from N1 skills. A model fails on the texts of a
set Y, a fraction θ of all. A skill *fails at rate* βθ if a fraction βθ of its texts, counted
against their expected number k N2 / N1, lies in Y. The functions here say how large β can be for a
fraction a of all skills, whichever Y an adversary chooses. Arguments come in the order
(bad_fraction a, theta θ, k); logarithms are natural; H(θ) is the binary entropy and KL(q‖a) the
binary divergence.
"""

from typing import Literal

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from skillscale import _checks

__all__ = [
    "certified_fraction",
    "closed_form_bound",
    "derivation",
    "exact_curve",
    "finite_curve",
    "max_bad_fraction",
    "performance_curve",
    "tuple_failure_bound",
]

Array = NDArray[np.float64]


def performance_curve(
    bad_fraction: ArrayLike, theta: float, k: int, *, markov: bool = False
) -> Array:
    """Failure factor β that all but a fraction a of the skills stay below.

    The root β > 1 of KL(aβ‖a) = H(θ) / (kθ). For N2/N1 → ∞ and every set of a fraction θ of the
    texts at once, at least 1 - a of the skills fail on at most a fraction βθ of their texts. A root
    exists only for a < `max_bad_fraction(theta, k)`.

    Args:
        bad_fraction: a in (0, 1), any shape.
        theta: θ in (0, 1), fraction of texts that the model gets wrong.
        k: skills per text, >= 1.
        markov: where no root exists, return Markov's 1/a instead of nan. Flag those points with
            ``bad_fraction >= max_bad_fraction(theta, k)``.

    Returns:
        β of the shape of `bad_fraction`; nan where no root exists.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: the performance-curve theorem of Arora & Goyal 2023, known to us from secondary
    sources; form and proof derived here (union bound and Chernoff), tested in
    `tests/test_slingshot_theory.py`.

    Example:
        >>> round(float(performance_curve(0.2, 0.1, 8)), 4)
        3.0672
    """
    a = _fractions(bad_fraction)
    _check(theta, k)
    beta = _divergence_root(a, np.full_like(a, _entropy(theta) / (k * theta)))
    return np.where(np.isnan(beta), 1 / a, beta) if markov else beta


def max_bad_fraction(theta: float, k: int) -> float:
    """Bad fraction at which the performance curve ends, exp(-H(θ) / (kθ)).

    There aβ = 1: the curve meets Markov's line β = 1/a.

    Args:
        theta: θ in (0, 1).
        k: skills per text, >= 1.

    Returns:
        The largest a with a performance curve.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here; `tests/test_slingshot_theory.py` checks that β = 1/a there.

    Example:
        >>> round(max_bad_fraction(0.1, 8), 4)
        0.6661
    """
    _check(theta, k)
    return float(np.exp(-_entropy(theta) / (k * theta)))


def finite_curve(
    bad_fraction: ArrayLike,
    theta: float,
    k: int,
    *,
    n_skills: int,
    n_texts: int,
    failure_probability: float = 1.0,
) -> Array:
    """Performance curve for finite numbers of skills and texts.

    The root β > 1 of KL(aβ‖a) = [H(θ) + (N1/N2) H(a) + ln(1/δ)/N2] / (kθ). For a random graph, the
    probability that some set of θN2 texts drives a fraction a of the skills to this β or above is
    at most δ = `failure_probability`; with δ = 1 the statement holds for every β strictly above the
    root, with a failure probability that falls exponentially in N2.

    Args:
        bad_fraction: a in (0, 1), any shape; a N1 is the number of bad skills.
        theta: θ in (0, 1).
        k: skills per text, >= 1.
        n_skills: N1 >= 1.
        n_texts: N2 >= 1.
        failure_probability: δ in (0, 1].

    Returns:
        β of the shape of `bad_fraction`; nan where no root exists.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here; `tests/test_slingshot_theory.py` enumerates all sets on small graphs.

    Example:
        >>> round(float(finite_curve(0.2, 0.1, 8, n_skills=1000, n_texts=100_000)), 4)
        3.084
    """
    a = _fractions(bad_fraction)
    _check(theta, k)
    _checks.integer("n_skills", n_skills, minimum=1)
    _checks.integer("n_texts", n_texts, minimum=1)
    _checks.number("failure_probability", failure_probability, above=0, maximum=1)
    numerator = (
        _entropy(theta) + n_skills / n_texts * _entropy(a) - np.log(failure_probability) / n_texts
    )
    return _divergence_root(a, numerator / (k * theta))


def exact_curve(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Failure factor β that the worst set of texts really reaches, asymptotically exact.

    For fixed bad skills the worst texts are those that hit them most often; the hits of a text are
    Binomial(k, a), so β* is the mean of the upper θ tail of that binomial over k a:
    β* = Σ_(j=1..k) min(θ, P(Bin(k, a) >= j)) / (θ k a). Exact for N2/N1 → ∞. It saturates at
    Markov's 1/a for a >= θ^(1/k).

    Args:
        bad_fraction: a in (0, 1), any shape.
        theta: θ in (0, 1).
        k: skills per text, >= 1.

    Returns:
        β* of the shape of `bad_fraction`.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here; `tests/test_slingshot_theory.py` compares with sorted samples.

    Example:
        >>> round(float(exact_curve(0.2, 0.1, 8)), 4)
        2.3
    """
    a = _fractions(bad_fraction)
    _check(theta, k)
    tails = binom.sf(np.arange(k), k, a[..., None])
    return np.asarray(np.minimum(tails, theta).sum(axis=-1) / (theta * k * a))


def closed_form_bound(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Upper bound on the exact curve, tighter than the performance curve.

    The root β > 1 of KL(aβ‖a) = ln(1/θ) / k, and 1/a for a >= θ^(1/k), where no root exists and
    the exact curve is 1/a itself. For every λ > 0 the tail mean obeys
    λ E[X | worst θ] <= ln(E e^(λX) / θ) (Jensen); the best λ gives this root. It lies below the
    performance curve since H(θ) > θ ln(1/θ).

    Args:
        bad_fraction: a in (0, 1), any shape.
        theta: θ in (0, 1).
        k: skills per text, >= 1.

    Returns:
        β of the shape of `bad_fraction`.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here; `tests/test_slingshot_theory.py` checks exact < closed form < theorem.

    Example:
        >>> round(float(closed_form_bound(0.2, 0.1, 8)), 3)
        2.719
    """
    a = _fractions(bad_fraction)
    _check(theta, k)
    beta = _divergence_root(a, np.full_like(a, -np.log(theta) / k))
    return np.where(np.isnan(beta), 1 / a, beta)


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
    within one text, cut into floor(k/k') disjoint slots: the curve at (θ, floor(k/k')).

    Args:
        bad_fraction: a in (0, 1), any shape, as a fraction of all tuples.
        theta: θ in (0, 1).
        k: skills per text, >= 1.
        tuple_size: k' >= 1, at most k for "slots".
        method: "tensor" or "slots".

    Returns:
        min(1, βθ) of the shape of `bad_fraction`, with k'θ for θ where the method is "tensor"; nan
        where no curve exists, 1 where k'θ >= 1.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: "tensor" is the k-tuple corollary of Arora & Goyal 2023 (from secondary sources);
    "slots" is derived here and needs many more texts than tuples; tables recomputed in
    `tests/test_slingshot_theory.py`.

    Example:
        >>> round(float(tuple_failure_bound(0.1, 0.05, 8, 2, method="slots")), 3)
        0.343
    """
    a = _fractions(bad_fraction)
    _check(theta, k)
    _checks.integer("tuple_size", tuple_size, minimum=1)
    _checks.choice("method", method, ("tensor", "slots"))
    if method == "tensor":
        theta, per_text = tuple_size * theta, k
        if theta >= 1:
            return np.ones_like(a)
    else:
        if tuple_size > k:
            raise ValueError(f"tuple_size must be at most k = {k} for slots, got {tuple_size!r}")
        per_text = k // tuple_size
    return np.asarray(np.minimum(1.0, theta * performance_curve(a, theta, per_text)))


def certified_fraction(
    max_failure: ArrayLike, theta: float, k: int, *, tuple_size: int = 1
) -> Array:
    """Fraction 1 - a of the k'-tuples that surely fail on at most `max_failure` of their texts.

    With the composite's θ' = k'θ and β = max_failure / θ', solves KL(aβ‖a) = H(θ') / (kθ') for a;
    where that has no root, Markov's a = 1/β remains (and nothing for β <= 1).

    Args:
        max_failure: failure rate in (0, 1) that still counts as competent, any shape.
        theta: θ in (0, 1).
        k: skills per text, >= 1.
        tuple_size: k' >= 1.

    Returns:
        Certified fraction in [0, 1), of the shape of `max_failure`.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here from `performance_curve`; `tests/test_slingshot_theory.py` inverts it.

    Example:
        >>> round(float(certified_fraction(0.25, 0.1, 8)), 3)
        0.709
    """
    limit = _fractions(max_failure, "max_failure")
    _check(theta, k)
    _checks.integer("tuple_size", tuple_size, minimum=1)
    composite = tuple_size * theta
    if composite >= 1:
        return np.zeros_like(limit)
    cost = _entropy(composite) / (k * composite)
    beta = limit / composite
    useful = np.where(beta > 1, beta, 2.0)
    low, high = np.zeros_like(beta), 1 / useful
    for _ in range(100):  # the divergence rises with a, from 0 to ln β at a = 1/β
        middle = (low + high) / 2
        above = _divergence(middle * useful, middle) > cost
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    # without a root the bisection ends at 1/β, which is Markov's line
    return np.asarray(np.where(beta > 1, 1 - high, 0.0))


def derivation() -> dict[str, sp.Expr]:
    """Results of the chapter as symbolic expressions, each obtained from its definition.

    Keys: "chernoff" (least exponent of E e^(lX - lq) for one draw with X ~ Bernoulli(a), at its
    stationary l), "divergence" (KL(q‖a)), "bracket" (the form of the condition with β),
    "union" (exponent per text of the union bound), "max_bad_fraction", "second_order" (leading
    coefficient of KL(aβ‖a) in β - 1).

    Returns:
        Expressions in the positive symbols a, q, beta, theta, k, N_1, N_2.

    Source: derived here; `tests/test_slingshot_theory.py` compares them and the numbers.

    Example:
        >>> derivation()["second_order"]
        -a/(2*(a - 1))
    """
    a, q, beta, theta, k, N1, N2 = sp.symbols("a q beta theta k N_1 N_2", positive=True)
    x = sp.symbols("x", positive=True)  # e^l

    def entropy(p: sp.Expr) -> sp.Expr:
        return -p * sp.log(p) - (1 - p) * sp.log(1 - p)

    divergence = q * sp.log(q / a) + (1 - q) * sp.log((1 - q) / (1 - a))
    exponent = sp.log(1 - a + a * x) - q * sp.log(x)
    stationary = sp.solve(sp.numer(sp.together(sp.diff(exponent, x))), x)[0]
    bracket = entropy(a * beta) - a * beta * sp.log(1 / a) - (1 - a * beta) * sp.log(1 / (1 - a))
    curvature = sp.diff(divergence.subs(q, a * beta), beta, 2).subs(beta, 1) / 2
    return {
        "chernoff": exponent.subs(x, stationary),
        "divergence": divergence,
        "bracket": bracket,
        "union": entropy(theta)
        + N1 / N2 * entropy(a)
        + k * theta * exponent.subs(x, stationary).subs(q, a * beta),
        "max_bad_fraction": sp.exp(-entropy(theta) / (k * theta)),
        "second_order": sp.factor(sp.simplify(curvature)),
    }


def _entropy(p: ArrayLike) -> Array:
    """Binary entropy in nats."""
    x = np.asarray(p, dtype=np.float64)
    return np.asarray(-x * np.log(x) - (1 - x) * np.log1p(-x))


def _divergence(q: Array, a: Array) -> Array:
    """Binary divergence KL(q‖a) in nats for 0 < a < 1 and 0 < q <= 1."""
    rest = np.maximum(1 - q, np.finfo(float).tiny)
    return np.asarray(q * np.log(q / a) + rest * np.log(rest / (1 - a)))


def _divergence_root(a: Array, cost: Array) -> Array:
    """β in (1, 1/a) with KL(aβ‖a) = cost by bisection; nan where cost >= ln(1/a)."""
    low, high = np.ones_like(a), 1 / a
    for _ in range(100):
        middle = (low + high) / 2
        above = _divergence(a * middle, a) > cost
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(cost < -np.log(a), high, np.nan)


def _fractions(values: ArrayLike, name: str = "bad_fraction") -> Array:
    """Non-empty array of numbers in (0, 1)."""
    array = _checks.array(name, values)
    if not np.all((array > 0) & (array < 1)):
        raise ValueError(f"{name} must lie in (0, 1), got {values!r}")
    return array


def _check(theta: float, k: int) -> None:
    """Ranges of θ and k."""
    _checks.number("theta", theta, above=0, below=1)
    _checks.integer("k", k, minimum=1)
