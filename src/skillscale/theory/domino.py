"""Domino learning: skills that share one unit of progress learn one after the other.

Resource dynamics of Liu et al. 2025 (not the resource model of Song et al. 2024): skill k with
frequency p_k and unlearned fraction u_k demands w_k = p_k u_k, and a step of size `rate` is shared
out in proportion to demand, with `N0` a constant demand that is met but teaches nothing:

    du_k/dt = -rate · w_k / (Σ_j w_j + N0).

One clock s(t), the same for every skill, solves it in closed form. Exponents are positive decay
rates and `alpha` is the house α: p_k ∝ k^-(alpha+1), so the Zipf exponent that Liu et al. call α
is alpha + 1.
"""

import math

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import wrightomega

from skillscale import _checks

__all__ = [
    "clock",
    "completion_time",
    "derivation",
    "domino_curve",
    "exponents",
    "two_skill_ratio",
    "unlearned",
]

Array = NDArray[np.float64]
_LOSSES = ("mse", "ce")
_NEWTON_LIMIT = 500


def clock(
    t: ArrayLike, frequency: ArrayLike, *, rate: float, N0: float, loss: str = "mse"
) -> Array:
    """Return the shared clock s(t) = rate ∫ dt / (Σ_j w_j + N0), by which all skills advance.

    The clock solves a conservation law, "what was learned plus what was wasted is what was given":
    Σ_k (1 - e^(-p_k s)) + N0 s = rate · t for `loss` "mse", and Σ_k ℓ_k(s) + N0 s = rate · t with
    the logit ℓ_k = ln W(e^(1 + p_k s)) for "ce" (W: Lambert's function).

    Args:
        t: Times ≥ 0 in steps, any shape.
        frequency: Frequencies p_k > 0, shape (skill,); they need not sum to one.
        rate: Progress per step to be shared, > 0.
        N0: Wasted resource, ≥ 0.
        loss: "mse" or "ce".

    Returns:
        Array of the shape of `t`; infinite once every skill is complete, which for "mse" with
        N0 = 0 happens at the finite time n_skills / rate.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_domino_theory.py` compares with an ODE solver.

    >>> float(clock(1.0, [1.0], rate=0.5, N0=0.0).round(4))
    0.6931
    """
    times, p, supply, N0 = _inputs(t, frequency, rate, N0)
    _checks.choice("loss", loss, _LOSSES)
    given = supply * times.ravel()
    # The left side is concave and increasing in s, so Newton from s = 0 climbs to the root and
    # never passes it.
    s = np.zeros_like(given)
    active = np.arange(given.size)
    if loss == "mse" and N0 == 0.0:
        finished = given >= p.size
        s[finished] = math.inf
        active = active[~finished]
    for _ in range(_NEWTON_LIMIT):
        if active.size == 0:
            break
        learned, demand = _ledger(s[active], p, loss)
        step = (given[active] - learned - N0 * s[active]) / (demand + N0)
        s[active] += np.maximum(step, 0.0)
        active = active[step > 1e-13 * (s[active] + 1.0)]
    return np.asarray(s.reshape(times.shape))


def unlearned(
    t: ArrayLike, frequency: ArrayLike, *, rate: float, N0: float, loss: str = "mse"
) -> Array:
    """Return the unlearned fraction u_k(t) of every skill under resource dynamics.

    With the shared clock s = `clock`(t): u_k = e^(-p_k s) for `loss` "mse" (starts at 1), and
    u_k = 1 / (1 + e^ℓ_k) = 1 / (1 + W(e^(1 + p_k s))) for "ce" (starts at ½; the loss of the skill
    is -ln(1 - u_k)). In both the demand is w_k = p_k u_k.

    Args:
        t: Times ≥ 0 in steps, any shape.
        frequency: Frequencies p_k > 0, shape (skill,); they need not sum to one.
        rate: Progress per step to be shared, > 0; the public code of Liu et al. uses
            2 · learning rate · √dimension for sign descent.
        N0: Wasted resource, ≥ 0.
        loss: "mse" or "ce".

    Returns:
        Array of shape (*t.shape, skill).

    Raises:
        ValueError: If an argument is out of range.

    Source: dynamics as in the public code of Liu et al. 2025; closed form derived here,
    `tests/test_domino_theory.py` compares with an ODE solver and a fine Euler integration.

    >>> unlearned([0.0, 1.0], [0.8, 0.2], rate=1.0, N0=0.0).round(3)
    array([[1.   , 1.   ],
           [0.276, 0.724]])
    """
    s = clock(t, frequency, rate=rate, N0=N0, loss=loss)
    phase = s[..., None] * np.asarray(frequency, dtype=np.float64)
    if loss == "ce":
        return np.asarray(1.0 / (1.0 + wrightomega(1.0 + phase)))
    return np.asarray(np.exp(-phase))


def completion_time(frequency: ArrayLike, *, rate: float, N0: float, eps: float = 0.1) -> Array:
    """Return the time at which each skill's unlearned fraction has fallen to `eps` (mse).

    t_k = [Σ_j (1 - ε^(p_j/p_k)) + N0 ln(1/ε) / p_k] / rate.

    Args:
        frequency: Frequencies p_k > 0, shape (skill,).
        rate: Progress per step to be shared, > 0.
        N0: Wasted resource, ≥ 0.
        eps: Residual ε in (0, 1); 0.1 is "90 % learned".

    Returns:
        Times in steps, shape (skill,).

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_domino_theory.py` puts the times back into `unlearned`.

    >>> completion_time([0.5, 0.5], rate=1.0, N0=0.0)
    array([1.8, 1.8])
    """
    _, p, supply, N0 = _inputs(0.0, frequency, rate, N0)
    eps = _checks.number("eps", eps, above=0, below=1)
    learned = np.array([-np.expm1(math.log(eps) * p / own).sum() for own in p])
    return np.asarray((learned - N0 * math.log(eps) / p) / supply)


def two_skill_ratio(r: ArrayLike, *, eps: float = 0.1, N0: float = 0.0) -> Array:
    """Return t_2 / t_1 for two skills whose frequencies have the ratio r = p_1 / p_2.

    With p_1 = r/(1+r), p_2 = 1/(1+r), λ = ln(1/ε) and N0 = 0,
    t_2/t_1 = (2 - ε - ε^r) / (2 - ε - ε^(1/r)): 1 at r = 1, rising to (2-ε)/(1-ε) for r → ∞.
    N0 > 0 adds N0 λ (1+r) above and N0 λ (1+r)/r below.

    Args:
        r: Ratios ≥ 1, any shape.
        eps: Residual ε in (0, 1) that counts as learned.
        N0: Wasted resource, ≥ 0.

    Returns:
        Ratios of the shape of `r`.

    Raises:
        ValueError: If an argument is out of range.

    Source: derived here; `tests/test_domino_theory.py` compares with `completion_time`.

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
    """Return the learned fraction of each skill in the pure domino limit.

    Skill k = 1…n_skills rises linearly from 0 to 1 between (k-1) · t0 and k · t0: strictly one
    skill at a time, each taking the time `t0`.

    Args:
        t: Times ≥ 0 in steps, any shape.
        n_skills: Number of skills.
        t0: Time a skill takes, > 0; the public code uses 1 / (2 · learning rate · √dimension).

    Returns:
        Array of shape (*t.shape, n_skills) in [0, 1].

    Raises:
        ValueError: If an argument is out of range.

    Source: Domino model of Liu et al. 2025 as in their public code.

    >>> domino_curve([1.0, 3.0], 2, 2.0)
    array([[0.5, 0. ],
           [1. , 0.5]])
    """
    times = _checks.array("t", t, minimum=0.0)
    n_skills = _checks.integer("n_skills", n_skills, minimum=1)
    t0 = _checks.number("t0", t0, above=0)
    return np.asarray(np.clip(times[..., None] / t0 - np.arange(n_skills), 0.0, 1.0))


def exponents(alpha: float, regime: str = "domino") -> dict[str, float]:
    """Return the loss exponents in time T and in the number of dimensions N.

    p_k ∝ k^-(alpha+1). If N dimensions hold the N most frequent skills, the loss is the tail mass:
    N: α in every regime. In time, T is α for "domino" (skills at equal intervals), α/(α+1) for
    "parallel" (each skill at a time ∝ 1/p_k, as under gradient descent), and 2α for "l2" (sign
    descent, whose demands are normalised by their L2 norm: the pace grows while fewer and fewer
    skills are left to share it).

    Args:
        alpha: House α > 0, the Zipf exponent minus one.
        regime: "domino", "parallel" or "l2".

    Returns:
        Exponents by resource, keys "T" and "N"; L ∝ T^-exponent as n_skills → ∞.

    Raises:
        ValueError: If an argument is out of range.

    Source: reference lines of the public code of Liu et al. 2025 ("domino", "parallel" there
    "Quanta"); "l2" derived here. `tests/test_domino_theory.py` measures "domino" and "parallel" on
    `unlearned`, `tests/test_geometry_theory.py` "l2" on `geometry.sign_descent`.

    >>> exponents(1.0, "parallel")
    {'T': 0.5, 'N': 1.0}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    _checks.choice("regime", regime, ("domino", "parallel", "l2"))
    time = {"domino": alpha, "parallel": alpha / (alpha + 1.0), "l2": 2.0 * alpha}[regime]
    return {"T": time, "N": alpha}


def derivation() -> dict[str, sp.Expr]:
    """Return the chapter's results as symbolic expressions, each obtained from its definition.

    Keys: "pace" (ds/dt for two skills), "given" (rate · t as an integral of 1/pace over s),
    "t1", "t2" (completion times for p_1 = r p_2, times the rate), "ratio" (their ratio at N0 = 0),
    "limit" (of the ratio for r → ∞), "logit" (cross entropy: solution ℓ(x), x = p s, of
    dℓ/dx = 1/(1+e^ℓ), ℓ(0) = 0).

    Returns:
        Expressions in the positive symbols p_1, p_2, s, r, epsilon, N_0, eta (the rate) and x.

    Source: derived here; `tests/test_domino_theory.py` compares with the numerical functions.

    >>> derivation()["limit"]
    (epsilon - 2)/(epsilon - 1)
    """
    p1, p2, s, r, eps, N0, eta, x = sp.symbols("p_1 p_2 s r epsilon N_0 eta x", positive=True)
    sigma = sp.symbols("sigma", positive=True)
    demand = sum(p * sp.exp(-p * s) for p in (p1, p2))
    pace = eta / (demand + N0)
    given = sp.integrate(sp.expand((eta / pace).subs(s, sigma)), (sigma, 0, s))
    frequencies = {p1: r / (1 + r), p2: 1 / (1 + r)}

    def completion(p: sp.Symbol) -> sp.Expr:
        at = given.subs(s, -sp.log(eps) / p).subs(frequencies)
        return sp.simplify(sp.powsimp(sp.expand(at)))

    t1, t2 = completion(p1), completion(p2)
    ratio = sp.simplify((t2 / t1).subs(N0, 0))
    # for r → ∞ the powers ε^r and ε^(1/r) of ε < 1 tend to 0 and 1
    limit = sp.simplify(ratio.subs({eps**r: 0, eps ** (1 / r): 1}))
    return {
        "pace": pace,
        "given": given,
        "t1": t1,
        "t2": t2,
        "ratio": ratio,
        "limit": limit,
        "logit": 1 + x - sp.LambertW(sp.exp(1 + x)),
    }


def _ledger(s: Array, p: Array, loss: str) -> tuple[Array, Array]:
    """Return the learned total and the demand at the clock readings `s`, in blocks of memory."""
    learned, demand = np.empty_like(s), np.empty_like(s)
    block = max(1, 4_000_000 // p.size)
    for start in range(0, s.size, block):
        part = slice(start, start + block)
        phase = s[part, None] * p
        if loss == "ce":
            omega = wrightomega(1.0 + phase)  # e^ℓ
            learned[part] = np.log(omega).sum(-1)
            demand[part] = (1.0 / (1.0 + omega)) @ p
        else:
            learned[part] = -np.expm1(-phase).sum(-1)
            demand[part] = np.exp(-phase) @ p
    return learned, demand


def _inputs(
    t: ArrayLike, frequency: ArrayLike, rate: float, N0: float
) -> tuple[Array, Array, float, float]:
    """Return validated times, frequencies, rate and wasted resource."""
    return (
        _checks.array("t", t, minimum=0.0),
        _checks.array("frequency", frequency, positive=True, dims=(1,)),
        _checks.number("rate", rate, above=0),
        _checks.number("N0", N0, minimum=0),
    )
