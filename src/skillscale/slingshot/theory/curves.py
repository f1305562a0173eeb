"""How large a failure factor an adversary can force on a fraction of the skills."""

from typing import Literal, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from skillscale import _checks
from skillscale.slingshot.theory._counting import (
    Array,
    check,
    check_terms,
    checked,
    divergence,
    divergence_root,
    entropy,
)

__all__ = [
    "FlaggedCurve",
    "closed_form_bound",
    "exact_curve",
    "explicit_bound",
    "max_bad_fraction",
    "performance_curve",
]

EDGE = 1e-9  # a Newton step may not start at q = 1, where the slope is infinite
NEWTON_STEPS = 2


class FlaggedCurve(NamedTuple):
    """A performance curve with Markov's line where it ends, and which points are Markov's."""

    beta: Array
    from_markov: NDArray[np.bool_]


@overload
def performance_curve(
    bad_fraction: ArrayLike, theta: float, k: int, *, markov: Literal[False] = ...
) -> Array: ...
@overload
def performance_curve(
    bad_fraction: ArrayLike, theta: float, k: int, *, markov: Literal[True]
) -> FlaggedCurve: ...
def performance_curve(
    bad_fraction: ArrayLike, theta: float, k: int, *, markov: bool = False
) -> Array | FlaggedCurve:
    """Failure factor β that all but a fraction a of the skills stay below.

    The root β > 1 of KL(aβ‖a) = H(θ) / (kθ). For N2/N1 → ∞ and every set of a fraction θ of the
    texts at once, at least 1 - a of the skills fail on at most a fraction βθ of their texts. A root
    exists only for a < `max_bad_fraction(theta, k)`.

    Args:
        bad_fraction: a in (0, 1), any shape.
        theta: θ in (0, 1), fraction of texts that the model gets wrong.
        k: skills per text, >= 1.
        markov: where no root exists, fall back to Markov's 1/a, and say where.

    Returns:
        β of the shape of `bad_fraction`; nan where no root exists. With `markov`, the pair
        (β without nan, flags that are True where it is Markov's).

    Raises:
        ValueError: for arguments outside their ranges.

    Source: the performance-curve theorem of Arora & Goyal 2023, known to us from secondary
    sources; form and proof derived here (union bound and Chernoff), tested in
    `tests/test_slingshot_theory.py`.

    Example:
        >>> round(float(performance_curve(0.2, 0.1, 8)), 4)
        3.0672
        >>> performance_curve([0.2, 0.8], 0.1, 8, markov=True).from_markov.tolist()
        [False, True]
    """
    a, theta, k = checked(bad_fraction, theta, k)
    markov = _checks.flag("markov", markov)
    beta = divergence_root(a, np.full_like(a, entropy(theta) / (k * theta)))
    missing = np.isnan(beta)
    return FlaggedCurve(np.where(missing, 1 / a, beta), missing) if markov else beta


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
    theta, k = check(theta, k)
    return float(np.exp(-entropy(theta) / (k * theta)))


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
    a, theta, k = checked(bad_fraction, theta, k)
    check_terms(k, a)
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
    a, theta, k = checked(bad_fraction, theta, k)
    beta = divergence_root(a, np.full_like(a, -np.log(theta) / k))
    return np.where(np.isnan(beta), 1 / a, beta)


def explicit_bound(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Explicit upper bound on the performance curve, where it exists, and on Markov's line.

    With c = H(θ) / (kθ) and δ = q - a, KL(q‖a) = ∫_a^q (q-t) / (t(1-t)) dt, and by Jensen, since
    1 / (t(1-t)) is convex, it is at least δ² / (2p(1-p)) with p = a + δ/3. The q at which that
    equals c lies above aβ. KL is convex in q, so two Newton steps from there stay above too.
    Returned is min(1, q) / a: no search, for use where only arithmetic is at hand.

    Args:
        bad_fraction: a in (0, 1), any shape.
        theta: θ in (0, 1).
        k: skills per text, >= 1.

    Returns:
        β of the shape of `bad_fraction`; 1/a where the performance curve has ended.

    Raises:
        ValueError: for arguments outside their ranges.

    Source: derived here; `tests/test_slingshot_theory_forms.py` compares with the curve.

    Example:
        >>> round(float(explicit_bound(0.2, 0.1, 8)), 3)
        3.067
    """
    a, theta, k = checked(bad_fraction, theta, k)
    cost = float(entropy(theta)) / (k * theta)
    lead, middle = 1 + 2 * cost / 9, cost * (1 - 2 * a) / 3
    delta = (middle + np.sqrt(middle**2 + 2 * lead * cost * a * (1 - a))) / lead
    q = a + delta
    for _ in range(NEWTON_STEPS):
        q = np.minimum(q, 1 - EDGE)
        q = q - (divergence(q, a) - cost) / np.log(q * (1 - a) / (a * (1 - q)))
    return np.asarray(np.minimum(1.0, q) / a)
