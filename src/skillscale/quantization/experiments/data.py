"""Which skills networks have from a fixed number of samples that they see again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr

from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import fixed_dataset
from skillscale.lab.settings import Alphas, Positive, Sizes, distinct
from skillscale.lab.sweep import Found, Grid, Sweep
from skillscale.quantization.experiments import _shared


@dataclass(frozen=True)
class DataScaling(_shared.Followed):
    """Train networks on fixed datasets of many sizes and measure the test loss of every skill.

    In bits, over (alpha, seed, samples) and the axes named: `loss` (step), mean test loss over all
    inputs; and per skill `early` (skill), the test loss where that mean is lowest, early stopping
    on test data; `lowest` (skill), the lowest ever; `final` (skill), that in the end. `early_step`:
    where the mean is lowest. `frequency` (alpha, skill). A batch is drawn without replacement, or
    is all of the samples where these are no more.

    Source: set-up of Michaud et al. 2023, their toy data and rule of early stopping, smaller.
    """

    samples: Sizes  #: sizes D of the training set
    alphas: Annotated[Alphas, distinct] = (0.2, 0.4, 0.8)  #: P(k) ∝ k^-(alpha+1)
    learning_rate: Positive = 1e-2  #: of Adam

    order = ("alpha", "seed", "samples", "step", "skill")
    about = _shared.ABOUT | {
        "samples": ("sample", "size D of the training set"),
        "loss": ("bit", "mean test loss over all inputs"),
        "early": ("bit", "test loss of a skill where the mean test loss is lowest"),
        "lowest": ("bit", "lowest test loss of a skill at any time"),
        "final": ("bit", "test loss of a skill in the end"),
        "early_step": ("step", "updates done where the mean test loss is lowest"),
    }

    def grid(self) -> Grid:
        return {"samples": self.samples}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        return super().collect(sweep).assign(frequency=self.frequency(self.alphas))

    def measure(self, samples: int) -> Found:
        tasks = self.tasks(self.alphas, self.seeds)
        seeds, times = [task.seed for task in tasks], self.times()
        by_skill = self.trained(
            tasks,
            width=self.width,
            optimizer=Adam(self.learning_rate),
            at=times,
            batches=fixed_dataset(tasks, samples, seeds=seeds, batch_size=self.batch_size),
        )
        mean = np.einsum("mtk,mk->mt", by_skill, np.stack([task.frequency for task in tasks]))
        best = mean.argmin(1)
        found = {
            "loss": (("step",), mean, 3),
            "early": (("skill",), by_skill[np.arange(len(tasks)), best], 3),
            "lowest": (("skill",), by_skill.min(1), 3),
            # Losses far above one bit, of skills learned by heart, need no third digit.
            "final": (("skill",), by_skill[:, -1], 2),
            "early_step": ((), times[best], 0),
        }
        grid = len(self.alphas), len(self.seeds)
        return {
            name: (
                ("alpha", "seed", *axis),
                values.astype(np.float32).round(digits).reshape(*grid, *values.shape[1:]),
            )
            for name, (axis, values, digits) in found.items()
        }


DataScaling.records = {
    "quantization_data_scaling": {
        "live": DataScaling(
            samples=(1000, 4000, 16000),
            seeds=(0, 1),
            width=64,
            steps=600,
            n_times=20,
            alphas=(0.4,),
            n_test=50,
        ),
        "standard": DataScaling(
            samples=tuple(1000 * 2**doubling for doubling in range(8)),
            seeds=tuple(range(200, 210)),
            width=128,
            steps=5000,
            n_times=40,
        ),
    },
    # Three bits, as in the paper, and as many samples as a skill of three bits needs.
    "quantization_three_bits": {
        "standard": DataScaling(
            samples=tuple(4000 * 2**doubling for doubling in range(9)),
            seeds=tuple(range(300, 310)),
            width=128,
            steps=16_000,
            n_times=60,
            subset_size=3,
        )
    },
}
