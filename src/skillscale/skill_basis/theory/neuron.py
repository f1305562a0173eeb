"""What fixes the clock of a network: how well a single neuron can follow a parity.

While its output is small, a two-layer ReLU network f = Σ_j a_j relu(w_j·x) learns S·g by the flow

    da_j/dT = eta · P · S · G(w_j),    dw_j/dT = eta · P · S · a_j · ∇G(w_j),
    G(w) = E_x[g(x) · relu(w·x)],

where x holds the bits (0 or 1) and the inputs that are always 1. Neurons do not see each other. One
with |a| = |w| grows at the rate d ln(a|w|)/dT = 2 · eta · P · S · |G(w)|/|w| and turns so that
|G|/|w| rises; the multilinear model with a clock c grows at 2 · eta · c · P · S. So the largest
|G| of a unit vector is the clock of an aligned network, and the rest is the time to align.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from skillscale import _checks

FloatArray = NDArray[np.float64]

_LARGEST_TIME = 10**8
_LEARNED = 1e9


def neuron_clock(subset_size: int) -> float:
    """Return the largest correlation of a neuron of unit weights with a parity, the clock c*.

    c* = max |G(w)| over |w| = 1, the clock of a network whose neurons are aligned. With
    m = `subset_size` from 2 to 1000: c* = C(m-2, ⌊m/2⌋-1) / (2^m · √m), and c* = 1/2 for m = 1. It
    falls no faster than 1/m: c* ≈ √(2/π)/(4·m) for large m. Neither the other bits, nor how many
    inputs are always 1, nor frequency, width or scale enter.

    Source: derived here; tested against the largest value on all faces of the piecewise linear G.

    >>> [round(1 / neuron_clock(m), 2) for m in (1, 2, 3, 4)]
    [2.0, 5.66, 13.86, 16.0]
    """
    m = _checks.integer("subset_size", subset_size, minimum=1, maximum=1000)
    if m == 1:
        return 0.5
    return math.comb(m - 2, m // 2 - 1) / (2.0**m * math.sqrt(m))


def neuron_growth(
    T: ArrayLike,
    *,
    step: float,
    n_neurons: int,
    n_bits: int,
    subset_size: int = 3,
    constant_inputs: int = 2,
    limit: float = 1e12,
    seed: int,
) -> FloatArray:
    """Return a · G(w) of neurons that start from normal weights of standard deviation 1.

    Each makes updates of the small-output flow of the module's docstring; eta · P · S = `step`. The
    flow is linear in scale: weights of standard deviation σ give σ² times as much, and a network's
    strength R is the sum over its neurons.

    A neuron sees the bits that do not matter through their sum alone, which is taken as normal: its
    state is a, the weights of the relevant bits, the offset, and the sum and the squared length of
    the other weights. So the cost does not depend on `n_bits`, and the updates keep the finite size
    of the learning rate, which makes the best neurons, who sit on a kink of G, jump about it.

    Args:
        T: Times in updates, whole numbers from 0 to 10^8, ascending, shape (n_times,).
        step: eta · P · S of an update: rate on the ½-loss times frequency times target scale.
        n_neurons: Times 2^subset_size at most 10^8.
        subset_size: Bits that the parity depends on, at most `n_bits` and 12.
        constant_inputs: Inputs that are always 1: the bias and, if there is one, the control bit.
        limit: Mean strength beyond which growth is followed no further.
        seed: Chooses the initial weights.

    Returns:
        Strengths, shape (n_neurons, n_times); inf from where their mean exceeds `limit` onwards.

    Source: derived here; tested against neurons that see every string.

    >>> growth = neuron_growth([0, 200, 400], step=0.2, n_neurons=1000, n_bits=8, seed=0)
    >>> np.log(growth.mean(0)[1:]).round(1)
    array([0.5, 5.7])
    """
    times = _checks.array("T", T, minimum=0.0, dims=(1,))
    if (times != np.floor(times)).any() or (np.diff(times) < 0).any():
        raise ValueError(f"T must be ascending whole numbers >= 0, got {T!r}")
    if times[-1] > _LARGEST_TIME:
        raise ValueError(f"T must be at most {_LARGEST_TIME} updates, got {T!r}")
    step = _checks.number("step", step, above=0)
    n = _checks.integer("n_neurons", n_neurons, minimum=1)
    limit = _checks.number("limit", limit, above=0)
    seed = _checks.integer("seed", seed, minimum=0)
    neurons = _Neurons(n, n_bits, subset_size, constant_inputs, seed)
    growth, done = np.full((n, times.size), np.inf), 0
    for place, time in enumerate(times):
        for _ in range(done, int(time)):
            neurons.update(step)
        done = int(time)
        growth[:, place] = neurons.strengths()
        if not growth[:, place].mean() <= limit:  # nor where an overflow left nan
            growth[:, place] = np.inf
            break
    return growth


@_checks.finite
def neuron_strength(
    T: ArrayLike,
    *,
    S: float = 1.0,
    eta: float,
    init_std: float,
    width: int,
    n_bits: int,
    subset_size: int = 3,
    frequency: float = 1.0,
    constant_inputs: int = 2,
    n_networks: int = 10,
    seed: int,
) -> FloatArray:
    """Return R/S of networks of independent neurons, with nothing fitted: (n_networks, n_times).

    R/S = U/(1 + U), U = Σ_j a_j · G(w_j) / S, with the sum over the neurons of `neuron_growth`.
    U/(1 + U) is how the multilinear model turns unlimited growth into saturation; a network whose
    strength has the wrong sign counts as 0.

    Args:
        T, subset_size, constant_inputs: As in `neuron_growth`.
        eta: Rate of an update on the ½-loss; 2 · lr for plain squared error.
        init_std: Standard deviation of all initial weights and biases.
        width: Neurons of a network, times n_networks · 2^subset_size at most 10^8.

    Source: derived here; tested against neurons that see every string.

    >>> curve = neuron_strength([0, 900], S=5, eta=0.04, init_std=0.01, width=100, n_bits=8, seed=0)
    >>> curve.mean(0).round(2)
    array([0., 1.])
    """
    S = _checks.number("S", S, above=0)
    std = _checks.number("init_std", init_std, above=0)
    width = _checks.integer("width", width, minimum=1)
    n_networks = _checks.integer("n_networks", n_networks, minimum=1)
    share = _checks.number("frequency", frequency, above=0, maximum=1)
    step = _checks.number("eta", eta, above=0) * S * share
    limit = _LEARNED * S / (width * std**2)
    if not 0 < step < math.inf or not 0 < limit < math.inf:
        raise OverflowError("the step or the largest strength is no float")
    _check_size("width and n_networks", width * n_networks, subset_size)
    growth = neuron_growth(
        T,
        step=step,
        n_neurons=width * n_networks,
        n_bits=n_bits,
        subset_size=subset_size,
        constant_inputs=constant_inputs,
        limit=limit,
        seed=seed,
    )
    total = growth.reshape(n_networks, width, -1).sum(1) * std**2 / S
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (1.0 + 1.0 / np.maximum(total, 0.0)))


class _Neurons:
    """Independent neurons with normal weights of standard deviation 1."""

    def __init__(self, n: int, n_bits: int, m: int, constant_inputs: int, seed: int) -> None:
        _checks.integer("n_bits", n_bits, minimum=1)
        _checks.integer("subset_size", m, minimum=1)
        _check_size("n_neurons", n, m)
        if m > min(n_bits, 12):
            raise ValueError(f"subset_size must be <= min(n_bits, 12) = {min(n_bits, 12)}, got {m}")
        self.constants = _checks.integer("constant_inputs", constant_inputs, minimum=0)
        self.others = n_bits - m
        self.strings = (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(np.float64)
        self.parity = (1.0 - 2.0 * (self.strings.sum(-1) % 2)) / len(self.strings)
        draw = np.random.default_rng(seed)
        self.a = draw.normal(size=n)
        self.w = draw.normal(size=(n, m))
        self.offset = math.sqrt(self.constants) * draw.normal(size=n)
        along = draw.normal(size=n)
        across = draw.chisquare(self.others - 1, size=n) if self.others > 1 else np.zeros(n)
        self.sum = math.sqrt(self.others) * along
        self.square = along**2 * (self.others > 0) + across

    def _inputs(self) -> tuple[FloatArray, FloatArray]:
        """Return the mean and the spread of the input of each neuron, by relevant string."""
        mean = self.w @ self.strings.T + (self.offset + self.sum / 2)[:, None]
        # Strings first in memory, where the largest is found several times as fast.
        floor = 1e-12 * np.abs(mean, order="F").max(1, keepdims=True)
        return mean, np.sqrt(self.square)[:, None] / 2 + floor

    def strengths(self) -> FloatArray:
        """Return a · G(w) of each neuron."""
        mean, spread = self._inputs()
        z = mean / spread
        return np.asarray(self.a * ((mean * ndtr(z) + spread * _density(z)) @ self.parity))

    def update(self, step: float) -> None:
        """Make one update of all neurons."""
        mean, spread = self._inputs()
        z = mean / spread
        active, edge = ndtr(z), _density(z)
        a = self.a
        self.a = a + step * ((mean * active + spread * edge) @ self.parity)
        self.w = self.w + step * a[:, None] * ((active * self.parity) @ self.strings)
        drive = step * a * (active @ self.parity)
        self.offset = self.offset + self.constants * drive
        if self.others:
            # Weight v of another bit moves by drive/2 + turn·v: half of it mean, half covariance.
            turn = 1 + step * a * ((edge / spread) @ self.parity) / 4
            half, total = drive / 2, self.sum
            self.sum = turn * total + self.others * half
            square = turn**2 * self.square + 2 * turn * half * total + self.others * half**2
            self.square = np.maximum(square, 0.0)


def _check_size(name: str, n: int, m: int) -> None:
    """Refuse more neurons than can be held for every string of the relevant bits."""
    most = _checks.LARGEST_SIZE >> min(_checks.integer("subset_size", m, minimum=1), 64)
    if n > most:
        raise ValueError(f"{name} must make at most {most} neurons at subset_size = {m}, got {n}")


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * np.minimum(z * z, 1400.0)) / math.sqrt(2 * math.pi))
