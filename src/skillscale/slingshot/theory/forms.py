"""The results of the chapter as symbolic expressions."""

import sympy as sp

from skillscale.slingshot.theory.curves import EDGE, NEWTON_STEPS

__all__ = ["derivation", "explicit_form"]


def derivation() -> dict[str, sp.Expr]:
    """Results of the chapter as symbolic expressions, each obtained from its definition.

    Single skills: "chernoff" (least exponent of E e^(lX - lq) for one draw with X ~ Bernoulli(a),
    at its stationary l), "divergence" (KL(q‖a)), "bracket" (the form of the condition with β),
    "union" (exponent per text of the union bound), "max_bad_fraction", "second_order" (leading
    coefficient of KL(aβ‖a) in β - 1), "jensen" (lower bound of the divergence from the mean of its
    integral's weight), "explicit" (β above the curve, by `explicit_bound`), "tail_two" (exact curve
    at k = 2 between its kinks).

    Scale and Skill-Mix: "loss_exponent" (decay of the excess in compute along the best models),
    "doubling" and "doubling_pinsker" (factor of compute that halves θ by either link), "pinsker"
    (KL of a coin with bias e from a fair one over e², at e = 0: Pinsker's 2 is attained there),
    "gamma_moment" (E g^5 for a Gamma variable of mean 1 and variance rho).

    Returns:
        Expressions in the positive symbols a, q, beta, theta, k, N_1, N_2, alpha_N, alpha_D, rho.

    Source: derived here; `tests/test_slingshot_theory.py` and
    `tests/test_slingshot_theory_forms.py` compare them and the numbers.

    Example:
        >>> derivation()["second_order"]
        -a/(2*(a - 1))
    """
    return _curves() | _scale()


def _entropy(p: sp.Expr) -> sp.Expr:
    return -p * sp.log(p) - (1 - p) * sp.log(1 - p)


def _curves() -> dict[str, sp.Expr]:
    a, q, beta, theta, k, N1, N2 = sp.symbols("a q beta theta k N_1 N_2", positive=True)
    x, t = sp.symbols("x t", positive=True)  # x = e^l
    divergence = q * sp.log(q / a) + (1 - q) * sp.log((1 - q) / (1 - a))
    exponent = sp.log(1 - a + a * x) - q * sp.log(x)
    stationary = sp.solve(sp.numer(sp.together(sp.diff(exponent, x))), x)[0]
    bracket = _entropy(a * beta) - a * beta * sp.log(1 / a) - (1 - a * beta) * sp.log(1 / (1 - a))
    curvature = sp.diff(divergence.subs(q, a * beta), beta, 2).subs(beta, 1) / 2
    mass = sp.integrate(q - t, (t, a, q))
    mean = sp.simplify(sp.integrate(t * (q - t), (t, a, q)) / mass)
    tails = (1 - (1 - a) ** 2, a**2)  # of one and two hits; theta lies between
    return {
        "chernoff": exponent.subs(x, stationary),
        "divergence": divergence,
        "bracket": bracket,
        "union": _entropy(theta)
        + N1 / N2 * _entropy(a)
        + k * theta * exponent.subs(x, stationary).subs(q, a * beta),
        "max_bad_fraction": sp.exp(-_entropy(theta) / (k * theta)),
        "second_order": sp.factor(sp.simplify(curvature)),
        "jensen": sp.factor(mass) / (mean * (1 - mean)),
        "explicit": explicit_form(a, theta, k),
        "tail_two": sp.simplify((2 * tails[1] + (theta - tails[1])) / (2 * theta * a)),
    }


def explicit_form(a: sp.Expr, theta: sp.Expr, k: sp.Expr) -> sp.Expr:
    """β of `explicit_bound` as an expression in any expressions for its arguments.

    Args:
        a: fraction of bad skills.
        theta: θ, below 1; for composites of k' texts k'θ.
        k: skills per text.

    Returns:
        The expression; its minima are left as they stand, since to compare them is slow.

    Raises:
        ValueError: for an argument that is no expression.

    Source: derived here; `tests/test_slingshot_theory_forms.py` compares with `explicit_bound`.

    Example:
        >>> round(float(explicit_form(sp.Rational(1, 5), sp.Rational(1, 10), sp.Integer(8))), 4)
        3.0672
    """
    for name, value in (("a", a), ("theta", theta), ("k", k)):
        if not isinstance(value, sp.Expr):
            raise ValueError(f"{name} must be a sympy expression, got {value!r}")
    cost = _entropy(theta) / (k * theta)
    lead, middle = 1 + 2 * cost / 9, cost * (1 - 2 * a) / 3
    q = a + (middle + sp.sqrt(middle**2 + 2 * lead * cost * a * (1 - a))) / lead
    for _ in range(NEWTON_STEPS):
        q = sp.Min(q, 1 - sp.Float(EDGE), evaluate=False)
        divergence = q * sp.log(q / a) + (1 - q) * sp.log((1 - q) / (1 - a))
        q = q - (divergence - cost) / sp.log(q * (1 - a) / (a * (1 - q)))
    return sp.Min(1, q, evaluate=False) / a


def _scale() -> dict[str, sp.Expr]:
    alpha_N, alpha_D, A, B, rho = sp.symbols("alpha_N alpha_D A B rho", positive=True)
    log_N, log_C = sp.symbols("n c", real=True)
    e = sp.symbols("e", positive=True)
    # d/d log N of A N^-alpha_N + B (C/N)^-alpha_D is zero: equal terms, in logarithms
    balance = sp.log(alpha_N * A) - alpha_N * log_N
    balance -= sp.log(alpha_D * B) - alpha_D * (log_C - log_N)
    best = sp.solve(balance, log_N)[0]
    decay = sp.factor(sp.diff(alpha_N * best, log_C))
    coins = (sp.Rational(1, 2) + e) * sp.log(1 + 2 * e)
    coins += (sp.Rational(1, 2) - e) * sp.log(1 - 2 * e)
    shape = 1 / rho  # of a Gamma law with mean 1; its n-th moment is a ratio of Gamma functions
    moment = rho**5 * sp.gamma(shape + 5) / sp.gamma(shape)
    return {
        "loss_exponent": decay,
        "doubling": 2 ** (1 / decay),
        "doubling_pinsker": 4 ** (1 / decay),
        "pinsker": sp.diff(coins, e, 2).subs(e, 0) / 2,
        "gamma_moment": sp.factor(sp.expand(sp.expand_func(moment))),
    }
