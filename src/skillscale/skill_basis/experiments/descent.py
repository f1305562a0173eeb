"""Explicit gradient descent on the parameters of the multilinear model, skill by skill.

Skills do not interact, so f = Σ_k a_k b_k g_k is a list of pairs (a_k, b_k), and a data set enters
only through the share of its samples that each skill has. No closed form is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks
from skillscale.lab.randomness import Stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ABOUT = {
    "strength": ("1", "strength R_k of a skill over the target scale S"),
    "frequency": ("1", "probability of a skill"),
    "share": ("1", "share of a skill in the drawn data set"),
    "loss": ("½ squared error", "loss under the true frequencies"),
    "time": ("1/eta", "time T"),
}


def two_layers(
    share: Floats,
    at: Integers,
    *,
    scale: float,
    initial: float,
    step: float,
    ratio: ArrayLike = 1.0,
) -> Floats:
    """Train on Σ_k ½ · share_k · (scale - a_k · b_k)² and return a_k · b_k, (at, *share.shape).

    `at` are increasing numbers of updates, `step` the time of one; before the first, a_k · b_k =
    `initial` and a_k / b_k = `ratio`, which broadcasts with `share`.
    """
    a = np.ones_like(share) * np.sqrt(initial * np.asarray(ratio))
    b = initial / a
    pull, gap, move = step * share, np.empty_like(share), np.empty_like(share)
    found, done = np.empty((len(at), *share.shape)), 0
    for index, until in enumerate(at):
        for _ in range(done, until):
            np.multiply(a, b, out=gap)
            np.subtract(scale, gap, out=gap)
            gap *= pull
            np.multiply(gap, b, out=move)
            gap *= a
            a += move
            b += gap
        found[index], done = a * b, until
    return found


def one_layer(share: Floats, at: Integers, *, scale: float, step: float) -> Floats:
    """Train w_k from zero on Σ_k ½ · share_k · (scale - w_k)² and return w_k, as `two_layers`.

    >>> one_layer(np.array([0.5]), np.array([0, 1, 2]), scale=1.0, step=1.0)[:, 0]
    array([0.  , 0.5 , 0.75])
    """
    w, gap = np.zeros_like(share), np.empty_like(share)
    pull = step * share
    found, done = np.empty((len(at), *share.shape)), 0
    for index, until in enumerate(at):
        for _ in range(done, until):
            np.subtract(scale, w, out=gap)
            gap *= pull
            w += gap
        found[index], done = w, until
    return found


def draw_counts(frequency: Floats, n_samples: int, *, seed: int, draw: int = 0) -> Integers:
    """Draw the number of samples of each skill in data set number `draw` of this size."""
    purpose = f"data sets of {n_samples} with first frequency {frequency[0]:.12f}"
    counts = Stream(seed, purpose).at(draw).multinomial(n_samples, frequency)
    return np.asarray(counts, dtype=np.int64)


def log_times(first: float, last: float, n: int, *, step: float) -> Integers:
    """Return the numbers of updates that are closest to `n` log-spaced times."""
    return np.unique((np.geomspace(first, last, n) / step).round().astype(np.int64))


def check(scale: float, initial: float, *, step: float = 0.0) -> None:
    """Raise ValueError for a start or a `step` that would diverge."""
    _checks.number("initial", initial, below=scale)
    # No share exceeds 1, so the curvature at the minimum, 2 · share · S, stays below 2/step.
    _checks.number("step", step, minimum=0, below=1.0 / scale)


def check_whole(name: str, values: Sequence[int], maximum: int) -> None:
    """Raise ValueError unless `values` are whole numbers from 1 to `maximum`, at least one."""
    if not values:
        raise ValueError(f"{name} must hold at least one number, got {values!r}")
    for value in values:
        if _checks.integer(name, value, minimum=1) > maximum:
            raise ValueError(f"{name} must be at most {maximum}, got {value!r}")
