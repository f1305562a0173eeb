import numpy as np
import plain
import pytest

from skillscale.lab import corpus
from skillscale.quanta_discovery import experiments
from skillscale.quanta_discovery.experiments import _shared

TINY = experiments.ModelSizes(
    **plain.TEXT,
    widths=(4, 16),
    steps=(20, 120),
    networks=(1, 2),
    held_out=0.01,
    n_kept=50,
    near_zero=1.0,
    seeds=(3,),
)


@pytest.fixture(scope="module")
def data():
    return TINY.run()


def test_losses_of_every_network_are_there(data):
    assert dict(data.mean_loss.sizes) == {"member": 1, "training": 2, "network": 2, "width": 2}
    assert np.isnan(data.mean_loss.sel(training=20).isel(network=1)).all()
    assert np.isfinite(data.mean_loss.sel(training=120)).all()
    assert data.mean_loss.sel(training=120).mean() < data.mean_loss.sel(training=20).mean()
    assert (data.near_zero.fillna(0) <= 1).all()


def test_networks_of_one_size_differ(data):
    first, second = data.mean_loss.sel(training=120, width=16).isel(member=0).values
    assert first != second


def test_parameters_are_those_of_the_blocks(data):
    # 12 d^2 weights and 9 d biases a block
    assert data.n_parameters.values.tolist() == [12 * d * d + 9 * d for d in (4, 16)]


def test_kept_tokens_stand_for_all(data):
    kept = data.loss_hundredths.isel(member=0).mean("sample") / 100
    every = data.mean_loss.isel(member=0).sel(training=120)
    # 50 tokens with a spread of about 2 nats: a standard error of 0.3
    np.testing.assert_allclose(kept, every.transpose(*kept.dims), atol=1.2)


def test_tokens_belong_to_the_losses(data):
    _, held_out = _shared.texts(150, held_out=0.01, seed=3)
    rows = corpus.windows(held_out, context=16)
    # the first kept token is the first in the second half of the first window
    assert data.tokens.isel(member=0, sample=0).values.tolist() == rows[0, 2:10].tolist()[::-1]
    last = rows[-1, 9:17].tolist()[::-1]
    assert data.tokens.isel(member=0, sample=-1).values.tolist() == last
