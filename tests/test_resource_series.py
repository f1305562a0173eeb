"""Penalised networks on a task in series: plain loops, planted carriers."""

import dataclasses
import itertools

import numpy as np
import plain
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import Penalty, Schedule, series
from skillscale.resource.experiments._points import sobol

SMALL = resource.RootChain(
    penalty=Penalty("both", 1e-3, 5e-4, 5),
    strengths=(1.0, 20.0),
    depth=3,
    n_points=16,
    n_fresh=50,
    schedule=Schedule(60, warm_up=5, n_measured=4),
    seeds=(3, 8),
)


def by_hand(settings, strength, seed):
    """Train one network by hand; return it, its training losses and its neurons in use."""
    model = MLPEnsemble(
        4, [settings.penalty.width], seeds=[seed], depth=settings.depth, activation="silu"
    ).member(0)
    x = sobol(settings.n_points, seed, n_inputs=4)
    y = torch.hypot(x[:, 0] - x[:, 1], x[:, 2] - x[:, 3])[:, None]
    linear = [module for module in model if isinstance(module, torch.nn.Linear)]
    priced = [p for layer in linear for p in (layer.weight, layer.bias)][:-1]

    def cost():
        return strength * ((model(x) - y) ** 2).mean()

    losses, neurons = [], []
    for _ in plain.penalised(model, priced, settings.penalty, settings.schedule, cost):
        losses.append(cost().item() / strength)
        used = [
            (into.weight.abs().amax(1) > 1e-3) & (out.weight.abs().amax(0) > 1e-3)
            for into, out in itertools.pairwise(linear)
        ]
        neurons.append(int(sum(found.sum() for found in used)))
    return model, losses, neurons, used


def test_members_equal_plain_networks_and_loops():
    record = SMALL.run()
    for strength in SMALL.strengths:
        for member, seed in enumerate(SMALL.seeds):
            model, losses, neurons, used = by_hand(SMALL, strength, seed)
            found = record.isel(member=member).sel(strength=strength)
            # float32 in another order of sums, four stored digits
            np.testing.assert_allclose(found.training_loss, losses, rtol=3e-3)
            assert found.neurons.values.tolist() == neurons
            fresh = series._fresh(SMALL.n_fresh, seed)
            g = (fresh[:, 0] - fresh[:, 1]) ** 2 + (fresh[:, 2] - fresh[:, 3]) ** 2
            with torch.no_grad():
                loss = ((model(fresh)[:, 0] - g.sqrt()) ** 2).mean().item()
                assert float(found.loss) == pytest.approx(loss, rel=3e-3)
                for layer in range(SMALL.depth):
                    hidden = model[: 2 * layer + 2](fresh)[:, used[layer]].numpy()
                    expected = [np.corrcoef(h, g)[0, 1] for h in hidden.T]
                    expected.sort(key=lambda value: -abs(value))
                    kept = found.correlation.values[layer]
                    np.testing.assert_allclose(kept[: len(expected)], expected, atol=6e-3)
                    assert np.isnan(kept[len(expected) :]).all()


def test_a_planted_carrier_of_the_inner_step_is_found():
    """Squares in the first layer from pairs of opposite neurons, their sum in the second."""
    model = MLPEnsemble(4, [6], seeds=[0], depth=2, activation="silu")
    w, _, between, shift, out, _ = model.parameters
    eps = 0.1
    with torch.no_grad():
        for parameter in model.parameters:
            parameter.zero_()
        for pair in (0, 1):
            for sign, column in ((1, 2 * pair), (-1, 2 * pair + 1)):
                w[0, 2 * pair, column], w[0, 2 * pair + 1, column] = sign * eps, -sign * eps
                # silu(z) + silu(-z) = z²/2 + O(z⁴)
                between[0, column, 3] = 2 / eps**2
                between[0, column, 5] = -1.0
        shift[0, 0, 3] = 20.0  # where SiLU is a straight line
        out[0, 3] = out[0, 5] = 1.0
    found = series._correlations(model, series._fresh(500, 0)[None])[0]
    # the fourth order bends z² by z²/12 < 1e-3
    assert found[1, 0].item() == pytest.approx(1.0, abs=1e-4)
    assert found[1, 1].item() < -0.99  # the weak opposite carrier comes second
    assert torch.isnan(found[1, 2:]).all()
    # one input difference says nothing of the squares' sum, but for chance and for the bend
    assert (found[0, :4].abs() < 0.2).all()
    assert torch.isnan(found[0, 4:]).all()


def test_inner_step_and_fresh_points():
    assert series.inner(torch.tensor([[3.0, 1.0, 0.0, 1.0]])).tolist() == [[5.0]]
    assert not torch.equal(series._fresh(9, 1), series._fresh(9, 2))


def test_only_the_mean_is_learned_where_the_task_is_weaker_than_the_penalty():
    settings = dataclasses.replace(
        SMALL,
        penalty=Penalty("L1", 1e-2, 0.0, 5),
        strengths=(1e-3,),
        schedule=Schedule(800),
        n_fresh=20_000,
        seeds=(0,),
    )
    record = settings.run()
    assert record.neurons.values[..., -1].tolist() == [[0]]
    assert np.isnan(record.correlation).all()
    # variance of sqrt(g): 1/3 less the square of the mean distance in the unit square, 0.52141
    assert record.loss.item() == pytest.approx(1 / 3 - 0.52141**2, rel=0.05)
