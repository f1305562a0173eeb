"""Variants of the law: losses as entropies."""

from __future__ import annotations

import math

import mpmath
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import zeta

from skillscale import _checks
from skillscale.frequencies import zipf_exponent
from skillscale.quantization.theory._shared import Floats, check_alpha


def entropy(alpha: float) -> float:
    r"""Entropy of the frequencies of infinitely many quanta, in nats.

    $H = -\sum_k P(k) \ln P(k) = \ln\zeta(s) - s\,\zeta'(s)/\zeta(s)$ with $s = \alpha + 1$.

    Source: derived here.

    >>> round(entropy(0.4), 3)
    3.92
    """
    return float(loss_with_entropy(0, alpha))


def loss_with_entropy(n: ArrayLike, alpha: float) -> Floats:
    r"""Loss in nats when an unlearned quantum costs the surprise of its own frequency, exactly.

    $b_k = -\ln P(k)$ and $a_k = 0$ instead of constants: $L_n = -\sum_{k>n} P(k)\ln
    P(k) = [\ln\zeta(s)\,\zeta(s,n+1) - s\,\zeta'(s,n+1)]/\zeta(s)$ with $s = \alpha + 1$ and
    n >= 0, the Hurwitz zeta function and its derivative in s. It is a power law times a logarithm,
    whose local exponent is below alpha for any n that can be reached.

    Source: Michaud et al. 2023, appendix (the choice of a_k and b_k); the exact form is derived
    here.

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
    r"""Approximation of `loss_with_entropy` by an integral, for n >= 1.

    $L_n \approx \frac{x^{-\alpha}}{\alpha\,\zeta(\alpha+1)} \left[(\alpha+1)\ln
    x + \frac{\alpha+1}{\alpha} + \ln\zeta(\alpha+1)\right]$ with x = n as published, or x = n + 1/2
    with `midpoint`. At n = 1 the published form stands in for the entropy H in the case where a
    quantum only gains, and there it is a constant: at alpha = 0.4 it is 0.19 nats below H, and the
    difference does not vanish as n grows.

    Source: Michaud et al. 2023, appendix (x = n).

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
