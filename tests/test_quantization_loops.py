"""Every run of the quantization toy equals a plain loop of torch over the same samples."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot, softplus

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity, fixed_dataset, fresh_batches
from skillscale.lab.randomness import Stream
from skillscale.lab.training import log_steps
from skillscale.quantization import experiments

# Few gentle steps: rounding, which differs between the two, is then not amplified.
STEPS = 24
TASK = {"alphas": (0.4, 0.8), "n_skills": 3, "n_bits": 5, "batch_size": 40, "n_test": 30}


def bit_losses(network, inputs, targets):
    """Mean cross entropy of each skill in bits; inputs (sample, skill, bit)."""
    with torch.no_grad():
        hot = torch.eye(3).expand(len(inputs), 3, 3)
        outputs = network(torch.cat([hot, inputs], -1))[..., 0]
    return softplus(-targets * outputs).mean(0).numpy() / math.log(2)


def by_hand(width, source, rule, times, *, factor=lambda step: 1.0, seed=5):
    """Train one plain network; return the losses (time, skill) and the frequencies."""
    task = MultitaskParity(3, 5, 2, 0.8, seed=seed)
    network = MLPEnsemble(5, [width], seeds=[seed], n_categories=3).member(0)
    optimizer = rule(network.parameters())
    rate = optimizer.param_groups[0]["lr"]
    words = Stream(seed, "test inputs").at(0).integers(0, 2, (30, 3, 5)).astype(np.float32)
    inputs = torch.from_numpy(words)
    targets = torch.stack([task.skill_basis(k, inputs[:, k]) for k in range(3)], 1)
    losses, batches = [], source(task)
    for step in range(max(times) + 1):
        if step in times:
            losses.append(bit_losses(network, inputs, targets))
        batch = batches(step)
        optimizer.param_groups[0]["lr"] = rate * factor(step)
        optimizer.zero_grad()
        control = one_hot(batch.skill[0], 3).float()
        outputs = network(torch.cat([control, batch.bits[0]], 1))[:, 0]
        softplus(-batch.target[0] * outputs).mean().backward()
        optimizer.step()
    return np.array(losses), task.frequency


def fresh(task):
    return fresh_batches([task], 40, seeds=[task.seed])


def adam(rate):
    return lambda parameters: torch.optim.Adam(parameters, rate)


def test_widths():
    settings = experiments.WidthScaling(
        widths=(4, 7), seeds=(4, 5), steps=STEPS, halvings=2, learning_rate=0.03, **TASK
    )
    found = settings.run()

    def factor(step):  # falls in the last fifth
        return 0.5 * (1 + math.cos(math.pi * max(0.0, step - 19.2) / 4.8))

    assert found.step.values.tolist() == [6, 12, 24]
    for width in (4, 7):
        losses, frequency = by_hand(width, fresh, adam(0.03), [6, 12, 24], factor=factor)
        # three decimals stored
        np.testing.assert_allclose(
            found.loss.sel(alpha=0.8, seed=5, width=width), losses, atol=1e-3
        )
    np.testing.assert_allclose(found.frequency.sel(alpha=0.8), frequency)


def test_fixed_data():
    settings = experiments.DataScaling(
        samples=(40, 90), seeds=(4, 5), width=12, steps=STEPS, n_times=6, learning_rate=0.02, **TASK
    )
    found = settings.run().sel(alpha=0.8)
    times = log_steps(STEPS, 6).tolist()
    for size in settings.samples:

        def kept(task, size=size):
            return fixed_dataset([task], size, seeds=[task.seed], batch_size=40)

        losses, frequency = by_hand(12, kept, adam(0.02), times)
        own = found.sel(seed=5, samples=size)
        mean = losses @ frequency
        np.testing.assert_allclose(own.loss, mean, atol=1e-3)
        np.testing.assert_allclose(own.early, losses[mean.argmin()], atol=1e-3)
        np.testing.assert_allclose(own.lowest, losses.min(0), atol=1e-3)
        np.testing.assert_allclose(own.final, losses[-1], atol=1e-2)  # two decimals stored
        assert own.early_step == times[mean.argmin()]


@pytest.mark.parametrize(
    ("name", "rate", "rule"),
    [
        ("sgd", 0.3, lambda parameters: torch.optim.SGD(parameters, 0.3, momentum=0.9)),
        ("adam", 0.03, adam(0.03)),
    ],
)
def test_steps(name, rate, rule):
    settings = experiments.StepScaling(
        seeds=(5,), width=30, steps=40, n_times=12, optimizers=((name, rate),), n_shown=2, **TASK
    )
    found = settings.run().isel(optimizer=0, seed=0).sel(alpha=0.8)
    times = log_steps(40, 12)
    losses, frequency = by_hand(30, fresh, rule, times.tolist())
    np.testing.assert_allclose(found.loss, losses @ frequency, atol=1e-3)
    np.testing.assert_allclose(found.curve, losses[:, :2], atol=1e-3)
    for row, mark in enumerate((0.9, 0.5, 0.1)):
        np.testing.assert_array_equal(found["count"][row], (losses < mark).sum(1))
        for skill in range(3):
            below = losses[:, skill] <= mark
            if not below.any():
                assert np.isnan(found.learned[row, skill])
                continue
            at = int(below.argmax())
            share = (losses[at - 1, skill] - mark) / (losses[at - 1, skill] - losses[at, skill])
            step = times[at - 1] + share * (times[at] - times[at - 1])
            assert found.learned[row, skill] == pytest.approx(step, rel=5e-3)
    assert np.isfinite(found.learned).any()


def test_an_arm_of_the_ablation_is_a_run_at_its_rate():
    task = dict(TASK, alpha=0.8)
    del task["alphas"]
    settings = experiments.OptimizerAblation(
        optimizers=(("adam", 0.02, 0.045),), first_steps=(40,), matching_seeds=(7, 8), seeds=(5,),
        n_rates=3, width=60, steps=80, n_times=12, **task,
    )  # fmt: skip
    found = settings.run().isel(optimizer=0)
    np.testing.assert_allclose(found.tried, [0.02, 0.03, 0.045])
    times = np.unique(np.linspace(0, 80, 81).round()).astype(int).tolist()
    for column, rate in enumerate(found.tried.values):
        for row, seed in enumerate((7, 8)):
            losses, _ = by_hand(60, fresh, adam(rate), times, seed=seed)
            below = losses[:, 0] <= 0.1
            measured = found.first_learned[row, column]
            at = int(below.argmax())
            share = (losses[at - 1, 0] - 0.1) / (losses[at - 1, 0] - losses[at, 0])
            assert measured == pytest.approx(times[at - 1] + share, rel=5e-3)
    rate = experiments.matched_rate(found.tried.values, found.first_learned.values, 40.0)
    assert found.rate.item() == pytest.approx(rate)
    assert 0.02 < rate < 0.045
    run = experiments.StepScaling(
        seeds=(5,), width=60, steps=80, n_times=12, optimizers=(("adam", rate),), n_shown=2, **TASK
    )
    alone = run.run().isel(optimizer=0).sel(alpha=0.8)
    for name in ("loss", "count", "learned"):
        np.testing.assert_array_equal(found[name].isel(first_step=0), alone[name])
