"""The geometry model's mean field as symbolic expressions."""

import sympy as sp

__all__ = ["derivation"]


def derivation() -> dict[str, sp.Expr]:
    """Return the chapter's results as symbolic expressions, each obtained by integration.

    Keys: "mean_abs" (E|Z| of a standard normal variable), "sign_gain" (E[X sign G] for jointly
    Gaussian X, G with covariance kappa and standard deviation tau of G), "pace" (expected
    -du_k/dt of sign descent on d coordinates), "noise_limit" (the same without other demands'
    pull: noise dominates), "wasted" (N0 that gives resource dynamics the same pace),
    "sgd" (u_k(t) of gradient descent), "normalised" (-du_k/dt under a step of length eta along
    the gradient), "along" (the share of a step of sign descent that is along the gradient),
    "sliding" (sign descent on Σ λ_i x_i² in the Hadamard basis of four dimensions: the share of
    time spent between the signs of x_1 and those of x_2 when x_1 slides along with x_2).

    Returns:
        Expressions in kappa, tau, d, eta, sigma, c, w_k, q (the quadratic form w·Cw), p_k, t and
        lambda_1 to lambda_4.

    Source: derived here; `tests/test_geometry_theory.py` and, for "sliding",
    `tests/test_geometry_theory_quadratic.py` compare with the numerical functions.

    >>> derivation()["mean_abs"]
    sqrt(2)/sqrt(pi)
    """
    z = sp.symbols("z", real=True)
    tau, d, eta, sigma, c, q, wk, pk, N0 = sp.symbols(
        "tau d eta sigma c q w_k p_k N_0", positive=True
    )
    kappa = sp.symbols("kappa", real=True)
    t = sp.symbols("t", nonnegative=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    mean_abs = 2 * sp.integrate(z * density, (z, 0, sp.oo))
    # X = (kappa/tau²) G + a part independent of G, whose product with sign G averages to zero
    sign_gain = kappa / tau**2 * tau * mean_abs
    # a coordinate of t_k has variance 1/d; the gradient's signal c Σ w_j t_j adds to its noise
    covariance, deviation = c * wk / d, sp.sqrt(c**2 * q / d + sigma**2)
    pace = sp.simplify(eta * d * sign_gain.subs({kappa: covariance, tau: deviation}))
    noise_limit = sp.simplify(pace.subs(q, 0))
    wasted = sp.solve(sp.Eq(2 * eta * sp.sqrt(d) * wk / N0, noise_limit), N0)[0]
    u = sp.Function("u")
    flow = sp.dsolve(sp.Eq(u(t).diff(t), -2 * eta * pk * u(t)), u(t), ics={u(0): 1})
    # a gradient -c Σ w_j t_j has the norm c √q, and its step along t_k is c w_k for C = 1
    normalised = eta * c * wk / (c * sp.sqrt(q))
    return {
        "mean_abs": mean_abs,
        "sign_gain": sign_gain,
        "pace": pace,
        "noise_limit": noise_limit,
        "wasted": wasted,
        "sgd": flow.rhs,
        "normalised": normalised,
        "along": sp.simplify(pace.subs(sigma, 0) / normalised / sp.sqrt(d)),
        "sliding": _sliding(),
    }


def _sliding() -> sp.Expr:
    """Return the share of time on the signs (+, +, +, -) as x_1 slides along with x_2."""
    lambdas = sp.symbols("lambda_1:5", positive=True)
    share = sp.symbols("phi", positive=True)
    hadamard = sp.Matrix([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    hessian = hadamard * sp.diag(*lambdas) * hadamard / 4
    follow, between = hadamard[:, 1], sp.Matrix([1, 1, 1, -1])
    # the coordinate in which the two differ stays at zero: its gradient does not move on average
    drift = (hessian * (share * between + (1 - share) * follow))[1]
    return sp.simplify(sp.solve(drift, share)[0])
