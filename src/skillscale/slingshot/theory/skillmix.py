"""Skill-Mix: successes on random combinations of skills that a corpus cannot have shown.

A model is asked for a short text that uses k random skills on a random topic. If a corpus holds λ
texts per combination on average, at most a fraction λ of the combinations occurs in it; a model
that succeeds on a larger fraction must have combined skills anew.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from skillscale import _checks
from skillscale.slingshot.theory._counting import Array, check_terms


@_checks.finite
def skillmix_expected_texts(
    k: ArrayLike, *, p_skill: float, p_topic: float, corpus: float
) -> Array:
    """Texts in a corpus that are expected to hold a random combination of k skills and a topic.

    λ_k = p_skill^k p_topic corpus, for skills that occur independently; it may exceed 1. For skills
    of different frequency with mean p_skill it is an upper estimate of the mean over combinations
    (Maclaurin's inequality for elementary symmetric polynomials).

    Args:
        k: Skills in a combination, whole, >= 1, any shape.
        p_skill: Mean probability in (0, 1] that a text shows a given skill.
        p_topic: Mean probability in (0, 1] of a topic.
        corpus: Texts (or sentences) in the corpus, > 0.

    Source: the argument of Yu et al. 2023 (Sec. 6), as are the values of the example.

    >>> found = skillmix_expected_texts([5, 6], p_skill=0.0144, p_topic=0.0022, corpus=5e10)
    >>> found.round(5).tolist()
    [0.06811, 0.00098]
    """
    sizes = _checks.whole("k", k, minimum=1)
    p = _checks.number("p_skill", p_skill, above=0, maximum=1)
    q = _checks.number("p_topic", p_topic, above=0, maximum=1)
    return np.asarray(p**sizes * q * _checks.number("corpus", corpus, above=0))


@_checks.finite
def co_occurrence(k: ArrayLike, correlation: ArrayLike) -> Array:
    """Factor by which shared rates multiply the expected number of texts with k skills.

    If all skill rates of a text are multiplied by one Gamma variable of mean 1 and variance
    ρ = `correlation` >= 0, E[g^k] = Π_(j<k) (1 + ρj): the pairs see 1 + ρ, larger combinations far
    more. Whole k >= 1 and ρ broadcast.

    Source: derived here; tested against the integrated Gamma law.

    >>> co_occurrence([2, 5, 6], 0.5).tolist()
    [1.5, 22.5, 78.75]
    """
    sizes = _checks.whole("k", k, minimum=1)
    rho = _checks.array("correlation", correlation, minimum=0)
    try:
        sizes, rho = np.broadcast_arrays(sizes, rho)
    except ValueError:
        raise ValueError(
            f"correlation must broadcast with k of shape {sizes.shape}, got {rho.shape}"
        ) from None
    return _inflation(sizes, rho)


@_checks.finite
def novel_fraction(success: ArrayLike, expected: ArrayLike, *, inflation: ArrayLike = 1.0) -> Array:
    """Fraction of a model's successes that cannot have stood in the corpus, at least.

    max(0, 1 - λf/α): at most a fraction λf of the combinations occurs in a corpus that holds λf
    texts of each on average, and the model succeeds on a fraction α. 0 says nothing.

    Args:
        success: α in (0, 1]; the three broadcast.
        expected: λ >= 0 from `skillmix_expected_texts`.
        inflation: f > 0, the correction for skills that occur together, from `co_occurrence`.

    Source: the bound of Yu et al. 2023 (Sec. 6); the correction is derived here.

    >>> novel_fraction([0.12, 0.08], [0.06811, 0.000981]).round(3).tolist()
    [0.432, 0.988]
    """
    alpha = _checks.array("success", success, positive=True)
    if (alpha > 1).any():
        raise ValueError(f"success must lie in (0, 1], got {success!r}")
    counts = _checks.array("expected", expected, minimum=0)
    factor = _checks.array("inflation", inflation, positive=True)
    try:
        np.broadcast_shapes(alpha.shape, counts.shape, factor.shape)
    except ValueError:
        raise ValueError(
            "success, expected and inflation must broadcast, got shapes "
            f"{alpha.shape}, {counts.shape}, {factor.shape}"
        ) from None
    return np.asarray(np.maximum(0.0, 1 - counts * factor / alpha))


def break_even_correlation(
    success: float, expected: float, k: int, *, threshold: float = 1 / 3
) -> float:
    """Correlation ρ of the Gamma rates at which `novel_fraction` falls to a threshold.

    The root of λ Π_(j<k) (1 + ρj) = (1 - threshold) α, with α = `success`, λ = `expected` > 0
    without correlation, k >= 2 and a threshold in [0, 1) that is still called evidence.

    Returns:
        ρ >= 0; nan where the threshold is missed already without correlation.

    Source: derived here.

    >>> round(break_even_correlation(0.12, 0.06811, 5), 4)
    0.0165
    """
    alpha = _checks.number("success", success, above=0, maximum=1)
    count = _checks.number("expected", expected, above=0)
    sizes = np.asarray(float(_checks.integer("k", k, minimum=2)))
    limit = (1 - _checks.number("threshold", threshold, minimum=0, below=1)) * alpha / count
    if limit < 1:
        return float("nan")
    # the product is at least 1 + ρ, so it has passed the limit at ρ = limit
    if not math.isfinite(limit):
        raise ValueError(f"expected must not be so far below success, got {expected!r}")

    def excess(rho: float) -> float:
        return float(_inflation(sizes, np.asarray(rho))) - limit

    return float(brentq(excess, 0.0, limit, xtol=1e-14, maxiter=2000))


def _inflation(sizes: Array, rho: Array) -> Array:
    """Products Π_(j<k) (1 + ρj)."""
    check_terms(int(sizes.max()), sizes)
    j = np.arange(int(sizes.max()))
    terms = np.where(j < sizes[..., None], 1 + rho[..., None] * j, 1.0)
    return np.asarray(terms.prod(axis=-1))
