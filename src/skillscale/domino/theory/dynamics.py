"""Resource dynamics solved by one clock: unlearned fractions and completion times."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import wrightomega

from skillscale import _checks

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

    Returns:
        Array of the shape of `t`; infinite once every skill is complete, which for "mse" with
        N0 = 0 happens at the finite time n_skills / rate.

    Source: derived here; tested against an ODE solver.

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
    """Return u_k(t) of every skill under resource dynamics, shape (*t.shape, skill).

    With the shared clock s = `clock`(t): u_k = e^(-p_k s) for `loss` "mse" (starts at 1), and
    u_k = 1 / (1 + e^ℓ_k) = 1 / (1 + W(e^(1 + p_k s))) for "ce" (starts at ½; the loss of the skill
    is -ln(1 - u_k)). In both the demand is w_k = p_k u_k. For sign descent the public code of Liu
    et al. uses `rate` = 2 · learning rate · √dimension.

    Source: dynamics as in the public code of Liu et al. 2025; closed form derived here, tested
    against an ODE solver.

    >>> unlearned([0.0, 1.0], [0.8, 0.2], rate=1.0, N0=0.0).round(3)
    array([[1.   , 1.   ],
           [0.276, 0.724]])
    """
    s = clock(t, frequency, rate=rate, N0=N0, loss=loss)
    phase = s[..., None] * np.asarray(frequency, dtype=np.float64)
    if loss == "ce":
        return np.asarray(1.0 / (1.0 + wrightomega(1.0 + phase)))
    return np.asarray(np.exp(-phase))


@_checks.finite
def completion_time(frequency: ArrayLike, *, rate: float, N0: float, eps: float = 0.1) -> Array:
    """Return the time at which each skill's unlearned fraction has fallen to `eps` (mse).

    t_k = [Σ_j (1 - ε^(p_j/p_k)) + N0 ln(1/ε) / p_k] / rate, shape (skill,).

    Source: derived here.

    >>> completion_time([0.5, 0.5], rate=1.0, N0=0.0)
    array([1.8, 1.8])
    """
    _, p, supply, N0 = _inputs(0.0, frequency, rate, N0)
    eps = _checks.number("eps", eps, above=0, below=1)
    learned = np.array([-np.expm1(math.log(eps) * p / own).sum() for own in p])
    return np.asarray((learned - N0 * math.log(eps) / p) / supply)


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
