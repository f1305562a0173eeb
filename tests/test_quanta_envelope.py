import dataclasses

import numpy as np
import plain
import pytest
import xarray as xr

from skillscale.quanta_discovery import experiments, readings
from skillscale.quanta_discovery.experiments import envelope

TINY = experiments.Envelope(
    **plain.TEXT,
    width=16,
    steps=120,
    held_out=0.02,
    max_loss=2.0,
    n_samples=120,
    sweep=(3, 8, 20),
    alphas=(0.4, 2.0),
    dimension=60,
    noise=0.3,
    seeds=(3,),
)


@pytest.fixture(scope="module")
def seen():
    """The data of a run, and what it was computed from: cosines and labels of each source."""
    cosines, labels = [], []

    def noting(function, kept):
        return lambda *given, **named: kept.append(function(*given, **named)) or kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        for name, kept in (("cosines", cosines), ("spectral_sweep", labels)):
            patch.setattr(envelope._shared, name, noting(getattr(envelope._shared, name), kept))
        return TINY.run(), cosines, labels


@pytest.fixture(scope="module")
def data(seen):
    return seen[0]


def test_every_source_is_clustered_whole(data):
    sources = ["gradients", "isotropic", "spectrum", "planted 0.4", "planted 2"]
    assert data.source.values.tolist() == sources
    assert (data["size"].sum("rank") == 120).all()
    assert (data["size"].diff("rank") <= 0).all()
    assert not data["size"].sel(n_clusters=8).isel(rank=slice(8, None)).any()


def test_known_groups_are_stored(data):
    true = data.true_size.isel(member=0)
    assert not true.sel(source=["isotropic", "spectrum"]).any()
    # steeper planted sizes hold more in the first group: 1 / zeta(3) = 0.83 against 0.32
    assert true.sel(source="planted 2")[0] > 80 > 60 > true.sel(source="planted 0.4")[0]
    assert true.sel(source="gradients").sum() <= 120


def test_planted_clusters_cohere_and_isotropic_vectors_do_not(data):
    mean = data.coherence.isel(member=0).sel(n_clusters=3)
    # noise of 0.3 leaves a cosine of 1 / 1.09 inside a planted group; the largest holds 5 in 6
    assert mean.sel(source="planted 2") > 0.5
    assert mean.sel(source="isotropic") < 0.3


def test_isotropic_null_has_the_gradients_dimension(data):
    assert 2 <= int(data.dimension[0]) < 120


def test_what_is_measured_is_what_the_definitions_say(seen):
    data, cosines, labels = seen
    found, own = data.isel(member=0), cosines[0].double().numpy()
    # (Σ λ)² / Σ λ² of the eigenvalues of a matrix: its squared trace over its squared entries
    assert found.dimension == round(np.trace(own) ** 2 / (own**2).sum())
    for row, label in enumerate(labels[0]):
        n_clusters = TINY.sweep[row]
        counts = sorted((label.tolist().count(c) for c in range(n_clusters)), reverse=True)
        size = found["size"].isel(source=0, n_clusters=row)
        assert size.values.tolist() == counts + [0] * (20 - n_clusters)
        alike = [
            own[i, j] for i in range(120) for j in range(120) if i != j and label[i] == label[j]
        ]
        assert found.coherence[0, row].item() == pytest.approx(np.mean(alike), abs=1e-5)


def test_artificial_vectors_have_the_cosines_of_their_kind():
    n = 400
    settings = dataclasses.replace(TINY, n_samples=n, dimension=300, noise=0.5, alphas=(2.0,))
    spectrum = np.repeat([4.0, 1.0], [100, 300])
    made = envelope._artificial(settings, spectrum, 50, 3)
    others = ~np.eye(n, dtype=bool)
    mean_square = {name: (cosine.numpy()[others] ** 2).mean() for name, (cosine, _) in made.items()}
    # 79,800 pairs of a square with standard deviation √2 times its mean: 0.5 %
    assert mean_square["isotropic"] == pytest.approx(1 / 50, rel=0.03)
    # Σ λ² / (Σ λ)², but for the spread of a length, which is of order 1 / 250
    assert mean_square["spectrum"] == pytest.approx(1900 / 700**2, rel=0.05)
    cosine, group = made["planted 2"]
    alike = (group[:, None] == group) & others
    # |centre|² against |noise|² = 1/4 of it; entries scatter by 1/√300
    assert cosine.numpy()[alike].mean() == pytest.approx(0.8, abs=0.02)
    assert abs(cosine.numpy()[group[:, None] != group].mean()) < 0.1
    # P(1) = 1/ζ(3) = 0.832, four standard deviations of 400 draws
    assert (group == 1).mean() == pytest.approx(0.832, abs=0.075)


def test_groups_that_are_far_apart_are_found_with_their_sizes():
    settings = experiments.PlantedGroups(
        exponents=(0.5, 1.0), n_groups=6, largest=24, dimension=40, noise=0.1, sweep=(2, 6),
        n_init=5, seeds=(3, 4),
    )  # fmt: skip
    found = settings.run()["size"].sel(n_clusters=6)
    for exponent, sizes in ((0.5, [24, 16, 13, 12, 10, 9]), (1.0, [24, 12, 8, 6, 4, 4])):
        np.testing.assert_array_equal(found.sel(exponent=exponent), [sizes, sizes])


def test_places_are_the_eigenvectors_of_one_plus_the_cosine():
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(4, 30)), [40, 30, 20, 10], 0)
    vectors += 0.3 * rng.normal(size=vectors.shape)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = 1 + unit @ unit.T
    degree = similarity.sum(1) - 2
    found = envelope._places(vectors, 4)
    _, direction = np.linalg.eigh(similarity / np.sqrt(degree[:, None] * degree))
    for column, exact in zip(found.T, direction.T[::-1], strict=False):
        overlap = abs(column * np.sqrt(degree) @ exact)
        assert overlap == pytest.approx(1)


def test_slopes_of_planted_groups_are_those_of_the_largest_clusters():
    rank = np.arange(1.0, 301)
    sizes = np.stack([1e6 * rank**-1.2, 5e5 * rank**-0.7])[None, :, None]
    both = np.concatenate([sizes, sizes / 2], 2)
    run = xr.Dataset(
        {"size": (("member", "exponent", "n_clusters", "rank"), both)}, {"exponent": [1.0, 0.9]}
    )
    np.testing.assert_allclose(readings.planted_slopes(run), [[1.2, 0.7]])
    judged = readings.envelope_orders_planted_exponents(run)
    assert judged["order"].value == pytest.approx(1)
    assert judged["error"].value == pytest.approx(0.2)
