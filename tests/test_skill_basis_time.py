"""Time emergence measures what it says, on networks small enough to check by hand."""

import dataclasses

import numpy as np
import plain
import pytest
import torch

from skillscale import fits
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity, fresh_batches, whole_population
from skillscale.skill_basis import experiments

SMALL = experiments.TimeEmergence(
    n_skills=2,
    n_bits=4,
    width=60,
    scale=2.0,
    init_std=0.1,
    learning_rate=0.05,
    steps=2000,
    steps_alone=1000,
    seeds=(3, 4),
)


@pytest.fixture(scope="module")
def run():
    return SMALL.run()


def test_strength_is_the_projection_of_a_plain_network_on_the_parity(run):
    for member, seed in enumerate(SMALL.seeds):
        task = MultitaskParity(2, 4, seed=seed)
        ensemble = MLPEnsemble(4, [60], seeds=[seed], n_categories=2, init=0.1)
        network = ensemble.member(0)
        for k in range(2):
            output, parity = plain.on_all_strings(network, task, k)
            found = run.isel(member=member, step=0, skill=k)
            # float32 sums over 16 inputs.
            assert found.strength == pytest.approx((output * parity).mean().item() / 2, abs=1e-6)
            loss = (output - 2 * parity).square().mean().item() / 4
            assert found.skill_loss == pytest.approx(loss, abs=1e-5)


def test_training_learns_the_frequent_skill_first(run):
    half_time = fits.crossing_times(
        run.step.values, run.strength.transpose("member", "skill", "step").values, threshold=0.5
    )
    assert np.isfinite(half_time).all()
    assert (half_time[:, 0] < half_time[:, 1]).all()
    assert (run.strength.isel(step=-1) > 0.9).all()


def test_every_alpha_is_run_with_every_seed():
    settings = dataclasses.replace(SMALL, alphas=(0.3, 0.9), steps=400, steps_alone=5)
    both = settings.run()
    assert both.alpha.values.tolist() == [0.3, 0.3, 0.9, 0.9]
    assert both.seed.values.tolist() == [3, 4, 3, 4]
    np.testing.assert_allclose(both.frequency[2], MultitaskParity(2, 4, alpha=0.9).frequency)
    single = dataclasses.replace(settings, alphas=(0.9,)).run()
    # Rounding differs between partitions of a sum and is amplified a little in 400 steps.
    np.testing.assert_allclose(both.strength[2:], single.strength, atol=1e-3)


def test_the_network_alone_learns_its_skill(run):
    assert run.strength_alone.dims == ("member_alone", "step_alone")
    assert run.seed_alone.values.tolist() == [3, 4]
    assert (run.strength_alone.isel(step_alone=-1) > 0.9).all()
    alone = dataclasses.replace(SMALL, n_skills=1, steps=1000, every=5, steps_alone=5).run()
    np.testing.assert_allclose(run.strength_alone, alone.strength[..., 0], atol=1e-5)


def test_fresh_batches_measure_what_the_population_does():
    """Both trainings follow nearly the same path; the averages of a window are unbiased."""
    listed = dataclasses.replace(SMALL, init_std=0.3, learning_rate=0.02, steps=600, steps_alone=5)
    sampled = dataclasses.replace(listed, batch_size=4000).run()
    exact = dataclasses.replace(listed, every=1).run()
    assert sampled.step.values[:3].tolist() == [0, 25, 75]
    # 2000 backgrounds for the one bit that a skill does not look at.
    np.testing.assert_allclose(sampled.strength[:, 0], exact.strength[:, 0], atol=1e-3)
    np.testing.assert_allclose(sampled.skill_loss[:, 0], exact.skill_loss[:, 0], atol=1e-2)
    for name in ("strength", "skill_loss"):
        windows = exact[name].values[:, :-1].reshape(2, -1, 50, 2).mean(2)
        # 50 batches leave 1/sqrt(50 * 4000 * P) < 0.004; the paths drift apart by a few times that.
        assert abs(sampled[name].values[:, 1:] - windows).max() < 0.03


@pytest.mark.parametrize("batch_size", [None, 30])
def test_equals_a_plain_loop(batch_size):
    # Gentle steps: rounding, which differs between the two, is then not amplified.
    settings = dataclasses.replace(
        SMALL, width=20, learning_rate=0.01, init_std=0.3, steps=60, every=20, steps_alone=5,
        alphas=(0.6,), subset_size=2, seeds=(3, 4), batch_size=batch_size,
    )  # fmt: skip
    found = settings.run()
    task = MultitaskParity(2, 4, 2, 0.6, seed=4)
    network = MLPEnsemble(4, [20], seeds=[4], n_categories=2, init=0.3).member(0)
    rule = torch.optim.SGD(network.parameters(), 0.01)
    source = (
        whole_population([task]) if batch_size is None else fresh_batches([task], 30, seeds=[4])
    )
    strength, loss = np.zeros((2, 60, 2))
    for step in range(60):
        batch = source(step)
        weight = torch.full((30,), 1 / 30) if batch_size else batch.weight[0]
        control = torch.nn.functional.one_hot(batch.skill[0], 2).float()
        outputs = network(torch.cat([control, batch.bits[0]], 1))[:, 0]
        square = (outputs - 2 * batch.target[0]).square()
        for k in range(2):
            own = batch.skill[0] == k
            strength[step, k] = (outputs * batch.target[0])[own].mean().item() / 2
            loss[step, k] = square[own].mean().item() / 4
        rule.zero_grad()
        (weight * square).sum().backward()
        rule.step()
    if batch_size is None:
        assert found.step.values.tolist() == [0, 20, 40, 60]
        np.testing.assert_allclose(found.strength[1, :3], strength[::20], atol=1e-5)
        np.testing.assert_allclose(found.skill_loss[1, :3], loss[::20], atol=1e-5)
    else:
        # a window's samples of a skill count alike, whatever their batch
        assert found.step.values.tolist() == [0, 10, 30, 50]
        windows = [strength[at : at + 20] for at in (0, 20, 40)]
        assert np.isfinite(windows).all()
        counts = np.array([
            [(fresh_batches([task], 30, seeds=[4])(step).skill[0] == k).sum() for k in range(2)]
            for step in range(60)
        ]).reshape(3, 20, 2)  # fmt: skip
        for name, values in (("strength", strength), ("skill_loss", loss)):
            expected = (values.reshape(3, 20, 2) * counts).sum(1) / counts.sum(1)
            np.testing.assert_allclose(found[name][1, 1:], expected, atol=1e-5)


def test_untrained_networks_are_measured_alike_on_batches_and_on_all_inputs():
    # One skill that sees every bit leaves no background to draw.
    still = dataclasses.replace(
        SMALL, n_skills=1, n_bits=2, subset_size=2, init_std=1.0, steps=50, steps_alone=5
    )
    exact = still.run().isel(step=0)
    drawn = dataclasses.replace(still, batch_size=8).run().isel(step=0)
    assert abs(exact.strength).max() > 1e-3  # far above the tolerance below
    for name in ("strength", "skill_loss"):
        np.testing.assert_allclose(drawn[name], exact[name], rtol=1e-5, atol=1e-5)
