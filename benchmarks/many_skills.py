"""Time a training step of multitask sparse parity with hundreds of skills, on one thread.

Run as `python benchmarks/many_skills.py`; writes results-many_skills.json beside itself. Both sides
draw a fresh batch, take the cross entropy and its gradient, and update by Adam, from the same
initial networks. The plain loop is torch.nn, autograd and torch.optim on dense one-hot inputs, one
network after the other. They take turns in one process.
"""

import torch
from timing import in_turn, milliseconds, prepare, ratio, seconds, write
from torch.nn import functional

from skillscale import frequencies
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import MultitaskParity, fresh_batches
from skillscale.lab.training import train
from skillscale.lab.two_layer import TwoLayerGradient

REPETITIONS = 5
ALPHA = 0.4
# Skills, bits, bits a skill, width, batch, seeds, steps timed.
SETTINGS = [(500, 100, 3, 100, 20_000, 1, 20), (100, 16, 2, 128, 1000, 10, 100)]


class Bench:
    """One setting: its networks, inputs and both ways to train them."""

    def __init__(self, n_skills, n_bits, subset_size, width, batch_size, n_seeds, steps):
        seeds = list(range(n_seeds))
        self.tasks = [
            MultitaskParity(n_skills, n_bits, subset_size, ALPHA, seed=seed) for seed in seeds
        ]
        self.fresh = fresh_batches(self.tasks, batch_size, seeds=seeds)
        self.model = MLPEnsemble(n_bits, [width] * n_seeds, seeds=seeds, n_categories=n_skills)
        self.networks = [self.model.member(seed) for seed in seeds]
        self.n_skills, self.n_bits, self.batch_size = n_skills, n_bits, batch_size
        self.steps = steps

    def ensemble(self):
        """Train all networks as one tensor program; nothing is measured on the way."""
        train(
            self.model,
            self.fresh,
            optimizer=Adam(1e-3),
            steps=self.steps,
            loss="cross_entropy",
            measure=lambda model, step: {},
            at=[0],
        )

    def plain(self):
        """Train the networks one after the other, as one writes it by hand."""
        frequency = torch.from_numpy(frequencies.power_law(self.n_skills, ALPHA)).float()
        for network, task in zip(self.networks, self.tasks, strict=True):
            subsets = torch.as_tensor(task.subsets)
            optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
            for _ in range(self.steps):
                skill = torch.multinomial(frequency, self.batch_size, replacement=True)
                bits = torch.randint(0, 2, (self.batch_size, self.n_bits))
                odd = bits.gather(1, subsets[skill]).sum(1) % 2
                control = functional.one_hot(skill, self.n_skills)
                output = network(torch.cat([control, bits], 1).float()).squeeze(1)
                loss = functional.binary_cross_entropy_with_logits(output, 1.0 - odd)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def parts(self):
        """Return the milliseconds of the ensemble's parts of a step, each by itself."""
        batch = self.fresh(0)
        gradient, optimizer = TwoLayerGradient(self.model, "cross_entropy"), Adam(1e-3)
        gradients = gradient(batch)[2]
        state = optimizer.start(self.model.parameters)
        calls = {
            "drawing inputs": lambda: self.fresh(1),
            "loss and gradient": lambda: TwoLayerGradient(self.model, "cross_entropy")(batch),
            "update": lambda: optimizer.step(self.model.parameters, gradients, state),
        }
        return {name: round(1000 * min(seconds(call, 20)), 3) for name, call in calls.items()}


def main():
    load_before = prepare()
    names = ("skills", "bits", "bits a skill", "width", "batch size", "seeds")
    results = []
    for setting in SETTINGS:
        bench = Bench(*setting)
        times = in_turn({"ensemble": bench.ensemble, "plain loop": bench.plain}, REPETITIONS)
        results.append(
            {
                **dict(zip(names, setting, strict=False)),
                "milliseconds per step, all networks": milliseconds(times, bench.steps),
                "plain loop / ensemble": ratio(times, "plain loop", "ensemble"),
                "milliseconds of the ensemble's parts": bench.parts(),
            }
        )
    write(
        "many_skills",
        results,
        "wall time of training, float32, Adam, cross entropy, fresh inputs at every step; ratio: "
        "median of paired quotients; parts: best of 20 calls",
        load_before,
    )


if __name__ == "__main__":
    main()
