"""What resource dynamics becomes for two skills, strictly in series, and for many skills."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks

Array = NDArray[np.float64]


@_checks.finite
def two_skill_ratio(r: ArrayLike, *, eps: float = 0.1, N0: float = 0.0) -> Array:
    """Return t_2 / t_1 for two skills whose frequencies have the ratio r = p_1 / p_2 ≥ 1.

    With p_1 = r/(1+r), p_2 = 1/(1+r), λ = ln(1/ε) and N0 = 0, t_2/t_1 = (2 - ε - ε^r)
    / (2 - ε - ε^(1/r)): 1 at r = 1, rising to (2-ε)/(1-ε) for r → ∞. N0 > 0 adds N0 λ (1+r) above
    and N0 λ (1+r)/r below.

    Source: derived here; equals the ratio of two `completion_time`.

    >>> two_skill_ratio([1.0, 10.0, 1e9]).round(4)
    array([1.    , 1.7184, 2.1111])
    """
    ratio = _checks.array("r", r, minimum=1.0)
    eps = _checks.number("eps", eps, above=0, below=1)
    waste = _checks.number("N0", N0, minimum=0) * -math.log(eps) * (1.0 + ratio)
    second = 2.0 - eps - eps**ratio + waste
    first = 2.0 - eps - eps ** (1.0 / ratio) + waste / ratio
    return np.asarray(second / first)


def domino_curve(t: ArrayLike, n_skills: int, t0: float) -> Array:
    """Return the learned fraction of each skill in the pure domino limit: (*t.shape, n_skills).

    Skill k = 1…n_skills rises linearly from 0 to 1 between (k-1) · t0 and k · t0: strictly one
    skill at a time, each taking the time `t0` > 0; the public code uses 1 / (2 · learning rate
    · √dimension). The result may hold 10^8 numbers at most.

    Source: Domino model of Liu et al. 2025 as in their public code.

    >>> domino_curve([1.0, 3.0], 2, 2.0)
    array([[0.5, 0. ],
           [1. , 0.5]])
    """
    times = _checks.array("t", t, minimum=0.0)
    most = max(1, _checks.LARGEST_SIZE // times.size)
    n_skills = _checks.integer("n_skills", n_skills, minimum=1, maximum=most)
    t0 = _checks.number("t0", t0, above=0)
    return np.asarray(np.clip(times[..., None] / t0 - np.arange(n_skills), 0.0, 1.0))


def exponents(alpha: float, regime: str = "domino") -> dict[str, float]:
    """Return the loss exponents in time T and in the number of dimensions N, as n_skills → ∞.

    p_k ∝ k^-(alpha+1), alpha > 0. If N dimensions hold the N most frequent skills, the loss is the
    tail mass: N: α in every regime. In time, T is α for "domino" (skills at equal intervals),
    α/(α+1) for "parallel" (each skill at a time ∝ 1/p_k, as under gradient descent), and 2α for
    "l2" (sign descent, whose demands are normalised by their L2 norm: the pace grows while fewer
    and fewer skills are left to share it).

    Source: reference lines of the public code of Liu et al. 2025 ("domino", "parallel" there
    "Quanta"); "l2" derived here. All are measured on the exact dynamics.

    >>> exponents(1.0, "parallel")
    {'T': 0.5, 'N': 1.0}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    _checks.choice("regime", regime, ("domino", "parallel", "l2"))
    time = {"domino": alpha, "parallel": alpha / (alpha + 1.0), "l2": 2.0 * alpha}[regime]
    return {"T": time, "N": alpha}
