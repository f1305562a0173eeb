"""Time the Chinchilla fit of resampled runs against a plain loop, on one thread.

Run as `python benchmarks/chinchilla.py`; writes results-chinchilla.json beside itself. The 240 runs
are made from a known law with lognormal errors of 1 %, at random sizes in the range of the
published ones; where SKILLSCALE_CHINCHILLA_CSV names the published runs, they are timed too. The
plain loop hands the same objective to scipy, without a gradient, from the planted law for each
resample; the package adds the 18 starts of the fit itself. They take turns in one process.
"""

import os

import numpy as np
from scipy.optimize import minimize
from scipy.special import huber, logsumexp
from timing import in_turn, milliseconds, prepare, ratio, write

from skillscale import fits
from skillscale.fits.parametric import HUBER

REPETITIONS = 5
RESAMPLES = 100
LAW = (np.log(480), np.log(2100), np.log(1.8), 0.35, 0.37)


def planted():
    """Return N, D and loss of 240 runs."""
    generator = np.random.default_rng(0)
    N = np.exp(generator.uniform(np.log(6e7), np.log(1.6e10), 240))
    D = np.exp(generator.uniform(np.log(8e8), np.log(3e11), 240))
    loss = 1.8 + 480 * N**-0.35 + 2100 * D**-0.37
    return N, D, loss * np.exp(0.01 * generator.standard_normal(240))


def objective(law, N, D, loss):
    """Huber loss of the log residuals, as one writes it by hand."""
    a, b, e, alpha, beta = law
    terms = [a - alpha * np.log(N), b - beta * np.log(D), np.full_like(N, e)]
    return huber(HUBER, logsumexp(terms, axis=0) - np.log(loss)).sum() / HUBER


def plain(table):
    """Fit each resample by itself."""
    generator = np.random.default_rng(0)
    for _ in range(RESAMPLES):
        rows = generator.integers(0, table[0].size, table[0].size)
        resampled = tuple(column[rows] for column in table)
        minimize(objective, LAW, args=resampled, method="L-BFGS-B")


def main():
    load_before = prepare()
    tables = {"planted law": planted()}
    if "SKILLSCALE_CHINCHILLA_CSV" in os.environ:
        tables["published runs"] = tables.read_digitised(os.environ["SKILLSCALE_CHINCHILLA_CSV"])
    results = []
    for name, table in tables.items():
        sides = {
            "package": lambda table=table: fits.chinchilla(*table, bootstrap=RESAMPLES),
            "plain loop": lambda table=table: plain(table),
        }
        times = in_turn(sides, REPETITIONS)
        results.append(
            {
                "runs": name,
                "milliseconds per resample": milliseconds(times, RESAMPLES),
                "plain loop / package": ratio(times, "plain loop", "package"),
            }
        )
    measured = f"wall time of {RESAMPLES} resampled fits of 240 runs, 18 starts of the fit included"
    write("chinchilla", results, measured, load_before)


if __name__ == "__main__":
    main()
