r"""The quantization model: what learning all-or-nothing skills in order predicts for the loss.

Prediction is taken to split into quanta that are either learned or not, quantum k is used with
probability $P(k) \propto k^{-(\alpha+1)}$, and a well-trained network has learned the first n.
Everything below follows from those three hypotheses and is exact unless its name says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import zeta

from skillscale import _checks
from skillscale.frequencies import tail_mass, zipf_exponent

Floats = NDArray[np.float64]
Resource = Literal["N", "D", "S"]
RESOURCES: tuple[Resource, ...] = ("N", "D", "S")


def loss(
    n: ArrayLike, alpha: float, *, a: float = 0.0, b: float = 1.0, n_skills: float = math.inf
) -> Floats:
    r"""Expected loss once the n most frequent quanta are learned, exactly.

    $L_n = a + (b - a) \sum_{k>n} P(k)$ with $P(k) \propto k^{-(\alpha+1)}$ over `n_skills` quanta;
    for infinitely many the sum is $\zeta(\alpha+1, n+1) / \zeta(\alpha+1)$ (Hurwitz over Riemann).

    Args:
        n: Number of quanta learned, any shape, 0 <= n <= n_skills.
        alpha: Frequency exponent, P(k) ∝ k^-(alpha+1); > 0, and > -1 for a finite `n_skills`.
        a: Loss on a sample whose quantum is learned, in the unit of the result.
        b: Loss on a sample whose quantum is not learned yet, same unit.
        n_skills: Number of quanta in the world, `math.inf` for the published law.

    Returns:
        The loss in the unit of `a` and `b`, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, theory (the sum); Hurwitz and finite forms derived here, held by
    `tests/test_quantization_theory.py::test_loss_is_the_sum`.

    >>> loss([0, 10, 100], alpha=0.4).round(4).tolist()
    [1.0, 0.3142, 0.1273]
    """
    _check_levels(a, b)
    return np.asarray(a + (b - a) * tail_mass(alpha, n, n_skills=n_skills), dtype=np.float64)


def loss_integral(
    n: ArrayLike, alpha: float, *, a: float = 0.0, b: float = 1.0, midpoint: bool = True
) -> Floats:
    r"""Power law that replaces the sum over unlearned quanta by an integral.

    $L_n \approx a + (b - a) (n + h)^{-\alpha} / (\alpha \zeta(\alpha+1))$. With h = 0 (the
    published form) the unlearned part is too large by a factor $1 + \alpha/(2n) + O(n^{-2})$; with
    the midpoint h = 1/2 by only $1 + \alpha(\alpha+1)/(24 n^2) + O(n^{-3})$.

    Args:
        n: Number of quanta learned, any shape, > 0 (>= 0 with `midpoint`).
        alpha: Frequency exponent, > 0.
        a: Loss on a sample whose quantum is learned.
        b: Loss on a sample whose quantum is not learned yet.
        midpoint: Start the integral at n + 1/2 instead of n.

    Returns:
        The approximate loss in the unit of `a` and `b`, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, theory (h = 0); midpoint and error terms derived here, held by
    `tests/test_quantization_theory.py::test_integral_error_terms`.

    >>> loss_integral(10, alpha=0.4, midpoint=False).round(4).item()
    0.3205
    >>> loss_integral(10, alpha=0.4).round(4).item()
    0.3143
    """
    _check_levels(a, b)
    _checks.number("alpha", alpha, above=0)
    learned = _checks.array("n", n, positive=not midpoint, minimum=0)
    start = learned + 0.5 if midpoint else learned
    return np.asarray(
        a + (b - a) * start**-alpha / (alpha * zeta(zipf_exponent(alpha))), dtype=np.float64
    )


def local_exponent(n: ArrayLike, alpha: float, *, n_skills: float = math.inf) -> Floats:
    r"""Slope that the exact reducible loss has on log-log axes at n learned quanta.

    $-d\ln(L_n - a)/d\ln n = (\alpha+1)\, n\, [\zeta(\alpha+2,n+1)]
    / [\zeta(\alpha+1,n+1) - \zeta(\alpha+1,n_{skills}+1)]$, with n continued to real values by the
    Hurwitz zeta function. It is $\alpha(1 - 1/(2n) + \dots)$ for an infinite world, so too low at
    small n, and grows without bound as n approaches a finite `n_skills`.

    Args:
        n: Number of quanta learned, any shape, 0 <= n < n_skills.
        alpha: Frequency exponent, > 0.
        n_skills: Number of quanta in the world.

    Returns:
        The positive decay exponent, shape of `n`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: derived here; `tests/test_quantization_theory.py::test_local_exponent_is_derivative`.

    >>> local_exponent([1, 10, 1000], alpha=0.4).round(3).tolist()
    [0.255, 0.381, 0.4]
    """
    _checks.number("alpha", alpha, above=0)
    learned = _checks.array("n", n, minimum=0)
    if np.any(learned >= n_skills):
        raise ValueError(f"n must be < n_skills = {n_skills!r}, got {n!r}")
    unlearned = tail_mass(alpha, learned, n_skills=n_skills) * _normaliser(alpha, n_skills)
    exponent = zipf_exponent(alpha)
    return np.asarray(exponent * learned * zeta(exponent + 1, learned + 1) / unlearned)


def apparent_exponent(alpha: float, *, n_min: int, n_max: int, n_skills: float = math.inf) -> float:
    """Exponent that a straight-line fit reads off the exact loss curve, noise-free.

    Minus the ordinary-least-squares slope of ln(L_n - a) against ln n over the integers
    n_min, ..., n_max. A small n reads low, a finite number of skills reads high: this is the bias
    to compare a measured exponent with before comparing it with `alpha`.

    Args:
        alpha: Frequency exponent, > 0.
        n_min: First number of learned quanta in the fit, >= 1.
        n_max: Last one, n_min < n_max < n_skills.
        n_skills: Number of quanta in the world.

    Returns:
        The apparent decay exponent.

    Raises:
        ValueError: If an argument is outside its range.

    Source: derived here; `tests/test_quantization_theory.py::test_apparent_exponent_table`.

    >>> round(apparent_exponent(0.4, n_min=1, n_max=40), 3)
    0.37
    >>> round(apparent_exponent(0.4, n_min=1, n_max=40, n_skills=500), 3)
    0.478
    """
    _checks.number("alpha", alpha, above=0)
    _checks.integer("n_min", n_min, minimum=1)
    _checks.integer("n_max", n_max, minimum=n_min + 1)
    if n_max >= n_skills:
        raise ValueError(f"n_max must be < n_skills = {n_skills!r}, got {n_max!r}")
    n = np.arange(n_min, n_max + 1)
    slope, _ = np.polyfit(np.log(n), np.log(loss(n, alpha, n_skills=n_skills)), 1)
    return float(-slope)


def exponents(alpha: float, *, q: float = 1.0) -> dict[Resource, float]:
    r"""Decay exponents of the loss with parameters N, samples D and steps S.

    $\alpha_N = \alpha$ (equal cost per quantum), $\alpha_D = \alpha/(\alpha+1)$ (quantum k needs a
    fixed number of its own samples), $\alpha_S = \alpha/(q(\alpha+1))$ where quantum k takes a
    number of steps $\propto P(k)^{-q}$; the model itself says q = 1.

    Args:
        alpha: Frequency exponent, > 0.
        q: Convergence exponent, > 0.

    Returns:
        The exponents by resource letter.

    Raises:
        ValueError: If `alpha` or `q` is not a positive number.

    Source: Michaud et al. 2023, theory; q derived here. Both are re-derived symbolically by
    `derivation` and in `tests/test_quantization_theory.py::test_exponents_are_the_derivation`.

    >>> {name: round(value, 4) for name, value in exponents(0.4).items()}
    {'N': 0.4, 'D': 0.2857, 'S': 0.2857}
    """
    return {name: alpha * growth for name, growth in count_exponents(alpha, q=q).items()}


def count_exponents(alpha: float, *, q: float = 1.0) -> dict[Resource, float]:
    r"""Growth exponents of the number n of learned quanta with N, D and S.

    $n \propto N$, $n \propto D^{1/(\alpha+1)}$, $n \propto S^{1/(q(\alpha+1))}$. These speak about
    the count alone, so they can be tested before any statement about the loss.

    Args:
        alpha: Frequency exponent, > 0.
        q: Convergence exponent, > 0.

    Returns:
        The growth exponents by resource letter.

    Raises:
        ValueError: If `alpha` or `q` is not a positive number.

    Source: Michaud et al. 2023, theory of the quanta;
    `tests/test_quantization_theory.py::test_exponents_are_the_derivation`.

    >>> {name: round(value, 4) for name, value in count_exponents(0.4).items()}
    {'N': 1.0, 'D': 0.7143, 'S': 0.7143}
    """
    _checks.number("alpha", alpha, above=0)
    _checks.number("q", q, above=0)
    slow = 1.0 / zipf_exponent(alpha)
    return {"N": 1.0, "D": slow, "S": slow / q}


def quanta_learned(
    resource: Resource,
    amount: ArrayLike,
    alpha: float,
    *,
    cost: float,
    n_skills: float = math.inf,
) -> Floats:
    r"""Number of quanta that an amount of one resource buys, as a real number.

    - "N": n = N / cost, with `cost` parameters (or neurons) for each quantum.
    - "D": quantum n is the last with D P(n) >= cost, so $n = (D / (cost\, Z))^{1/(\alpha+1)}$ with
      Z the sum of $k^{-(\alpha+1)}$; `cost` is the number of its own samples a quantum needs.
    - "S": quantum k takes $cost \cdot k^{\alpha+1}$ steps, so $n = (S / cost)^{1/(\alpha+1)}$;
      `cost` is the number of steps for the most frequent quantum.

    The model's count is the floor of this; it never exceeds `n_skills`.

    Args:
        resource: "N", "D" or "S".
        amount: Amount of it, any shape, >= 0.
        alpha: Frequency exponent, > 0.
        cost: Cost as above, > 0.
        n_skills: Number of quanta in the world.

    Returns:
        n as real numbers, shape of `amount`.

    Raises:
        ValueError: If an argument is outside its range.

    Source: Michaud et al. 2023, theory of the quanta; D and S are held to the literal staircase by
    `tests/test_quantization_theory.py::test_quanta_learned_is_the_staircase`.

    >>> quanta_learned("N", [4, 64], 0.4, cost=4.0).tolist()
    [1.0, 16.0]
    >>> quanta_learned("S", 100.0 * 8**1.4, 0.4, cost=100.0).round(6).item()
    8.0
    """
    _checks.choice("resource", resource, RESOURCES)
    _checks.number("alpha", alpha, above=0)
    _checks.number("cost", cost, above=0)
    available = _checks.array("amount", amount, minimum=0)
    if resource == "N":
        n = available / cost
    else:
        scale = cost * _normaliser(alpha, n_skills) if resource == "D" else cost
        n = (available / scale) ** count_exponents(alpha)[resource]
    return np.asarray(np.minimum(n, n_skills), dtype=np.float64)


def complete_tail(loss: ArrayLike, alpha: float, n_skills: int) -> Floats:
    r"""Loss of a finite toy re-expressed in the infinite problem it truncates.

    $L' = m L + (1 - m)$ with m the mass that the first `n_skills` quanta have in the infinite
    power law. It *assumes* that law for the quanta beyond `n_skills` and that they are all
    unlearned: an exponent read from L' is no evidence for the power law of the frequencies.

    Args:
        loss: Loss of the toy in units of the unlearned loss (a = 0, b = 1), any shape.
        alpha: Frequency exponent, > 0.
        n_skills: Number of skills in the toy, >= 1.

    Returns:
        Completed loss in the same unit, shape of `loss`.

    Raises:
        ValueError: If `alpha`, `n_skills` or a loss is outside its range.

    Source: derived here; `tests/test_quantization_theory.py::test_complete_tail_is_exact`.

    >>> complete_tail(0.0, alpha=0.4, n_skills=100).round(4).item()
    0.1273
    """
    _checks.number("alpha", alpha, above=0)
    _checks.integer("n_skills", n_skills, minimum=1)
    finite = _checks.array("loss", loss, minimum=0)
    beyond = tail_mass(alpha, n_skills)
    return np.asarray((1 - beyond) * finite + beyond, dtype=np.float64)


@dataclass(frozen=True)
class Derivation:
    """Symbols and expressions of the model, as sympy objects.

    Attributes:
        alpha: Frequency exponent.
        n: Number of learned quanta, continued to real values.
        n_skills: Number of quanta in a finite world.
        frequency: P(k) in an infinite world, with `k`.
        k: Rank of a quantum.
        unlearned: Exact (L_n - a)/(b - a) in an infinite world.
        unlearned_finite: The same with `n_skills` quanta.
        integral: Published integral approximation of `unlearned`.
        midpoint: The same from n + 1/2.
        local_exponent: Exact -d ln(unlearned)/d ln n.
        decay: Decay exponent of the loss by resource, with convergence exponent `q` for S.
        q: Convergence exponent.
    """

    alpha: sp.Symbol
    n: sp.Symbol
    n_skills: sp.Symbol
    k: sp.Symbol
    q: sp.Symbol
    frequency: sp.Expr
    unlearned: sp.Expr
    unlearned_finite: sp.Expr
    integral: sp.Expr
    midpoint: sp.Expr
    local_exponent: sp.Expr
    decay: dict[Resource, sp.Expr]


def derivation() -> Derivation:
    """Derive the law symbolically, from the sum over quanta to the three exponents.

    Returns:
        The symbols and the derived expressions; nothing in them is typed in as an answer.

    Source: Michaud et al. 2023, theory of the quanta, re-derived here;
    `tests/test_quantization_theory.py::test_derivation_agrees_with_the_functions`.

    >>> derivation().decay["D"]
    alpha/(alpha + 1)
    """
    k = sp.Symbol("k", integer=True, positive=True)
    x, alpha, n, n_skills, q = sp.symbols("x alpha n n_skills q", positive=True)
    amount, cost = sp.symbols("amount cost", positive=True)
    weight = k ** -(alpha + 1)
    total = sp.summation(weight, (k, 1, sp.oo))
    tail = sp.summation(weight, (k, n + 1, sp.oo))
    beyond = tail.subs(n, n_skills)
    area = sp.integrate(x ** -(alpha + 1), (x, n, sp.oo), conds="none")
    integral = sp.simplify(area / total)

    def count(price: sp.Expr) -> sp.Expr:
        """Solve price(k) = amount for the rank of the last quantum that is learned."""
        return sp.solve(sp.Eq(price, amount), k)[0]

    def decay(learned: sp.Expr) -> sp.Expr:
        """Logarithmic derivative of the power law at the number learned."""
        slope = -amount * sp.diff(sp.log(integral.subs(n, learned)), amount)
        return sp.factor(sp.simplify(slope))

    frequency = weight / total
    return Derivation(
        alpha=alpha,
        n=n,
        n_skills=n_skills,
        k=k,
        q=q,
        frequency=frequency,
        unlearned=tail / total,
        unlearned_finite=(tail - beyond) / (total - beyond),
        integral=integral,
        midpoint=integral.subs(n, n + sp.Rational(1, 2)),
        local_exponent=sp.simplify(-n * sp.diff(sp.log(tail), n)),
        decay={
            "N": decay(count(cost * k)),
            "D": decay(count(cost / frequency)),
            "S": decay(count(cost * k ** (q * (alpha + 1)))),
        },
    )


def _normaliser(alpha: float, n_skills: float) -> float:
    """Sum of k^-(alpha+1) over the quanta."""
    head: float = zeta(zipf_exponent(alpha))
    beyond = 0.0 if math.isinf(n_skills) else tail_mass(alpha, n_skills)
    return float(head * (1 - beyond))


def _check_levels(a: float, b: float) -> None:
    _checks.number("a", a)
    _checks.number("b", b, above=a)
