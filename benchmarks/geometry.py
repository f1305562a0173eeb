"""Time a step of the geometry model with a thousand skills and sampled gradients, on one thread.

Run as `python benchmarks/geometry.py`; writes results-geometry.json beside itself. The unit is the
time of a (4000 x 1000) times (1000 x 1000) float32 product on the same core, measured before and
after each setting. A step includes drawing a batch of 1024 skills, the gradient of the cross
entropy, and the update; an exponent run in the same program counts as a step of its own. The
published code does about 1100, 270 and 235 steps/s at 20, 200 and 1000 parameters on a core where
a product takes 55.6 ms; its runs have one exponent, and loss and diagnostics at every step.
"""

import json
import os
import statistics

import numpy as np
import torch
from time_emergence import product, seconds, write

from skillscale import frequencies
from skillscale.experiments.geometry import SkillCounts, descend_columns, task_vectors
from skillscale.experiments.geometry.columns import BLOCK
from skillscale.lab.optimizers import Adam, SignDescent

REPETITIONS = 7
N_SKILLS, BATCH_SIZE = 1000, 1024
ONE, SEVEN = (0.0,), (-0.5, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
RULES = {"sign descent": SignDescent(0.01), "Adam": Adam(0.01)}
PUBLISHED = {20: 1100, 200: 270, 1000: 235}
PUBLISHED_PRODUCT = 0.0556


class Bench:
    """One setting: its task vectors, frequencies and a run."""

    def __init__(self, dim, alphas, rule):
        self.vectors = task_vectors(N_SKILLS, dim, seeds=[0], orthonormal=False)[0].float()
        self.frequency = np.stack([frequencies.power_law(N_SKILLS, alpha) for alpha in alphas])
        self.rule = RULES[rule]
        self.steps = 512 if dim == 1000 else 2048

    def run(self):
        """Descend; the loss is measured once, at the end."""
        descend_columns(
            self.vectors,
            self.frequency,
            [self.rule],
            at=[self.steps],
            batch_size=BATCH_SIZE,
            seed=0,
        )

    def drawing(self):
        """Return the seconds that drawing the batches of a step takes by itself."""
        counts = SkillCounts(self.frequency, BATCH_SIZE, 0)
        return min(seconds(lambda: counts.block(0), 20)) / BLOCK


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    load_before = os.getloadavg()[0]
    multiply = product()
    multiply()
    results = []
    for rule in RULES:
        for dim in PUBLISHED:
            for alphas in (ONE, SEVEN):
                bench = Bench(dim, alphas, rule)
                before = seconds(multiply)
                times = seconds(bench.run, REPETITIONS)
                unit = statistics.median(before + seconds(multiply))
                rates = [bench.steps * len(alphas) / value for value in times]
                rate = statistics.median(rates)
                published = PUBLISHED[dim] * PUBLISHED_PRODUCT
                entry = {
                    "optimizer": rule,
                    "parameters": dim,
                    "exponents at once": len(alphas),
                    "milliseconds of a product": round(1000 * unit, 1),
                    "steps per second": [round(value) for value in rates],
                    "steps per product (median)": round(rate * unit, 1),
                    "published code, steps per product": round(published, 1),
                    "times the published code": round(rate * unit / published, 1),
                    "of a step, drawing the batches": round(
                        bench.drawing() * rate / len(alphas), 2
                    ),
                }
                results.append(entry)
                print(json.dumps(entry, indent=1))
    write(
        "geometry",
        results,
        "wall time of descent in float32, 1000 skills, batches of 1024, cross entropy; the "
        "published code is counted in steps of one exponent",
        load_before,
    )


if __name__ == "__main__":
    main()
