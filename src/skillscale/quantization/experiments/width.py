"""Which skills networks of different widths have learned when they have stopped learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale.lab.optimizers import Adam
from skillscale.lab.settings import Alphas, Count, Counts, Positive, Steps, distinct
from skillscale.lab.sweep import Found, Grid, Sweep
from skillscale.quantization.experiments import _shared


@dataclass(frozen=True)
class WidthScaling(_shared.Toy):
    """Measure the test loss of every skill for networks of several widths, each fully trained.

    `loss` (alpha, seed, width, step, skill) in bits: a skill's mean cross entropy on its test
    inputs, 1 for a network that knows nothing of it; `frequency` (alpha, skill). Steps are the last
    and one half, one quarter, … of it: a count that still grows says that training has not stopped.
    The rate of Adam is constant for four fifths of the steps, then it falls to zero as half a
    cosine.

    Source: set-up of Michaud et al. 2023, their toy data, smaller; the falling rate is ours.
    """

    widths: Annotated[Counts, distinct]
    steps: Count  #: updates, a multiple of 2^halvings
    halvings: Steps = 3  #: how often the steps are halved for the earlier measurements
    alphas: Annotated[Alphas, distinct] = (0.2, 0.4, 0.8)  #: P(k) ∝ k^-(alpha+1)
    learning_rate: Positive = 1e-2  #: of Adam, at first

    order = ("alpha", "seed", "width", "step", "skill")
    about = _shared.ABOUT | {
        "loss": ("bit", "mean cross entropy of a skill"),
        "width": ("neuron", "hidden width N"),
    }

    def together(self) -> None:
        if self.steps % 2**self.halvings:
            raise ValueError(f"steps must be a multiple of {2**self.halvings}, got {self.steps}")

    def times(self) -> NDArray[np.int64]:
        return self.steps // 2 ** np.arange(self.halvings, -1, -1)

    def grid(self) -> Grid:
        # Padding narrow networks to the widest would cost most of the time.
        return {"width": self.widths}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        return super().collect(sweep).assign(frequency=self.frequency(self.alphas))

    def measure(self, width: int) -> Found:
        tasks = self.tasks(self.alphas, self.seeds)
        loss = self.trained(
            tasks,
            width=width,
            optimizer=Adam(self.learning_rate),
            at=self.times(),
            schedule=_shared.falling(self.steps, constant=0.8),
        ).reshape(len(self.alphas), len(self.seeds), self.halvings + 1, self.n_skills)
        # A tenth of the sampling noise of the test inputs; digits beyond it do not compress.
        return {"loss": (("alpha", "seed", "step", "skill"), loss.round(3))}


WidthScaling.records = {
    "quantization_width_scaling": {
        "live": WidthScaling((8, 16, 32), steps=1600, seeds=(0, 1, 2), alphas=(0.4,), n_test=50),
        "standard": WidthScaling(
            (8, 12, 16, 20, 24, 32, 48, 64), steps=32000, halvings=6, seeds=tuple(range(300, 312))
        ),
    },
}
