"""What a corpus can show: how often a tuple of skills occurs, against what learning theory asks."""

import math
from typing import NamedTuple

from skillscale import _checks


class Coverage(NamedTuple):
    """Tuples there are, occurrences a corpus has room for, their ratio, and the share seen."""

    tuples: int
    occurrences: float
    per_tuple: float
    seen: float


@_checks.finite
def stimulus_coverage(
    n_skills: int, tuple_size: int, *, tokens: float, tokens_per_text: float, k: int
) -> Coverage:
    """How often each tuple of k' = `tuple_size` <= k skills can occur in a corpus.

    tokens / tokens_per_text texts hold C(k, k') tuples each; there are C(N1, k'), N1 = `n_skills`
    >= k' >= 1. Where the ratio is far below 1 most tuples never occur (the paucity of the
    stimulus); `seen` = 1 - exp(-ratio) is the share that occurs at least once if occurrences fall
    at random. All but `tuples` are upper estimates, since skills that a text draws twice make fewer
    tuples.

    Args:
        tokens: Training tokens, > 0.
        tokens_per_text: Tokens of a text that needs k skills, > 0; a choice, not a measurement.

    Source: the argument is that of Arora & Goyal 2023 (Sec. 1.1); the numbers are ours.

    >>> for n_skills, size in ((1000, 4), (1000, 6), (10_000, 4)):
    ...     found = stimulus_coverage(n_skills, size, tokens=1.4e12, tokens_per_text=100, k=8)
    ...     print(f"{found.per_tuple:.2g}")
    24
    0.00029
    0.0024
    """
    k = _checks.integer("k", k, minimum=1)
    tuple_size = _checks.integer("tuple_size", tuple_size, minimum=1)
    if tuple_size > k:
        raise ValueError(f"tuple_size must be at most k = {k}, got {tuple_size!r}")
    n_skills = _checks.integer("n_skills", n_skills, minimum=tuple_size)
    tokens = _checks.number("tokens", tokens, above=0)
    tokens_per_text = _checks.number("tokens_per_text", tokens_per_text, above=0)
    tuples = math.comb(n_skills, tuple_size)
    occurrences = tokens / tokens_per_text * math.comb(k, tuple_size)
    ratio = occurrences / tuples
    return Coverage(tuples, occurrences, ratio, -math.expm1(-ratio))


@_checks.finite
def classical_sample_bound(max_failure: float, bad_fraction: float) -> int:
    """Least number of occurrences from which learning theory certifies each tuple on its own.

    Of two rules for a tuple, one that is right on n independent occurrences fails on more than a
    fraction m = `max_failure` of the others with probability at most 2 (1-m)^n. So for n >= ln(2/a)
    / ln(1 / (1-m)) at most a fraction a = `bad_fraction` of the tuples is expected to be worse than
    m: the guarantee of `certified_fraction`, from the occurrences of each tuple by itself. Tuples
    that occur less often are "not yet" certified. Both are in (0, 1).

    Source: textbook (Occam's bound for finite classes).

    >>> classical_sample_bound(0.25, 0.1)
    11
    """
    m = _checks.number("max_failure", max_failure, above=0, below=1)
    a = _checks.number("bad_fraction", bad_fraction, above=0, below=1)
    return max(1, math.ceil(math.log(2 / a) / -math.log1p(-m) - 1e-12))
