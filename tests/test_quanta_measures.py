import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from skillscale.quanta_discovery.experiments import measures, spectral_sweep
from skillscale.quanta_discovery.experiments._shared import spectral


def blobs(seed=0, groups=6, each=15, noise=0.2):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(groups), each)
    vectors = rng.normal(size=(groups, 30))[label] + noise * rng.normal(size=(len(label), 30))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return torch.from_numpy((vectors @ vectors.T).clip(-1, 1)), label


def test_one_decomposition_clusters_as_scikit_learn_does():
    cosine, label = blobs()
    for count, found in zip((6, 4), spectral_sweep(cosine, (6, 4), 0, n_init=10), strict=True):
        assert adjusted_rand_score(found, spectral(cosine, count, 0, n_init=10)) == 1
    assert adjusted_rand_score(label, spectral_sweep(cosine, [6], 0, n_init=10)[0]) == 1


def test_coherence_is_the_mean_over_pairs():
    cosine, label = blobs(each=4)
    found = measures.coherence(cosine, label, 7)
    pairs = [float(cosine[i, j]) for i, j in itertools.combinations(np.flatnonzero(label == 2), 2)]
    assert found[2] == pytest.approx(np.mean(pairs), rel=1e-6)
    assert np.isnan(found[6])


def test_the_remainder_is_the_largest_loose_cluster():
    assert measures.remainder([9, 8, 7], [0.5, 0.1, 0.0]) == 1
    assert measures.remainder([9, 8, 7], [0.5, 0.4, np.nan]) == -1
    assert measures.remainder([9, 8, 7], [0.2, 0.201, 0.199]) == 2


def test_p_values_combine():
    assert measures.permutation_p_value(5.0, np.arange(4.0)) == pytest.approx(1 / 5)
    uniform = np.random.default_rng(0).random((2000, 5))
    combined = [measures.combined_p_value(each) for each in uniform]
    # uniform again: the mean of 2000 has a standard error of 0.0065
    assert np.mean(combined) == pytest.approx(0.5, abs=0.03)
    assert measures.combined_p_value([1e-3] * 5) < 1e-8


def test_envelope_is_the_maximum_over_numbers_of_clusters():
    size = np.array([[[5, 1, 0], [3, 2, 1]]])
    assert measures.envelope(size).tolist() == [[5, 2, 1]]


def test_shares_of_a_drop_sum_to_one():
    loss = np.array([[4.0, 5.0], [1.0, 4.0], [0.0, 6.0]])
    shares = measures.steps_of(loss)
    np.testing.assert_allclose(shares.sum(0), 1)
    np.testing.assert_allclose(shares[:, 0], [0.75, 0.25])


def curves(kind, *, noise, seed=0, n_tokens=400):
    """Tokens that fall by 4 nats over five sizes: in one step at a random place, or evenly."""
    rng = np.random.default_rng(seed)
    if kind == "steps":
        place = rng.integers(1, 5, size=n_tokens)
        mean = 4.0 * (np.arange(5)[:, None] < place)
    else:
        mean = np.broadcast_to(np.linspace(4, 0, 5)[:, None], (5, n_tokens))
    return mean + noise * rng.normal(size=(4, 5, n_tokens))


def test_surrogates_keep_mean_ends_and_noise():
    loss = curves("steps", noise=0.3)
    drawn = np.stack(
        [measures.smooth_surrogates(loss, rng=np.random.default_rng(i)) for i in range(50)]
    )
    # 50 surrogates of 4 networks: the mean is known to 0.3 / sqrt(200), and there are 400 tokens
    np.testing.assert_allclose(drawn[..., 0, :].mean((0, 1)), loss[:, 0].mean(0), atol=0.12)
    np.testing.assert_allclose(drawn[..., -1, :].mean((0, 1)), loss[:, -1].mean(0), atol=0.12)
    assert drawn.std(1, ddof=1).mean() == pytest.approx(0.28, abs=0.03)  # s of 4 is biased low
    average = loss.mean((0, 2))
    np.testing.assert_allclose(drawn.mean((0, 1, 3)), average, atol=0.01)


def test_planted_steps_are_told_from_smooth_curves():
    own, null = measures.against_surrogates(curves("steps", noise=0.5), n_surrogates=10)
    assert own["same place"] > 0.95
    assert own["again"] > 0.8
    assert own["same place"] > null["same place"] + 0.3
    assert own["candidates"] > null["candidates"] + 0.3


def test_smooth_curves_reach_no_more_than_their_surrogates():
    found = [
        measures.against_surrogates(curves("smooth", noise=0.5, seed=seed), n_surrogates=10)
        for seed in range(8)
    ]
    difference = [own["same place"] - null["same place"] for own, null in found]
    # 400 tokens of a share near 0.3: a standard error of 0.023 for each, 0.008 for the mean
    assert np.mean(difference) == pytest.approx(0, abs=0.03)
    assert np.mean([own["candidates"] for own, _ in found]) < 0.02


def test_statistics_of_halves_counted_by_hand():
    # at which of two steps each network's tokens fall by 4
    falls = [[0, 0, 1, 1], [0, 1, 1, 0]]
    loss = np.array([[[4] * 4, [4 * at for at in places], [0] * 4] for places in falls], float)
    found = measures.split_statistics(loss)
    assert found == {"same place": 0.5, "candidates": 1.0, "again": 0.5}
    # the odd network belongs to the second half, whose mean falls evenly where its two differ
    third = np.concatenate([loss, loss[:1]])
    found = measures.split_statistics(third)
    assert found["candidates"] == (4 + 2) / 8
    assert found["again"] == (2 + 2) / 6
    # a step is a candidate only above the share
    assert measures.split_statistics(loss, share=1.0)["candidates"] == 0


def test_no_candidates_leave_no_share():
    loss = np.broadcast_to(np.linspace(4, 0, 5)[:, None], (2, 5, 3))
    assert np.isnan(measures.split_statistics(loss)["again"])


def test_one_network_has_no_noise_to_measure():
    with pytest.raises(ValueError, match=r"loss must have 2 networks and 2 sizes or more, got"):
        measures.smooth_surrogates(np.ones((1, 5, 3)), rng=np.random.default_rng(0))
    two = np.array([[[2.0], [1.0]]] * 2)  # two networks and two sizes are enough
    np.testing.assert_array_equal(
        measures.smooth_surrogates(two, rng=np.random.default_rng(0)), two
    )
