"""Attribution of neurons to subtasks on planted networks, and bad input."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import Subtask, attribute

INPUTS = torch.rand(400, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
BOTH = [Subtask(INPUTS, (0,)), Subtask(INPUTS, (1,))]


def planted(into, out):
    """A ReLU network with weights `into` (neuron, input) and `out` (output, neuron)."""
    into, out = torch.tensor(into), torch.tensor(out)
    model = nn.Sequential(
        nn.Linear(into.shape[1], into.shape[0]), nn.ReLU(), nn.Linear(out.shape[1], out.shape[0])
    )
    with torch.no_grad():
        model[0].weight.copy_(into)
        model[2].weight.copy_(out)
        model[0].bias.zero_()
    return model


def test_planted_owners():
    into = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [5e-4, 0.0], [1.0, 0.0]]
    out = [[2.0, 1.0, 0.0, 1.0, 3.0, 5e-4], [0.0, 0.05, 1.0, 0.9, 0.0, 0.0]]
    found = attribute(planted(into, out), BOTH)
    # the last two have a weight below 1e-3, in or out
    assert found.owner.tolist() == [0, 0, 1, 0, -1, -1]
    assert found.counts.tolist() == [3, 1]
    # of four in use one serves both; the second's readouts have the ratio of squares 1/400
    assert found.shared == 0.25
    assert attribute(planted(into, out), BOTH, least=1 / 500).shared == 0.5


def test_contributions_are_the_formula():
    model = MLPEnsemble(2, [5], seeds=[3], n_outputs=3, activation="silu").member(0)
    subtasks = [Subtask(INPUTS, (0, 2), 0.3), Subtask(INPUTS[:50], (1,), 0.7)]
    found = attribute(model, subtasks)
    for i in range(5):
        for k, (rows, outputs, weight) in enumerate([(400, (0, 2), 0.3), (50, (1,), 0.7)]):
            hidden = nn.functional.silu(model[0](INPUTS[:rows]))[:, i].detach().double().numpy()
            size = sum(model[2].weight[output, i].item() ** 2 for output in outputs)
            # hidden activations are float32
            assert found.contribution[k, i] == pytest.approx(
                weight * size * np.var(hidden), rel=1e-5
            )
    assert (found.owner == found.contribution.argmax(0)).all()


def test_weights_decide_between_equal_outputs():
    model = planted([[1.0, 0.0]], [[1.0], [1.0]])
    for weight, owner in ((0.4, 1), (0.6, 0)):
        subtasks = [Subtask(INPUTS, (0,), weight), Subtask(INPUTS, (1,), 1 - weight)]
        assert attribute(model, subtasks).owner.tolist() == [owner]


def test_subtasks_told_apart_by_their_inputs():
    first, second = INPUTS.clone(), INPUTS.clone()
    first[:, 1] = second[:, 0] = 0.0
    model = planted([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [[1.0, 1.0, 1.0]])
    found = attribute(model, [Subtask(first), Subtask(second)])
    assert found.owner.tolist() == [0, 1, 1]
    assert found.shared == 0.0


def test_a_neuron_that_is_always_off_or_always_the_same_is_not_in_use():
    model = planted([[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    with torch.no_grad():
        model[0].bias[0] = -9.0
    assert attribute(model, BOTH).owner.tolist() == [-1, 1]
    with torch.no_grad():
        model[0].bias[1] = -9.0
    found = attribute(model, BOTH)
    assert found.counts.tolist() == [0, 0]
    assert math.isnan(found.shared)


def test_the_last_hidden_layer_of_a_deep_network():
    model = MLPEnsemble(2, [4], seeds=[0], n_outputs=2, depth=3).member(0)
    with torch.no_grad():
        model[-1].weight.copy_(torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]))
        model[-3].weight.copy_(torch.eye(4))
        model[-3].bias.fill_(1.0)
    assert attribute(model, BOTH).owner.tolist() == [0, 0, 1, 1]


def test_it_is_found_under_the_chapters_name():
    assert resource.attribute is attribute
