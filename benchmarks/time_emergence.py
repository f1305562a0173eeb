"""Time a training step of the time-emergence experiment against a plain loop, on one thread.

Run as `python benchmarks/time_emergence.py`; writes results-time_emergence.json beside itself. Both
sides draw fresh inputs, take loss and gradient, update, and measure the strengths of five skills
every 50 steps, from the same initial networks. The plain loop is torch.nn, autograd and torch.optim
on dense one-hot inputs, one network after the other. They take turns in one process.
"""

import torch
from timing import in_turn, milliseconds, prepare, ratio, seconds, write
from torch.nn import functional

from skillscale import frequencies
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import SGD
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.strengths import BatchAverages
from skillscale.lab.training import train
from skillscale.lab.two_layer import TwoLayerGradient

REPETITIONS = 5
STEPS = 50
SCALE, N_SKILLS, N_BITS, ALPHA, RATE = 5.0, 5, 32, 0.6, 0.02
SETTINGS = [(1000, 4000, 1), (1000, 4000, 10), (200, 1000, 1), (200, 1000, 10)]


class Bench:
    """One setting: its networks, inputs and both ways to train them for `STEPS` steps."""

    def __init__(self, width, batch_size, n_seeds):
        seeds = list(range(n_seeds))
        self.tasks = [
            MultitaskParity(N_SKILLS, N_BITS, alpha=ALPHA, disjoint=True, seed=seed)
            for seed in seeds
        ]
        self.fresh = fresh_batches(self.tasks, batch_size, seeds=seeds)
        self.model = MLPEnsemble(
            N_BITS, [width] * n_seeds, seeds=seeds, n_categories=N_SKILLS, init=0.01
        )
        self.networks = [self.model.member(seed) for seed in seeds]
        self.windows = BatchAverages(n_seeds, N_SKILLS, SCALE)
        self.batch_size = batch_size

    def batch(self, step):
        """Return fresh inputs with targets of size S."""
        drawn = self.fresh(step)
        return drawn._replace(target=SCALE * drawn.target)

    def ensemble(self):
        """Train all networks as one tensor program."""
        train(
            self.model,
            self.batch,
            optimizer=SGD(RATE),
            steps=STEPS,
            measure=lambda model, step: {"strength": self.windows.read()[0]},
            at=range(0, STEPS + 1, STEPS),
            observe=self.windows.observe,
        )

    def plain(self):
        """Train the networks one after the other, as one writes it by hand."""
        frequency = torch.from_numpy(frequencies.power_law(N_SKILLS, ALPHA)).float()
        for network, task in zip(self.networks, self.tasks, strict=True):
            subsets = torch.as_tensor(task.subsets)
            optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
            for _ in range(STEPS):
                skill = torch.multinomial(frequency, self.batch_size, replacement=True)
                bits = torch.randint(0, 2, (self.batch_size, N_BITS))
                parity = 1.0 - 2.0 * (bits.gather(1, subsets[skill]).sum(1) % 2)
                control = functional.one_hot(skill, N_SKILLS)
                output = network(torch.cat([control, bits], 1).float()).squeeze(1)
                loss = (output - SCALE * parity).square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            aligned = (output * parity).detach() / SCALE
            [aligned[skill == k].mean() for k in range(N_SKILLS)]

    def parts(self):
        """Return the milliseconds of the ensemble's parts of a step, each by itself."""
        batch = self.batch(0)
        gradient, optimizer = TwoLayerGradient(self.model), SGD(RATE)
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
        return {name: round(1000 * min(seconds(call, 20)), 3) for name, call in calls.items()}


def main():
    load_before = prepare()
    results = []
    for width, batch_size, n_seeds in SETTINGS:
        bench = Bench(width, batch_size, n_seeds)
        times = in_turn({"ensemble": bench.ensemble, "plain loop": bench.plain}, REPETITIONS)
        results.append(
            {
                "width": width,
                "batch size": batch_size,
                "seeds": n_seeds,
                "milliseconds per step, all networks": milliseconds(times, STEPS),
                "plain loop / ensemble": ratio(times, "plain loop", "ensemble"),
                "milliseconds of the ensemble's parts": bench.parts(),
            }
        )
    write(
        "time_emergence",
        results,
        "wall time of training, float32, SGD, 32 bits, 5 skills, fresh inputs at every step, "
        "strengths every 50 steps; ratio: median of paired quotients; parts: best of 20 calls",
        load_before,
    )


if __name__ == "__main__":
    main()
