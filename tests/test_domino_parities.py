"""Two parities: pairing of the arms, independence of members, the mask, the rules."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale.domino import experiments as domino
from skillscale.domino.experiments import parities
from skillscale.lab.ensembles import MLPEnsemble

SMALL = domino.TwoParities(
    rare_fractions=(0.1,), n_bits=5, n_samples=200, width=16, steps=60, every=20, seeds=(1, 4)
)


def test_arms_start_alike_and_the_control_never_learns_the_common_task():
    settings = dataclasses.replace(
        SMALL, rare_fractions=(0.5,), steps=600, every=100, rules=(("adam", 3e-3),)
    )
    accuracy = settings.run().accuracy.isel(rule=0, rare_fraction=0)
    start = accuracy.isel(step=0)
    np.testing.assert_array_equal(start.sel(arm="joint"), start.sel(arm="rare alone"))
    end = accuracy.isel(step=-1)
    assert (end.sel(arm="joint", task="common") > 0.95).all()
    assert (end.sel(arm="rare alone", task="rare") > 0.95).all()
    # its output is never asked for the common parity; 0.5 is chance
    assert (end.sel(arm="rare alone", task="common") < 0.8).all()


def test_members_do_not_depend_on_companions_or_groups():
    many = dataclasses.replace(SMALL, seeds=(1, 4, 5, 6, 7))
    together = many.run().accuracy
    for position in (1, 4):
        alone = dataclasses.replace(SMALL, seeds=(many.seeds[position],))
        # a rounding difference may flip an output that lies at the cut: at most one sample of 200
        np.testing.assert_allclose(
            together[:, :, position], alone.run().accuracy[:, :, 0], atol=0.0061
        )


@pytest.mark.parametrize(
    "rule", [("adam", 1e-3), ("sgd", 0.1), ("plain", 0.1), ("normalised", 0.05)]
)
@pytest.mark.parametrize("arm", parities.ARMS)
def test_arms_equal_a_plain_network_and_loop_on_all_samples(rule, arm):
    settings = dataclasses.replace(SMALL, seeds=(4, 1), rules=(rule,), rare_fractions=(0.3,))
    measured = settings.run().accuracy.sel(arm=arm)[0, 0, 0]
    bits, present = parities._data(settings, 4, 0.3)
    if arm == "rare alone":
        present[:, 0] = 0.0
    target = torch.stack([bits[:, 0] != bits[:, 1], bits[:, 2] != bits[:, 3]], 1).float()
    network = MLPEnsemble(5, [16], seeds=[4], n_outputs=2).member(0)
    rate = rule[1]
    stepper = (
        torch.optim.Adam(network.parameters(), lr=rate)
        if rule[0] == "adam"
        else torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9 * (rule[0] == "sgd"))
    )
    path = []
    for _ in range(61):
        output = network(bits)
        path.append(((output > 0.5) == (target > 0.5)).float().mean(0).numpy())
        stepper.zero_grad()
        ((present * (output - target) ** 2).sum() / len(bits)).backward()
        if rule[0] == "normalised":
            norm = torch.cat([p.grad.flatten() for p in network.parameters()]).norm()
            for p in network.parameters():
                p.grad /= norm
        stepper.step()
    # one sample of 200 may lie at the cut; the record is rounded to 0.001
    np.testing.assert_allclose(measured, path[::20], atol=0.0061)


def test_the_rare_task_stands_on_nested_shares_of_the_samples():
    settings = dataclasses.replace(SMALL, n_samples=20_000)
    bits, present = parities._data(settings, 0, 0.1)
    assert (present[:, 0] == 1).all()
    # binomial standard error 0.002
    assert float(present[:, 1].mean()) == pytest.approx(0.1, abs=0.01)
    assert set(bits.unique().tolist()) == {0.0, 1.0}
    more_bits, more = parities._data(settings, 0, 0.5)
    assert torch.equal(bits, more_bits)
    assert (more >= present).all()
    assert (parities._data(settings, 0, 1.0)[1] == 1).all()
