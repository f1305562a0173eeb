"""Time a training step of the time-emergence experiment, on one thread.

Run as `python benchmarks/time_emergence.py`; writes results-time_emergence.json beside itself. The
unit is the time of a (4000 x 1000) times (1000 x 1000) float32 product on the same core, measured
before and after each setting: processors differ, and so does what else they do. A step includes
drawing fresh inputs, loss and gradient, the update, and the strengths of five skills every 50
steps. The published code needs 1.5 and 0.22 products for the two settings (85 and 12.3 ms where a
product takes 55.7 ms).
"""

import datetime
import json
import os
import platform
import statistics
import time
from pathlib import Path

import torch

from skillscale.lab.strengths import BatchAverages
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.training import train
from skillscale.lab.two_layer import TwoLayerGradient

REPETITIONS = 5
STEPS = 100
EVERY = 50
SCALE = 5.0
SETTINGS = [(1000, 4000, 1), (1000, 4000, 10), (200, 1000, 1), (200, 1000, 10)]
PUBLISHED = {1000: 1.5, 200: 0.22}


def seconds(function, repetitions=REPETITIONS):
    """Return the wall times of calls to a function."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def product():
    """Return a function that multiplies the matrices of the unit."""
    left, right, out = torch.randn(4000, 1000), torch.randn(1000, 1000), torch.empty(4000, 1000)
    return lambda: torch.mm(left, right, out=out)


class Bench:
    """One setting: its networks, inputs and a training run of `STEPS` steps."""

    def __init__(self, width, batch_size, n_seeds):
        seeds = list(range(n_seeds))
        tasks = [MultitaskParity(5, 32, disjoint=True, seed=seed) for seed in seeds]
        self.fresh = fresh_batches(tasks, batch_size, seeds=seeds)
        self.model = MLPEnsemble(32, [width] * n_seeds, seeds=seeds, n_categories=5, init=0.01)
        self.windows = BatchAverages(n_seeds, 5, SCALE)
        self.steps = STEPS if n_seeds == 1 else STEPS // 2

    def batch(self, step):
        """Return fresh inputs with targets of size S."""
        drawn = self.fresh(step)
        return drawn._replace(target=SCALE * drawn.target)

    def run(self):
        """Train, with strengths every 50 steps."""
        train(
            self.model,
            self.batch,
            optimizer=SGD(0.02),
            steps=self.steps,
            measure=lambda model, step: {"strength": self.windows.read()[0]},
            at=range(0, self.steps + 1, EVERY),
            observe=self.windows.observe,
        )

    def parts(self):
        """Return the seconds of the parts of a step, each by itself."""
        batch = self.batch(0)
        gradient, optimizer = TwoLayerGradient(self.model), SGD(0.02)
        _, outputs, gradients = gradient(batch)
        state = optimizer.start(self.model.parameters)
        calls = {
            "drawing inputs": lambda: self.batch(1),
            "loss and gradient": lambda: TwoLayerGradient(self.model)(batch),
            "averages for the strengths": lambda: self.windows.observe(
                0, batch, outputs[..., None]
            ),
            "update": lambda: optimizer.step(self.model.parameters, gradients, state),
        }
        return {name: min(seconds(call, 20)) for name, call in calls.items()}


def write(name, results, measured, load_before):
    """Write results with what was measured, where and with which versions, beside this file."""
    report = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "measured": measured,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "load (1 min) before and after": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "results": results,
    }
    target = Path(__file__).with_name(f"results-{name}.json")
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    load_before = os.getloadavg()[0]
    multiply = product()
    multiply()
    results = []
    for width, batch_size, n_seeds in SETTINGS:
        bench = Bench(width, batch_size, n_seeds)
        before = seconds(multiply)
        times = seconds(bench.run)
        unit = statistics.median(before + seconds(multiply))
        each = [value / (bench.steps * n_seeds) for value in times]
        entry = {
            "width": width,
            "batch size": batch_size,
            "seeds": n_seeds,
            "milliseconds of a product": round(1000 * unit, 1),
            "milliseconds per seed and step": [round(1000 * value, 3) for value in each],
            "products per seed and step (median)": round(statistics.median(each) / unit, 4),
            "published code, products": PUBLISHED[width],
            "of which, products": {
                name: round(value / n_seeds / unit, 4) for name, value in bench.parts().items()
            },
        }
        results.append(entry)
        print(json.dumps(entry, indent=1))
    write(
        "time_emergence",
        results,
        "wall time of training, float32, SGD, 32 bits, 5 skills, fresh inputs at every "
        "step, strengths every 50 steps; parts: best of 20 calls",
        load_before,
    )


if __name__ == "__main__":
    main()
