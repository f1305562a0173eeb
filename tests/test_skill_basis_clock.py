"""The clock sweep varies one setting at a time and measures what it says."""

import dataclasses

import numpy as np
import plain
import pytest

from skillscale import fits
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity
from skillscale.skill_basis.experiments import clock, time

SMALL = clock.ClockSweep(
    n_bits=(4,),
    subset_size=(2, 1),
    width=(40, 10),
    init_std=(0.1, 0.05),
    scale=(2.0, 4.0),
    phase_step=(0.2, 0.4),
    durations=(30.0, 80.0),
    n_times=40,
    seeds=(3, 4),
)


@pytest.fixture(scope="module")
def run():
    return SMALL.run()


def test_one_setting_differs_from_the_base(run):
    names = ["n_bits", "subset_size", "width", "init_std", "scale", "phase_step"]
    base = run.isel(member=0)
    assert base.varied == "base"
    for member in range(1, run.sizes["member"]):
        other = run.isel(member=member)
        differing = [name for name in names if other[name] != base[name]]
        expected = [] if other.varied == "base" else [str(other.varied.item())]
        # Other subset sizes are also run from the second initial scale.
        if other.varied == "subset_size" and other.init_std == 0.05:
            expected = ["subset_size", "init_std"]
        assert differing == expected
    assert run.varied.values.tolist()[::2] == [
        "base",
        "subset_size",
        "subset_size",
        "width",
        "init_std",
        "scale",
        "phase_step",
    ]
    np.testing.assert_allclose(run.learning_rate, run.phase_step / (2 * run.scale))


def test_strength_is_the_projection_of_a_plain_network_on_the_parity(run):
    for member, seed in enumerate(SMALL.seeds):
        task = MultitaskParity(1, 4, 2, seed=seed)
        network = MLPEnsemble(4, [40], seeds=[seed], n_categories=1, init=0.1).member(0)
        output, parity = plain.on_all_strings(network, task, 0)
        expected = (output * parity).mean().item() / 2
        # float32 sums over 16 inputs.
        assert run.strength[member, 0].item() == pytest.approx(expected, abs=1e-6)


def test_a_sweep_is_made_of_runs_over_time():
    settings = dataclasses.replace(SMALL, durations=(4.0, 6.0), n_times=7, seeds=(4,))
    found = settings.run()
    for member in range(found.sizes["member"]):
        own = found.isel(member=member)
        # 4 or 6 units of phase, cut into seven equal whole numbers of updates
        duration = {1: 4.0, 2: 6.0}[int(own.subset_size)]
        every = round(duration / float(own.phase_step) / 7)
        names = ("n_bits", "subset_size", "width", "init_std", "scale")
        alone = time.TimeEmergence(
                n_skills=1, steps=7 * every, every=every, steps_alone=5, seeds=(4,),
                learning_rate=float(own.phase_step) / float(2 * own.scale),
                **{name: own[name].item() for name in names},
            ).run()  # fmt: skip
        np.testing.assert_array_equal(own.step, alone.step)
        np.testing.assert_allclose(own.strength, alone.strength[0, :, 0], atol=1e-6)


def test_every_network_learns_and_later_from_smaller_weights(run):
    assert (run.strength[:, -1] > 0.95).all()
    smaller = run.strength[(run.varied.values == "init_std").nonzero()[0]].values
    half = [fits.crossing_times(run.step[0], y, threshold=0.5) for y in (run.strength[:2], smaller)]
    assert (half[0] < half[1]).all()


def test_initial_weights_scale_with_their_deviation(run):
    start = run.strength[:, 0].values
    smaller = (run.varied.values == "init_std").nonzero()[0]
    # R is quadratic in the weights, but for the output bias, which drops out.
    np.testing.assert_allclose(start[smaller], start[:2] / 4, atol=1e-7)


def test_runs_end_at_the_duration_of_their_subset_size(run):
    phase = (run.step * run.phase_step)[:, -1].values
    expected = np.asarray(SMALL.durations)[run.subset_size.values - 1]
    np.testing.assert_allclose(phase, expected, rtol=0.1)
    assert (run.step[:, 0] == 0).all()


def test_fresh_samples_beyond_the_enumerated_sizes():
    settings = clock.ClockSweep(
        (13,), (1,), (20,), (0.1,), (2.0,), (0.4,), durations=(24.0,), n_times=10, batch_size=500
    )
    sampled = settings.run()
    assert sampled.step.values[0, :3].tolist() == [0, 3, 9]
    assert sampled.strength[0, -1] > 0.9
