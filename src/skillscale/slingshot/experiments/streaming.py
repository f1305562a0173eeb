"""Attacks on more texts than memory holds: texts are drawn twice, chunk by chunk.

The hits of a text take k + 1 values. A first pass counts them, which gives the exact threshold and
how many texts are taken at it; a second pass draws the same texts again and counts failures.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks
from skillscale.lab.randomness import Stream
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.graphs import Indices


class Streamed(NamedTuple):
    """What the worst texts do to skills.

    `failures` and `uses` (n_skills,) count a skill's places in wrong texts and in all; `histogram`
    (k + 1,) counts texts by hits; texts with more hits than `threshold` are wrong, and a fraction
    `tie` of those with so many, chosen by chance; `n_wrong` texts in all.
    """

    failures: Indices
    uses: Indices
    histogram: Indices
    threshold: int
    tie: float
    n_wrong: int


def streamed_attack(
    skills: ArrayLike,
    *,
    n_skills: int,
    n_texts: int,
    k: int,
    theta: float,
    seed: int,
    zipf: float = 0.0,
    chunk: int = 2**17,
) -> Streamed:
    """Spoil the floor(θ N2) texts that hold most of the given skills, in flat memory.

    The graph depends on `chunk`, the number of texts held at a time: each chunk has its own stream.
    """
    aimed = _skills(skills, n_skills)
    _checks.number("theta", theta, above=0, below=1)
    _checks.integer("chunk", chunk, minimum=1)
    n_wrong = int(theta * _checks.integer("n_texts", n_texts, minimum=1) + 1e-9)
    if n_wrong < 1:
        raise ValueError(f"n_texts must allow at least one wrong text, got {n_texts}")
    texts, ties = Stream(seed, "streamed texts"), Stream(seed, "streamed ties")

    def draw(number: int) -> graphs.Graph:
        size = min(chunk, n_texts - number * chunk)
        return graphs.random_graph(n_skills, size, k, generator=texts.at(number), zipf=zipf)

    n_chunks = -(-n_texts // chunk)
    histogram = np.zeros(k + 1, dtype=np.int64)
    for number in range(n_chunks):
        histogram += np.bincount(graphs.hits(draw(number), aimed, n_skills), minlength=k + 1)
    threshold, wanted = graphs.tie(histogram, n_wrong)
    fraction = wanted / int(histogram[threshold])
    failed, uses = np.zeros((2, n_skills), dtype=np.int64)
    left, tied_left = wanted, int(histogram[threshold])
    for number in range(n_chunks):
        graph = draw(number)
        score = graphs.hits(graph, aimed, n_skills)
        tied = np.flatnonzero(score == threshold)
        generator = ties.at(number)
        taken = int(generator.hypergeometric(left, tied_left - left, tied.size))
        left, tied_left = left - taken, tied_left - tied.size
        wrong = score > threshold
        wrong[generator.permutation(tied)[:taken]] = True
        failed += graphs.failures(graph, wrong, n_skills)
        uses += np.bincount(graph.ravel(), minlength=n_skills)
    return Streamed(failed, uses, histogram, threshold, fraction, n_wrong)


def _skills(skills: ArrayLike, n_skills: int) -> NDArray[np.int64]:
    _checks.integer("n_skills", n_skills, minimum=1)
    array = np.unique(np.asarray(skills))
    if array.size == 0 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"skills must hold at least one whole number, got {skills!r}")
    if array[0] < 0 or array[-1] >= n_skills:
        raise ValueError(f"skills must lie in 0 … {n_skills - 1}, got {array[0]} … {array[-1]}")
    return array.astype(np.int64)
