"""Attacks by chunks: the same as in memory, and flat in memory."""

import subprocess
import sys

import numpy as np
import pytest

from skillscale.lab.randomness import Stream
from skillscale.slingshot import experiments, theory
from skillscale.slingshot.experiments import graphs

SETTINGS = {"n_skills": 50, "n_texts": 2500, "k": 6, "theta": 0.1, "seed": 3, "chunk": 1000}
SKILLS = np.arange(10)

# The kernel's high-water mark of this program alone; that of getrusage outlives exec.
BIG = """
import pathlib
from skillscale.slingshot.experiments import streamed_attack

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

before = peak()
found = streamed_attack(range(200), n_skills=1000, n_texts=5 * 10**6, k=8, theta=0.1, seed=0)
print(peak(), peak() - before, found.failures[:200].mean() / (0.1 * 5 * 10**6 * 8 / 1000))
"""


@pytest.mark.parametrize("zipf", [0.0, 0.8])
def test_chunks_equal_one_table_in_memory(zipf):
    """The texts of all chunks put together, with the worst of them chosen by sorting."""
    found = experiments.streamed_attack(SKILLS, zipf=zipf, **SETTINGS)
    stream = Stream(3, "streamed texts")
    graph = np.concatenate(
        [
            graphs.random_graph(50, size, 6, generator=stream.at(number), zipf=zipf)
            for number, size in enumerate((1000, 1000, 500))
        ]
    )
    score = graphs.hits(graph, SKILLS, 50)
    ordered = np.sort(score)[::-1]
    assert found.n_wrong == 250
    assert found.threshold == ordered[249]
    assert found.failures[SKILLS].sum() == ordered[:250].sum()
    assert found.failures.sum() == 250 * 6
    np.testing.assert_array_equal(found.uses, np.bincount(graph.ravel(), minlength=50))
    np.testing.assert_array_equal(found.histogram, np.bincount(score, minlength=7))
    above = found.histogram[found.threshold + 1 :].sum()
    assert found.tie == pytest.approx((250 - above) / found.histogram[found.threshold])


def test_ties_are_shared_over_all_chunks():
    """Every text has as many hits: wrong ones are chosen by chance, from each chunk alike."""
    found = [
        experiments.streamed_attack(
            [0], n_skills=1, n_texts=1000, k=2, theta=0.3, seed=seed, chunk=70
        )
        for seed in range(3)
    ]
    for result in found:
        assert result.n_wrong == 300
        assert result.tie == pytest.approx(0.3)
        assert result.failures.tolist() == [600]


def test_taken_ties_are_independent_of_the_other_skills():
    """Wrong texts at the threshold have what all texts have of skills that were not aimed at."""
    found = experiments.streamed_attack(
        SKILLS, n_skills=50, n_texts=200_000, k=6, theta=0.1, seed=0, chunk=20_000
    )
    others = found.failures[10:] / found.failures[10:].mean()
    # about 1900 failures a skill: five standard deviations are 11 %
    assert np.all(np.abs(others - 1) < 0.115)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_five_million_texts_in_flat_memory():
    """As a table they would take 80 MB, as 64-bit integers 320; imports alone take 310."""
    done = subprocess.run(
        [sys.executable, "-c", BIG], capture_output=True, text=True, check=True, timeout=120
    )
    peak, grown, factor = (float(word) for word in done.stdout.split())
    assert peak < 500e6
    assert grown < 60e6  # a chunk and what is made of it
    # 500,000 wrong texts: the mean over 200 skills scatters by less than 0.1 %
    assert factor == pytest.approx(float(theory.exact_curve(0.2, 0.1, 8)), rel=3e-3)
