"""What finite numbers of skills and texts add to the curves."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from skillscale import _checks
from skillscale.slingshot.theory._counting import (
    Array,
    checked,
    divergence_root,
    entropy,
)
from skillscale.slingshot.theory.curves import exact_curve


def finite_curve(
    bad_fraction: ArrayLike,
    theta: float,
    k: int,
    *,
    n_skills: int,
    n_texts: int,
    failure_probability: float = 1.0,
) -> Array:
    """Performance curve for finite numbers of skills N1 >= 1 and texts N2 >= 1.

    The root β > 1 of KL(aβ‖a) = [H(θ) + (N1/N2) H(a) + ln(1/δ)/N2] / (kθ). For a random graph, the
    probability that some set of θN2 texts drives a fraction a of the skills to this β or above is
    at most δ = `failure_probability` in (0, 1]; with δ = 1 the statement holds for every β strictly
    above the root, with a failure probability that falls exponentially in N2.

    Returns:
        β; nan where no root exists.

    Source: derived here; tested on all sets of small graphs.

    >>> round(float(finite_curve(0.2, 0.1, 8, n_skills=1000, n_texts=100_000)), 4)
    3.084
    """
    a, theta, k = checked(bad_fraction, theta, k)
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    n_texts = _checks.integer("n_texts", n_texts, minimum=1)
    failure_probability = _checks.number(
        "failure_probability", failure_probability, above=0, maximum=1
    )
    numerator = (
        entropy(theta) + n_skills / n_texts * entropy(a) - np.log(failure_probability) / n_texts
    )
    return divergence_root(a, numerator / (k * theta))


def busiest_curve(
    bad_fraction: ArrayLike, theta: float, k: int, *, n_skills: int, n_texts: int
) -> Array:
    """Failure factor that the worst texts reach on average over the busiest skills.

    β*(a') a'/a with the exact curve β* and a' = a + φ(z) sqrt(N1 / (k N2)), where z is the upper a
    quantile of the standard normal and φ its density. A skill is drawn k N2 / N1 times with
    relative spread sqrt(N1 / (k N2)), and the mean of the upper a tail of a normal is φ(z) / a, so
    the busiest fraction a of the skills holds a share a' of all draws. How often each skill is
    drawn says nothing about where, so a text hits them Binomial(k, a') times; the failures are
    still counted against the expected number a k N2. Corrections are of relative order N1 / (k N2):
    meant for k N2 well above N1.

    Returns:
        β; nan where a' >= 1, beyond the use of the normal.

    Source: derived here; tested on random graphs.

    >>> round(float(busiest_curve(0.2, 0.1, 8, n_skills=1000, n_texts=100_000)), 4)
    2.3776
    """
    a, theta, k = checked(bad_fraction, theta, k)
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    n_texts = _checks.integer("n_texts", n_texts, minimum=1)
    share = a + norm.pdf(norm.isf(a)) * np.sqrt(n_skills / (k * n_texts))
    inside = share < 1
    share = np.where(inside, share, a)
    return np.where(inside, exact_curve(share, theta, k) * share / a, np.nan)


def concentration_bound(
    bad_fraction: ArrayLike,
    theta: float,
    k: int,
    *,
    n_skills: int,
    n_texts: int,
    failure_probability: float = 0.01,
) -> Array:
    """Finite-size bound that tends to the exact curve: β* plus what chance can add.

    β* + sqrt([N1 H(a) + ln(1/δ)] / (2 N2)) / (θa): for fixed bad skills, one text changes the hits
    of the worst θN2 texts by at most k (bounded differences), their mean is at most that of the
    limit, and there are at most e^(N1 H(a)) sets of bad skills. Holds for all of them and for every
    choice of texts at once, with probability at least 1 - δ, δ = `failure_probability` in (0, 1].
    Loose unless N2 is far larger than N1 / (θa)²; it shows that β* is exact for N2/N1 → ∞ alone.

    Source: derived here; tested on solved small graphs.

    >>> big = concentration_bound(0.2, 0.1, 8, n_skills=1000, n_texts=10**9)
    >>> round(float(big - exact_curve(0.2, 0.1, 8)), 3)
    0.025
    """
    a, theta, k = checked(bad_fraction, theta, k)
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    n_texts = _checks.integer("n_texts", n_texts, minimum=1)
    failure_probability = _checks.number(
        "failure_probability", failure_probability, above=0, maximum=1
    )
    spread = (n_skills * entropy(a) - np.log(failure_probability)) / (2 * n_texts)
    return np.asarray(exact_curve(a, theta, k) + np.sqrt(spread) / (theta * a))
