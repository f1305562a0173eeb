"""What separate modules gain over one network in which all skills share the step."""

import math

from skillscale import _checks
from skillscale.frequencies import power_law
from skillscale.geometry import theory as geometry


def modularity_speedup(alpha: float, n_skills: int, *, eps: float = 0.1) -> float:
    """Return the time to finish all skills, dense over modular, under sign descent in mean field.

    Dense: all n = `n_skills` skills share d dimensions and the rarest is complete, u_n = ε, when
    the clock reads s_n = ln(1/ε)/p_n. Modular: each skill has d/n dimensions to itself, so all are
    learned at once, each at the pace of a single skill in d/n dimensions. Their ratio is

        S = ∫_0^{s_n} ‖w(s)‖₂ ds / (√n (1 - ε)),    w_k = p_k e^(-p_k s),

    whatever the learning rate and d. It is 1 for equally frequent skills, and never less, because
    ‖w‖₂ ≥ ‖w‖₁/√n and ∫ ‖w‖₁ ds = Σ_k (1 - ε^(p_k/p_n)) ≥ n (1 - ε). Here alpha > -1 and eps is in
    (1e-15, 1).

    Source: derived here, with the L2 norm of `geometry.sign_descent`; tested against simulated sign
    descent.

    >>> [round(modularity_speedup(alpha, 10), 2) for alpha in (-0.999, 0.0, 1.0)]
    [1.0, 1.21, 1.45]
    """
    p = power_law(n_skills, alpha)
    if p[-1] == 0:
        raise ValueError(f"alpha must leave every frequency above 0 in a float, got {alpha!r}")
    eps = _checks.number("eps", eps, above=1e-15, below=1)
    # both at lr = dim = 1, where a single skill takes (1 - ε) / √(2/π)
    dense = float(geometry.completion_time(p, lr=1.0, dim=1, eps=eps)[-1])
    modular = math.sqrt(n_skills) * (1.0 - eps) / math.sqrt(2.0 / math.pi)
    return dense / modular


def modularity_bound(n_skills: int, *, eps: float = 0.1) -> float:
    """Return the largest speed-up that modules can bring, (n - ε) / ((1 - ε) √n).

    ‖w‖₂ ≤ ‖w‖₁ turns the integral of `modularity_speedup` into ∫ Σ_k w_k ds = Σ_k (1 - ε^(p_k/p_n))
    ≤ n - ε, for any frequencies. The bound is approached when skills are learned strictly one after
    the other; it tends to √n, the argument from dominoes that take equal times, only if ε → 0 as
    well.

    Source: derived here.

    >>> round(modularity_bound(10), 2)
    3.48
    """
    n = _checks.integer("n_skills", n_skills, minimum=1)
    eps = _checks.number("eps", eps, above=0, below=1)
    return (n - eps) / ((1.0 - eps) * math.sqrt(n))
