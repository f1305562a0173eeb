"""Skills with a dimension each: closed forms against simulated sign descent, limits, bad input."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from skillscale.frequencies import power_law
from skillscale.geometry import theory as geometry


def _losses(logits, p):
    return np.logaddexp(0, -logits) @ p


def _descend(p, dim, lr, steps, batch_size=None, seed=0):
    """Sign descent on the logits of the first `dim` skills, the others without parameters."""
    rng, logits, path = np.random.default_rng(seed), np.zeros(len(p)), []
    for _ in range(steps + 1):
        path.append(_losses(logits, p))
        counts = p if batch_size is None else rng.multinomial(batch_size, p)
        gradient = -counts / (1 + np.exp(logits))
        logits[:dim] -= lr * np.sign(gradient[:dim])
    return np.array(path)


@pytest.mark.parametrize("dim", [0, 3, 20, 50])
def test_exact_gradients_equal_simulated_sign_descent(dim):
    p, lr = power_law(20, 0.5), 0.02
    path = _descend(p, dim, lr, 300)
    predicted = geometry.modular_step_loss(np.arange(301), p, dim, lr=lr)
    np.testing.assert_allclose(predicted, path, rtol=1e-10)


@pytest.mark.parametrize("batch_size", [1, 16, 1024])
def test_batches_equal_the_mean_over_the_steps_in_which_a_skill_occurs(batch_size):
    p, lr, dim, t = power_law(40, 1.0), 0.01, 25, np.array([0, 40, 400, 4000])
    predicted = geometry.modular_step_loss(t, p, dim, lr=lr, batch_size=batch_size)
    met = 1 - (1 - p[:dim]) ** batch_size
    for time, loss in zip(t, predicted, strict=True):
        counts = np.arange(time + 1)
        chance = binom.pmf(counts[:, None], time, met)
        exact = (chance * np.logaddexp(0, -lr * counts)[:, None]).sum(0) @ p[:dim]
        exact += math.log(2) * p[dim:].sum()
        gap = (lr**2 * time * met * (1 - met) / 8) @ p[:dim]
        assert -1e-12 <= exact - loss <= gap + 1e-12


def test_batches_equal_simulated_sign_descent():
    p, lr, dim = power_law(100, 0.0), 0.01, 40
    paths = [_descend(p, dim, lr, 800, 64, seed) for seed in range(20)]
    predicted = geometry.modular_step_loss(np.arange(801), p, dim, lr=lr, batch_size=64)
    deviation = np.abs(np.mean(paths, 0) - predicted).max()
    # convexity: at most η² t/32 = 0.0025; seeds differ by 0.002 / √20
    assert deviation < 0.004
    exact = geometry.modular_step_loss(np.arange(801), p, dim, lr=lr)
    assert np.abs(exact - predicted).max() > 5 * deviation  # what batches cost is much more


def test_long_training_ends_at_the_tail():
    p = power_law(1000, 0.0)
    dims = np.array([0, 40, 1000, 2000])
    for dim, end in zip(dims, geometry.modular_loss(p, dims), strict=True):
        logits = np.where(np.arange(1000) < dim, 60.0, 0.0)
        assert end == pytest.approx(_losses(logits, p), abs=1e-12)
        late = geometry.modular_step_loss(1e7, p, int(dim), lr=0.01, batch_size=1024)
        assert late == pytest.approx(end, abs=1e-12)
    assert geometry.modular_loss([1.0], 0) == pytest.approx(math.log(2))


def test_one_skill_is_met_in_every_batch():
    with_batches = geometry.modular_step_loss(50, [1.0], 1, lr=0.1, batch_size=8)
    assert with_batches == geometry.modular_step_loss(50, [1.0], 1, lr=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: geometry.modular_loss([1.0], -1), "dim must be >= 0"),
        (lambda: geometry.modular_loss([1.0], 0.5), "dim must be whole numbers >= 0"),
        (lambda: geometry.modular_loss([0.0], 1), "frequency must be > 0"),
        (lambda: geometry.modular_step_loss(-1, [1.0], 1, lr=0.1), "t must be >= 0"),
        (lambda: geometry.modular_step_loss(1, [1.0], -1, lr=0.1), "dim must be an integer >= 0"),
        (lambda: geometry.modular_step_loss(1, [1.0], 1, lr=0.0), "lr must be a finite number"),
        (
            lambda: geometry.modular_step_loss(1, [1.0], 1, lr=0.1, batch_size=0),
            "batch_size must be an integer >= 1",
        ),
        (
            lambda: geometry.modular_step_loss(1, [1.0, 1.0], 1, lr=0.1, batch_size=8),
            "frequency must sum to 1 with batches, got the sum 2",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
