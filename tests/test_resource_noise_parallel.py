import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from skillscale.resource import experiments
from skillscale.resource.experiments import noise
from skillscale.resource.experiments._points import sobol

PAIRS = (
    experiments.NoisyPair(weight=0.5),
    experiments.NoisyPair(weight=0.9),
    experiments.NoisyPair(("square", "step"), weight=0.9, planted=0.75),
)
SMALL = experiments.NoiseParallel(
    pairs=PAIRS, widths=(8, 16), n_points=32, steps=(0, 5, 60), seeds=(0, 1)
)


@pytest.fixture(scope="module")
def trained():
    return SMALL.run()


def silu(z):
    return z * (1 + np.tanh(z / 2)) / 2


def features(seed=0, neurons=3, samples=10):
    rng = np.random.default_rng(seed)
    hidden = silu(rng.normal(size=(2, samples, neurons)) * 2)
    return hidden, rng.normal(size=(2, samples, 2))


@pytest.mark.parametrize("neurons", [3, 14])
@pytest.mark.parametrize("offset", [False, True])
def test_losses_are_the_least_over_all_readouts(neurons, offset):
    hidden, targets = features(neurons=neurons)
    sigma = 0.3
    found = noise.expected_losses(torch.tensor(hidden), torch.tensor(targets), sigma, offset=offset)

    def loss(v, h, y):
        readout, constant = v[:-1], v[-1] if offset else 0.0
        error = np.mean((y - constant - h @ readout) ** 2)
        return error + sigma**2 * np.sum(readout**2 * (h**2).mean(0))

    for member in range(2):
        for output in range(2):
            arguments = (hidden[member], targets[member, :, output])
            least = minimize(loss, np.zeros(neurons + 1), args=arguments, tol=1e-12)
            assert float(found[member, output]) == pytest.approx(least.fun, rel=1e-6)


def test_expected_loss_is_the_mean_over_drawn_noise():
    hidden, targets = features(1)
    sigma = 0.3
    given = torch.tensor(hidden), torch.tensor(targets)
    expected = noise.expected_losses(*given, sigma, offset=True)[0]
    readout = noise.best_readout(*given, sigma, offset=True)[0].numpy()
    rng = np.random.default_rng(2)
    # noise of a neuron is relative to the rms of its output and the same size on all inputs
    rms = np.sqrt((hidden[0] ** 2).mean(0))
    drawn = hidden[0] + sigma * rms * rng.normal(size=(40_000, 10, 3))
    clean = hidden[0] @ readout
    constant = (targets[0] - clean).mean(0)
    errors = (targets[0] - constant - drawn @ readout) ** 2
    # 400,000 squared errors: the mean is good to about 0.3 %
    np.testing.assert_allclose(errors.mean((0, 1)), expected.numpy(), rtol=0.01)


def test_gradient_with_the_readout_held_fixed_is_exact():
    hidden, targets = (torch.tensor(values) for values in features(3, samples=6))
    hidden.requires_grad_()
    for offset in (False, True):
        assert torch.autograd.gradcheck(
            lambda h, offset=offset: noise.expected_losses(h, targets, 0.3, offset=offset), [hidden]
        )


def test_equals_a_plain_loop(trained):
    """One network, dense algebra, torch's own Adam and autograd through the solution."""
    place, member, width = 1, 1, 8
    x = (2 * sobol(32, 1, n_inputs=2) - 1).double()
    y = x.square()
    y = (y - y.mean(0)) / y.std(0, correction=0)
    start = 2 * torch.randn(
        3, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    hidden = [start[:2].clone().requires_grad_(), start[2].clone().requires_grad_()]
    rule = torch.optim.Adam(hidden, lr=0.1, betas=(0.9, 0.99), eps=1e-12)
    for step in range(61):
        h = torch.nn.functional.silu(x @ hidden[0] + hidden[1])
        psi = h / h.square().mean(0).sqrt()
        psi = psi - psi.mean(0)
        gram = psi @ psi.T + 32 * 0.1**2 * torch.eye(32)
        losses = 0.1**2 * (y * torch.linalg.solve(gram, y)).sum(0)
        if step in SMALL.steps:
            found = trained.loss[place, 0, member].sel(step=step).values
            np.testing.assert_allclose(found, losses.detach().numpy(), rtol=1e-3)
        rule.param_groups[0]["lr"] = 0.1 * 0.5 * (1 + np.cos(np.pi * step / 60))
        rule.zero_grad()
        (0.9 * losses[0] + 0.1 * losses[1]).backward()
        rule.step()


def test_training_lowers_the_loss_and_no_neuron_is_owned_twice(trained):
    weights = np.stack([trained.weight, 1 - trained.weight], axis=-1)[:, None, None, None]
    total = (trained.loss * weights).sum("subtask")
    assert np.all(total.isel(step=-1) < total.isel(step=0))
    # a readout of zero would cost the targets' variance, which is 1
    assert np.all((trained.loss > 0) & (trained.loss < 1.001))
    assert np.all(trained.owned.sum("subtask") <= trained.width)
    assert np.all(trained.hears.sum("subtask") == trained.width)


def test_a_planted_start_has_the_planted_counts(trained):
    start = trained.isel(pair=2).sel(step=0)
    np.testing.assert_array_equal(start.hears, [[[6, 2]] * 2, [[12, 4]] * 2])
    # the rule finds them but for neurons so flat that the readouts use them for anything
    assert np.all(np.abs(start.owned - start.hears) <= 2)
    settings = experiments.NoiseParallel(
        pairs=(experiments.NoisyPair(planted=0.01),), widths=(4,), steps=(0,), seeds=(0,)
    )
    found = settings.run().sel(step=0)
    np.testing.assert_array_equal(found.hears.squeeze(), [1, 3])  # at least one neuron each


def test_a_subtask_of_little_weight_is_worse_served(trained):
    """At weight 0.9 the second loss ends above the first, at 0.5 it does not by much."""
    ratio = (trained.loss.isel(step=-1, subtask=1) / trained.loss.isel(step=-1, subtask=0)).mean(
        ("width", "member")
    )
    assert ratio[1] > 1.2 * ratio[0]
