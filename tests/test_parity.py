"""Multitask sparse parity: subsets, samples, the enumerated population and batch sources."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skillscale import frequencies
from skillscale.lab import subsets
from skillscale.lab.parity import (
    MultitaskParity,
    fixed_dataset,
    fresh_batches,
    whole_population,
)
from skillscale.lab.randomness import Epochs, Stream


@st.composite
def tasks(draw, most_bits=9):
    """Tasks with at least one subset to spare, up to every subset taken."""
    n_bits = draw(st.integers(1, most_bits))
    subset_size = draw(st.integers(1, n_bits))
    disjoint = draw(st.booleans())
    room = n_bits // subset_size if disjoint else math.comb(n_bits, subset_size)
    return MultitaskParity(
        n_skills=draw(st.integers(1, min(room, 12))),
        n_bits=n_bits,
        subset_size=subset_size,
        alpha=draw(st.floats(-0.9, 3)),
        disjoint=disjoint,
        seed=draw(st.integers(0, 2**70)),
    )


@settings(deadline=None)
@given(tasks())
def test_subsets_are_distinct_sorted_and_disjoint_when_asked(task):
    rows = task.subsets.tolist()
    assert task.subsets.shape == (task.n_skills, task.subset_size)
    assert task.subsets.dtype == torch.int64
    assert len({tuple(row) for row in rows}) == task.n_skills
    assert all(row == sorted(set(row)) and 0 <= row[0] <= row[-1] < task.n_bits for row in rows)
    if task.disjoint:
        used = [bit for row in rows for bit in row]
        assert len(used) == len(set(used))


@settings(deadline=None, max_examples=40)
@given(tasks(most_bits=6))
def test_skill_basis_is_orthonormal_over_the_population(task):
    population = task.population()
    active = torch.nn.functional.one_hot(population.skill, task.n_skills)
    parities = [task.skill_basis(k, population.bits) for k in range(task.n_skills)]
    basis = active * torch.stack(parities, 1)
    gram = basis.T @ (population.weight[:, None] * basis)
    # Sums of at most 12 * 64 float64 terms of size below 1: rounding stays under 1e-13.
    expected = torch.diag(torch.from_numpy(task.frequency))
    torch.testing.assert_close(gram, expected, rtol=0, atol=1e-12)

    words = population.bits[: 2**task.n_bits]
    functions = torch.stack([task.skill_basis(k, words) for k in range(task.n_skills)])
    # ±1 and powers of two: exact.
    assert torch.equal(functions @ functions.T / 2**task.n_bits, torch.eye(task.n_skills).double())
    assert torch.equal(basis.sum(1), population.target)


def test_population_lists_every_input_once_with_its_probability():
    task = MultitaskParity(5, 4, 2, alpha=0.6, seed=3)
    population = task.population()
    inputs = {
        (k, *row)
        for k, row in zip(population.skill.tolist(), population.bits.tolist(), strict=True)
    }
    assert len(inputs) == len(population.skill) == 5 * 2**4
    assert population.weight.sum().item() == pytest.approx(1, abs=1e-14)
    for k in range(5):
        share = population.weight[population.skill == k].sum().item()
        assert share == pytest.approx(frequencies.power_law(5, 0.6)[k], abs=1e-14)
    by_hand = [
        (-1) ** sum(int(bits[i]) for i in task.subsets[k])
        for k, bits in zip(population.skill, population.bits, strict=True)
    ]
    assert population.target.tolist() == by_hand


def test_every_subset_can_be_taken_and_large_requests_end():
    task = MultitaskParity(math.comb(10, 5), 10, 5, seed=1)
    assert len({tuple(row) for row in task.subsets.tolist()}) == 252
    # comb(200, 100) is near 1e59, far beyond 64-bit integers.
    huge = MultitaskParity(50, 200, 100).subsets
    assert len({tuple(row) for row in huge.tolist()}) == 50


def test_subsets_are_uniform():
    # 6000 draws of 2 out of the 6 pairs: each of the 30 ordered choices expects 200; the 99.9 %
    # quantile of chi-squared with 29 degrees of freedom is 58.3 and the seeds are fixed.
    counts = Counter(
        tuple(map(tuple, subsets.distinct(2, 4, 2, seed=seed))) for seed in range(6000)
    )
    assert len(counts) == 30
    assert sum((n - 200) ** 2 / 200 for n in counts.values()) < 58.3


def test_seed_chooses_the_subsets():
    assert torch.equal(
        MultitaskParity(5, 32, seed=4).subsets, MultitaskParity(5, 32, seed=4).subsets
    )
    assert not torch.equal(MultitaskParity(5, 32).subsets, MultitaskParity(5, 32, seed=1).subsets)


@pytest.mark.parametrize(
    "generator",
    [torch.Generator().manual_seed(0), np.random.default_rng(0)],
    ids=["torch", "numpy"],
)
def test_sample_follows_the_distribution(generator):
    task = MultitaskParity(4, 11, 3, alpha=0.6, seed=2)
    n = 40_000
    batch = task.sample(n, generator=generator)
    assert batch.bits.shape == (n, 11)
    assert batch.weight is None
    assert set(batch.bits.unique().tolist()) == {0.0, 1.0}
    for k in range(4):
        chosen = batch.skill == k
        assert torch.equal(batch.target[chosen], task.skill_basis(k, batch.bits[chosen]))
    # Five standard errors of a share: sqrt(p (1 - p) / n) <= 0.0025.
    share = torch.bincount(batch.skill, minlength=4) / n
    assert np.abs(share.numpy() - task.frequency).max() < 5 * 0.0025
    assert (batch.bits.mean(0) - 0.5).abs().max() < 5 * 0.0025
    pairs = torch.corrcoef(batch.bits.T) - torch.eye(11)
    assert pairs.abs().max() < 5 / math.sqrt(n)


SEEDS = [3, 4, 5]


def _tasks(seeds):
    return [MultitaskParity(5, 12, 3, seed=seed) for seed in seeds]


@pytest.mark.parametrize(
    "source",
    [
        lambda seeds: fresh_batches(_tasks(seeds), 16, seeds=seeds),
        lambda seeds: fixed_dataset(_tasks(seeds), 40, seeds=seeds),
        lambda seeds: fixed_dataset(_tasks(seeds), 40, seeds=seeds, batch_size=16),
    ],
    ids=["fresh", "fixed", "minibatches"],
)
def test_a_members_batches_depend_on_its_seed_and_the_step_alone(source):
    crowd, alone = source(SEEDS), source(SEEDS[1:2])
    first = [crowd(step) for step in range(6)]
    for step in (5, 0, 2, 2, 4):  # in any order, asked for again
        again, single = crowd(step), alone(step)
        for whole, repeated, own in zip(first[step][:3], again[:3], single[:3], strict=True):
            assert torch.equal(whole, repeated)
            assert torch.equal(whole[1], own[0])
    assert not torch.equal(first[0].bits[0], first[0].bits[1])


def test_targets_of_stacked_batches_are_each_members_own():
    batch = fresh_batches(_tasks(SEEDS), 200, seeds=SEEDS)(7)
    for i, task in enumerate(_tasks(SEEDS)):
        for k in range(5):
            chosen = batch.skill[i] == k
            expected = task.skill_basis(k, batch.bits[i][chosen])
            assert torch.equal(batch.target[i][chosen], expected)


def test_fresh_batches_never_repeat_and_follow_the_frequencies():
    task = MultitaskParity(3, 32, seed=1)
    source = fresh_batches([task], 500, seeds=[1])
    seen = [source(step) for step in range(40)]
    words = torch.cat([batch.bits[0] for batch in seen])
    # 20,000 words of 32 bits: a chance repetition has probability 0.05, and the seed is fixed.
    assert len(words.unique(dim=0)) == len(words)
    share = torch.bincount(torch.cat([batch.skill[0] for batch in seen])) / len(words)
    # Five standard errors, sqrt(1/4 / 20,000) = 0.0035.
    assert np.abs(share.numpy() - task.frequency).max() < 5 * 0.0035


def test_epochs_use_every_row_once_and_change_their_order():
    epochs = Epochs(size=10, length=3, seed=0)
    orders = [np.concatenate([epochs.rows(3 * e + b) for b in range(3)]) for e in range(4)]
    assert all(len(set(order)) == 9 for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert set(np.concatenate(orders)) == set(range(10))


def test_fixed_dataset_pads_unequal_members_with_weight_zero():
    source = fixed_dataset(_tasks(SEEDS), [8, 20, 50], seeds=SEEDS, batch_size=20)
    rows = [source(step) for step in range(5)]
    assert rows[0].bits.shape == (3, 20, 12)
    assert rows[0].weight.sum(1).tolist() == [8, 20, 20]
    assert torch.equal(rows[0].bits[1], rows[4].bits[1])
    assert not torch.equal(rows[0].bits[2], rows[1].bits[2])
    alone = fixed_dataset(_tasks(SEEDS[:1]), 8, seeds=SEEDS[:1])(0)
    assert torch.equal(alone.bits[0], rows[3].bits[0, :8])


def test_whole_population_is_each_tasks_population():
    members = [
        MultitaskParity(3, 5, 2, alpha=alpha, seed=seed) for seed, alpha in enumerate((0, 1))
    ]
    batch = whole_population(members)(9)
    for i, task in enumerate(members):
        for ours, theirs in zip(batch, task.population(torch.float32), strict=True):
            assert torch.equal(ours[i], theirs)


def test_streams_differ_by_seed_purpose_and_step():
    draws = {
        Stream(seed, purpose).at(step).random()
        for seed in range(5)
        for purpose in ("data", "weights")
        for step in range(5)
    }
    assert len(draws) == 50
