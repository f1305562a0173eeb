"""The best known adversary of a small skill–text graph: which skills to name, at every number.

Everything is counted in whole numbers and ties go by number, so that the same graph gives the same
sets on every machine. `attacks` is for graphs too large for that.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.slingshot.experiments.graphs import Graph, Indices

_MOST_SKILLS = 63  # a set of skills is the binary number of one machine word
_KEPT = 200  # sets of each size from which the search goes on


def worst_named(graph: Graph, n_wrong: int, n_skills: int) -> list[Indices]:
    """Find, for each number of skills, those that the worst texts harm most on average.

    Named skills Z are harmed by the `n_wrong` texts that hold them in most places, and fail F(Z) =
    Σ_j min(n_wrong, number of texts with j places or more in Z) times in sum, j = 1 … k. A beam
    search grows Z skill by skill from the 200 sets of greatest F of each size. It tries all sets,
    and F is then the greatest there is, if no size has more; else F is a lower bound. Memory grows
    as 200 · n_skills · n_texts, and there are at most 63 skills.

    Returns:
        Sets of 1, 2, … n_skills - 1 skills, each in ascending order. Of equals, the first in the
        order of the binary numbers Σ_s∈Z 2^s.

    Source: derived here; tested on all sets.

    >>> graph = np.array([[0, 1], [0, 2], [2, 2], [1, 2]])
    >>> [named.tolist() for named in worst_named(graph, 2, 3)]
    [[2], [0, 2]]
    """
    if _checks.integer("n_skills", n_skills, minimum=2) > _MOST_SKILLS:
        raise ValueError(f"n_skills must be at most {_MOST_SKILLS}, got {n_skills}")
    needs = _needs(graph, n_wrong, n_skills)
    skills = np.arange(n_skills)
    sets, best = np.zeros(1, dtype=np.int64), []
    for _ in range(n_skills - 1):
        # a set stays itself if the skill is in it already: those are taken out again
        larger = np.setdiff1d(sets[:, None] | 1 << skills, sets)
        failed = _harm(needs, larger[:, None] >> skills & 1, n_wrong, graph.shape[1])
        sets = larger[np.argsort(-failed, kind="stable")[:_KEPT]]
        best.append(np.flatnonzero(sets[0] >> skills & 1))
    return best


def least_favoured(
    graph: Graph,
    named: Sequence[int] | Indices,
    n_wrong: int,
    n_skills: int,
    *,
    exchanges: int = 40,
) -> int:
    """Return how often texts can make even the least favoured of the named skills fail: min_s f_s.

    The search starts from the texts that hold the named skills in most places. In each exchange the
    wrong text of least worth gives way to the other text of most worth, where each place of skill s
    is worth (max f + 1 - f_s)², with its failures f_s so far. Of equals, the first text goes and
    comes. Returned is the most met on the way: `n_wrong` texts attain it, and some may attain more,
    up to the optimum of the linear program in `graphs.certificate`.

    Source: derived here; tested on all sets of texts.

    >>> graph = np.array([[0, 0], [0, 0], [0, 1], [1, 2]])
    >>> least_favoured(graph, [0, 1], 2, 3, exchanges=0), least_favoured(graph, [0, 1], 2, 3)
    (0, 1)
    """
    _checks.integer("n_skills", n_skills, minimum=1)
    chosen = [_checks.integer("named: a skill", skill, minimum=0) for skill in named]
    if not chosen or len(set(chosen)) < len(chosen) or max(chosen) >= n_skills:
        raise ValueError(f"named must hold different skills below {n_skills}, got {chosen}")
    needs = _needs(graph, n_wrong, n_skills)[:, chosen]
    _checks.integer("exchanges", exchanges, minimum=0)
    order = np.argsort(-needs.sum(axis=1), kind="stable")
    wrong = np.zeros(len(graph), dtype=bool)
    wrong[order[:n_wrong]] = True
    failed = needs[wrong].sum(axis=0)
    most = int(failed.min())
    for _ in range(exchanges if n_wrong < len(graph) else 0):
        worth = needs @ (failed.max() + 1 - failed) ** 2
        leaves = np.where(wrong, worth, worth.max() + 1).argmin()
        enters = np.where(wrong, -1, worth).argmax()
        wrong[leaves], wrong[enters] = False, True
        failed = failed - needs[leaves] + needs[enters]
        most = max(most, int(failed.min()))
    return most


def _harm(needs: Indices, named: Indices, n_wrong: int, k: int) -> Indices:
    """Failures F of named skills, shape (set,); `named` holds 0 and 1, shape (set, n_skills)."""
    # whole numbers up to k are exact in float32, whose products are much faster
    hits: NDArray[np.float32] = named.astype(np.float32) @ needs.T.astype(np.float32)
    return sum(
        (np.minimum(n_wrong, (hits >= j).sum(axis=1)) for j in range(1, k + 1)),
        start=np.zeros(len(named), dtype=np.int64),
    )


def _needs(graph: Graph, n_wrong: int, n_skills: int) -> Indices:
    _checks.array("graph", graph, minimum=0, dims=(2,))
    kind, most = np.asarray(graph).dtype, int(np.max(graph))
    if not np.issubdtype(kind, np.integer) or most >= n_skills:
        raise ValueError(
            f"graph must hold skills from 0 to {n_skills - 1} as integers, got {kind} up to {most}"
        )
    if _checks.integer("n_wrong", n_wrong, minimum=1) > len(graph):
        raise ValueError(f"n_wrong must be at most {len(graph)}, got {n_wrong}")
    return np.stack([np.bincount(text, minlength=n_skills) for text in graph])
