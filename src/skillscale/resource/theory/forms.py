"""The resource model's results as symbolic expressions."""

import sympy as sp


def derivation() -> dict[str, sp.Expr]:
    """Results of the chapter as symbolic expressions, each obtained from its definition.

    "share" is N_1 of two subtasks at the stationary point and "total" their loss there, "noise" the
    least noise of n copies, "one_atom" the least loss of c copies that match a target of rms 1,
    "ratio" N_1/N_2 for a common exponent g, "growth" that of N_2 ∝ N_1^growth along the best split
    for exponents g_1 and g_2. For sign(x) on [-1, 1], replaced by the ramp clip(x/delta, -1, 1):
    "ramp_error", "ramp_norm" (total output of four ReLU neurons that make it) and "step_loss", the
    least of "ramp_error" + sigma² "ramp_norm"²/N over delta to leading order, which that sum, an
    upper bound of the least loss, exceeds. For the SiLU pair that makes x² under a penalty:
    "pair_loss" at input weight w, "pair_w" at a strength r, "pair_law" the loss as a function of N.
    For L = E + A N^-alpha_N + B D^-alpha_D at C = 6 N D: "size_exponent" of N ∝ C^a and
    "compute_exponent", the decay of L - E in C. All symbols are positive.

    Source: derived here.

    >>> derivation()["one_atom"]
    sigma**2/(c + sigma**2)
    """
    b1, c1, b2, c2, N, N1, g = sp.symbols("beta_1 c_1 beta_2 c_2 N N_1 g", positive=True)
    n, v, sigma, c, lam = sp.symbols("n v sigma c lambda", positive=True)
    # r = N_1 / N_2 turns stationarity into one equation with one positive root
    r, u = sp.symbols("r u", positive=True)
    loss = b1 * c1 / N1 + b2 * c2 / (N - N1)
    ratio = sp.solve(sp.numer(sp.together(sp.diff(loss, N1).subs(N1, N * r / (1 + r)))), r)[0]
    share = sp.simplify(N * ratio / (1 + ratio))
    # marginal gains g β c N^-(1+g) are equal: in logarithms, with u = log(N_1 / N_2)
    log_ratio = sp.solve(sp.log(b1 * c1 / (b2 * c2)) - (1 + g) * u, u)[0]
    equal = sp.solve(sp.diff(v**2 - lam * v, v), v)[0]  # the same for every copy
    equal = equal.subs(lam, sp.solve(n * equal - 1, lam)[0])
    readout = sp.symbols("V", real=True)
    atom = (1 - readout) ** 2 + sigma**2 * readout**2 / c
    best = sp.solve(sp.diff(atom, readout), readout)[0]
    split = {
        "share": share,
        "total": sp.factor(sp.simplify(loss.subs(N1, share))),
        "noise": sp.simplify(n * equal**2),
        "one_atom": sp.factor(sp.simplify(atom.subs(readout, best))),
        "ratio": sp.exp(log_ratio),
        "growth": _growth(),
    }
    return split | _step() | _sparse_pair() | _chinchilla()


def _growth() -> sp.Expr:
    """Slope of log N_2 in log N_1 where the marginal gains g A N^-(1+g) are equal."""
    A, B, g1, g2 = sp.symbols("A B g_1 g_2", positive=True)
    log_1, log_2 = sp.symbols("n_1 n_2", real=True)
    gains = sp.log(g1 * A) - (1 + g1) * log_1, sp.log(g2 * B) - (1 + g2) * log_2
    return sp.simplify(sp.diff(sp.solve(gains[0] - gains[1], log_2)[0], log_1))


def _step() -> dict[str, sp.Expr]:
    """A jump under neuron noise: a steeper ramp errs less and is noisier."""
    x, delta, sigma, N = sp.symbols("x delta sigma N", positive=True)
    error = sp.integrate((1 - x / delta) ** 2, (x, 0, delta))  # the mean over [-1, 1], by symmetry
    # clip(x/delta) = (|x + delta| - |x - delta|) / (2 delta), and |z| = relu(z) + relu(-z)
    bend = sp.Symbol("t", real=True)
    right, left = (
        sp.sqrt(sp.integrate((bend + delta) ** 2, (bend, *ends)) / 2)
        for ends in ((-delta, 1), (-1, -delta))
    )
    norm = 2 * (sp.factor(right) + sp.factor(left)) / (2 * delta)
    size = sp.limit(delta * norm, delta, 0)
    loss = error + sigma**2 * size**2 / (delta**2 * N)
    best = sp.solve(sp.diff(loss, delta), delta)[0]
    return {
        "ramp_error": error,
        "ramp_norm": norm,
        "step_loss": sp.simplify(loss.subs(delta, best)),
    }


def _sparse_pair() -> dict[str, sp.Expr]:
    """The pair toy, from the series of silu(wx) + silu(-wx) in w."""
    w, x, n, V, N, r = sp.symbols("w x n V N r", positive=True)
    offset, amplitude = sp.symbols("a p", real=True)

    def mean(expression: sp.Expr) -> sp.Expr:
        return sp.integrate(sp.expand(expression), (x, -1, 1)) / 2

    pair = sp.series(w * x * sp.tanh(w * x / 2), w, 0, 6).removeO()
    total = sp.solve(V * pair.coeff(w, 2) * w**2 - x**2, V)[0]
    error = sp.expand(total * pair - x**2)  # to leading order in w
    # the network is free to change offset and amplitude: what they cannot remove is left
    left = mean((error - offset - amplitude * x**2) ** 2)
    best = sp.solve([sp.diff(left, offset), sp.diff(left, amplitude)], [offset, amplitude])
    loss = sp.factor(left.subs(best))
    penalty = 2 * n * w**2 + 2 * V**2 / n
    copies = sp.solve(sp.diff(penalty, n), n)[0].subs(V, total)
    least = sp.simplify(penalty.subs(V, total).subs(n, copies))
    at = sp.solve(sp.diff(r * loss + least, w) * w**2, w)
    minimum = next(root for root in at if root.is_positive)
    return {
        "pair_loss": loss,
        "pair_w": minimum,
        "pair_law": sp.simplify(loss.subs(w, sp.solve(2 * copies - N, w)[0])),
    }


def _chinchilla() -> dict[str, sp.Expr]:
    """Best use of compute: the stationary point in log N along C = 6 N D."""
    A, B, C, a, b = sp.symbols("A B C alpha_N alpha_D", positive=True)
    u = sp.Symbol("u", real=True)  # log N
    term_N, term_D = A * sp.exp(-a * u), B * sp.exp(-b * (sp.log(C / 6) - u))
    slope_N, slope_D = sp.diff(term_N, u), sp.diff(term_D, u)
    # slope_N + slope_D = 0, in logarithms: linear in u
    balance = sp.expand_log(sp.log(-slope_N), force=True) - sp.expand_log(
        sp.log(slope_D), force=True
    )
    best = sp.solve(sp.expand(balance), u)[0]
    # the two terms stand in a fixed ratio there, so that L - E falls as term_N does
    return {
        "size_exponent": sp.simplify(C * sp.diff(best, C)),
        "compute_exponent": -sp.simplify(C * sp.diff(-a * best, C)),
    }
