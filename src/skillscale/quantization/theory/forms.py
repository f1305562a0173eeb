"""The law as sympy expressions, derived from the sum over quanta."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from skillscale.quantization.theory.resources import Resource

_LAST_SHOWN = 100  # of the learned quanta in a fit


@dataclass(frozen=True)
class Derivation:
    """Symbols and expressions of the model, as sympy objects.

    The four expressions named `…_midpoint_finite` hold powers and logarithms alone, so that they
    can be printed in another language: the sum over k > m is replaced by the integral from m + 1/2,
    that over all k by six terms and the integral from 6 + 1/2. For alpha from 0.1 to 1.2 and 30
    skills or more, the unlearned part is too large by at most 5 % at n = 1 and 0.6 % from n = 4 on,
    its local exponent by at most 0.06 and 0.01, and the apparent exponent by at most 0.02.

    Attributes:
        n: Number of learned quanta, continued to real values.
        n_skills: Number of quanta in a finite world.
        q: Convergence exponent.
        n_min: First number of learned quanta in a fit.
        n_max: Last one.
        unlearned: Exact (L_n - a)/(b - a) in an infinite world.
        integral: Published integral approximation of it.
        decay: Decay exponent of the loss by resource, with convergence exponent `q` for S.
        unlearned_midpoint_finite: (L_n - a)/(b - a) with `n_skills` quanta.
        local_exponent_midpoint_finite: Its -d ln/d ln n.
        apparent_midpoint_finite: Minus the least-squares slope of its logarithm against ln n over
            the whole numbers from `n_min` to the smallest of `n_max`, `n_skills` - 1 and 100.
        line_midpoint_finite: The fitted line itself, as a power of n.
    """

    alpha: sp.Symbol
    n: sp.Symbol
    n_skills: sp.Symbol
    q: sp.Symbol
    n_min: sp.Symbol
    n_max: sp.Symbol
    unlearned: sp.Expr
    integral: sp.Expr
    decay: dict[Resource, sp.Expr]
    unlearned_midpoint_finite: sp.Expr
    local_exponent_midpoint_finite: sp.Expr
    apparent_midpoint_finite: sp.Expr
    line_midpoint_finite: sp.Expr


def derivation() -> Derivation:
    """Derive the law symbolically, from the sum over quanta to the exponents.

    Source: Michaud et al. 2023, theory of the quanta, re-derived; the finite forms are derived
    here.

    >>> derivation().decay["D"]
    alpha/(alpha + 1)
    """
    k = sp.Symbol("k", integer=True, positive=True)
    x, alpha, n, n_skills, q = sp.symbols("x alpha n n_skills q", positive=True)
    n_min, n_max = sp.symbols("n_min n_max", positive=True)
    amount, cost = sp.symbols("amount cost", positive=True)
    weight = k ** -(alpha + 1)
    total = sp.summation(weight, (k, 1, sp.oo))
    tail = sp.summation(weight, (k, n + 1, sp.oo))
    area = sp.powsimp(sp.integrate(x ** -(alpha + 1), (x, n, sp.oo), conds="none"))
    integral = sp.simplify(area / total)

    def decay(price: sp.Expr) -> sp.Expr:
        """Decay exponent of the power law where price(k) = amount, the last quantum learned."""
        law = integral.subs(n, sp.solve(sp.Eq(price, amount), k)[0])
        return sp.factor(sp.simplify(-amount * sp.diff(sp.log(law), amount)))

    half = sp.Rational(1, 2)
    end = area.subs(n, n_skills + half)
    tail_midpoint = area.subs(n, n + half) - end
    head = sum(weight.subs(k, rank) for rank in range(1, 7))
    total_midpoint = head + area.subs(n, 6 + half) - end
    slope, level = _fit(tail_midpoint, n, n_min, n_max, n_skills)
    return Derivation(
        alpha=alpha,
        n=n,
        n_skills=n_skills,
        q=q,
        n_min=n_min,
        n_max=n_max,
        unlearned=tail / total,
        integral=integral,
        decay={
            "N": decay(cost * k),
            "D": decay(cost * total / weight),
            "S": decay(cost * k ** (q * (alpha + 1))),
        },
        unlearned_midpoint_finite=tail_midpoint / total_midpoint,
        local_exponent_midpoint_finite=sp.simplify(-n * sp.diff(sp.log(tail_midpoint), n)),
        apparent_midpoint_finite=slope,
        line_midpoint_finite=level * n**-slope / total_midpoint,
    )


def _fit(
    tail: sp.Expr, n: sp.Symbol, n_min: sp.Symbol, n_max: sp.Symbol, n_skills: sp.Symbol
) -> tuple[sp.Expr, sp.Expr]:
    """Decay exponent and prefactor of the least-squares line through ln(tail) over whole n."""
    j = sp.Symbol("j", integer=True, positive=True)
    inside = (j >= n_min) & (j <= n_max) & (j < n_skills)

    def total(term: sp.Expr) -> sp.Expr:
        return sp.Sum(sp.Piecewise((term, inside), (0, True)), (j, 1, _LAST_SHOWN))

    u, v = sp.log(j), sp.log(tail.subs(n, j))
    points, sum_u, sum_v = total(sp.Integer(1)), total(u), total(v)
    slope = -(points * total(u * v) - sum_u * sum_v) / (points * total(u**2) - sum_u**2)
    return slope, sp.exp((sum_v + slope * sum_u) / points)
