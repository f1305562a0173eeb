"""The quantization model itself, simulated: learners that see samples and know no formula.

Samples name quanta drawn from a power law over infinitely many. Three learners keep what they can:
one has room for n quanta, one needs a number of samples of each, one learns each a little with
every sample. What their ignorance costs is the exact probability of what they do not know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import zeta

from skillscale import _checks, _progress
from skillscale.frequencies import zipf_exponent
from skillscale.lab.streams import Stream
from skillscale.quantization.experiments import _shared

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class IdealLearner:
    """Settings of `ideal_learner`.

    Attributes:
        capacities: Numbers of quanta that the first learner has room for.
        samples: Numbers of samples that the other two have seen, increasing.
        seeds: Seeds of the samples.
        n_drawn: Samples that the first learner chooses from.
        alphas: Frequency exponents, P(k) ∝ k^-(alpha+1) over infinitely many quanta.
        needed: τ, samples of its own that a quantum needs to be known to the second learner.
        kept: r, the share of a quantum's loss that the third learner keeps after each sample of it.
        n_shown: Quanta for which the moment of learning is kept.
    """

    capacities: tuple[int, ...]
    samples: tuple[int, ...]
    seeds: tuple[int, ...]
    n_drawn: int
    alphas: tuple[float, ...] = (0.2, 0.4, 0.8)
    needed: int = 10
    kept: float = 0.9
    n_shown: int = 20

    def __post_init__(self) -> None:
        """Check the ranges."""
        _shared.check_lists(self, "capacities", "alphas")
        _checks.seeds("seeds", self.seeds)
        for name in ("capacities", "samples"):
            for amount in getattr(self, name):
                _checks.integer(name, amount, minimum=1)
        _checks.increasing("samples", self.samples)
        for alpha in self.alphas:
            _checks.number("alphas", alpha, above=0)
        _checks.integer("n_drawn", self.n_drawn, minimum=1)
        _checks.integer("needed", self.needed, minimum=1)
        _checks.number("kept", self.kept, minimum=0, below=1)
        _checks.integer("n_shown", self.n_shown, minimum=1)


def _ladder(first: float, last: float, n: int) -> tuple[int, ...]:
    return tuple(int(amount) for amount in np.geomspace(first, last, n).round())


LIVE = {
    "ideal_learner": IdealLearner(
        capacities=_ladder(10, 100, 5),
        samples=_ladder(1e4, 2e5, 5),
        seeds=tuple(range(4)),
        n_drawn=200_000,
    )
}
STANDARD = {
    "ideal_learner": IdealLearner(
        capacities=_ladder(10, 1000, 9),
        samples=_ladder(3e4, 3e6, 9),
        seeds=tuple(range(200, 220)),
        n_drawn=3_000_000,
    )
}


def ideal_learner(settings: IdealLearner, *, progress: bool = False) -> xr.Dataset:
    """Let three ideal learners choose, count or average over samples of a power law.

    Args:
        settings: Amounts, seeds and what the learners need.
        progress: Whether to show a progress bar.

    Returns:
        Over (alpha, seed) and the axis named, losses in units of an unlearned quantum's:
        `loss_capacity` (capacity) of the learner that keeps the quanta it saw most often among
        `n_drawn` samples; `loss_samples` and `count_samples` (samples) of the one that knows what
        it saw `needed` times; `loss_soft` (samples) of the one whose quanta still cost
        kept^(own samples). `learned` (skill): the sample with which the second learner came to
        know a quantum, nan if it never did. `frequency` (alpha, skill).

    Raises:
        ValueError: If a setting is out of range.

    Source: hypotheses of Michaud et al. 2023, simulated; derived here. Draws beyond 2^63 are made
    anew by numpy's sampler; at α = 0.2 that is one in 7000.

    >>> small = IdealLearner((1, 2), (100, 200), (0,), 200, alphas=(0.8,), n_shown=2)
    >>> ideal_learner(small)["loss_capacity"].values.astype(float).round(2).tolist()
    [[[0.47, 0.32]]]
    """
    jobs = [(alpha, seed) for alpha in settings.alphas for seed in settings.seeds]
    parts = [_learned(settings, *job) for job in _progress.bar(jobs, show=progress)]
    shape = (len(settings.alphas), len(settings.seeds))
    found = {
        name: np.stack([part[name] for part in parts]).reshape(*shape, -1).astype(np.float32)
        for name in parts[0]
    }
    unlearned = "in units of an unlearned quantum's"
    own = {
        "loss_capacity": ("capacity", "1", f"loss with room for few quanta, {unlearned}"),
        "loss_samples": ("samples", "1", f"loss with quanta seen often enough, {unlearned}"),
        "count_samples": ("samples", "quantum", "quanta seen often enough"),
        "loss_soft": ("samples", "1", f"loss with quanta learned gradually, {unlearned}"),
        "learned": ("skill", "sample", "sample with which a quantum was seen often enough"),
    }
    ranks = np.arange(1, settings.n_shown + 1)
    frequency = np.stack([_frequency(ranks, alpha) for alpha in settings.alphas])
    return xr.Dataset(
        {
            name: (("alpha", "seed", axis), found[name], {"units": unit, "long_name": meaning})
            for name, (axis, unit, meaning) in own.items()
        }
        | {"frequency": (("alpha", "skill"), frequency, {"units": "1", "long_name": "P(k)"})},
        coords={
            "alpha": _shared.alpha_axis(settings.alphas),
            "seed": ("seed", list(settings.seeds)),
            "capacity": (
                "capacity",
                list(settings.capacities),
                {"units": "quantum", "long_name": "room for quanta"},
            ),
            "samples": (
                "samples",
                list(settings.samples),
                {"units": "sample", "long_name": "samples seen"},
            ),
            "skill": _shared.skill_axis(settings.n_shown),
        },
    )


def _learned(settings: IdealLearner, alpha: float, seed: int) -> dict[str, Floats]:
    """Draw the samples of one seed and show them to the three learners."""
    n_drawn = max(settings.n_drawn, settings.samples[-1])
    draws = Stream(seed, "quanta").at(0).zipf(zipf_exponent(alpha), n_drawn)
    seen = [np.unique(draws[:amount], return_counts=True) for amount in settings.samples]
    known = [(ranks[counts >= settings.needed], ranks, counts) for ranks, counts in seen]
    return {
        "loss_capacity": _with_room(draws[: settings.n_drawn], alpha, settings.capacities),
        "loss_samples": np.array([1 - _frequency(often, alpha).sum() for often, _, _ in known]),
        "count_samples": np.array([float(often.size) for often, _, _ in known]),
        "loss_soft": np.array([
            1 - (_frequency(ranks, alpha) * (1 - settings.kept**counts)).sum()
            for _, ranks, counts in known
        ]),
        "learned": np.array([
            _moment(draws, rank, settings.needed) for rank in range(1, settings.n_shown + 1)
        ]),
    }  # fmt: skip


def _with_room(draws: Whole, alpha: float, capacities: Sequence[int]) -> Floats:
    """Return the loss of learners that keep the quanta seen most often, earlier ones first."""
    ranks, first, counts = np.unique(draws, return_index=True, return_counts=True)
    chosen = ranks[np.lexsort((first, -counts))]
    return np.array([1 - _frequency(chosen[:room], alpha).sum() for room in capacities])


def _moment(draws: Whole, rank: int, needed: int) -> float:
    """Return the number of the sample with which a quantum has been seen often enough."""
    own = np.flatnonzero(draws == rank)
    return float(own[needed - 1] + 1) if own.size >= needed else math.nan


def _frequency(ranks: Whole, alpha: float) -> Floats:
    exponent = zipf_exponent(alpha)
    return np.asarray(ranks.astype(np.float64) ** -exponent / zeta(exponent))
