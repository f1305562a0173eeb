"""Time the Chinchilla fit with 1000 resamples of 240 runs, on one thread.

Run as `python benchmarks/chinchilla.py`; writes results-chinchilla.json beside itself. The runs are
made from a known law with lognormal errors of 1 %, at random sizes in the range of the published
ones; where SKILLSCALE_CHINCHILLA_CSV names the published runs, they are timed too.
"""

import os

import numpy as np
import torch
from time_emergence import seconds, write

from skillscale import fits, runs

REPETITIONS = 5
RESAMPLES = 1000


def planted():
    """Return N, D and loss of 240 runs."""
    generator = np.random.default_rng(0)
    N = np.exp(generator.uniform(np.log(6e7), np.log(1.6e10), 240))
    D = np.exp(generator.uniform(np.log(8e8), np.log(3e11), 240))
    loss = 1.8 + 480 * N**-0.35 + 2100 * D**-0.37
    return N, D, loss * np.exp(0.01 * generator.standard_normal(240))


def main():
    torch.set_num_threads(1)
    load_before = os.getloadavg()[0]
    tables = {"planted law": planted()}
    if "SKILLSCALE_CHINCHILLA_CSV" in os.environ:
        tables["published runs"] = runs.read_digitised(os.environ["SKILLSCALE_CHINCHILLA_CSV"])
    results = []
    for name, table in tables.items():
        one = seconds(lambda table=table: fits.chinchilla(*table), REPETITIONS)
        many = seconds(
            lambda table=table: fits.chinchilla(*table, bootstrap=RESAMPLES), REPETITIONS
        )
        results.append(
            {
                "runs": name,
                "seconds of 18 starts": [round(value, 3) for value in one],
                "seconds with 1000 resamples": [round(value, 2) for value in many],
            }
        )
    write("chinchilla", results, "wall time of fits.chinchilla, 240 runs", load_before)


if __name__ == "__main__":
    main()
