"""What parameters, data, steps and compute buy: numbers of quanta, and exponents of the loss."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from skillscale import _checks
from skillscale.frequencies import zipf_exponent
from skillscale.quantization.theory._shared import (
    Floats,
    check_alpha,
    check_finite,
    check_skills,
    normaliser,
)

Resource = Literal["N", "D", "S"]
RESOURCES: tuple[Resource, ...] = ("N", "D", "S")


def exponents(alpha: float, *, q: float = 1.0) -> dict[Resource, float]:
    r"""Decay exponents of the loss with parameters N, samples D and steps S.

    $\alpha_N = \alpha$ (equal cost per quantum), $\alpha_D = \alpha/(\alpha+1)$ (quantum k needs a
    fixed number of its own samples), $\alpha_S = \alpha/(q(\alpha+1))$ where quantum k takes a
    number of steps $\propto P(k)^{-q}$; the model itself says q = 1. Any `alpha` > 0 and `q` > 0.

    Source: Michaud et al. 2023, theory; q derived here.

    >>> {name: round(value, 4) for name, value in exponents(0.4).items()}
    {'N': 0.4, 'D': 0.2857, 'S': 0.2857}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    return {name: alpha * growth for name, growth in count_exponents(alpha, q=q).items()}


def count_exponents(alpha: float, *, q: float = 1.0) -> dict[Resource, float]:
    r"""Growth exponents of the number n of learned quanta with N, D and S.

    $n \propto N$, $n \propto D^{1/(\alpha+1)}$, $n \propto S^{1/(q(\alpha+1))}$. These speak about
    the count alone, so they can be tested before any statement about the loss.

    Source: Michaud et al. 2023, theory of the quanta.

    >>> {name: round(value, 4) for name, value in count_exponents(0.4).items()}
    {'N': 1.0, 'D': 0.7143, 'S': 0.7143}
    """
    slow = 1.0 / zipf_exponent(_checks.number("alpha", alpha, above=0))
    growth: dict[Resource, float] = {
        "N": 1.0,
        "D": slow,
        "S": slow / _checks.number("q", q, above=0),
    }
    check_finite("q", q, growth["S"])
    return growth


def quanta_learned(
    resource: Resource,
    amount: ArrayLike,
    alpha: float,
    *,
    cost: float,
    n_skills: float = math.inf,
) -> Floats:
    r"""Number of quanta that an amount >= 0 of one resource buys, as a real number.

    - "N": n = N / cost, with `cost` parameters (or neurons) for each quantum.
    - "D": quantum n is the last with D P(n) >= cost, so $n = (D / (cost\, Z))^{1/(\alpha+1)}$ with
      Z the sum of $k^{-(\alpha+1)}$; `cost` is the number of its own samples a quantum needs.
    - "S": quantum k takes $cost \cdot k^{\alpha+1}$ steps, so $n = (S / cost)^{1/(\alpha+1)}$;
      `cost` is the number of steps for the most frequent quantum.

    The model's count is the floor of this; it never exceeds `n_skills`.

    Source: Michaud et al. 2023, theory of the quanta.

    >>> quanta_learned("N", [4, 64], 0.4, cost=4.0).tolist()
    [1.0, 16.0]
    """
    _checks.choice("resource", resource, RESOURCES)
    alpha = check_alpha(alpha)
    cost = _checks.number("cost", cost, above=0)
    check_skills(n_skills)
    available = _checks.array("amount", amount, minimum=0)
    scale = cost * normaliser(alpha, n_skills) if resource == "D" else cost
    # A ratio that overflows is enough for every quantum of a finite world.
    with np.errstate(over="ignore"):
        n = (available / scale) ** count_exponents(alpha)[resource]
    count = np.asarray(np.minimum(n, n_skills), dtype=np.float64)
    check_finite("cost", cost, count)
    return count


def compute_optimal(alpha: float) -> dict[Literal["N", "D", "L"], float]:
    r"""Exponents of compute at the best split between parameters and data.

    Both resources bound the same prefix, n = min(N/c, (D/(τ ζ(α+1)))^{1/(α+1)}) with c parameters
    and τ own samples for each quantum. At fixed compute $C \propto N D$ the loss is smallest where
    neither is idle, so $C \propto n^{\alpha+2}$ and

    $N \propto C^{1/(\alpha+2)}$, $D \propto C^{(\alpha+1)/(\alpha+2)}$, $L - a \propto
    C^{-\alpha/(\alpha+2)}$.

    Data grow faster than parameters, whatever alpha > 0. This is what the law implies for compute;
    the paper does not draw the conclusion.

    Source: derived here; tested against a numerical minimum.

    >>> {name: round(value, 4) for name, value in compute_optimal(0.4).items()}
    {'N': 0.4167, 'D': 0.5833, 'L': 0.1667}
    """
    alpha = _checks.number("alpha", alpha, above=0)
    return {"N": 1 / (alpha + 2), "D": (alpha + 1) / (alpha + 2), "L": alpha / (alpha + 2)}
