"""Closed forms of the skill basis as sympy expressions, for the chapter to derive."""

from __future__ import annotations

import sympy as sp


def derivation() -> dict[str, sp.Expr]:
    """Return the closed forms of the chapter, which derives each and asserts that it agrees.

    All symbols are positive: T, D, N (the resources), P (the frequency), R (the strength), S, R0,
    eta, clock, k, alpha, A, eps (a level), Delta (the imbalance a² - b²), D_c, N_c. "rate" is
    dR/dT; "strength" R/S after time T; "skill_loss" L_k; "half_time" where R = S/2;
    "emergence_time" where R = eps · S; "stage_margin" the wait from the start of skill k to that of
    k + 1 over the time that skill k takes from eps · S to (1 - eps) · S; "unbalanced_strength" R/S
    for unequal layers; "strength_data" and "strength_data_loss_matched" R/S for D · P <= D_c;
    "strength_width" R/S for N between (k - 1) · N_c and k · N_c; "missing_tail" L_C for frequencies
    A · k^-(alpha+1) beyond k; "compute_exponent" that of C = T · N.

    Source: Nam et al. 2024, Eqs. 14, 17, 56 and Appendix D; the unbalanced curve, "stage_margin"
    and "strength_data" are derived here.

    >>> derivation()["missing_tail"]
    A*S**2/(2*alpha*k**alpha)
    """
    T, D, N, P, R, S, R0, eta, clock, k, alpha, A, eps, Delta, D_c, N_c = sp.symbols(
        "T D N P R S R0 eta clock k alpha A epsilon Delta D_c N_c", positive=True
    )
    gap = sp.log(S / R0 - 1)
    phase = 2 * eta * clock * P * S
    strength = 1 / (1 + (S / R0 - 1) * sp.exp(-phase * T))
    return {
        "rate": 2 * eta * clock * P * R * (S - R),
        "strength": strength,
        "skill_loss": S**2 / 2 * (1 - strength) ** 2,
        "half_time": gap / phase,
        "emergence_time": (gap - sp.log(1 / eps - 1)) / phase,
        "stage_margin": ((1 + 1 / k) ** (alpha + 1) - 1) * (gap / sp.log(1 / eps - 1) - 1) / 2,
        "unbalanced_strength": _unbalanced(T * eta * clock * P, S, R0, Delta),
        "strength_data": D * P / D_c,
        "strength_data_loss_matched": 1 - sp.sqrt(1 - D * P / D_c),
        "strength_width": N / N_c - (k - 1),
        "missing_tail": S**2 * A * k**-alpha / (2 * alpha),
        "compute_exponent": alpha / (alpha + 2),
    }


def _unbalanced(time: sp.Expr, S: sp.Symbol, R0: sp.Symbol, Delta: sp.Symbol) -> sp.Expr:
    """R/S from the logistic curve of W = (a + b)²."""
    K = sp.sqrt(4 * S**2 + Delta**2)
    start = 2 * R0 + sp.sqrt(4 * R0**2 + Delta**2)
    Q = (start - 2 * S + K) / (2 * S + K - start)
    W = 2 * S - K + 2 * K / (1 + sp.exp(-K * time) / Q)
    return (W - Delta**2 / W) / (4 * S)
