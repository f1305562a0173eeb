"""Resource dynamics, its limits and its gates as symbolic expressions."""

import sympy as sp

__all__ = ["derivation"]


def derivation() -> dict[str, sp.Expr]:
    """Return the chapter's results as symbolic expressions, each obtained from its definition.

    Keys: "pace" (ds/dt for two skills), "given" (rate · t as an integral of 1/pace over s),
    "t1", "t2" (completion times for p_1 = r p_2, times the rate), "ratio" (their ratio at N0 = 0),
    "limit" (of the ratio for r → ∞), "logit" (cross entropy: solution ℓ(x), x = p s, of
    dℓ/dx = 1/(1+e^ℓ), ℓ(0) = 0), "given_ce" (rate · t for two skills under cross entropy, as an
    integral over their logits), "gated" (-ln u of a skill with p_2 whose gate
    1 - u_1^a its parent opens), "ramp" (that gate to first order in a, over |ln u_1|),
    "bound" (largest speed-up by n modules) and "serial" (its limit for ε → 0).

    Returns:
        Expressions in the positive symbols p_1, p_2, s, r, epsilon, N_0, eta (the rate), x, a, n,
        and for "given_ce" the logits ell_1, ell_2.

    Source: derived here; `tests/test_domino_theory.py` and, for the gates,
    `tests/test_domino_theory_gates.py` compare with the numerical functions.

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
    # cross entropy: (Σ p_k/(1+e^ℓ_k) + N0) ds, with p_k ds = (1 + e^ℓ_k) dℓ_k on the clock
    logits = sp.symbols("ell_1 ell_2", positive=True)
    given_ce = N0 * s
    for logit in logits:
        demand_ce = 1 / (1 + sp.exp(sigma))  # per p ds
        per_logit = 1 + sp.exp(sigma)  # p ds per dℓ
        given_ce += sp.integrate(sp.simplify(demand_ce * per_logit), (sigma, 0, logit))
    a, n = sp.symbols("a n", positive=True)
    gate = 1 - sp.exp(-a * p1 * sigma)  # u_1 = e^(-p_1 s)
    gated = sp.simplify(p2 * sp.integrate(gate, (sigma, 0, s)))
    ramp = sp.series(1 - sp.exp(-a * x), a, 0, 2).removeO() / x  # x = |ln u_1|
    # Σ_k (1 - ε^(p_k/p_n)): the rarest gives 1 - ε, the others less than 1 each
    dense, single = (n - 1) + (1 - eps), 1 - eps
    bound = dense / (sp.sqrt(n) * single)
    return {
        "pace": pace,
        "given": given,
        "t1": t1,
        "t2": t2,
        "ratio": ratio,
        "limit": limit,
        "logit": 1 + x - sp.LambertW(sp.exp(1 + x)),
        "given_ce": given_ce,
        "gated": gated,
        "ramp": ramp,
        "bound": sp.simplify(bound),
        "serial": sp.limit(bound, eps, 0),
    }
