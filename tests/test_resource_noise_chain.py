from dataclasses import replace

import numpy as np
import pytest
import torch

from skillscale.resource import experiments
from skillscale.resource.experiments import _noisy
from skillscale.resource.experiments.chain import FUNCTIONS, chained, through

SMALL = experiments.NoiseChain(
    functions=("sine", "root"), widths=(4, 8), n_points=24, nodes=33, steps=20, seeds=(0, 1)
)
X = torch.linspace(-1, 1, 24, dtype=torch.float64)


def layer(*, members=2, width=6, seed=0):
    rng = np.random.default_rng(seed)
    return _noisy.Layer(*(torch.tensor(rng.normal(size=(members, width))) for _ in range(3)))


def test_a_linear_second_module_passes_the_loss_on():
    """silu(z) - silu(-z) = z makes f(u) = u exactly; for steep neurons its noise is σ² u²."""
    first, noise, steep = layer(), 0.1, 1e5
    pair = torch.tensor([[steep, -steep]] * 2, dtype=torch.float64)
    second = _noisy.Layer(pair, torch.zeros_like(pair), 1 / pair)
    target = X.square()
    mean, variance = first.moments(X, noise)
    found = chained(mean, variance, target, second, noise, 65)
    # gain 1 for the first module's loss, and the mean square of what reaches the second one
    predicted = _noisy.loss(first, X, target, noise) + noise**2 * (mean**2 + variance).mean(-1)
    np.testing.assert_allclose(found, predicted, rtol=1e-9)
    bare = through(mean, variance, target, lambda u: u, 65)
    np.testing.assert_allclose(bare, _noisy.loss(first, X, target, noise), rtol=1e-9)


def test_the_integral_equals_an_average_over_noisy_neurons():
    first, second, noise = layer(), layer(seed=1), 0.3
    target = torch.sin(X)
    mean, variance = first.moments(X, noise)
    found = chained(mean, variance, target, second, noise, 65)
    generator = torch.Generator().manual_seed(0)

    def send(module, inputs):
        features = _noisy.hidden(module.weights, module.biases, inputs)
        strength = 1 + noise * torch.randn(features.shape, generator=generator, dtype=X.dtype)
        return ((features * strength) @ module.readout[..., None]).squeeze(-1)

    draws = torch.stack(
        [(target - send(second, send(first, X))).square().mean(-1) for _ in range(4000)]
    )
    error = draws.std(0) / 4000**0.5
    # two members: beyond 4 standard errors once in 8000 seeds
    assert torch.all((draws.mean(0) - found).abs() < 4 * error)
    assert torch.all(error < 0.02 * found)


def test_the_integral_through_a_root_has_its_closed_form():
    """E (sqrt(max(s z, 0)) - 0)² = s E max(z, 0) = s / sqrt(2π)."""
    variance = torch.full((1, 3), 0.04, dtype=torch.float64)
    zero = torch.zeros(3, dtype=torch.float64)
    found = through(zero.expand(1, -1), variance, zero, FUNCTIONS["root"], 1040)
    # the kink of max(z, 0) leaves an error of the order of the step, 0.015, squared
    assert float(found) == pytest.approx(0.2 / np.sqrt(2 * np.pi), rel=3e-4)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("sine", lambda u: np.sin(np.pi * u)),
        ("exponential", np.exp),
        ("shifted root", lambda u: np.sqrt(np.maximum(u + 0.1, 0))),
        ("root", lambda u: np.sqrt(np.maximum(u, 0))),
    ],
)
def test_second_modules_make_what_they_are_called(name, formula):
    u = np.linspace(-0.3, 1.3, 33)
    found = FUNCTIONS[name](torch.as_tensor(u)).numpy()
    np.testing.assert_allclose(found, formula(u), rtol=1e-12, atol=1e-15)


def test_training_lowers_losses():
    found = SMALL.run()
    np.testing.assert_allclose(found.error_first.mean("input"), found["first"], rtol=1e-3)
    start = replace(SMALL, steps=0).run()
    for name in ("first", "second", "other"):
        assert np.all(found[name] < start[name])
    assert np.all(found.chain > 0)
    # with small errors the chain is no better than its second module alone, up to their interplay
    assert np.all(found.chain.mean() > found.second.mean())


def test_parts_of_a_chain_start_from_numbers_of_their_own():
    """The module beside makes the same target as the first one, from another start."""
    found = replace(SMALL, other="square").run()
    assert np.all(found["first"] != found.other)
