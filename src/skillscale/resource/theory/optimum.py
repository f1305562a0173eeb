"""The least loss of N noisy neurons that are chosen freely, with a proof of how low it can be."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from skillscale import _checks
from skillscale.resource.theory.noise import scaled_columns

Array = NDArray[np.float64]

_MOST = 1e16  # N/σ² beyond which the noise is lost in rounding
_RTOL = 1e-6  # a loss is returned when a lower bound lies within this of it
_ROUNDS = 500
_ADDED = 60  # neurons that one round of column generation brings in


class NoiseOptimum(NamedTuple):
    """Least loss, the copies that reach it, and a proven lower bound of the loss."""

    loss: Array
    copies: Array
    lower_bound: Array


@_checks.finite
def noise_limited_optimum(
    features: ArrayLike,
    target: ArrayLike,
    *,
    noise: float,
    N: ArrayLike,
    weights: ArrayLike | None = None,
    offset: bool = False,
) -> NoiseOptimum:
    """Least expected loss of N noisy neurons chosen freely from a dictionary.

    As `noise_limited_loss`, but minimised over the copies c_i >= 0 with Σ c_i = N as well. At a
    readout v the best copies are c_i ∝ abs(v_i) rms(h_i) (Cauchy-Schwarz), so the loss is the
    convex min over v of mean (y - Σ_i v_i h_i)² + (σ²/N) (Σ_i abs(v_i) rms(h_i))². It lies below σ²
    γ² / N and N · loss tends to σ² γ², with γ from `variation_norm`.

    With several outputs y_k of weights β_k, the loss is Σ_k β_k mean (y_k - Σ_i v_ik h_i)² plus
    noise; a neuron sends one noisy signal to all outputs, and abs(v_i) is replaced by
    sqrt(Σ_k β_k v_ik²). With `offset` each output has a constant of its own without noise.

    Non-negative least squares on a growing set of atoms (neurons with a direction over outputs)
    solves it. For all b_k, with ψ_i = h_i / rms(h_i) and n samples, σ² (Σ_k β_k b_k·y_k)² / (N
    max_i Σ_k β_k (ψ_i·b_k)² + n σ² Σ_k β_k abs(b_k)²) is a lower bound (with `offset`: for b_k of
    mean 0); the residuals as b make it tight.

    Args:
        target: y, shape (sample,) or (sample, output); not zero everywhere, nor constant if there
            is an offset.
        N: > 0 and at most 1e16 σ², of any shape.
        weights: β > 0, shape (output,); 1 for each output if left out.

    Returns:
        loss and lower_bound of the shape of N, within a relative 1e-6; copies of shape ``(*N.shape,
        neuron)``.

    Raises:
        RuntimeError: Where loss and bound do not meet; seen for three outputs at N/σ² >= 1e7 and
            for one or two at 1e11, on thousands of nearly equal neurons.

    Source: derived here; tested against brute force.

    >>> y = [1.0, -1.0]
    >>> best = noise_limited_optimum([[1.0], [-1.0]], y, noise=0.5, N=[1.0, 4.0])
    >>> best.loss.round(6).tolist()  # σ² / (N + σ²)
    [0.2, 0.058824]
    """
    psi = scaled_columns(features)
    outputs = _outputs(target, weights, psi.shape[0])
    offset = _checks.flag("offset", offset)
    scale = np.abs(outputs).max()
    if offset:  # the best constants leave what has mean 0; the noise is still that of h itself
        psi, outputs = psi - psi.mean(axis=0), outputs - outputs.mean(axis=0)
    if not np.abs(outputs).max() > 1e-12 * scale:
        raise ValueError("target must not be 0 everywhere, nor constant if there is an offset")
    noise = _checks.number("noise", noise, above=0)
    total = _checks.array("N", N, positive=True)
    if (total > _MOST * noise**2).any():
        raise ValueError(f"N must be at most {_MOST:g} times the square of noise, got {N!r}")
    if not np.isfinite((outputs**2).sum()):
        raise OverflowError("the target's squares are no floats")
    atoms = _Atoms(np.empty(0, dtype=np.intp), np.empty((0, outputs.shape[1])))
    losses, bounds, copies = [], [], []
    for n in total.ravel():
        size, bound, atoms = _solve(psi, outputs, noise, float(n), atoms)
        losses.append(_loss(psi, outputs, noise, size))
        bounds.append(min(bound, losses[-1]))
        copies.append(size)
    return NoiseOptimum(
        np.asarray(losses).reshape(total.shape),
        np.asarray(copies).reshape(*total.shape, psi.shape[1]),
        np.asarray(bounds).reshape(total.shape),
    )


class _Atoms(NamedTuple):
    """Neurons, each with a unit vector over outputs: shapes (atom,) and (atom, output)."""

    neuron: NDArray[np.intp]
    direction: Array


def _outputs(target: ArrayLike, weights: ArrayLike | None, n_samples: int) -> Array:
    """Outputs scaled by sqrt(β_k), shape (sample, output)."""
    y = _checks.array("target", target, dims=(1, 2))
    y = y[:, None] if y.ndim == 1 else y
    if y.shape[0] != n_samples:
        raise ValueError(
            f"target must have the {n_samples} samples of features, got shape {y.shape!r}"
        )
    beta = np.ones(y.shape[1])
    if weights is not None:
        beta = _checks.array("weights", weights, positive=True, dims=(1,))
    if beta.size != y.shape[1]:
        raise ValueError(f"weights must have one per output ({y.shape[1]}), got {beta.size}")
    return np.asarray(y * np.sqrt(beta))


def _solve(
    psi: Array, outputs: Array, noise: float, N: float, atoms: _Atoms
) -> tuple[Array, float, _Atoms]:
    """Copies, a lower bound of the loss, and the atoms in use, by column generation."""
    n_samples = outputs.shape[0]
    for _ in range(_ROUNDS):
        atoms, amount, residual = _fit(psi, outputs, noise, N, atoms)
        loss = (residual**2).sum() / n_samples + noise**2 / N * amount.sum() ** 2
        pull = psi.T @ residual
        strength = np.sqrt((pull**2).sum(axis=1))
        overlap, dearest = (residual * outputs).sum(), N * strength.max() ** 2
        spread = n_samples * noise**2 * (residual**2).sum()
        bound = float((noise * overlap) ** 2 / (dearest + spread))
        if loss - bound <= _RTOL * loss:
            size = np.bincount(atoms.neuron, amount, minlength=psi.shape[1])
            # no neuron is of use: any copies do
            share = size / size.sum() if size.any() else np.full(size.size, 1 / size.size)
            return N * share, bound, atoms
        new = np.argsort(-strength)[:_ADDED]
        new = new[strength[new] > 0]
        atoms = _Atoms(
            np.append(atoms.neuron, new),
            np.vstack([atoms.direction, pull[new] / strength[new, None]]),
        )
    raise RuntimeError(
        f"noise_limited_optimum did not converge: loss {loss:g}, lower bound {bound:g}"
    )


def _fit(
    psi: Array, outputs: Array, noise: float, N: float, atoms: _Atoms
) -> tuple[_Atoms, Array, Array]:
    """Best non-negative amounts of the atoms: those in use, how much of each, and the residual."""
    if not atoms.neuron.size:
        return atoms, np.empty(0), outputs
    columns = (psi[:, None, atoms.neuron] * atoms.direction.T).reshape(outputs.size, -1)
    # samples · (σ²/N) · (sum of the amounts)² is the square of one more row
    price = np.full(atoms.neuron.size, noise * np.sqrt(outputs.shape[0] / N))
    if not np.isfinite(price).all():
        raise OverflowError("the price of a neuron is no float")
    amount, _ = nnls(np.vstack([columns, price]), np.append(outputs, 0.0), maxiter=100 * price.size)
    used = amount > 0
    residual = outputs - (columns @ amount).reshape(outputs.shape)
    return _Atoms(atoms.neuron[used], atoms.direction[used]), amount[used], residual


def _loss(psi: Array, outputs: Array, noise: float, copies: Array) -> float:
    """Least loss at given copies: the ridge form of `noise_limited_loss`, summed over outputs."""
    held = psi[:, copies > 0]
    n_samples = outputs.shape[0]
    gram = (held * copies[copies > 0]) @ held.T + n_samples * noise**2 * np.eye(n_samples)
    return float(noise**2 * (outputs * np.linalg.solve(gram, outputs)).sum())
