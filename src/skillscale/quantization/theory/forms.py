"""The law as sympy expressions, derived from the sum over quanta."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from skillscale.quantization.theory.resources import Resource

LAST_SHOWN = 100
"""Largest number of learned quanta in the fit of `Derivation.apparent_midpoint_finite`."""


@dataclass(frozen=True)
class Derivation:
    r"""Symbols and expressions of the model, as sympy objects.

    The four expressions named `…_midpoint_finite` hold powers and logarithms alone, so that they
    can be printed in another language: the sum over k > m is replaced by the integral from m + 1/2,
    that over all k by six terms and the integral from 6 + 1/2. For alpha from 0.1 to 1.2 and 30
    skills or more, the unlearned part is too large by at most 5 % at n = 1 and 0.6 % from n = 4 on,
    its local exponent by at most 0.06 and 0.01, and the apparent exponent by at most 0.02.

    Attributes:
        alpha: Frequency exponent.
        n: Number of learned quanta, continued to real values.
        n_skills: Number of quanta in a finite world.
        k: Rank of a quantum.
        q: Convergence exponent.
        every: Spacing M of quanta that can never be learned.
        n_min: First number of learned quanta in a fit.
        n_max: Last one.
        frequency: P(k) in an infinite world.
        unlearned: Exact (L_n - a)/(b - a) in an infinite world.
        unlearned_finite: The same with `n_skills` quanta.
        integral: Published integral approximation of `unlearned`.
        midpoint: The same from n + 1/2.
        local_exponent: Exact -d ln(unlearned)/d ln n.
        decay: Decay exponent of the loss by resource, with convergence exponent `q` for S.
        compute: Exponents of compute N·D at the best split: growth of "N" and "D", decay of "L".
        missing_floor: Mass of the quanta M, 2M, 3M, … of an infinite world.
        entropy_loss: Loss in nats where an unlearned quantum costs -ln P(k) and a learned one none.
        unlearned_midpoint_finite: `unlearned_finite` with midpoint integrals.
        local_exponent_midpoint_finite: Its -d ln/d ln n.
        apparent_midpoint_finite: Minus the least-squares slope of its logarithm against ln n over
            the whole numbers from `n_min` to the smallest of `n_max`, `n_skills` - 1 and
            `LAST_SHOWN`.
        line_midpoint_finite: The fitted line itself, as a power of n.
    """

    alpha: sp.Symbol
    n: sp.Symbol
    n_skills: sp.Symbol
    k: sp.Symbol
    q: sp.Symbol
    every: sp.Symbol
    n_min: sp.Symbol
    n_max: sp.Symbol
    frequency: sp.Expr
    unlearned: sp.Expr
    unlearned_finite: sp.Expr
    integral: sp.Expr
    midpoint: sp.Expr
    local_exponent: sp.Expr
    decay: dict[Resource, sp.Expr]
    compute: dict[str, sp.Expr]
    missing_floor: sp.Expr
    entropy_loss: sp.Expr
    unlearned_midpoint_finite: sp.Expr
    local_exponent_midpoint_finite: sp.Expr
    apparent_midpoint_finite: sp.Expr
    line_midpoint_finite: sp.Expr


def derivation() -> Derivation:
    """Derive the law symbolically, from the sum over quanta to the exponents.

    Returns:
        The symbols and the derived expressions; nothing in them is typed in as an answer.

    Source: Michaud et al. 2023, theory of the quanta, re-derived here; compute, missing quanta, the
    entropy and all finite forms are ours.
    `tests/test_quantization_theory_forms.py::test_derivation_agrees_with_the_functions`.

    >>> derivation().decay["D"]
    alpha/(alpha + 1)
    >>> derivation().compute["L"]
    alpha/(alpha + 2)
    """
    k = sp.Symbol("k", integer=True, positive=True)
    every = sp.Symbol("M", integer=True, positive=True)
    x, alpha, n, n_skills, q = sp.symbols("x alpha n n_skills q", positive=True)
    n_min, n_max = sp.symbols("n_min n_max", positive=True)
    amount, cost, tau = sp.symbols("amount cost tau", positive=True)
    weight = k ** -(alpha + 1)
    total = sp.summation(weight, (k, 1, sp.oo))
    tail = sp.summation(weight, (k, n + 1, sp.oo))
    beyond = tail.subs(n, n_skills)
    area = sp.powsimp(sp.integrate(x ** -(alpha + 1), (x, n, sp.oo), conds="none"))
    integral = sp.simplify(area / total)
    frequency = weight / total

    def count(price: sp.Expr) -> sp.Expr:
        """Solve price(k) = amount for the rank of the last quantum that is learned."""
        return sp.solve(sp.Eq(price, amount), k)[0]

    def growth(expression: sp.Expr) -> sp.Expr:
        """Logarithmic derivative of a power of the amount."""
        slope = amount * sp.diff(sp.log(expression), amount)
        return sp.factor(sp.simplify(slope))

    def decay(learned: sp.Expr) -> sp.Expr:
        """Decay exponent of the power law at the number learned."""
        return sp.factor(-growth(integral.subs(n, learned)))

    # With C = N D the best split leaves neither idle: both are just enough for the same quantum.
    both = count(sp.powsimp(cost * k * tau / frequency))
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
        k=k,
        q=q,
        every=every,
        n_min=n_min,
        n_max=n_max,
        frequency=frequency,
        unlearned=tail / total,
        unlearned_finite=(tail - beyond) / (total - beyond),
        integral=integral,
        midpoint=integral.subs(n, n + half),
        local_exponent=sp.simplify(-n * sp.diff(sp.log(tail), n)),
        decay={
            "N": decay(count(cost * k)),
            "D": decay(count(cost / frequency)),
            "S": decay(count(cost * k ** (q * (alpha + 1)))),
        },
        compute={
            "N": growth(cost * both),
            "D": growth((tau / frequency).subs(k, both)),
            "L": decay(both),
        },
        missing_floor=sp.powsimp(every ** -(alpha + 1) * total / total),
        entropy_loss=(sp.log(total) * tail - (alpha + 1) * sp.diff(tail, alpha)) / total,
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
        return sp.Sum(sp.Piecewise((term, inside), (0, True)), (j, 1, LAST_SHOWN))

    u, v = sp.log(j), sp.log(tail.subs(n, j))
    points, sum_u, sum_v = total(sp.Integer(1)), total(u), total(v)
    slope = -(points * total(u * v) - sum_u * sum_v) / (points * total(u**2) - sum_u**2)
    return slope, sp.exp((sum_v + slope * sum_u) / points)
