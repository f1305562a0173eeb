"""Time a training step of multitask sparse parity with hundreds of skills, on one thread.

Run as `python benchmarks/many_skills.py`; writes results-many_skills.json beside itself. The unit
is the time of a (4000 x 1000) times (1000 x 1000) float32 product on the same core, measured before
and after. A step includes drawing a fresh batch, the cross entropy and its gradient, and Adam's
update. The published code needs 2.05 products for the first setting (measured where a product takes
about 60 ms).
"""

import json
import os
import statistics

import torch
from time_emergence import product, seconds, write

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.training import train
from skillscale.lab.two_layer import TwoLayerGradient

REPETITIONS = 7
# Skills, bits, bits a skill, width, batch, seeds, steps timed.
SETTINGS = [(500, 100, 3, 100, 20_000, 1, 30), (100, 16, 2, 128, 1000, 10, 100)]
PUBLISHED = {500: 2.05}


class Bench:
    """One setting: its networks, inputs and a training run."""

    def __init__(self, n_skills, n_bits, subset_size, width, batch_size, n_seeds, steps):
        seeds = list(range(n_seeds))
        tasks = [MultitaskParity(n_skills, n_bits, subset_size, 0.4, seed=seed) for seed in seeds]
        self.fresh = fresh_batches(tasks, batch_size, seeds=seeds)
        self.model = MLPEnsemble(n_bits, [width] * n_seeds, seeds=seeds, n_categories=n_skills)
        self.steps, self.n_seeds = steps, n_seeds

    def run(self):
        """Train; nothing is measured on the way."""
        train(
            self.model,
            self.fresh,
            optimizer=Adam(1e-3),
            steps=self.steps,
            loss="cross_entropy",
            measure=lambda model, step: {},
            at=[0],
        )

    def parts(self):
        """Return the seconds of the parts of a step, each by itself."""
        batch = self.fresh(0)
        gradient, optimizer = TwoLayerGradient(self.model, "cross_entropy"), Adam(1e-3)
        gradients = gradient(batch)[2]
        state = optimizer.start(self.model.parameters)
        calls = {
            "drawing inputs": lambda: self.fresh(1),
            "loss and gradient": lambda: TwoLayerGradient(self.model, "cross_entropy")(batch),
            "update": lambda: optimizer.step(self.model.parameters, gradients, state),
        }
        return {name: min(seconds(call, 20)) for name, call in calls.items()}


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    load_before = os.getloadavg()[0]
    multiply = product()
    multiply()
    results = []
    for setting in SETTINGS:
        bench = Bench(*setting)
        before = seconds(multiply)
        times = seconds(bench.run, REPETITIONS)
        unit = statistics.median(before + seconds(multiply))
        each = [value / (bench.steps * bench.n_seeds) for value in times]
        names = ("skills", "bits", "bits a skill", "width", "batch size", "seeds")
        entry = {
            **dict(zip(names, setting, strict=False)),
            "milliseconds of a product": round(1000 * unit, 1),
            "milliseconds per seed and step": [round(1000 * value, 3) for value in each],
            "products per seed and step (median)": round(statistics.median(each) / unit, 4),
            "published code, products": PUBLISHED.get(setting[0]),
            "of which, products": {
                name: round(value / bench.n_seeds / unit, 4)
                for name, value in bench.parts().items()
            },
        }
        results.append(entry)
        print(json.dumps(entry, indent=1))
    write(
        "many_skills",
        results,
        "wall time of training, float32, Adam, cross entropy, fresh inputs at every step; parts: "
        "best of 20 calls",
        load_before,
    )


if __name__ == "__main__":
    main()
