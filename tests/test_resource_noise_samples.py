from dataclasses import replace

import numpy as np
import pytest
import torch

from skillscale.resource import experiments
from skillscale.resource.experiments import _noisy, noise, samples

SMALL = experiments.NoiseSamples(
    samples=(8, 64), widths=(4, 16), n_points=24, steps=20, seeds=(0, 1)
)
X = torch.linspace(-1, 1, 24, dtype=torch.float64)
TARGET = torch.sin(3 * X)


def test_collapsed_samples_equal_samples_one_by_one():
    """Shares and mean labels give the readout that the samples themselves give."""
    size, sigma, label_noise = 60, 0.2, 0.5
    share, labels = samples.draw(3, size, TARGET, label_noise)
    rng = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(size,)))
    where = rng.integers(len(X), size=size)
    own = TARGET.numpy()[where] + label_noise * rng.normal(size=size)
    start = noise.initial([0], 5, 2.0)
    found = _noisy.train(start, X, labels[None], share[None], noise=sigma, lr=0.1, steps=15)
    full = _noisy.train(start, X[where], torch.tensor(own), noise=sigma, lr=0.1, steps=15)
    for collapsed, plain in zip(found, full, strict=True):
        np.testing.assert_allclose(collapsed, plain, rtol=1e-6)
    assert float(share.sum()) == pytest.approx(1)


@pytest.mark.parametrize("width", [5, 60])
def test_both_forms_of_the_ridge_problem_give_its_minimum(width):
    """Fewer neurons than samples or more: the gradient in the readout vanishes."""
    share, labels = (part[None] for part in samples.draw(0, 30, TARGET, 0.1))
    start = noise.initial([0], width, 2.0)
    layer = _noisy.train(start, X, labels, share, noise=0.2, lr=0.1, steps=0)
    readout = layer.readout.clone().requires_grad_()
    mean, variance = layer._replace(readout=readout).moments(X, 0.2)
    total = (share * ((labels - mean) ** 2 + variance)).sum()
    (slope,) = torch.autograd.grad(total, readout)
    scale = 2 * (share[..., None] * _noisy.hidden(*layer[:2], X)).abs().sum()
    assert float(slope.abs().max()) < 1e-9 * float(scale)


def test_the_whole_grid_is_noise_scaling():
    scaling = noise.NoiseScaling(
        targets=("sine",), widths=(4, 16), n_points=24, steps=(20,), seeds=(0, 1)
    ).run()
    found = SMALL.run()
    # four digits are kept here
    np.testing.assert_allclose(found.whole, scaling.loss.squeeze(), rtol=1e-3)


def test_many_clean_samples_are_the_whole_grid():
    many = replace(SMALL, samples=(200_000,), label_noise=0.0).run()
    # each of 24 points has a share that is off by sqrt(24 / 200,000) = 1 %
    np.testing.assert_allclose(many.loss[:, 0], many.whole, rtol=0.02)


def test_label_noise_and_few_samples_cost():
    found = replace(SMALL, label_noise=1.0, samples=(16, 4096)).run()
    assert np.all(found.loss[:, 0] > 2 * found.loss[:, 1])
    assert np.all(found.loss > found.whole)
    assert found.loss.attrs["units"]


def test_samples_differ_by_seed_and_by_number():
    first, again = (samples.draw(0, 50, TARGET, 0.1) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for seed, size in ((1, 50), (0, 51)):
        share, labels = samples.draw(seed, size, TARGET, 0.1)
        assert not torch.equal(share, first[0])
        assert not torch.equal(labels, first[1])
