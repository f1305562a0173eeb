"""The results of the chapter as symbolic expressions."""

import sympy as sp

from skillscale.slingshot.theory.curves import EDGE, NEWTON_STEPS


def derivation() -> dict[str, sp.Expr]:
    """Results of the chapter as symbolic expressions, each obtained from its definition.

    "divergence" is KL(q‖a), "bracket" the form of the condition with β, "max_bad_fraction" where
    the curve ends, "second_order" the leading coefficient of KL(aβ‖a) in β - 1, "jensen" the lower
    bound of the divergence from the mean of its integral's weight; "doubling" the factor of compute
    that halves θ by the linear link, "gamma_moment" E g^5 for a Gamma variable of mean 1 and
    variance rho. Symbols are positive: a, q, beta, theta, k, alpha_N, alpha_D, rho.

    Source: derived here.

    >>> derivation()["second_order"]
    -a/(2*(a - 1))
    """
    return _curves() | _scale()


def _entropy(p: sp.Expr) -> sp.Expr:
    return -p * sp.log(p) - (1 - p) * sp.log(1 - p)


def _curves() -> dict[str, sp.Expr]:
    a, q, beta, theta, k, t = sp.symbols("a q beta theta k t", positive=True)
    divergence = q * sp.log(q / a) + (1 - q) * sp.log((1 - q) / (1 - a))
    bracket = _entropy(a * beta) - a * beta * sp.log(1 / a) - (1 - a * beta) * sp.log(1 / (1 - a))
    curvature = sp.diff(divergence.subs(q, a * beta), beta, 2).subs(beta, 1) / 2
    mass = sp.integrate(q - t, (t, a, q))
    mean = sp.simplify(sp.integrate(t * (q - t), (t, a, q)) / mass)
    return {
        "divergence": divergence,
        "bracket": bracket,
        "max_bad_fraction": sp.exp(-_entropy(theta) / (k * theta)),
        "second_order": sp.factor(sp.simplify(curvature)),
        "jensen": sp.factor(mass) / (mean * (1 - mean)),
    }


def explicit_form(a: sp.Expr, theta: sp.Expr, k: sp.Expr) -> sp.Expr:
    """β of `explicit_bound` as an expression in any sympy expressions for its arguments.

    θ is below 1; for composites of k' texts it is k'θ. The minima are left as they stand, since to
    compare them is slow.

    Source: derived here.

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
    # d/d log N of A N^-alpha_N + B (C/N)^-alpha_D is zero: equal terms, in logarithms
    balance = sp.log(alpha_N * A) - alpha_N * log_N
    balance -= sp.log(alpha_D * B) - alpha_D * (log_C - log_N)
    best = sp.solve(balance, log_N)[0]
    decay = sp.factor(sp.diff(alpha_N * best, log_C))
    shape = 1 / rho  # of a Gamma law with mean 1; its n-th moment is a ratio of Gamma functions
    moment = rho**5 * sp.gamma(shape + 5) / sp.gamma(shape)
    return {
        "doubling": 2 ** (1 / decay),
        "gamma_moment": sp.factor(sp.expand(sp.expand_func(moment))),
    }
