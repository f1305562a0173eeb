"""From a loss to a fraction of wrong texts, and how that falls with parameters and tokens."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skillscale import _checks
from skillscale.resource.theory import (
    ChinchillaParameters,
    chinchilla_loss,
    compute_exponents,
    compute_optimal,
)
from skillscale.slingshot.theory._counting import Array

Link = Literal["linear", "pinsker"]
Growth = Literal["both", "N", "D", "compute"]

_LINKS = ("linear", "pinsker")


class Ladder(NamedTuple):
    """Rungs of a scaled-up model: sizes, excess loss in nats, θ and the growth of tuples."""

    N: Array
    D: Array
    compute: Array
    excess: Array
    theta: Array
    tuple_growth: Array


@_checks.finite
def theta_from_loss(
    excess: ArrayLike,
    *,
    link: Link = "linear",
    reference: tuple[float, float] | None = None,
) -> Array:
    """Fraction θ of wrong texts behind an excess cross entropy ε.

    "linear": θ = θ0 ε/ε0, an assumption about the questions that are asked. "pinsker": by Pinsker's
    inequality the model's and the true probabilities of all answers differ by sqrt(2ε) at most, in
    sum; hence θ = θ0 sqrt(ε/ε0), or sqrt(2ε) itself without a reference. Clipped at 1.

    Args:
        excess: ε = cross entropy - entropy in nats, >= 0, any shape.
        reference: (ε0, θ0) at a model whose fraction of wrong texts is known; needed for "linear".

    Source: Arora & Goyal 2023 use both links, Pinsker's as Theorem 3 and the linear one as
    Assumption 2.

    >>> float(theta_from_loss(0.25, reference=(0.5, 0.1)))
    0.05
    """
    epsilon = _checks.array("excess", excess, minimum=0)
    _checks.choice("link", link, _LINKS)
    if reference is None:
        if link == "linear":
            raise ValueError("reference must be (excess, theta) for a linear link, got None")
        return np.asarray(np.minimum(1.0, np.sqrt(2 * epsilon)))
    first, second = _checks.pair("reference", reference)
    epsilon0 = _checks.number("excess of reference", first, above=0)
    theta0 = _checks.number("theta of reference", second, above=0, below=1)
    return np.asarray(np.minimum(1.0, theta0 * (epsilon / epsilon0) ** _power(link)))


@_checks.finite
def scaling_ladder(
    N: float,
    D: float,
    params: ChinchillaParameters,
    *,
    theta: float,
    decades: ArrayLike,
    grow: Growth = "both",
    link: Link = "linear",
) -> Ladder:
    """How the wrong texts' fraction falls, and tuples grow, when a model is scaled up.

    The excess is A N^-α_N + B D^-α_D; θ follows by `theta_from_loss` with the first model, of N > 0
    parameters trained on D > 0 tokens, for reference. A certificate for k'-tuples depends on k'θ
    and k alone, so tuples may grow by θ0/θ at an unchanged certificate: `tuple_growth`. It doubles
    per decade where tenfold size halves the excess.

    Args:
        theta: θ0 of the reference model.
        decades: Rungs: powers of ten by which `grow` is scaled, >= 0, any shape.
        grow: "both" N and D alike (100-fold compute a decade), "N" or "D" alone, or "compute" along
            the best split of the budget 6ND; that ladder starts from the best model of the
            reference's budget.

    Source: the rule "tenfold, hence tuples twice as long" is that of Arora & Goyal 2023 (Sec. 7,
    item 1); the other directions are derived here.

    >>> from skillscale.resource.theory import REPLICATION
    >>> scaling_ladder(70e9, 1.4e12, REPLICATION, theta=0.1, decades=[0, 1]).tuple_growth.round(2)
    array([1.  , 2.27])
    """
    N = _checks.number("N", N, above=0)
    D = _checks.number("D", D, above=0)
    theta = _checks.number("theta", theta, above=0, below=1)
    factor = 10 ** _checks.array("decades", decades, minimum=0)
    if not np.isfinite(6 * N * D * factor**2).all():
        raise ValueError(f"N, D and decades must leave 6 N D finite, got decades = {decades!r}")
    _checks.choice("grow", grow, ("both", "N", "D", "compute"))
    _checks.choice("link", link, _LINKS)
    chinchilla_loss(N, D, params)  # refuses what is no set of constants
    if grow == "compute":
        best = compute_optimal(6 * N * D * factor, params)
        sizes, tokens, start = best.N, best.D, compute_optimal(6 * N * D, params)[:2]
    else:
        sizes = N * (factor if grow in ("both", "N") else np.ones_like(factor))
        tokens = D * (factor if grow in ("both", "D") else np.ones_like(factor))
        start = np.asarray(N), np.asarray(D)
    excess = chinchilla_loss(sizes, tokens, params) - params.E
    first = float(chinchilla_loss(*start, params) - params.E)
    reached = theta_from_loss(excess, link=link, reference=(first, theta))
    return Ladder(
        np.asarray(sizes),
        np.asarray(tokens),
        np.asarray(6 * sizes * tokens),
        np.asarray(excess),
        reached,
        np.asarray(theta / reached),
    )


@_checks.finite
def doubling_compute(params: ChinchillaParameters, *, link: Link = "linear") -> float:
    """Factor of compute that doubles the tuples which a certificate covers.

    Along the best models the excess falls as C^-c with c = α_N α_D / (α_N + α_D), so θ halves after
    2^(1/c) for the linear link and 4^(1/c) for Pinsker's.

    Source: derived here; tested on the ladder.

    >>> from skillscale.resource.theory import REPLICATION
    >>> round(doubling_compute(REPLICATION), 1)
    48.6
    """
    _checks.choice("link", link, _LINKS)
    return float(2 ** (1 / (compute_exponents(params).loss * _power(link))))


def _power(link: Link) -> float:
    return 1.0 if link == "linear" else 0.5
