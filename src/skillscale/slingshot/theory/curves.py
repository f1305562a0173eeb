"""How large a failure factor an adversary can force on a fraction of the skills."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from skillscale.slingshot.theory._counting import (
    Array,
    check,
    check_terms,
    checked,
    divergence,
    divergence_root,
    entropy,
)

EDGE = 1e-9  # a Newton step may not start at q = 1, where the slope is infinite
NEWTON_STEPS = 2


def performance_curve(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Failure factor β that all but a fraction a of the skills stay below.

    The root β > 1 of KL(aβ‖a) = H(θ) / (kθ). For N2/N1 → ∞ and every set of a fraction θ of the
    texts at once, at least 1 - a of the skills fail on at most a fraction βθ of their texts.

    Returns:
        β; nan where no root exists, for a >= `max_bad_fraction(theta, k)`.

    Source: the performance curve after Arora & Goyal 2023; form and proof derived here
    (union bound and Chernoff).

    >>> round(float(performance_curve(0.2, 0.1, 8)), 4)
    3.0672
    """
    a, theta, k = checked(bad_fraction, theta, k)
    return divergence_root(a, np.full_like(a, entropy(theta) / (k * theta)))


def max_bad_fraction(theta: float, k: int) -> float:
    """Bad fraction at which the performance curve ends, exp(-H(θ) / (kθ)).

    There aβ = 1: the curve meets Markov's line β = 1/a.

    Source: derived here.

    >>> round(max_bad_fraction(0.1, 8), 4)
    0.6661
    """
    theta, k = check(theta, k)
    return float(np.exp(-entropy(theta) / (k * theta)))


def exact_curve(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Failure factor β* that the worst set of texts really reaches, asymptotically exact.

    For fixed bad skills the worst texts are those that hit them most often; the hits of a text are
    Binomial(k, a), so β* is the mean of the upper θ tail of that binomial over k a: β* = Σ_(j=1..k)
    min(θ, P(Bin(k, a) >= j)) / (θ k a). Exact for N2/N1 → ∞. It saturates at Markov's 1/a for
    a >= θ^(1/k).

    Source: derived here; tested on sorted samples.

    >>> round(float(exact_curve(0.2, 0.1, 8)), 4)
    2.3
    """
    a, theta, k = checked(bad_fraction, theta, k)
    check_terms(k, a)
    tails = binom.sf(np.arange(k), k, a[..., None])
    return np.asarray(np.minimum(tails, theta).sum(axis=-1) / (theta * k * a))


def closed_form_bound(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Upper bound on the exact curve, tighter than the performance curve.

    The root β > 1 of KL(aβ‖a) = ln(1/θ) / k, and 1/a for a >= θ^(1/k), where no root exists and the
    exact curve is 1/a itself. For every λ > 0 the tail mean obeys λ E[X | worst θ] <= ln(E e^(λX)
    / θ) (Jensen); the best λ gives this root. It lies below the performance curve since H(θ) > θ
    ln(1/θ).

    Source: derived here.

    >>> round(float(closed_form_bound(0.2, 0.1, 8)), 3)
    2.719
    """
    a, theta, k = checked(bad_fraction, theta, k)
    beta = divergence_root(a, np.full_like(a, -np.log(theta) / k))
    return np.where(np.isnan(beta), 1 / a, beta)


def explicit_bound(bad_fraction: ArrayLike, theta: float, k: int) -> Array:
    """Explicit upper bound on the performance curve, where it exists, and on Markov's line beyond.

    With c = H(θ) / (kθ) and δ = q - a, KL(q‖a) = ∫_a^q (q-t) / (t(1-t)) dt, and by Jensen, since 1
    / (t(1-t)) is convex, it is at least δ² / (2p(1-p)) with p = a + δ/3. The q at which that equals
    c lies above aβ. KL is convex in q, so two Newton steps from there stay above too. Returned is
    min(1, q) / a: no search, for use where only arithmetic is at hand.

    Source: derived here.

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
