"""The skill-basis experiment measures what it says, on networks small enough to check by hand."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale import fits
from skillscale.experiments import skill_basis as experiments
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity

SMALL = experiments.TimeEmergence(
    n_skills=2, n_bits=4, width=60, scale=2.0, init_std=0.1, steps=2000, every=50, seeds=(3, 4)
)


@pytest.fixture(scope="module")
def run():
    return experiments.time_emergence(SMALL)


def test_strength_is_the_projection_of_a_plain_network_on_the_parity(run):
    for member, seed in enumerate(SMALL.seeds):
        task = MultitaskParity(2, 4, seed=seed)
        ensemble = MLPEnsemble(4, [60], seeds=[seed], n_categories=2, init=0.1)
        network = ensemble.member(0)
        bits = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
        for k in range(2):
            control = torch.nn.functional.one_hot(torch.tensor(k), 2).float().expand(16, -1)
            output = network(torch.cat([control, bits], 1)).squeeze(-1)
            parity = task.skill_basis(k, bits)
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


def test_loss_is_never_below_that_of_the_strength(run):
    # E(S g - f)² = (S - R)² + E(f - R g)²; float32 sums leave 1e-6.
    assert (run.skill_loss >= (1 - run.strength) ** 2 - 1e-5).all()


def test_a_member_does_not_depend_on_its_companions():
    # Small steps: rounding, which may differ between partitions of a sum, is then not amplified.
    gentle = dataclasses.replace(SMALL, learning_rate=0.01, init_std=0.3, steps=300)
    both = experiments.time_emergence(gentle)
    alone = experiments.time_emergence(dataclasses.replace(gentle, seeds=(4,)))
    np.testing.assert_allclose(alone.strength[0], both.strength[1], atol=1e-5)
    assert np.ptp(both.strength.values[1]) > 0.01


def test_record_is_labelled(run):
    assert run.strength.dims == ("member", "step", "skill")
    assert run.seed.values.tolist() == [3, 4]
    assert run.skill.values.tolist() == [1, 2]
    assert run.step.values[[0, -1]].tolist() == [0, 2000]
    np.testing.assert_allclose(run.frequency, MultitaskParity(2, 4).frequency)
    assert all("long_name" in run[name].attrs for name in run.data_vars)
    assert run.strength.dtype == np.float32


def test_the_last_step_is_measured_even_between_two_intervals():
    settings = experiments.TimeEmergence(n_skills=1, n_bits=3, width=4, steps=5, every=2)
    assert experiments.time_emergence(settings).step.values.tolist() == [0, 2, 4, 5]


def test_profiles():
    assert all(len(settings.seeds) >= 10 for settings in experiments.STANDARD.values())
    assert set(experiments.LIVE) <= set(experiments.STANDARD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0.0}, "scale must be .* > 0, got 0.0"),
        ({"init_std": -1.0}, "init_std must be .* > 0, got -1.0"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"every": 0}, "every must be an integer >= 1, got 0"),
        ({"seeds": ()}, r"seeds must hold at least one seed, got \(\)"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        experiments.TimeEmergence(**change)


def test_the_disjoint_experiment_refuses_shared_bits():
    with pytest.raises(ValueError, match="disjoint must be True, got False"):
        experiments.time_emergence_disjoint(SMALL)


def test_disjoint_skills_without_room_are_refused():
    settings = experiments.TimeEmergence(n_bits=6, disjoint=True)
    with pytest.raises(ValueError, match="n_skills must be <= n_bits // subset_size = 2"):
        experiments.time_emergence(settings)
