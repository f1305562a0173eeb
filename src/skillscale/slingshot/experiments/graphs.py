"""Random skill–text graphs as dense tables, and the texts that harm given skills most.

A table has a row of k skills per text, drawn independently and with replacement; it is as compact
as a sparse matrix without indices.
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, vstack

from skillscale import _checks
from skillscale.frequencies import power_law
from skillscale.lab.records import significant
from skillscale.lab.sweep import Found

Graph = NDArray[np.int16] | NDArray[np.int32]
Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST_SETS = 10**6


def columns(dim: str, names: tuple[str, ...], rows: Any) -> Found:
    """Return measurements (dim, name), to five digits, by their names."""
    values = significant(np.array(rows), 5).T
    return {name: (dim, each) for name, each in zip(names, values, strict=True)}


def skill_frequencies(n_skills: int, zipf: float = 0.0) -> Floats:
    """Frequencies p_s ∝ s^-zipf of skills; 0 makes them uniform."""
    _checks.number("zipf", zipf, minimum=0)
    if zipf == 0:
        return np.full(_checks.integer("n_skills", n_skills, minimum=1), 1 / n_skills)
    return power_law(n_skills, zipf - 1)


def random_graph(
    n_skills: int, n_texts: int, k: int, *, generator: np.random.Generator, zipf: float = 0.0
) -> Graph:
    """Draw the skills of each text independently, (n_texts, k), in two bytes where they do."""
    _checks.integer("n_skills", n_skills, minimum=1)
    size = (_checks.integer("n_texts", n_texts, minimum=1), _checks.integer("k", k, minimum=1))
    if zipf == 0:
        drawn = generator.integers(n_skills, size=size, dtype=np.int32)
    else:
        steps = np.cumsum(skill_frequencies(n_skills, zipf))
        steps[-1] = 1.0
        drawn = np.searchsorted(steps, generator.random(size), side="right").astype(np.int32)
    return drawn.astype(np.int16) if n_skills <= 2**15 else drawn


def hits(graph: Graph, skills: Indices, n_skills: int) -> NDArray[np.int16]:
    """Count, for each text, the places that hold one of the given skills."""
    marked = np.zeros(n_skills, dtype=np.int16)
    marked[skills] = 1
    found = marked[graph[:, 0]]
    for place in range(1, graph.shape[1]):
        found += marked[graph[:, place]]
    return found


def failures(graph: Graph, texts: Indices | NDArray[np.bool_], n_skills: int) -> Indices:
    """Count, for each skill, the places that it holds in the given texts."""
    return np.bincount(graph[texts].ravel(), minlength=n_skills)


def worst_texts(
    score: NDArray[np.int16], n_wrong: int, *, generator: np.random.Generator
) -> Indices:
    """Choose the `n_wrong` texts of highest score, a whole number each; ties by chance."""
    if not 1 <= n_wrong <= len(score):
        raise ValueError(f"n_wrong must lie in 1 … {len(score)}, got {n_wrong!r}")
    threshold, n_ties = tie(np.bincount(score), n_wrong)
    ties = np.flatnonzero(score == threshold)
    return np.concatenate([np.flatnonzero(score > threshold), generator.permutation(ties)[:n_ties]])


def tie(histogram: Indices, n_wrong: int) -> tuple[int, int]:
    """Find the score at which the `n_wrong` highest end, and how many are taken at that score.

    >>> tie(np.array([5, 4, 1]), 3)
    (1, 2)
    """
    at_least = np.cumsum(histogram[::-1])[::-1]
    threshold = int(np.flatnonzero(at_least >= n_wrong)[-1])
    return threshold, int(n_wrong - (at_least[threshold] - histogram[threshold]))


def soft_min_swaps(
    graph: Graph, skills: Indices, texts: Indices, expected: Floats, *, swaps: int
) -> Indices:
    """Exchange wrong texts so that the least favoured of the given skills fails more often.

    Each skill weighs exp(-(f - mean f) / τ), with its failures f over the expected number
    (n_skills,), up to a factor, and τ = 0.7 standard deviations; the wrong texts of least weight
    give way to the other texts of most weight, 3 % at first and then ever fewer. The best set met
    on the way is returned.
    """
    n_skills = len(expected)
    chosen = np.zeros(len(graph), dtype=bool)
    chosen[texts] = True
    failed = failures(graph, chosen, n_skills)
    best, best_texts = (failed / expected)[skills].min(), texts
    for turn in range(swaps):
        aimed = (failed / expected)[skills]
        weight = np.zeros(n_skills, dtype=np.float32)
        weight[skills] = np.exp(-(aimed - aimed.mean()) / (0.7 * aimed.std() + 1e-9))
        value = weight[graph].sum(axis=1)
        inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
        size = min(max(1, int(0.03 * inside.size / (1 + 0.15 * turn))), outside.size)
        if size == 0:
            break
        leave = inside[np.argpartition(value[inside], size - 1)[:size]]
        enter = outside[np.argpartition(-value[outside], size - 1)[:size]]
        chosen[leave], chosen[enter] = False, True
        failed = failed + failures(graph, enter, n_skills) - failures(graph, leave, n_skills)
        if (failed / expected)[skills].min() > best:
            best, best_texts = (failed / expected)[skills].min(), np.flatnonzero(chosen)
    return best_texts


def every_set_of_texts(graph: Graph, n_wrong: int, n_skills: int) -> Indices:
    """Most failures that j = 1 … n_skills skills attain together, over all sets of `n_wrong` texts.

    For one set of texts the j-th largest number of failures is the best that any j skills have in
    common, so all sets of skills are covered as well. There may be a million sets of texts.

    >>> every_set_of_texts(np.array([[0, 0], [0, 1], [1, 1]], dtype=np.int16), 2, 2).tolist()
    [3, 2]
    """
    n_texts, count = len(graph), 1
    for i in range(n_wrong):
        count = count * (n_texts - i) // (i + 1)
    if not 1 <= count <= _MOST_SETS:
        raise ValueError(f"n_wrong must give 1 … {_MOST_SETS} sets of texts, got {count}")
    per_text = np.stack([np.bincount(row, minlength=n_skills) for row in graph])
    chosen = np.array(list(itertools.combinations(range(n_texts), n_wrong)))
    failed = np.zeros((len(chosen), n_skills), dtype=np.int64)
    for place in range(n_wrong):
        failed += per_text[chosen[:, place]]
    return np.asarray(np.sort(failed, axis=1)[:, ::-1].max(axis=0))


def certificate(graph: Graph, skills: Indices, n_wrong: float, n_skills: int) -> float:
    """Most failures that the least favoured of the given skills can have, by a linear program.

    Texts may be wrong in part, so no set of `n_wrong` texts does better.
    """
    _checks.number("n_wrong", n_wrong, above=0)
    n_texts, k = graph.shape
    place = np.full(n_skills, -1)
    place[skills] = np.arange(len(skills))
    row, column = place[graph.ravel()], np.repeat(np.arange(n_texts), k)
    covered = csr_array(
        (np.full((row >= 0).sum(), -1.0), (row[row >= 0], column[row >= 0])),
        shape=(len(skills), n_texts),
    )
    least = vstack(
        [
            hstack([covered, csr_array(np.ones((len(skills), 1)))]),
            csr_array(np.r_[np.ones(n_texts), 0.0][None]),
        ]
    )
    found = linprog(
        np.r_[np.zeros(n_texts), -1.0],
        A_ub=least,
        b_ub=np.r_[np.zeros(len(skills)), n_wrong],
        bounds=[(0, 1)] * n_texts + [(0, None)],
        method="highs",
    )
    if found.status != 0:
        raise RuntimeError(f"the linear program was not solved: {found.message}")
    return float(-found.fun)
