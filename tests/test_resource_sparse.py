"""Penalised networks on one subtask: plain loops, counts, the known limit."""

import dataclasses

import numpy as np
import plain
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import Penalty, Schedule, _penalised

PENALTIES = (Penalty("both", 1e-3, 5e-4, 6), Penalty("square", 0.0, 1e-3, 9))
SMALL = resource.SparseScaling(
    penalties=PENALTIES,
    strengths=(1.0, 20.0),
    n_points=12,
    schedule=Schedule(40, warm_up=5, n_measured=5),
    seeds=(3, 8),
)


def by_hand(settings, penalty, strength, seed):
    """Train one network by hand; return its losses, neurons and weights [w, b, v]."""
    model = MLPEnsemble(1, [penalty.width], seeds=[seed], activation="silu").member(0)
    priced = [model[0].weight, model[0].bias, model[2].weight]
    x = torch.linspace(-1, 1, settings.n_points)[:, None]

    def cost():
        return strength * ((model(x) - x**2) ** 2).mean()

    losses, neurons = [], []
    for _ in plain.penalised(model, priced, penalty, settings.schedule, cost):
        losses.append(cost().item() / strength)
        w, v = model[0].weight[:, 0].abs(), model[2].weight[0].abs()
        neurons.append(int(((w > 1e-3) & (v > 1e-3)).sum()))
    return losses, neurons, [p.detach().flatten().numpy() for p in priced]


@pytest.mark.parametrize("place", [0, 1])
def test_members_equal_plain_networks_and_loops(place):
    record = SMALL.run()
    for strength in SMALL.strengths:
        for member, seed in enumerate(SMALL.seeds):
            losses, neurons, (w, b, v) = by_hand(SMALL, PENALTIES[place], strength, seed)
            found = record.isel(penalty=place, member=member).sel(strength=strength)
            # losses are stored to four digits
            np.testing.assert_allclose(found.loss, losses, rtol=2e-3)
            assert found.neurons.values.tolist() == neurons
            order = np.argsort(-np.abs(w))[: neurons[-1]]
            for name, values in (("weight", w), ("bias", b), ("readout", v)):
                kept = found[name].values
                np.testing.assert_allclose(kept[: neurons[-1]], values[order], rtol=2e-3, atol=1e-4)
                assert (kept[neurons[-1] :] == 0).all()


def test_neurons_in_use_are_counted():
    model = MLPEnsemble(2, [4], seeds=[0], n_outputs=2, activation="silu")
    w, b, v, _ = model.parameters
    with torch.no_grad():
        w[0] = torch.tensor([[1.0, 1e-4, 2e-3, 1.0], [0.0, 1e-4, 0.0, 1.0]])
        v[0] = torch.tensor([[0.0, 1.0], [1.0, 1.0], [-2e-3, 0.0], [1e-4, -1e-4]])
        b.fill_(1.0)
    assert _penalised.in_use(model.parameters).tolist() == [[True, False, True, False]]


def test_neurons_of_deeper_layers_are_counted_and_priced():
    model = MLPEnsemble(2, [3], seeds=[0], depth=2, activation="silu")
    first, _, second, _, out, last = model.parameters
    with torch.no_grad():
        for parameter in model.parameters:
            parameter.fill_(1.0)
        first[0, :, 0] = 1e-4  # nothing comes in
        second[0, 1, :] = 0.0  # nothing goes out
        second[0, :, 2] = -1e-4  # nothing comes in
        out[0, 0] = 0.0  # nothing goes out
        last.fill_(7.0)
    assert _penalised.in_use(model.parameters).tolist() == [[False, False, True]]
    assert _penalised.in_use(model.parameters, 1).tolist() == [[False, True, False]]
    # ones: 4 weights and 3 biases in, 4 weights and 3 biases between, 2 weights out
    assert _penalised.penalty(model.parameters, 1.0, 0.0).item() == pytest.approx(16 + 5e-4)
    assert _penalised.penalty(model.parameters, 0.0, 1.0).item() == pytest.approx(16 + 5e-8)
    assert _penalised.penalty(model.parameters, 0.0, 0.0).tolist() == [0.0]


def test_no_neuron_stays_where_the_task_is_weaker_than_the_penalty():
    # to get rid of x²'s variance 4/45 cannot repay λ(w² + v²) at strength 1e-4
    settings = dataclasses.replace(
        SMALL,
        penalties=(Penalty("L2", 0.0, 1e-2, 6),),
        strengths=(1e-4, 20.0),
        schedule=Schedule(600),
        seeds=(0,),
    )
    last = settings.run().isel(penalty=0, member=0, step=-1)
    assert last.neurons.values[0] == 0
    assert last.neurons.values[1] >= 1
    variance = np.var(np.linspace(-1, 1, 12) ** 2)
    # the free bias learns the mean; what is left is the variance
    assert float(last.loss[0]) == pytest.approx(variance, rel=0.02)


def test_minimum_of_one_neuron():
    """A trained single neuron is a stationary point of the objective, found here by a solver."""
    from scipy.optimize import minimize

    x = np.linspace(-1, 1, 12)
    strength, cost = 20.0, 1e-3

    def objective(p):
        z = p[0] * x + p[1]
        error = p[2] * z * (1 + np.tanh(z / 2)) / 2 + p[3] - x**2
        return strength * np.mean(error**2) + cost * np.sum(p[:3] ** 2)

    settings = dataclasses.replace(
        SMALL,
        penalties=(Penalty("L2", 0.0, cost, 1),),
        strengths=(strength,),
        schedule=Schedule(3000),
        seeds=(0,),
    )
    found = settings.run().isel(penalty=0, member=0, strength=0)
    end = [float(found[name][0]) for name in ("weight", "bias", "readout")]
    offset = np.mean(x**2) - np.mean(
        [end[2] * z * (1 + np.tanh(z / 2)) / 2 for z in end[0] * x + end[1]]
    )
    nearest = minimize(objective, [*end, offset], tol=1e-12)
    # four stored digits, float32 training
    np.testing.assert_allclose(nearest.x[:3], end, rtol=5e-3)


def test_standard_holds_every_mix_of_the_two_penalties():
    standard = resource.SparseScaling.records["resource_sparse_scaling"]["standard"]
    mixes = {(penalty.l1 > 0, penalty.l2 > 0) for penalty in standard.penalties}
    assert mixes == {(False, True), (True, False), (True, True)}
    # |p| + |p| = |2p|: a cost of size alone sees no difference between one neuron and its halves
    free = torch.zeros(1, 1, 1)
    halves = [torch.full((1, 1, 2), 0.5), torch.zeros(1, 1, 2), torch.full((1, 2, 1), 0.5), free]
    whole = [torch.ones(1, 1, 1), torch.zeros(1, 1, 1), torch.ones(1, 1, 1), free]
    assert _penalised.penalty(halves, 1.0, 0.0) == _penalised.penalty(whole, 1.0, 0.0)
    assert _penalised.penalty(halves, 0.0, 1.0) < _penalised.penalty(whole, 0.0, 1.0)


def test_schedule():
    schedule = Schedule(100, warm_up=10, n_measured=6)
    assert schedule.measured().tolist() == [0, 20, 40, 60, 80, 100]
    assert schedule.factor(0) == pytest.approx(0.1)
    assert schedule.factor(50) == pytest.approx(0.5)
    assert schedule.factor(100) == pytest.approx(0.0)
    assert Schedule(2, n_measured=9).measured().tolist() == [0, 1, 2]
