"""A parity made of two parities: tasks of the arms, pairing, a plain loop."""

import dataclasses

import numpy as np
import pytest
import torch

from skillscale.domino import experiments as domino
from skillscale.domino.experiments import _shared, dependent
from skillscale.lab.ensembles import MLPEnsemble

SMALL = domino.DependentParities(
    n_bits=8, n_samples=150, n_fresh=100, width=12, steps=40, every=20, seeds=(1, 4)
)


def test_parities_are_sums_modulo_two():
    bits = torch.tensor([[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    expected = [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert _shared.parities(bits, ((0, 1), (2, 3), (0, 1, 2, 3))).tolist() == expected


def test_the_composition_is_the_exclusive_or_of_its_parents_and_the_control_is_not():
    bits = dependent._strings(SMALL, 3, 0)
    tasks = {arm: (*dependent._PARENTS, dependent._THIRD[arm]) for arm in dependent.ARMS}
    for arm in ("composed", "composed alone"):
        first, second, third = _shared.parities(bits, tasks[arm]).T
        assert torch.equal(third, (first != second).float())
    first, second, third = _shared.parities(bits, tasks["independent"]).T
    # 150 strings: a share of ½ has standard error 0.04
    assert float((third == (first != second).float()).float().mean()) == pytest.approx(0.5, abs=0.2)


def test_arms_start_alike_and_fresh_strings_are_others():
    accuracy = SMALL.run().accuracy.isel(step=0)
    np.testing.assert_array_equal(accuracy.sel(arm="composed"), accuracy.sel(arm="composed alone"))
    # the third task of the last arm is another, the first two are not
    np.testing.assert_array_equal(
        accuracy.sel(arm="composed")[..., :2], accuracy.sel(arm="independent")[..., :2]
    )
    trained, fresh = (dependent._strings(SMALL, 1, part) for part in (0, 1))
    assert trained.shape == (150, 8)
    assert fresh.shape == (100, 8)
    assert not torch.equal(trained[:100], fresh)


@pytest.mark.parametrize("arm", dependent.ARMS)
def test_arms_equal_a_plain_network_and_loop(arm):
    measured = SMALL.run().accuracy.sel(arm=arm)[1]
    strings = [dependent._strings(SMALL, 4, part) for part in (0, 1)]
    tasks = (*dependent._PARENTS, dependent._THIRD[arm])
    targets = [_shared.parities(bits, tasks) for bits in strings]
    asked = slice(2, 3) if arm == "composed alone" else slice(0, 3)
    network = MLPEnsemble(8, [12], seeds=[4], n_outputs=3).member(0)
    adam = torch.optim.Adam(network.parameters(), lr=SMALL.lr)
    path = []
    for _ in range(41):
        with torch.no_grad():
            path.append(
                [
                    ((network(bits) > 0.5) == (target > 0.5)).float().mean(0).numpy()
                    for bits, target in zip(strings, targets, strict=True)
                ]
            )
        adam.zero_grad()
        error = (network(strings[0]) - targets[0]) ** 2
        error[:, asked].sum(1).mean().backward()
        adam.step()
    # one fresh string of 100 may lie at the cut; the record is rounded to 0.001
    np.testing.assert_allclose(
        measured.transpose("step", "strings", "task"), path[::20], atol=0.0111
    )


def test_the_untrained_parents_of_the_lone_composition_stay_near_chance():
    settings = dataclasses.replace(
        SMALL, steps=300, every=300, n_samples=1000, n_fresh=1000, width=32, lr=5e-3
    )
    end = settings.run().accuracy.isel(step=-1).sel(strings="fresh")
    assert (end.sel(arm="composed", task="first") > 0.9).all()
    assert (end.sel(arm="composed alone", task="first") < 0.8).all()
