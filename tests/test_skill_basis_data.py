"""Data emergence trains on the samples it says and measures on others."""

import dataclasses

import numpy as np
import plain
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity, fixed_dataset
from skillscale.skill_basis.experiments import data

# Two relevant bits of six are learned within seconds from few samples.
SIZES = data.DataEmergence.records["skill_basis_data_emergence"]
SMALL = data.DataEmergence(
    samples=(20, 60, 400),
    samples_alone=(10, 100),
    seeds=(3, 4),
    alphas=(0.3, 0.9),
    n_skills=2,
    n_bits=6,
    subset_size=2,
    width=40,
    init_std=0.1,
    scale=2.0,
    batch_size=50,
    exposure=300.0,
    exposure_alone=300.0,
    backgrounds=40,
)


@pytest.fixture(scope="module")
def run():
    return SMALL.run()


def by_hand(settings, task, size, steps):
    """Train one plain network on the whole dataset; return it with the dataset."""
    samples = fixed_dataset([task], size, seeds=[task.seed])(0)
    network = MLPEnsemble(
        settings.n_bits,
        [settings.width],
        seeds=[task.seed],
        n_categories=task.n_skills,
        init=settings.init_std,
    ).member(0)
    control = torch.nn.functional.one_hot(samples.skill[0], task.n_skills).float()
    inputs = torch.cat([control, samples.bits[0]], 1)
    target = settings.scale * samples.target[0]
    rule = torch.optim.SGD(network.parameters(), settings.learning_rate, settings.momentum)
    for step in range(steps):
        if step == np.ceil(0.75 * steps):
            rule.param_groups[0]["lr"] *= 0.1
        rule.zero_grad()
        (network(inputs).squeeze(-1) - target).square().mean().backward()
        rule.step()
    return network, inputs, target


def test_equals_a_plain_loop_over_the_same_samples():
    # Few gentle steps: rounding, which differs between the two, is then not amplified.
    settings = dataclasses.replace(
        SMALL, samples=(30,), seeds=(4,), alphas=(0.6,), disjoint=(True,), init_std=0.3, exposure=20
    )
    settings = dataclasses.replace(settings, learning_rate=0.01, momentum=0.5, backgrounds=4000)
    found = settings.run().isel(member=0, samples=0)
    task = MultitaskParity(2, 6, 2, 0.6, True, seed=4)
    steps = int(np.ceil(20 / task.frequency[-1]))
    network, inputs, target = by_hand(settings, task, 30, steps)
    with torch.no_grad():
        square = (network(inputs).squeeze(-1) - target).square()
        for k in range(2):
            own = inputs[:, k] == 1
            assert found["count"][k] == own.sum()
            assert found.train_loss[k] == pytest.approx(square[own].mean().item() / 4, abs=1e-4)
            output, parity = plain.on_all_strings(network, task, k)
            strength = (output * parity).mean().item() / 2
            loss = (output - 2 * parity).square().mean().item() / 4
            # 16,000 inputs drawn with replacement, of a quantity of order 1.
            assert found.strength[k] == pytest.approx(strength, abs=0.02)
            assert found.skill_loss[k] == pytest.approx(loss, abs=0.04)


def test_samples_are_fitted_and_enough_of_them_give_the_skill(run):
    fitted = run.train_loss.where(run["count"] > 0)
    assert float(fitted.max()) < 0.01
    assert float(run.train_loss_alone.max()) < 0.01
    assert (run.strength.isel(samples=-1) > 0.9).all()
    assert (run.strength_alone.isel(samples_alone=-1) > 0.9).all()
    assert float(run.strength.isel(samples=0, skill=1).max()) < 0.9


def test_counts_add_up_to_the_size_of_the_dataset(run):
    total = run["count"].sum("skill")
    np.testing.assert_array_equal(total, np.broadcast_to(SMALL.samples, total.shape))


def test_a_skill_without_samples_has_no_training_loss():
    settings = dataclasses.replace(
        SMALL, samples=(1,), seeds=(3,), exposure=1.0, exposure_alone=1.0, disjoint=(True,)
    )
    found = settings.run()
    np.testing.assert_array_equal(np.isnan(found.train_loss), found["count"] == 0)
    assert np.isfinite(found.strength).all()


def test_sizes_grow_by_the_square_root_of_two_from_the_first_to_the_last():
    assert data._ladder(100, 800) == (100, 141, 200, 283, 400, 566, 800)
    assert SIZES["paper"].samples[::2] == tuple(500 * 2**k for k in range(7))
    standard = SIZES["standard"]
    # 141 is a rounded 100 √2: the last rung may miss 12800 by as much, far less than half a rung
    assert standard.samples[-1] == pytest.approx(12_800, rel=0.005)
    assert standard.samples_alone[-1] == 800


def test_repeated_networks_with_one_skill_are_others():
    repeated = dataclasses.replace(SMALL, repeats_alone=2, alphas=(0.3,), samples=(20,))
    found = repeated.run()
    assert found.seed_alone.values.tolist() == [3, 1_000_003, 4, 1_000_004]
    once = dataclasses.replace(repeated, repeats_alone=1).run()
    np.testing.assert_allclose(found.strength_alone[::2], once.strength_alone, atol=1e-3)
    assert not np.allclose(found.strength_alone[::2], found.strength_alone[1::2], atol=1e-3)
