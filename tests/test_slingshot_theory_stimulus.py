"""What a corpus can show of tuples, and what learning theory asks to see of each."""

import math

import numpy as np
import pytest

from skillscale.slingshot import theory

CORPUS = {"tokens": 1.4e12, "tokens_per_text": 100, "k": 8}


@pytest.mark.parametrize(
    ("n_skills", "size", "per_tuple"),
    [(1000, 4, 23.7), (1000, 6, 2.9e-4), (1000, 8, 5.8e-10), (10_000, 4, 2.4e-3)],
)
def test_room_for_tuples(n_skills, size, per_tuple):
    found = theory.stimulus_coverage(n_skills, size, **CORPUS)
    assert found.per_tuple == pytest.approx(per_tuple, rel=0.02)
    assert found.tuples == math.comb(n_skills, size)
    assert found.occurrences == pytest.approx(1.4e10 * math.comb(8, size))
    assert found.seen == pytest.approx(1 - math.exp(-found.per_tuple), rel=1e-6)


def test_room_against_a_random_corpus():
    """400 corpora of 20 texts with 4 different skills out of 12; pairs as sets."""
    rng = np.random.default_rng(2)
    expected = theory.stimulus_coverage(12, 2, tokens=20_000, tokens_per_text=1000, k=4)
    assert expected.per_tuple == pytest.approx(20 * 6 / 66)
    seen, occurrences = [], []
    for _ in range(400):
        texts = np.array([rng.permutation(12)[:4] for _ in range(20)])
        pairs = [
            frozenset((t[i], t[j])) for t in texts.tolist() for i in range(4) for j in range(i)
        ]
        seen.append(len(set(pairs)) / 66)
        occurrences.append(len(pairs) / 66)
    assert np.mean(occurrences) == pytest.approx(expected.per_tuple)
    # pairs of one text are distinct, which spreads them a little better than chance
    assert expected.seen < np.mean(seen) < expected.seen + 0.03


@pytest.mark.parametrize(("m", "a"), [(0.25, 0.1), (0.05, 0.01), (0.9, 0.5)])
def test_the_classical_bound_holds_for_independent_rules(m, a):
    """Two rules that each fail at rate m: the chance that one of them survives n occurrences."""
    n = theory.classical_sample_bound(m, a)
    assert 1 - (1 - (1 - m) ** n) ** 2 <= a + 1e-12
    assert n == 1 or 2 * (1 - m) ** (n - 1) > a  # one fewer is not certified by the union bound


def test_where_learning_theory_would_say_not_yet():
    """The corpus shows each 4-tuple of 1000 skills often enough, but no 6-tuple."""
    needed = theory.classical_sample_bound(0.25, 0.1)
    assert needed == 11
    assert theory.stimulus_coverage(1000, 4, **CORPUS).per_tuple > needed
    assert theory.stimulus_coverage(1000, 6, **CORPUS).per_tuple < 1e-3 * needed
    assert theory.stimulus_coverage(10_000, 4, **CORPUS).per_tuple < 1e-3 * needed
    # while the graph certifies 90 % of the 6-tuples at a small θ
    assert theory.certified_fraction(0.25, 0.05 / 6, 8, tuple_size=6) > 0.9
