"""Variants of the law: quanta never learned, samples that need several, losses as entropies."""

from __future__ import annotations

import math

import mpmath
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import zeta

from skillscale import _checks
from skillscale.frequencies import zipf_exponent
from skillscale.quantization.theory._shared import (
    Floats,
    check_alpha,
    check_finite,
    check_levels,
    unlearned,
)


def missing_quanta_floor(alpha: float, every: int, *, a: float = 0.0, b: float = 1.0) -> float:
    r"""Rise of the loss's floor when quanta every, 2·every, 3·every, … can never be learned.

    $(b - a) \sum_j P(j M) = (b - a)\, M^{-(\alpha+1)}$ with M = `every`: exact, since the sum over
    j is ζ(α+1) again and cancels. Beyond it the loss decays with the same exponent and a prefactor
    smaller by 1 - 1/M.

    Args:
        alpha: Frequency exponent, from 1e-9 to 1e6; infinitely many quanta.
        every: M, an integer >= 2.
        a: Loss on a sample whose quantum is learned, in the unit of the result.
        b: Loss on a sample whose quantum is not learned, same unit.

    Returns:
        What is added to `a` in the limit of infinitely many quanta learned.

    Raises:
        ValueError: If an argument is outside its range.

    Source: derived here; `tests/test_quantization_theory_variants.py::test_missing_quanta`.

    >>> round(missing_quanta_floor(0.4, 5), 4)
    0.1051
    """
    check_levels(a, b)
    alpha = check_alpha(alpha)
    period = float(_checks.integer("every", every, minimum=2))
    return float((b - a) * period ** -zipf_exponent(alpha))


def polygenic_loss(
    n: ArrayLike, quanta: ArrayLike, gains: ArrayLike, *, floor: float = 0.0
) -> Floats:
    r"""Loss on one sample that needs several quanta, each of which lowers it by its own gain.

    $\ell(n) = \ell_\infty + \sum_{k \in Q,\ k > n} \delta_k$ with Q = `quanta`, $\delta$ = `gains`
    and $\ell_\infty$ = `floor`. One quantum (a monogenic sample) gives a step; many that are evenly
    spread in ln k give a straight line in ln n, the smooth curve of a sample without a sudden gain.

    Args:
        n: Number of quanta learned, any shape, >= 0.
        quanta: Ranks k that the sample needs, different whole numbers >= 1, shape (m,).
        gains: Loss that each of them removes, > 0: shape (m,), or one number for all.
        floor: Loss on the sample once all of them are learned.

    Returns:
        The loss in the unit of `gains` and `floor`, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range, `gains` does not match `quanta`, or the
            loss overflows.

    Source: Michaud et al. 2023 describe both kinds of samples in words; the additive formula is
    ours, held by `tests/test_quantization_theory_variants.py::test_polygenic_loss_is_the_sum`.

    >>> n = [0, 1, 10, 100, 1000]
    >>> polygenic_loss(n, quanta=[50], gains=3.0).tolist()
    [3.0, 3.0, 3.0, 0.0, 0.0]
    >>> polygenic_loss(n, quanta=[1, 10, 100, 1000], gains=1.0, floor=0.5).tolist()
    [4.5, 3.5, 2.5, 1.5, 0.5]
    """
    learned = _checks.array("n", n, minimum=0)
    ranks = _checks.array("quanta", quanta, minimum=1, dims=(1,))
    if np.any(ranks != np.floor(ranks)) or np.unique(ranks).size < ranks.size:
        raise ValueError(f"quanta must be different whole numbers >= 1, got {quanta!r}")
    sizes = _checks.array("gains", gains, positive=True, dims=(0, 1))
    if sizes.ndim == 1 and sizes.shape != ranks.shape:
        raise ValueError(
            f"gains must be one number or have the shape of quanta {ranks.shape}, got {sizes.shape}"
        )
    _checks.number("floor", floor)
    missing = ranks > learned[..., None]
    with np.errstate(over="ignore"):
        total = np.asarray(floor + (missing * sizes).sum(-1), dtype=np.float64)
    check_finite("gains", gains, total)
    return total


def entropy(alpha: float) -> float:
    r"""Entropy of the frequencies of infinitely many quanta, in nats.

    $H = -\sum_k P(k) \ln P(k) = \ln\zeta(s) - s\,\zeta'(s)/\zeta(s)$ with $s = \alpha + 1$.

    Args:
        alpha: Frequency exponent, from 1e-9 to 1e6.

    Returns:
        H in nats.

    Raises:
        ValueError: If `alpha` is outside its range.

    Source: derived here; `tests/test_quantization_theory_variants.py::test_entropy_is_the_sum`.

    >>> round(entropy(0.4), 3)
    3.92
    """
    return float(loss_with_entropy(0, alpha))


def loss_with_entropy(n: ArrayLike, alpha: float) -> Floats:
    r"""Loss when an unlearned quantum costs the surprise of its own frequency, exactly.

    $b_k = -\ln P(k)$ and $a_k = 0$ instead of constants:
    $L_n = -\sum_{k>n} P(k)\ln P(k) = [\ln\zeta(s)\,\zeta(s,n+1) - s\,\zeta'(s,n+1)]/\zeta(s)$ with
    $s = \alpha + 1$, the Hurwitz zeta function and its derivative in s. It is a power law times a
    logarithm, whose local exponent is below alpha for any n that can be reached.

    Args:
        n: Number of quanta learned, any shape, >= 0.
        alpha: Frequency exponent, from 1e-9 to 1e6.

    Returns:
        The loss in nats, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, appendix (the choice of a_k and b_k); the exact form is derived
    here, held by `tests/test_quantization_theory_variants.py::test_entropy_is_the_sum`.

    >>> loss_with_entropy(10, alpha=0.4).round(4).item()
    2.4905
    """
    learned = _checks.array("n", n, minimum=0)
    alpha = check_alpha(alpha)
    s = zipf_exponent(alpha)
    distinct, place = np.unique(learned, return_inverse=True)
    # Minus the sum of k^-s ln k over k > n; scipy has no derivative of the zeta function in s.
    slope = np.array([float(mpmath.zeta(s, float(count) + 1, 1)) for count in distinct])
    total = zeta(s)
    values = (math.log(total) * zeta(s, distinct + 1) - s * slope) / total
    return np.asarray(values[place].reshape(learned.shape), dtype=np.float64)


def loss_with_entropy_integral(n: ArrayLike, alpha: float, *, midpoint: bool = False) -> Floats:
    r"""Approximation of `loss_with_entropy` by an integral.

    $L_n \approx \frac{x^{-\alpha}}{\alpha\,\zeta(\alpha+1)}
    \left[(\alpha+1)\ln x + \frac{\alpha+1}{\alpha} + \ln\zeta(\alpha+1)\right]$ with x = n as
    published, or x = n + 1/2 with `midpoint`. At n = 1 the published form stands in for the entropy
    H in the case of `loss_with_gain`, where it is a constant: at alpha = 0.4 it is 0.19 nats below
    H, and the difference does not vanish as n grows.

    Args:
        n: Number of quanta learned, any shape, >= 1.
        alpha: Frequency exponent, from 1e-9 to 1e6.
        midpoint: Start the integral at n + 1/2 instead of n.

    Returns:
        The approximate loss in nats, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, appendix (x = n);
    `tests/test_quantization_theory_variants.py::test_entropy_integral`.

    >>> loss_with_entropy_integral(10, alpha=0.4).round(4).item()
    2.518
    >>> loss_with_entropy_integral(1, alpha=0.4).round(2).item()  # in place of H = 3.92
    3.73
    """
    x = _checks.array("n", n, minimum=1) + (0.5 if _checks.flag("midpoint", midpoint) else 0.0)
    alpha = check_alpha(alpha)
    s = zipf_exponent(alpha)
    bracket = s * np.log(x) + s / alpha + math.log(zeta(s))
    return np.asarray(x**-alpha / (alpha * zeta(s)) * bracket, dtype=np.float64)


def loss_with_gain(n: ArrayLike, alpha: float, *, factor: float) -> Floats:
    r"""Loss when learning a quantum makes its samples a fixed factor more probable, exactly.

    $b_k = -\ln P(k)$ and $a_k = -\ln(c\,P(k))$ with c = `factor`: every quantum gains ln c, so
    $L_n = H - \ln c + \ln c\, \sum_{k>n} P(k)$, a pure power law above a constant, with H from
    `entropy`.

    Args:
        n: Number of quanta learned, any shape, >= 0.
        alpha: Frequency exponent, from 1e-9 to 1e6.
        factor: c > 1, at most ζ(α+1), so that c · P(k) is a probability.

    Returns:
        The loss in nats, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, appendix (the choice of a_k and b_k); the exact constant is derived
    here, held by `tests/test_quantization_theory_variants.py::test_gain_is_the_sum`.

    >>> loss_with_gain([0, 10], alpha=0.4, factor=2.0).round(4).tolist()
    [3.9197, 3.4444]
    """
    alpha = check_alpha(alpha)
    factor, largest = _checks.number("factor", factor, above=1), float(zeta(zipf_exponent(alpha)))
    if factor > largest:
        raise ValueError(f"factor must be <= {largest:g} at alpha = {alpha:g}, got {factor!r}")
    gain = math.log(factor)
    left = unlearned(alpha, _checks.array("n", n, minimum=0))
    return np.asarray(entropy(alpha) - gain * (1 - left), dtype=np.float64)
