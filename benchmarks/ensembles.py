"""Time an ensemble against the same networks trained one after the other, on one thread.

Run as `python benchmarks/ensembles.py`; writes results-ensembles.json beside itself. Both sides see
the same batches, drawn beforehand, so that training alone is timed; drawing them is timed apart.
"""

import time

import torch
from timing import milliseconds, prepare, ratio, write
from torch.nn import functional

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import MultitaskParity, fresh_batches, whole_population
from skillscale.lab.training import train

REPETITIONS = 3
SETTINGS = {
    "40 small nets": {
        "widths": [4, 8, 16, 32, 64] * 8,
        "n_skills": 5,
        "n_bits": 10,
        "subset_size": 2,
        "batch_size": 64,
        "steps": 300,
    },
    "10 nets, 100 skills": {
        "widths": [128] * 10,
        "n_skills": 100,
        "n_bits": 16,
        "subset_size": 2,
        "batch_size": 1000,
        "steps": 50,
    },
    "10 nets, whole population": {
        "widths": [500] * 10,
        "n_skills": 5,
        "n_bits": 6,
        "subset_size": 3,
        "batch_size": None,
        "steps": 50,
    },
}


def plain_loop(network, member, batches, n_skills):
    """Train one torch.nn network with torch.optim on dense one-hot inputs."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for batch in batches:
        control = functional.one_hot(batch.skill[member], n_skills).to(batch.bits)
        outputs = network(torch.cat([control, batch.bits[member]], 1)).squeeze(1)
        error = (outputs - batch.target[member]).square()
        weight = batch.weight
        loss = error.mean() if weight is None else (weight[member] * error).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def measure(widths, n_skills, n_bits, subset_size, batch_size, steps):
    """Return the wall times of drawing batches and of both sides, one entry per repetition."""
    seeds = list(range(len(widths)))
    tasks = [MultitaskParity(n_skills, n_bits, subset_size, seed=seed) for seed in seeds]
    seconds = {"draw batches": [], "ensemble": [], "plain loop": []}
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        if batch_size is None:
            batches = [whole_population(tasks)(0)] * steps
        else:
            source = fresh_batches(tasks, batch_size, seeds=seeds)
            batches = [source(step) for step in range(steps)]
        seconds["draw batches"].append(time.perf_counter() - start)

        model = MLPEnsemble(n_bits, widths, seeds=seeds, n_categories=n_skills)
        networks = [model.member(i) for i in seeds]
        start = time.perf_counter()
        train(
            model,
            batches.__getitem__,
            optimizer=Adam(1e-3),
            steps=steps,
            measure=lambda model, step: {},
            at=[steps],
        )
        seconds["ensemble"].append(time.perf_counter() - start)

        start = time.perf_counter()
        for i, network in enumerate(networks):
            plain_loop(network, i, batches, n_skills)
        seconds["plain loop"].append(time.perf_counter() - start)
    return seconds


def main():
    load_before = prepare()
    results = {}
    for name, settings in SETTINGS.items():
        times = measure(**settings)
        results[name] = {
            "settings": settings,
            "milliseconds per step, all networks": milliseconds(times, settings["steps"]),
            "plain loop / ensemble": ratio(times, "plain loop", "ensemble"),
        }
    measured = "wall time of training, float32, Adam; plain loop: torch.nn and torch.optim"
    write("ensembles", results, measured, load_before)


if __name__ == "__main__":
    main()
