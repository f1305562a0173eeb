"""Width emergence trains every width from several starts and measures on all inputs."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity, whole_population
from skillscale.skill_basis.experiments import width

SMALL = width.WidthEmergence(
    widths=(1, 3, 16),
    widths_alone=(1, 8),
    seeds=(3, 4),
    restarts=2,
    alphas=(0.3, 0.9),
    n_skills=2,
    n_bits=4,
    subset_size=2,
    scale=2.0,
    steps=1500,
)


@pytest.fixture(scope="module")
def run():
    return SMALL.run()


def test_equals_a_plain_loop_over_all_inputs():
    # Few gentle steps: rounding, which differs between the two, is then not amplified.
    settings = dataclasses.replace(
        SMALL,
        widths=(3,),
        seeds=(4,),
        alphas=(0.6,),
        steps=50,
        learning_rate=0.01,
        final_rate=0.001,
    )
    found = settings.run().isel(width=0)
    task = MultitaskParity(2, 4, 2, 0.6, seed=4)
    inputs = whole_population([task])(0)
    control = torch.nn.functional.one_hot(inputs.skill[0], 2).float()
    rows = torch.cat([control, inputs.bits[0]], 1)
    target = 2 * inputs.target[0]
    for member, seed in enumerate((4, 1_000_004)):
        network = MLPEnsemble(4, [3], seeds=[seed], n_categories=2, init=0.3).member(0)
        rule = torch.optim.Adam(network.parameters(), 0.01)
        for step in range(50):
            rule.param_groups[0]["lr"] = 0.01 * 0.1 ** (step / 50)
            rule.zero_grad()
            square = (network(rows).squeeze(-1) - target).square()
            (inputs.weight[0] * square).sum().backward()
            rule.step()
        with torch.no_grad():
            output = network(rows).squeeze(-1)
        strength = (output * target).reshape(2, 16).mean(1) / 4
        loss = (output - target).square().reshape(2, 16).mean(1) / 4
        np.testing.assert_allclose(found.strength[member], strength, atol=1e-4)
        np.testing.assert_allclose(found.skill_loss[member], loss, atol=1e-4)


def test_wide_networks_hold_all_skills_and_single_units_none(run):
    assert (run.strength.sel(width=16).max("member") > 0.95).all()
    assert (run.strength.sel(width=1) < 0.9).all()
    assert (run.strength_alone.sel(width_alone=8) > 0.9).any()


def test_fresh_samples_lead_where_all_inputs_lead(run):
    sampled = dataclasses.replace(SMALL, widths=(16,), alphas=(0.3,), batch_size=64).run()
    best = sampled.strength.isel(width=0).max("member")
    assert (best > 0.95).all()


def test_drawn_networks_are_measured_as_listed_ones():
    # One skill that sees every bit leaves nothing to draw; the rate is too small to train.
    still = dataclasses.replace(
        SMALL, n_skills=1, n_bits=2, alphas=(0.6,), init_std=1.0, steps=1, learning_rate=1e-9
    )
    listed = still.run()
    drawn = dataclasses.replace(still, batch_size=8).run()
    assert abs(listed.strength).max() > 1e-3  # far above the tolerance below
    for name in ("strength", "skill_loss", "strength_alone", "skill_loss_alone"):
        np.testing.assert_allclose(drawn[name], listed[name], rtol=1e-5, atol=1e-5)


def test_restarts_share_the_task_but_not_the_weights(run):
    first, second = (run.isel(member=run.restart == i) for i in (0, 1))
    assert first.seed.values.tolist() == second.seed.values.tolist()
    assert (first.strength.values != second.strength.values).any()
