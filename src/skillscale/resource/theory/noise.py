"""Why one subtask's loss falls as 1/N: independent errors, or neuron noise that copies share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.special import expit

from skillscale import _checks

Array = NDArray[np.float64]


@_checks.finite
def ticket_average(n: ArrayLike, *, bias: float, spread: float, correlation: float = 0.0) -> Array:
    """Mean squared error of an average of n estimators of one function.

    Each estimator errs by b + e_i with E e_i = 0, E e_i² = s² and correlation ρ between pairs: E
    (mean error)² = b² + ρ s² + (1 - ρ) s² / n. Only the last term falls as 1/n; a common bias and
    correlated errors leave a floor.

    Args:
        n: >= 1, of any shape.
        bias: Common error b.
        spread: Standard deviation s >= 0 of one estimator's own error.
        correlation: ρ in [-1/(n-1), 1].

    Source: derived here; the averaging of independent networks is the argument that Song et al.
    2024 give for 1/N.

    >>> ticket_average([1, 4], bias=0.0, spread=2.0).tolist()
    [4.0, 1.0]
    """
    count = _checks.array("n", n, minimum=1)
    bias = _checks.number("bias", bias)
    spread = _checks.number("spread", spread, minimum=0)
    correlation = _checks.number("correlation", correlation)
    lowest = -1 / (count.max() - 1) if count.max() > 1 else -1.0
    if not lowest <= correlation <= 1:
        raise ValueError(f"correlation must lie in [{lowest:.4g}, 1], got {correlation!r}")
    return np.asarray(bias**2 + spread**2 * (correlation + (1 - correlation) / count))


@_checks.finite
def silu_dictionary(x: ArrayLike, slopes: ArrayLike, bends: ArrayLike) -> Array:
    """Candidate neurons for `variation_norm` and `noise_limited_optimum`, shape (sample, neuron).

    All h(x) = silu(±a (x - t)) with a in `slopes` > 0 and t in `bends`, silu(z) = z / (1 + e^-z),
    rising ones first; neurons that are silent on all samples (mean square up to 1e-12) are left
    out.

    Source: derived here.

    >>> silu_dictionary([-1.0, 1.0], [2.0], [0.0]).round(3).T.tolist()
    [[-0.238, 1.762], [1.762, -0.238]]
    """
    points = _checks.array("x", x, dims=(1,))
    a = _checks.array("slopes", slopes, positive=True, dims=(1,))
    t = _checks.array("bends", bends, dims=(1,))
    z = np.concatenate([a, -a])[:, None] * (points[:, None, None] - t)
    neurons = (z * expit(z)).reshape(points.size, -1)
    return np.asarray(neurons[:, (neurons**2).mean(axis=0) > 1e-12])


@_checks.finite
def noise_limited_loss(
    features: ArrayLike, target: ArrayLike, *, noise: float, copies: ArrayLike = 1.0
) -> float:
    """Least expected mean squared error (not halved) of a linear readout of noisy neurons.

    Neuron i sends h_i (1 + σ ξ_i) with independent ξ_i of mean 0 and variance 1, so the expected
    mean squared error of Σ_i v_i h_i is mean (y - Σ v_i h_i)² + σ² Σ v_i² mean h_i². With ψ_i = h_i
    / rms(h_i), Ψ of shape (sample, neuron), n samples and c_i copies of neuron i, its minimum over
    the readout is σ² yᵀ (Ψ diag(c) Ψᵀ + n σ² I)⁻¹ y. One neuron that matches a target of rms 1
    gives σ² / (c + σ²): equal copies share the noise.

    Args:
        features: h, shape (sample, neuron); no neuron may be zero on all samples.
        target: y, shape (sample,).
        noise: σ > 0, relative to each neuron's own rms output.
        copies: c > 0; one number for all, or shape (neuron,).

    Source: derived here; tested against brute force over the readout.

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

    γ = min Σ_i abs(v_i) rms(h_i) subject to Σ_i v_i h_i = y on all samples, a linear program solved
    by column generation. With N neurons chosen freely from the dictionary, the noise-limited loss
    obeys N L → σ² γ² (Cauchy-Schwarz: N_i ∝ abs(v_i) rms(h_i)); `noise_limited_optimum` has the
    loss at finite N. Arguments are those of `noise_limited_loss`; a target of a size that the
    solver cannot handle raises ValueError.

    Returns:
        γ in the unit of the target; inf if the dictionary cannot make it.

    Source: derived here; the limit is tested.

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
        if not found.success:
            raise ValueError(f"target must be nearer to 1 for the linear program, got {target!r}")
        gain = np.abs(found.eqlin.marginals @ psi)
        cheap = np.argsort(-gain)[:200]
        grown = np.union1d(active, cheap[gain[cheap] > 1 + 1e-6])
        if grown.size == active.size:
            break
        active = grown
    missing = found.x[2 * active.size :].sum()
    return float(found.fun) if missing < 1e-9 * np.abs(y).sum() else float("inf")


def scaled_columns(features: ArrayLike) -> Array:
    """Validated outputs of the neurons, each scaled to rms 1; shape (sample, neuron)."""
    h = _checks.array("features", features, dims=(2,))
    with np.errstate(over="ignore"):
        rms = np.sqrt((h**2).mean(axis=0))
    if not np.isfinite(rms).all():
        raise ValueError(f"features must have squares that a float can hold, got {np.abs(h).max()}")
    silent = np.flatnonzero(rms == 0).tolist()
    if silent:
        raise ValueError(f"features must not hold a neuron that is always 0, got columns {silent}")
    return np.asarray(h / rms)


def _dictionary(features: ArrayLike, target: ArrayLike) -> tuple[Array, Array]:
    psi = scaled_columns(features)
    y = _checks.array("target", target, dims=(1,))
    if psi.shape[0] != y.size:
        raise ValueError(
            "features must have shape (sample, neuron) and target shape (sample,), "
            f"got {psi.shape!r} and {y.shape!r}"
        )
    return psi, y
