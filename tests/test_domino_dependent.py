"""A parity made of two parities: tasks of the arms, pairing, a plain loop."""

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

from skillscale.domino import experiments as domino
from skillscale.domino import readings, theory
from skillscale.domino.experiments import _shared, dependent
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.randomness import Stream

SMALL = domino.DependentParities(
    n_bits=8, n_samples=150, n_fresh=100, width=12, steps=40, every=20, seeds=(1, 4)
)


def test_parities_are_sums_modulo_two():
    bits = torch.tensor([[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    expected = [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert _shared.parities(bits, ((0, 1), (2, 3), (0, 1, 2, 3))).tolist() == expected


def test_the_composition_is_the_exclusive_or_of_its_parents_and_the_control_is_not():
    bits = dependent._strings(SMALL, 3, 0)
    for arm in ("composed", "composed alone", "both, second rare"):
        first, second, third = _shared.parities(bits, dependent.TASKS[arm]).T
        assert torch.equal(third, (first != second).float())
    first, second, third = _shared.parities(bits, dependent.TASKS["either"]).T
    assert torch.equal(third, (first != bits[:, 3]).float())
    assert torch.equal(third, (second != bits[:, 0]).float())
    first, second, third = _shared.parities(bits, dependent.TASKS["independent"]).T
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


@pytest.mark.parametrize("arm", dependent.TASKS)
def test_arms_equal_a_plain_network_and_loop(arm):
    settings = dataclasses.replace(SMALL, arms=tuple(dependent.TASKS), rare_fraction=0.3)
    measured = settings.run().accuracy.sel(arm=arm)[1]
    strings = [dependent._strings(SMALL, 4, part) for part in (0, 1)]
    targets = [_shared.parities(bits, dependent.TASKS[arm]) for bits in strings]
    carried = torch.ones(150, 3)
    if arm == "composed alone":
        carried[:, :2] = 0
    if "rare" in arm:
        carried[:, 1] = torch.from_numpy(Stream(4, "dependent parities").at(2).random(150) < 0.3)
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
        error = carried * (network(strings[0]) - targets[0]) ** 2
        error.sum(1).mean().backward()
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


def test_curves_of_gated_dynamics_are_delayed_as_gated_dynamics_predicts():
    settings = {"rare_fraction": 0.1}
    run = records.stamp(_gated_run(), settings=settings, seeds=[0], wall_seconds=1.0)
    for part in readings.RARE_PARTS:
        delays, predicted = readings.gated_delay(run, part)
        assert delays.shape == (4,)
        np.testing.assert_allclose(delays, predicted, rtol=0.02)
    late = readings.composition_waits_for_all_or_one_of_its_parts(run)
    assert late["both needed"].value > 1 > late["either suffices"].value


def _gated_run():
    """Return a run of 20 alike seeds whose accuracies are those of gated dynamics."""
    steps = np.arange(0, 3001, 20)
    curves = {}
    for common, rare, gate in readings.RARE_PARTS.values():
        for arm, q in ((common, 1.0), (rare, 0.1)):
            u = theory.gated_dynamics(
                steps, [1, q, 1], [(), (), (0, 1)], rate=0.004, N0=0.1, sharpness=0.1, gate=gate
            )
            curves[arm] = np.broadcast_to(1 - u / 2, (20, *u.shape))
    values = np.stack(list(curves.values()))[:, :, None]
    return xr.Dataset(
        {"accuracy": (("arm", "member", "strings", "step", "task"), values)},
        {
            "arm": list(curves),
            "strings": ["fresh"],
            "step": steps,
            "task": ["first", "second", "third"],
        },
    )
