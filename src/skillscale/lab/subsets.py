"""Random subsets of {0, …, n-1}, drawn without a rejection loop over whole subsets."""

from __future__ import annotations

import math
import random


def distinct(n_subsets: int, n: int, size: int, *, seed: int) -> list[list[int]]:
    """Return `n_subsets` different subsets of {0, …, n-1}, uniformly, in random order.

    Of subsets numbered lexicographically, numbers are drawn without replacement, which is exact and
    always ends, also when every subset is asked for. The caller ensures n_subsets <= comb(n, size).

    Source: derived here; `tests/test_parity.py` shows that all are distinct and equally likely.

    >>> sorted(distinct(3, 3, 2, seed=0))
    [[0, 1], [0, 2], [1, 2]]
    """
    chance = _chance(seed)
    return [_combination(rank, n, size) for rank in _ranks(n_subsets, math.comb(n, size), chance)]


def disjoint(n_subsets: int, n: int, size: int, *, seed: int) -> list[list[int]]:
    """Return `n_subsets` subsets of {0, …, n-1} that share no element.

    The caller ensures n_subsets * size <= n.

    >>> sorted(sum(disjoint(2, 4, 2, seed=0), []))
    [0, 1, 2, 3]
    """
    order = _chance(seed).sample(range(n), n_subsets * size)
    return [sorted(order[i : i + size]) for i in range(0, len(order), size)]


def _chance(seed: int) -> random.Random:
    # A text seed is hashed, so nearby seeds are unrelated; Python's integers are exact beyond 2^64.
    return random.Random(f"skillscale subsets {seed}")


def _ranks(n: int, total: int, chance: random.Random) -> list[int]:
    """Return n distinct numbers below `total`, however large, in random order (Floyd's method)."""
    chosen: dict[int, None] = {}
    for last in range(total - n, total):
        candidate = chance.randrange(last + 1)
        chosen[last if candidate in chosen else candidate] = None
    ranks = list(chosen)
    chance.shuffle(ranks)
    return ranks


def _combination(rank: int, n: int, size: int) -> list[int]:
    """Return the `rank`-th subset of {0, …, n-1} with `size` elements, in lexicographic order."""
    members: list[int] = []
    candidate = 0
    while len(members) < size:
        starting_here = math.comb(n - candidate - 1, size - len(members) - 1)
        if rank < starting_here:
            members.append(candidate)
        else:
            rank -= starting_here
        candidate += 1
    return members
