"""Two subtasks under a penalty: plain loops, attribution, symmetry."""

import dataclasses

import numpy as np
import plain
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import Penalty, Schedule, parallel
from skillscale.resource.experiments._points import sobol

PENALTIES = (Penalty("both", 1e-3, 5e-4, 6), Penalty("square", 0.0, 1e-3, 7))
SMALL = resource.ParallelTasks(
    penalties=PENALTIES,
    weights=(0.5, 0.8),
    strengths=(2.0, 20.0, 60.0),
    n_points=16,
    schedule=Schedule(40, warm_up=5, n_measured=3),
    seeds=(3, 8),
)


def by_hand(settings, penalty, weight, strength, seed):
    """Train one network by hand; return its losses (step, subtask) and the network."""
    model = MLPEnsemble(2, [penalty.width], seeds=[seed], n_outputs=2, activation="silu").member(0)
    priced = [model[0].weight, model[0].bias, model[2].weight]
    x = 2 * sobol(settings.n_points, seed, n_inputs=2) - 1

    def errors():
        return ((model(x) - x**2) ** 2).mean(0)

    def cost():
        return strength * (torch.tensor([weight, 1 - weight]) @ errors())

    steps = plain.penalised(model, priced, penalty, settings.schedule, cost)
    return np.array([errors().detach().numpy() for _ in steps]), model


@pytest.mark.parametrize("place", [0, 1])
def test_members_equal_plain_networks_and_loops(place):
    record = SMALL.run()
    for weight, strength in ((0.5, 60.0), (0.8, 2.0), (0.8, 20.0)):
        for member, seed in enumerate(SMALL.seeds):
            losses, model = by_hand(SMALL, PENALTIES[place], weight, strength, seed)
            found = record.isel(penalty=place, member=member).sel(weight=weight, strength=strength)
            # losses are stored to four digits
            np.testing.assert_allclose(found.loss, losses, rtol=2e-3)
            inputs = 2 * sobol(SMALL.n_points, seed, n_inputs=2) - 1
            served = resource.attribute(
                model,
                [
                    resource.Subtask(inputs, (0,), weight),
                    resource.Subtask(inputs, (1,), 1 - weight),
                ],
            )
            assert found.owned.values.tolist() == served.counts.tolist()
            assert float(found.shared) == pytest.approx(served.shared)
            assert int(found.owned.sum()) == int(found.neurons[-1])


def test_the_heavier_subtask_gets_more():
    settings = dataclasses.replace(
        SMALL,
        penalties=(Penalty("both", 5e-4, 5e-4, 16),),
        weights=(0.05, 0.5, 0.95),
        strengths=(16.0,),
        n_points=32,
        schedule=Schedule(1500),
    )
    found = settings.run().isel(penalty=0, strength=0)
    ratio = (found.loss[..., -1, 1] / found.loss[..., -1, 0]).mean("member").values
    assert ratio[0] < 0.7 < ratio[1] < 1.4 < ratio[2]
    owned = found.owned.mean("member").values
    assert owned[2, 0] > owned[2, 1]
    assert owned[0, 1] > owned[0, 0]


def test_single_input():
    model = MLPEnsemble(2, [4], seeds=[0], n_outputs=2, activation="silu").member(0)
    into = torch.tensor([[1.0, 0.05, 1.0, 0.01], [0.0, 1.0, 0.5, 0.01]])
    with torch.no_grad():
        model[0].weight.copy_(into.T)
        model[2].weight.copy_(torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]]))
    inputs = 2 * sobol(16, 0, n_inputs=2) - 1
    found = resource.attribute(model, [resource.Subtask(inputs, (k,)) for k in (0, 1)])
    # of three in use, the last one hears both inputs
    assert parallel._single_input(into, found) == pytest.approx(2 / 3)


def test_inputs_cover_the_square_and_differ_between_seeds():
    points = sobol(64, 5, n_inputs=2)
    assert 0 <= points.min() < points.max() <= 1
    # a scrambled net keeps one point in each of the 64 cells of an 8 by 8 grid
    cells = (points * 8).long().clamp(max=7)
    assert len(set(map(tuple, cells.tolist()))) == 64
    # balance: each half of every axis holds half of the points
    assert ((sobol(64, 5, n_inputs=4) < 0.5).sum(0) == 32).all()
    assert torch.equal(points, sobol(64, 5, n_inputs=2))
    assert not torch.equal(points, sobol(64, 6, n_inputs=2))
