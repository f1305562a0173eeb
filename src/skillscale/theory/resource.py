"""The resource model: what a loss does when neurons are shared out over subtasks.

A composite task has subtasks with weight β_k; a subtask that owns N_k neurons has the loss
c_k N_k^-g. The functions here say how N neurons are best shared, what the total loss then is, and
where the 1/N law of a single subtask comes from (independent errors, or neuron noise that equal
copies share). Exponents are positive decay rates throughout.
"""

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, linprog

from skillscale import _checks

__all__ = [
    "allocate",
    "composite_loss",
    "derivation",
    "homogeneous_growth",
    "noise_limited_loss",
    "parameter_exponent",
    "ticket_average",
    "variation_norm",
]

Array = NDArray[np.float64]


def allocate(
    weights: ArrayLike, costs: ArrayLike, N: ArrayLike, *, exponent: ArrayLike = 1.0
) -> Array:
    """Best split of N resources over subtasks.

    Minimises L = Σ_k β_k c_k N_k^-g_k subject to Σ_k N_k = N, with β = `weights`, c = `costs` and
    g = `exponent`. For a common g the ratios do not depend on N:
    N_i / N_j = (β_i c_i / β_j c_j)^(1 / (1 + g)). For unequal exponents the stationarity condition
    N_k = (g_k β_k c_k / λ)^(1 / (1 + g_k)) is solved for the multiplier λ. Resources are treated
    as continuous.

    Args:
        weights: shape (subtask,), each > 0.
        costs: shape (subtask,), each > 0; loss of a subtask that owns one unit of resource.
        N: total resource, > 0, of any shape.
        exponent: decay rate of a subtask's loss, > 0; one for all, or one per subtask.

    Returns:
        Array of shape ``(*N.shape, subtask)`` which sums to N along its last axis.

    Raises:
        ValueError: for values that are not finite and positive, or shapes that do not match.

    Source: derived here (Lagrange multiplier; `tests/test_resource_theory.py` compares with a
    numerical minimiser). That ratios stay fixed is the homogeneous growth of Song et al. 2024.

    Example:
        >>> allocate([0.9, 0.1], [1.0, 1.0], 100.0).round(6).tolist()
        [75.0, 25.0]
    """
    products = _products(weights, costs)
    g = _exponents(exponent, products.size)
    total = _checks.array("N", N, positive=True)
    if np.all(g == g[0]):
        share = products ** (1 / (1 + g[0]))
        return np.asarray(total[..., None] * (share / share.sum()))
    parts = [_unequal_split(products, g, float(n)) for n in total.ravel()]
    return np.asarray(parts).reshape(*total.shape, products.size)


def composite_loss(
    weights: ArrayLike, costs: ArrayLike, N: ArrayLike, *, exponent: ArrayLike = 1.0
) -> Array:
    """Loss of a composite task whose N resources are shared out in the best way.

    L(N) = min Σ_k β_k c_k N_k^-g_k; for a common g this is (Σ_k (β_k c_k)^(1/(1+g)))^(1+g) N^-g,
    and for g = 1 it is (Σ_k sqrt(β_k c_k))² / N. Symbols, shapes and errors as in `allocate`.

    Returns:
        Array of the shape of N, in the unit of the costs.

    Source: derived here; the additive loss is a hypothesis of Song et al. 2024.

    Example:
        >>> float(composite_loss([0.5, 0.5], [2.0, 2.0], 8.0))
        0.5
    """
    products = _products(weights, costs)
    g = _exponents(exponent, products.size)
    split = allocate(weights, costs, N, exponent=g)
    return np.asarray((products * split**-g).sum(axis=-1))


def homogeneous_growth(exponents: ArrayLike) -> Array:
    """Rate at which each subtask's share grows with N when the best split is kept.

    N_k ∝ N^r_k as N → ∞ with r_k = (1 + min_j g_j) / (1 + g_k): all ones (growth is homogeneous)
    exactly when the loss exponents g = `exponents` are equal; otherwise the slowest subtask takes
    an ever larger share.

    Args:
        exponents: loss exponents g_k > 0, shape (subtask,).

    Returns:
        Growth rates r_k, shape (subtask,).

    Raises:
        ValueError: for exponents that are not finite and positive.

    Source: derived here; `tests/test_resource_theory.py` checks it against `allocate`.

    Example:
        >>> homogeneous_growth([1.0, 3.0]).tolist()
        [1.0, 0.5]
    """
    g = np.atleast_1d(_checks.array("exponents", exponents, positive=True))
    return np.asarray((1 + g.min()) / (1 + g))


def ticket_average(n: ArrayLike, *, bias: float, spread: float, correlation: float = 0.0) -> Array:
    """Mean squared error of an average of n estimators of one function.

    Each estimator errs by b + e_i with E e_i = 0, E e_i² = s² and correlation ρ between pairs:
    E (mean error)² = b² + ρ s² + (1 - ρ) s² / n. Only the last term falls as 1/n; a common bias
    and correlated errors leave a floor.

    Args:
        n: number of estimators, >= 1, of any shape.
        bias: common error b.
        spread: standard deviation s >= 0 of one estimator's own error.
        correlation: ρ in [-1/(n-1), 1].

    Returns:
        Array of the shape of n, in squared units of the error.

    Raises:
        ValueError: for an argument outside its range.

    Source: derived here; the averaging of independent networks is the argument that Song et al.
    2024 give for 1/N.

    Example:
        >>> ticket_average([1, 4], bias=0.0, spread=2.0).tolist()
        [4.0, 1.0]
    """
    count = _checks.array("n", n, minimum=1)
    bias = _checks.number("bias", bias)
    spread = _checks.number("spread", spread, minimum=0)
    lowest = -1 / (count.max() - 1) if count.max() > 1 else -1.0
    if not lowest <= correlation <= 1:
        raise ValueError(f"correlation must lie in [{lowest:.4g}, 1], got {correlation!r}")
    return np.asarray(bias**2 + spread**2 * (correlation + (1 - correlation) / count))


def noise_limited_loss(
    features: ArrayLike, target: ArrayLike, *, noise: float, copies: ArrayLike = 1.0
) -> float:
    """Least expected loss of a linear readout of noisy neurons.

    Neuron i sends h_i (1 + σ ξ_i) with independent ξ_i of mean 0 and variance 1, so the expected
    mean squared error of Σ_i v_i h_i is mean (y - Σ v_i h_i)² + σ² Σ v_i² mean h_i². With
    ψ_i = h_i / rms(h_i), Ψ of shape (sample, neuron), n samples and c_i copies of neuron i, its
    minimum over the readout is σ² yᵀ (Ψ diag(c) Ψᵀ + n σ² I)⁻¹ y. One neuron that matches a
    target of rms 1 gives σ² / (c + σ²): equal copies share the noise.

    Args:
        features: h, shape (sample, neuron); no neuron may be zero on all samples.
        target: y, shape (sample,).
        noise: σ > 0, relative to each neuron's own rms output.
        copies: copies c > 0 of each neuron; one number for all, or shape (neuron,).

    Returns:
        The expected mean squared error (not halved), in squared units of the target.

    Raises:
        ValueError: for wrong shapes, values that are not finite, a silent neuron, noise <= 0.

    Source: derived here; `tests/test_resource_theory.py` minimises over the readout by brute force.

    Example:
        >>> y = [1.0, -1.0]
        >>> round(noise_limited_loss([[1.0], [-1.0]], y, noise=0.5, copies=4), 6)
        0.058824
    """
    psi, y = _dictionary(features, target)
    noise = _checks.number("noise", noise, above=0)
    number = _checks.array("copies", copies, positive=True)
    if number.ndim > 1 or number.size not in (1, psi.shape[1]):
        raise ValueError(
            f"copies must be one number or one per neuron ({psi.shape[1]}), "
            f"got shape {number.shape!r}"
        )
    gram = (psi * number) @ psi.T + y.size * noise**2 * np.eye(y.size)
    return float(noise**2 * y @ np.linalg.solve(gram, y))


def variation_norm(features: ArrayLike, target: ArrayLike) -> float:
    """Smallest total output that neurons from a dictionary need to make the target.

    γ = min Σ_i abs(v_i) rms(h_i) subject to Σ_i v_i h_i = y on all samples, a linear program
    solved by column generation; infinite if the dictionary cannot make the target. With N neurons
    chosen freely from the dictionary, the noise-limited loss obeys N L → σ² γ² (Cauchy-Schwarz:
    N_i ∝ abs(v_i) rms(h_i)).

    Args:
        features: h, shape (sample, neuron); no neuron may be zero on all samples.
        target: y, shape (sample,).

    Returns:
        γ in the unit of the target.

    Raises:
        ValueError: for wrong shapes, values that are not finite, a silent neuron.

    Source: derived here; `tests/test_resource_theory.py` checks the limit.

    Example:
        >>> variation_norm([[1.0, 0.0], [0.0, 1.0]], [0.6, 0.8])  # rms of each column: 1/sqrt(2)
        0.98994949...
    """
    psi, y = _dictionary(features, target)
    n_samples, n_atoms = psi.shape
    # Column generation: solve with few atoms, add those that the dual finds too cheap. Dear unit
    # vectors keep the small problems solvable; if they stay in use, the dictionary falls short.
    dear = np.hstack([np.eye(n_samples), -np.eye(n_samples)])
    active = np.unique(np.linspace(0, n_atoms - 1, min(n_atoms, 400)).astype(int))
    while True:
        columns = np.hstack([psi[:, active], -psi[:, active], dear])
        prices = np.r_[np.ones(2 * active.size), np.full(2 * n_samples, 1e4)]
        found = linprog(prices, A_eq=columns, b_eq=y, method="highs")
        gain = np.abs(found.eqlin.marginals @ psi)
        cheap = np.argsort(-gain)[:200]
        grown = np.union1d(active, cheap[gain[cheap] > 1 + 1e-6])
        if grown.size == active.size:
            break
        active = grown
    missing = found.x[2 * active.size :].sum()
    return float(found.fun) if missing < 1e-9 * np.abs(y).sum() else float("inf")


def parameter_exponent(width_exponent: float, depth_width_exponent: float) -> float:
    """Exponent in the number of parameters, from those in width and shape.

    If L ∝ width^-g and depth ∝ width^κ, then N_p ∝ width² depth = width^(2 + κ) and
    L ∝ N_p^(-g / (2 + κ)). With g = κ = 1 this is the 1/3 that Song et al. 2024 compare with
    Chinchilla's exponent; depth ∝ width is an assumption there.

    Args:
        width_exponent: g > 0.
        depth_width_exponent: κ >= 0.

    Returns:
        The exponent g / (2 + κ).

    Raises:
        ValueError: for arguments outside these ranges.

    Source: derived here; `tests/test_resource_theory.py` checks it on planted shapes.

    Example:
        >>> round(parameter_exponent(1.0, 1.0), 4)
        0.3333
    """
    width_exponent = _checks.number("width_exponent", width_exponent, above=0)
    depth_width_exponent = _checks.number("depth_width_exponent", depth_width_exponent, minimum=0)
    return width_exponent / (2 + depth_width_exponent)


def derivation() -> dict[str, sp.Expr]:
    """Results of the chapter as symbolic expressions, each obtained from its definition.

    Keys: "share" (N_1 of two subtasks at the stationary point), "total" (their loss there),
    "noise" (least noise of n copies: from Lagrange), "one_atom" (least loss of c copies that match
    a target of rms 1), "ratio" (N_1/N_2 for a common exponent g), "tickets" (error of an average).

    Returns:
        Expressions in the positive symbols beta_1, c_1, beta_2, c_2, N, g, n, sigma, c and the
        real ones b, s, rho.

    Source: derived here; `tests/test_resource_theory.py` compares with the numerical functions.

    Example:
        >>> derivation()["one_atom"]
        sigma**2/(c + sigma**2)
    """
    b1, c1, b2, c2, N, N1, g = sp.symbols("beta_1 c_1 beta_2 c_2 N N_1 g", positive=True)
    n, v, sigma, c, lam = sp.symbols("n v sigma c lambda", positive=True)
    b, s, rho = sp.symbols("b s rho", real=True)
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
    return {
        "share": share,
        "total": sp.factor(sp.simplify(loss.subs(N1, share))),
        "noise": sp.simplify(n * equal**2),
        "one_atom": sp.factor(
            sp.simplify(atom.subs(readout, sp.solve(sp.diff(atom, readout), readout)[0]))
        ),
        "ratio": sp.exp(log_ratio),
        "tickets": sp.expand(b**2 + (n * s**2 + n * (n - 1) * rho * s**2) / n**2),
    }


def _unequal_split(products: Array, g: Array, total: float) -> Array:
    """Split for unequal exponents: root in log λ of Σ_k (g β c / λ)^(1/(1+g)) = N."""
    scale = np.log(g * products)

    def split(log_multiplier: float) -> Array:
        return np.asarray(np.exp((scale - log_multiplier) / (1 + g)))

    # one subtask alone at N, or at N / K, brackets the sum
    edges = scale - (1 + g) * np.log(total)
    wide = scale - (1 + g) * np.log(total / products.size)
    found = brentq(
        lambda m: float(np.log(split(m).sum() / total)),
        edges.min() - 1e-9,
        wide.max() + 1e-9,
        xtol=1e-13,
    )
    part = split(found)
    return np.asarray(part * (total / part.sum()))


def _products(weights: ArrayLike, costs: ArrayLike) -> Array:
    """Validated β_k c_k."""
    beta, c = (
        _checks.array("weights", weights, positive=True),
        _checks.array("costs", costs, positive=True),
    )
    if beta.ndim != 1 or beta.shape != c.shape:
        raise ValueError(
            "weights and costs must be two 1-D sequences of one length, "
            f"got shapes {beta.shape!r} and {c.shape!r}"
        )
    return beta * c


def _exponents(exponent: ArrayLike, n_subtasks: int) -> Array:
    """One positive exponent per subtask."""
    g = _checks.array("exponent", exponent, positive=True)
    if g.ndim > 1 or g.size not in (1, n_subtasks):
        raise ValueError(
            f"exponent must be one number or one per subtask ({n_subtasks}), got shape {g.shape!r}"
        )
    return np.array(np.broadcast_to(g, (n_subtasks,)))


def _dictionary(features: ArrayLike, target: ArrayLike) -> tuple[Array, Array]:
    """Columns scaled to rms 1, and the target."""
    h = _checks.array("features", features, dims=(2,))
    y = _checks.array("target", target, dims=(1,))
    if h.shape[0] != y.size:
        raise ValueError(
            "features must have shape (sample, neuron) and target shape (sample,), "
            f"got {h.shape!r} and {y.shape!r}"
        )
    rms = np.sqrt((h**2).mean(axis=0))
    silent = np.flatnonzero(rms == 0).tolist()
    if silent:
        raise ValueError(f"features must not hold a neuron that is always 0, got columns {silent}")
    return h / rms, y
