"""The quantization model itself, simulated: learners that see samples and know no formula.

What their ignorance costs is the exact probability of what they do not know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import zeta

from skillscale.frequencies import zipf_exponent
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Counts, Positives, Seeds, Sizes, distinct, real
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.quantization.experiments import _shared

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_UNITS = ", in units of an unlearned quantum's"


@dataclass(frozen=True)
class IdealLearner(Experiment):
    """Let three ideal learners choose, count or average over samples of a power law.

    Over (alpha, seed) and the axis named, losses in units of an unlearned quantum's:
    `loss_capacity` (capacity) of the learner that keeps the quanta it saw most often among
    `n_drawn` samples; `loss_samples` and `count_samples` (samples) of the one that knows what it
    saw `needed` times; `loss_soft` (samples) of the one whose quanta still cost kept^(own samples).
    `learned` (skill): the sample with which the second learner came to know a quantum, nan if
    never. `frequency` (alpha, skill).

    Source: hypotheses of Michaud et al. 2023, simulated; derived here. Draws beyond 2^63 are made
    anew by numpy's sampler; at α = 0.2 that is one in 7000.
    """

    capacities: Annotated[Counts, distinct]  #: quanta that the first learner has room for
    samples: Sizes  #: that the other two have seen
    seeds: Seeds  #: of the samples
    n_drawn: Count  #: samples that the first learner chooses from
    #: P(k) ∝ k^-(alpha+1) over infinitely many quanta
    alphas: Annotated[Positives, distinct] = (0.2, 0.4, 0.8)
    needed: Count = 10  #: τ, own samples until a quantum is known to the second learner
    #: r, the share of a quantum's loss that the third learner keeps after each sample of it
    kept: Annotated[float, real(minimum=0, below=1)] = 0.9
    n_shown: Count = 20  #: quanta for which the moment of learning is kept

    order = ("alpha", "seed", "capacity", "samples", "skill")
    about = {
        **{name: _shared.ABOUT[name] for name in ("alpha", "skill", "frequency")},
        "capacity": ("quantum", "room for quanta"),
        "samples": ("sample", "samples seen"),
        "loss_capacity": ("1", f"loss with room for few quanta{_UNITS}"),
        "loss_samples": ("1", f"loss with quanta seen often enough{_UNITS}"),
        "count_samples": ("quantum", "quanta seen often enough"),
        "loss_soft": ("1", f"loss with quanta learned gradually{_UNITS}"),
        "learned": ("sample", "sample with which a quantum was seen often enough"),
    }

    def grid(self) -> Grid:
        return {"alpha": self.alphas, "seed": self.seeds}

    def coords(self) -> Coords:
        ranks = range(1, self.n_shown + 1)
        return {"capacity": self.capacities, "samples": self.samples, "skill": ranks}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        ranks = np.arange(1, self.n_shown + 1)
        table = np.stack([_frequency(ranks, alpha) for alpha in self.alphas])
        return super().collect(sweep).assign(frequency=(("alpha", "skill"), table))

    def measure(self, alpha: float, seed: int) -> Found:
        n_drawn = max(self.n_drawn, self.samples[-1])
        draws = Stream(seed, "quanta").at(0).zipf(zipf_exponent(alpha), n_drawn)
        seen = [np.unique(draws[:amount], return_counts=True) for amount in self.samples]
        often = [ranks[counts >= self.needed] for ranks, counts in seen]
        soft = [
            1 - (_frequency(ranks, alpha) * (1 - self.kept**counts)).sum() for ranks, counts in seen
        ]
        roomy = _with_room(draws[: self.n_drawn], alpha, self.capacities)
        ranks = range(1, self.n_shown + 1)
        found = {
            "loss_capacity": ("capacity", roomy),
            "loss_samples": ("samples", [1 - _frequency(each, alpha).sum() for each in often]),
            "count_samples": ("samples", [each.size for each in often]),
            "loss_soft": ("samples", soft),
            "learned": ("skill", [_moment(draws, rank, self.needed) for rank in ranks]),
        }
        return {name: (dim, np.array(values, np.float32)) for name, (dim, values) in found.items()}


def _ladder(first: float, last: float, n: int) -> tuple[int, ...]:
    return tuple(int(amount) for amount in np.geomspace(first, last, n).round())


IdealLearner.records = {
    "quantization_ideal_learner": {
        "live": IdealLearner(
            capacities=_ladder(10, 100, 5),
            samples=_ladder(1e4, 2e5, 5),
            seeds=tuple(range(4)),
            n_drawn=200_000,
        ),
        "standard": IdealLearner(
            capacities=_ladder(10, 1000, 9),
            samples=_ladder(3e4, 3e6, 9),
            seeds=tuple(range(200, 220)),
            n_drawn=3_000_000,
        ),
    }
}


def _with_room(draws: Whole, alpha: float, capacities: Sequence[int]) -> Floats:
    """Return the loss of learners that keep the quanta seen most often, earlier ones first."""
    ranks, first, counts = np.unique(draws, return_index=True, return_counts=True)
    chosen = ranks[np.lexsort((first, -counts))]
    return np.array([1 - _frequency(chosen[:room], alpha).sum() for room in capacities])


def _moment(draws: Whole, rank: int, needed: int) -> float:
    own = np.flatnonzero(draws == rank)
    return float(own[needed - 1] + 1) if own.size >= needed else math.nan


def _frequency(ranks: Whole, alpha: float) -> Floats:
    exponent = zipf_exponent(alpha)
    return np.asarray(ranks.astype(np.float64) ** -exponent / zeta(exponent))
