"""What the resource chapter's readings find in runs with planted numbers."""

import numpy as np
import pytest
import xarray as xr

from skillscale.resource.readings import (
    noisy_chains,
    noisy_neurons,
    noisy_pairs,
    penalised,
)

JITTER = np.exp(0.01 * np.random.default_rng(5).standard_normal(4))  # of members


def array(values, **coords):
    return xr.DataArray(values, dims=list(coords), coords=coords)


def test_ratio_to_the_least_loss_of_so_many_neurons():
    least = [noisy_neurons.least_losses(target, 256) for target in noisy_neurons.SMOOTH]
    loss = 1.2 * np.array(least)[:, None, None, None] * JITTER
    run = array(
        loss, target=list(noisy_neurons.SMOOTH), step=[1500], width=[256], member=range(4)
    ).to_dataset(name="loss")
    found = noisy_neurons.training_reaches_the_least_noisy_loss(run)
    assert all(each.value == pytest.approx(1.2 * JITTER.mean()) for each in found.values())
    # copies are shared out freely, so few neurons lie below the limit and many at it
    few, many = noisy_neurons.least_losses("sine", [16, 65536])
    law = noisy_neurons.predicted_losses("sine", [16, 65536])
    assert few < 0.95 * law[0]
    assert many == pytest.approx(law[1], rel=0.01)


def test_excess_falls_as_planted():
    samples = np.array([1024, 4096, 16384])
    whole = array([[3e-4]] * 4, member=range(4), width=[256])
    excess = array(0.2 / samples[:, None] * JITTER, samples=samples, member=range(4))
    run = xr.Dataset({"whole": whole, "loss": whole + excess})
    assert noisy_neurons.excess_loss_is_inverse_to_samples(run).value == pytest.approx(1.0)


def test_root_exponent():
    widths = np.array([16, 32, 64, 128])
    loss = widths[:, None, None] ** -0.8 * JITTER[:, None]
    run = array(loss, width_first=widths, member=range(4), function=["root"])
    run = run.transpose("member", "function", "width_first").to_dataset(name="exact_second")
    assert noisy_chains.loss_falls_more_slowly_through_a_root(run).value == pytest.approx(0.8)


def test_change_of_the_share_is_a_mean_over_unequal_weights():
    first = np.full((4, 1, 4, 2), 50.0)  # pair, step, member, width, of 100 neurons
    first[1:, ..., 1] += np.array([5.0, 10.0, 15.0])[:, None, None]
    first[0, ..., 1] = 90  # equal weights do not count
    owned = np.stack([first, 100 - first], -1)
    dims = ("pair", "step", "member", "width", "subtask")
    run = xr.Dataset(
        {"owned": (dims, owned)},
        {
            "subtask": ["first", "second"],
            "weight": ("pair", [0.5, 0.75, 0.9, 0.95]),
            "second": ("pair", ["square"] * 4),
            "planted": ("pair", [np.nan] * 4),
        },
    )
    assert noisy_pairs.modules_grow_in_proportion_under_noise(run).value == pytest.approx(0.1)


def test_shares_and_ratios_of_two_subtasks():
    weights, strengths = np.array([0.5, 0.75, 0.9]), [4.0, 8.0, 16.0, 32.0, 64.0]
    odds = (weights / (1 - weights))[:, None, None] * np.ones((5, 4))
    coords = {
        "penalty": ["L1 + L2"],
        "weight": weights,
        "strength": strengths,
        "member": range(4),
        "subtask": ["first", "second"],
    }
    owned = np.stack([odds**0.6, np.ones_like(odds)], -1)
    owned[:, 4, :, 0] *= 2
    loss = np.stack([odds**-0.8, np.ones_like(odds)], -1)
    run = xr.Dataset(
        {
            "owned": array(owned[None], **coords),
            "loss": array(loss[None], **coords).expand_dims(step=[20_000]),
        }
    )
    found = penalised.parallel_subtasks_behave_as_single_ones(run)
    assert found["losses"].value == pytest.approx(0.8)
    assert found["neurons"].value == pytest.approx(0.6)
    before, after = (r / (1 + r) for r in (3**0.6, 2 * 3**0.6))
    change = penalised.modules_grow_in_proportion_under_penalty(run)
    assert change.value == pytest.approx(after - before)


def test_carriers_are_counted_in_the_third_layer():
    strengths = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    correlation = np.full((7, 4, 4, 2), np.nan)  # strength, member, layer, neuron
    correlation[..., 3, 0] = 1.0  # the fourth layer does not count
    correlation[:3, :, 2, 1] = -0.98
    correlation[4:, :, 2, 0] = 0.97
    correlation[4, :2, 2, 1] = 0.99
    run = array(
        correlation, strength=strengths, member=range(4), layer=[1, 2, 3, 4], neuron=range(2)
    ).to_dataset(name="correlation")
    found = penalised.single_neuron_carries_the_inner_step(run)
    assert found["few neurons"].value == 1.0
    assert found["many neurons"].value == pytest.approx(0.5 / 3)


def test_a_network_without_neurons_leaves_its_seed_the_other_strengths():
    neurons = np.array([[8.0, 16, 32, 64], [0, 16, 32, 64]])
    loss = np.array([4.0, 6.0])[:, None] * np.maximum(neurons, 1) ** -2
    run = xr.Dataset(
        {
            "neurons": array(neurons[..., None], member=range(2), strength=range(4), step=[9]),
            "training_loss": array(loss[..., None], member=range(2), strength=range(4), step=[9]),
            "loss": array(loss, member=range(2), strength=range(4)),
        }
    )
    found = penalised.series_loss_is_inverse_to_neurons(run)
    assert {each.n_members for each in found.values()} == {2}
    assert all(each.value == pytest.approx(2.0) for each in found.values())
