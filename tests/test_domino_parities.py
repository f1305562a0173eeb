"""Two parities: pairing of the arms, independence of members, the mask, bad input."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale.experiments import domino
from skillscale.experiments.domino import parities
from skillscale.lab.ensembles import MLPEnsemble

SMALL = domino.TwoParities(n_bits=5, n_samples=200, width=16, steps=60, every=20, seeds=(1, 4))


def test_arms_start_alike_and_the_control_never_learns_the_common_task():
    settings = dataclasses.replace(SMALL, rare_fraction=0.5, steps=600, every=100, lr=3e-3)
    accuracy = domino.two_parities(settings).accuracy
    start = accuracy.isel(step=0)
    np.testing.assert_array_equal(start.sel(arm="joint"), start.sel(arm="rare alone"))
    end = accuracy.isel(step=-1)
    assert (end.sel(arm="joint", task="common") > 0.95).all()
    assert (end.sel(arm="rare alone", task="rare") > 0.95).all()
    # its output is never asked for the common parity; 0.5 is chance
    assert (end.sel(arm="rare alone", task="common") < 0.8).all()


def test_members_do_not_depend_on_companions():
    both = domino.two_parities(SMALL).accuracy
    alone = domino.two_parities(dataclasses.replace(SMALL, seeds=(4,))).accuracy
    # a rounding difference may flip an output that lies at the cut: at most one sample of 200
    np.testing.assert_allclose(both[1], alone[0], atol=0.0051)


def test_joint_arm_equals_a_plain_network_and_loop():
    measured = domino.two_parities(dataclasses.replace(SMALL, seeds=(4,))).accuracy
    bits, present = parities._data(SMALL, 4)
    target = torch.stack([bits[:, 0] != bits[:, 1], bits[:, 2] != bits[:, 3]], 1).float()
    network = MLPEnsemble(5, [16], seeds=[4], n_outputs=2).member(0)
    adam = torch.optim.Adam(network.parameters(), lr=SMALL.lr)
    path = []
    for _ in range(61):
        output = network(bits)
        path.append(((output > 0.5) == (target > 0.5)).float().mean(0).numpy())
        adam.zero_grad()
        ((present * (output - target) ** 2).sum() / len(bits)).backward()
        adam.step()
    np.testing.assert_allclose(measured.sel(arm="joint")[0], path[::20], atol=0.0051)


def test_the_rare_task_stands_on_its_share_of_samples():
    settings = dataclasses.replace(SMALL, n_samples=20_000, rare_fraction=0.1)
    bits, present = parities._data(settings, 0)
    assert (present[:, 0] == 1).all()
    # binomial standard error 0.002
    assert float(present[:, 1].mean()) == pytest.approx(0.1, abs=0.01)
    assert set(bits.unique().tolist()) == {0.0, 1.0}
    everywhere = dataclasses.replace(settings, rare_fraction=1.0)
    assert (parities._data(everywhere, 0)[1] == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rare_fraction": 0.0}, "rare_fraction must be a finite number and > 0"),
        ({"rare_fraction": 1.5}, "rare_fraction must be"),
        ({"n_bits": 3}, "n_bits must be an integer >= 4, got 3"),
        ({"n_samples": 0}, "n_samples must be an integer >= 1"),
        ({"width": 0}, "width must be an integer >= 1"),
        ({"lr": 0.0}, "lr must be a finite number and > 0"),
        ({"every": 0}, "every must be an integer >= 1"),
        ({"seeds": ()}, "seeds must not be empty"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **change)
