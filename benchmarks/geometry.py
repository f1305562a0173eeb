"""Time a step of the geometry model with a thousand skills and sampled gradients, on one thread.

Run as `python benchmarks/geometry.py`; writes results-geometry.json beside itself. A step draws a
batch of 1024 skills, takes the gradient of the cross entropy and updates; the exponents of a run
share one program, and a step of each counts as one. The plain loop draws, forms the loss, calls
autograd and updates, one exponent after the other. Loss is measured at the end by both, which take
turns in one process.
"""

import numpy as np
import torch
from timing import in_turn, milliseconds, prepare, ratio, write
from torch.nn import functional

from skillscale import frequencies
from skillscale.geometry.experiments import SkillCounts, descend_columns, task_vectors
from skillscale.geometry.experiments.columns import BLOCK
from skillscale.lab.optimizers import Adam, SignDescent

REPETITIONS = 5
N_SKILLS, BATCH_SIZE, RATE = 1000, 1024, 0.01
ONE, SEVEN = (0.0,), (-0.5, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
DIMENSIONS = (20, 200, 1000)
RULES = {"sign descent": SignDescent(RATE), "Adam": Adam(RATE)}


class Bench:
    """One setting: its task vectors, frequencies and both ways to descend."""

    def __init__(self, dim, alphas, rule):
        self.vectors = task_vectors(N_SKILLS, dim, seeds=[0], orthonormal=False)[0].float()
        self.frequency = np.stack([frequencies.power_law(N_SKILLS, alpha) for alpha in alphas])
        self.rule = rule
        self.steps = 256

    def columns(self):
        """Descend on all exponents as one tensor program."""
        descend_columns(
            self.vectors,
            self.frequency,
            [RULES[self.rule]],
            at=[self.steps],
            batch_size=BATCH_SIZE,
            seed=0,
        )

    def plain(self):
        """Descend on one exponent after the other, as one writes it by hand."""
        for shares in torch.from_numpy(self.frequency).float():
            theta = torch.zeros(self.vectors.shape[1], requires_grad=True)
            optimizer = torch.optim.Adam([theta], lr=RATE)
            for _ in range(self.steps):
                skill = torch.multinomial(shares, BATCH_SIZE, replacement=True)
                loss = functional.softplus(-(self.vectors[skill] @ theta)).mean()
                optimizer.zero_grad()
                loss.backward()
                if self.rule == "Adam":
                    optimizer.step()
                else:
                    with torch.no_grad():
                        theta -= RATE * theta.grad.sign()
            (shares * functional.softplus(-(self.vectors @ theta.detach()))).sum()


def main():
    load_before = prepare()
    results = []
    for rule in RULES:
        for dim in DIMENSIONS:
            for alphas in (ONE, SEVEN):
                bench = Bench(dim, alphas, rule)
                counts = SkillCounts(bench.frequency, BATCH_SIZE, 0)
                sides = {
                    "columns": bench.columns,
                    "plain loop": bench.plain,
                    "drawing": lambda counts=counts, steps=bench.steps: [
                        counts.block(number) for number in range(steps // BLOCK)
                    ],
                }
                times = in_turn(sides, REPETITIONS)
                results.append(
                    {
                        "optimizer": rule,
                        "parameters": dim,
                        "exponents at once": len(alphas),
                        "milliseconds per step, all exponents": milliseconds(times, bench.steps),
                        "plain loop / columns": ratio(times, "plain loop", "columns"),
                    }
                )
    write(
        "geometry",
        results,
        "wall time of descent in float32, 1000 skills, batches of 1024, cross entropy; ratio: "
        "median of paired quotients; drawing: the batches of the columns alone",
        load_before,
    )


if __name__ == "__main__":
    main()
