import dataclasses

import numpy as np
import pytest

from skillscale.experiments import quanta_discovery as experiments

TINY = experiments.Envelope(
    n_tokens=150,
    width=16,
    n_layers=1,
    n_heads=2,
    context=16,
    batch_size=8,
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
def data():
    return experiments.envelope(TINY)


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


def test_a_member_does_not_depend_on_its_companions(data):
    together = experiments.envelope(dataclasses.replace(TINY, seeds=(4, 3))).isel(member=1)
    np.testing.assert_array_equal(together["size"], data["size"].isel(member=0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_loss": 0.0}, "max_loss must be a finite number and > 0, got 0.0"),
        ({"n_samples": 2}, "n_samples must be an integer >= 3, got 2"),
        ({"n_init": 0}, "n_init must be an integer >= 1, got 0"),
        ({"dimension": 1}, "dimension must be an integer >= 2, got 1"),
        ({"noise": -1.0}, "noise must be a finite number and >= 0, got -1.0"),
        ({"alphas": (0.0,)}, "alphas must be a finite number and > 0, got 0.0"),
        ({"sweep": (3, 120)}, "sweep must be from 2 to 119, got 120"),
        ({"seeds": ()}, "seeds must not be empty"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **change)
