import dataclasses
import itertools

import numpy as np
import plain
import pytest
import torch

from skillscale.quanta_discovery import experiments

TINY = experiments.Clusters(
    **plain.TEXT,
    width=16,
    steps=120,
    held_out=0.02,
    max_loss=2.0,
    n_samples=40,
    n_clusters=5,
    sweep=(3, 5),
    n_permutations=7,
    keep_similarity=True,
    seeds=(3,),
)


@pytest.fixture(scope="module")
def data():
    return TINY.run()


def brute_force_excess(cosine, label, key):
    pairs = list(itertools.combinations(range(len(label)), 2))
    alike = [(i, j) for i, j in pairs if key[i] == key[j]]
    base = {
        k: np.mean([cosine[i, j] for i, j in alike if key[i] == k])
        for k in set(key)
        if any(key[i] == k for i, _ in alike)
    }
    return np.mean([cosine[i, j] - base[key[i]] for i, j in alike if label[i] == label[j]])


def random_cosine(n, rng):
    vectors = rng.normal(size=(n, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


def test_excess_is_what_the_definition_says():
    rng = np.random.default_rng(0)
    cosine, label, key = random_cosine(30, rng), rng.integers(4, size=30), rng.integers(5, size=30)
    found, null = experiments.excess_cosine(cosine, label, key)
    assert found == pytest.approx(brute_force_excess(cosine, label, key), abs=1e-12)
    assert null.shape == (0,)


def test_mean_over_all_shuffles_is_zero():
    rng = np.random.default_rng(1)
    cosine, label, key = random_cosine(7, rng), [0, 0, 1, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1]
    every = [
        brute_force_excess(cosine, [label[i] for i in (*first, *second)], key)
        for first in itertools.permutations(range(4))
        for second in itertools.permutations(range(4, 7))
    ]
    assert np.mean(every) == pytest.approx(0, abs=1e-14)


def test_shuffles_stay_within_keys():
    # all labels of a key are equal, so a shuffle within keys changes nothing
    rng = np.random.default_rng(2)
    key = np.repeat([0, 1, 2], 5)
    found, null = experiments.excess_cosine(random_cosine(15, rng), key * 7, key, n_permutations=5)
    assert found == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(null, 0, atol=1e-14)


def test_planted_structure_is_found_and_its_absence_too():
    rng = np.random.default_rng(3)
    key = np.repeat([0, 1], 100)
    reason = rng.integers(3, size=200)
    centre = rng.normal(size=(2, 3, 20))
    vectors = centre[key, reason] + 0.5 * rng.normal(size=(200, 20))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    found, null = experiments.excess_cosine(cosine, reason, key, n_permutations=50, rng=rng)
    # centres are orthogonal and |noise| is half of |centre|: 1/1.25 inside, 0 across, 1/3 of pairs
    assert found == pytest.approx(0.8 * 2 / 3, abs=0.15)
    assert found > 20 * null.std()
    blind, null = experiments.excess_cosine(
        cosine, rng.integers(3, size=200), key, n_permutations=200, rng=rng
    )
    assert abs(blind) < 4 * null.std()


def test_no_pair_to_compare_gives_nan():
    found, _ = experiments.excess_cosine(np.eye(3), [0, 1, 2], [0, 0, 0])
    assert np.isnan(found)


def test_copied_trigrams_are_found():
    rows = torch.tensor([[1, 2, 3, 9, 1, 2, 3, 5], [1, 2, 3, 9, 4, 2, 3, 5]])
    assert experiments.novel_trigram(rows, torch.tensor([5, 5])).tolist() == [False, True]
    # a window that has only just shown the trigram for the first time is no copy
    assert experiments.novel_trigram(rows, torch.tensor([2, 2])).tolist() == [True, True]
    runs = torch.tensor([[7, 7, 7, 7]])
    assert experiments.novel_trigram(runs, torch.tensor([1])).tolist() == [True]
    assert experiments.novel_trigram(runs, torch.tensor([2])).tolist() == [False]


def test_measurements_hang_together(data):
    assert dict(data.sizes)["sample"] == 40
    read, confident, novel = data.n_candidates.values[0]
    assert read > confident > novel >= 40
    assert float(data.loss.max()) < TINY.max_loss
    assert (data["size"].sum("rank") == 40).all()
    assert (data.label.max("sample") < TINY.n_clusters).all()
    np.testing.assert_allclose(np.diag(data.cosine), 1, atol=1e-5)
    vocabulary = data.vocabulary.values
    assert vocabulary[data.tokens.values.max()] is not None
    inside = data.coherence.values
    assert np.nanmax(np.abs(inside)) <= 1 + 1e-5


def test_excess_belongs_to_the_stored_labels(data):
    key = data.tokens.isel(member=0, back=0).values
    found, _ = experiments.excess_cosine(
        data.cosine.values, data.label.isel(member=0, network=0).values, key
    )
    stored = data.excess.isel(member=0, network=0, measured_in=0, shared=0)
    assert float(stored) == pytest.approx(found, abs=1e-5)


def test_the_untrained_network_is_only_measured_in(data):
    assert data.network.values.tolist() == ["network 0", "network 1"]
    assert data.measured_in.values.tolist() == ["network 0", "network 1", "untrained"]
    assert np.isfinite(data.excess.sel(shared=1)).all()


def test_the_second_run_differs_in_its_seeds_alone():
    first, again = (sizes["standard"] for sizes in experiments.Clusters.records.values())
    assert dataclasses.replace(again, seeds=first.seeds) == first
    assert not set(first.seeds) & set(again.seeds)
