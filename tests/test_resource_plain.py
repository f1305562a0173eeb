"""Plain networks on x²: a plain loop, a width with a closed form, a planted law."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import plain

SMALL = resource.PlainScaling(
    widths=(1, 3, 7), budgets=(4, 30), n_points=11, n_fresh=21, seeds=(3, 8)
)

RATES = resource.PlainRates(
    widths=(3, 7),
    budget=30,
    rates=(1e-4, 1e-2, 3e-2),
    n_points=11,
    n_fresh=21,
    tuning_seeds=(5, 6),
    seeds=(3, 8),
)


@pytest.mark.parametrize("activation", ["silu", "relu"])
def test_members_equal_plain_networks_and_loops(activation):
    record = SMALL.run().sel(activation=activation)
    x, finer = (torch.linspace(-1, 1, n, dtype=torch.float64)[:, None] for n in (11, 21))
    for budget in SMALL.budgets:
        for width in SMALL.widths:
            for member, seed in enumerate(SMALL.seeds):
                model = MLPEnsemble(
                    1, [width], seeds=[seed], activation=activation, dtype=torch.float64
                ).member(0)
                adam = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.99))
                for step in range(budget):
                    cosine = 0.5 * (1 + math.cos(math.pi * step / budget))
                    adam.param_groups[0]["lr"] = 1e-2 * min(1.0, (step + 1) / 50) * cosine
                    adam.zero_grad()
                    ((model(x) - x**2) ** 2).mean().backward()
                    adam.step()
                found = record.isel(member=member).sel(budget=budget, width=width)
                for name, inputs in (("loss", finer), ("training_loss", x)):
                    expected = ((model(inputs) - inputs**2) ** 2).mean().item()
                    # four stored digits: half a unit of the last one of 1.000
                    assert float(found[name]) == pytest.approx(expected, rel=5.1e-4)


def test_two_ramps_reach_the_best_of_two_ramps():
    # left and right ramp and a flat middle: three pieces of length h miss x² by h⁴/180
    best = (2 / 3) ** 4 / 180
    settings = resource.PlainScaling(
        activations=("relu",), widths=(2,), budgets=(3000,), n_points=101, seeds=(0, 6)
    )
    found = settings.run().loss.values
    # 101 training points against the interval; at seed 0 a ramp dies, and two are never beaten
    assert found.min() == pytest.approx(best, rel=0.02)
    assert found.max() > 10 * best


def at_one_rate(rate, seeds, width):
    """Record of `PlainScaling` with the settings of `RATES`, one width and one rate."""
    settings = dataclasses.replace(SMALL, widths=(width,), budgets=(30,), lr=rate, seeds=seeds)
    return settings.run().isel(budget=0, width=0)


def test_rates_are_tried_on_tuning_seeds_and_judged_where_they_were_best():
    record = RATES.run()
    assert record.tuning_seed.values.tolist() == [5, 6]
    assert record.seed.values.tolist() == [3, 8]
    for width in RATES.widths:
        found = record.sel(width=width)
        for rate in RATES.rates:
            expected = at_one_rate(rate, (5, 6), width).training_loss
            # four stored digits, and sums in another order when other rates are beside
            np.testing.assert_allclose(found.tuning_loss.sel(rate=rate), expected, rtol=1.1e-3)
        for activation in RATES.activations:
            tried = found.tuning_loss.sel(activation=activation)
            means = [math.prod(map(float, values)) for values in tried]
            chosen = float(found.chosen.sel(activation=activation))
            assert chosen == RATES.rates[means.index(min(means))]
            expected = at_one_rate(chosen, (3, 8), width).sel(activation=activation)
            for name in ("loss", "training_loss"):
                measured = found[name].sel(activation=activation)
                np.testing.assert_allclose(measured, expected[name], rtol=1.1e-3)


def test_the_geometric_mean_of_the_tuning_seeds_chooses(monkeypatch):
    planted = {(1e-4, 5): 1e-8, (1e-4, 6): 1.0, (1e-2, 5): 1e-3, (1e-2, 6): 1e-3}
    judged = []

    def training(settings, activation, width, budget, seeds, rates):
        pairs = list(zip(rates, seeds, strict=True))
        if set(seeds) == {3, 8}:
            judged.extend(pairs)
        losses = torch.tensor([planted.get(pair, 2.0) for pair in pairs])
        return 1 / losses, losses

    monkeypatch.setattr(plain, "_train", training)
    record = dataclasses.replace(RATES, activations=("silu",), widths=(3,)).run()
    assert record.chosen.item() == 1e-4
    assert judged == [(1e-4, 3), (1e-4, 8)]
    tried = record.tuning_loss[0, 0]
    np.testing.assert_allclose(tried, [[1e-8, 1], [1e-3, 1e-3], [2, 2]])
    np.testing.assert_allclose(record.loss, 0.5)


def test_settings_are_those_announced():
    standard = resource.PlainScaling.records["resource_plain_scaling"]["standard"]
    assert set(standard.seeds) == set(range(200, 212))
    # twice as many points as neurons at the end of the range in which exponents are read
    assert standard.n_points >= 2 * 128
    assert {8, 16, 32, 64, 128} <= set(standard.widths)
    assert {8, 16, 32, 64, 128} <= set(resource.PlainScaling.live().widths)
    tuned = resource.PlainRates.records["resource_plain_rates"]["standard"]
    assert set(tuned.seeds) == set(standard.seeds)
    assert tuned.widths == (8, 16, 32, 64, 128)
    assert tuned.budget == max(standard.budgets)
    # the one rate of `PlainScaling` is among those to choose from
    assert standard.lr in tuned.rates
    assert (tuned.n_points, tuned.n_fresh) == (standard.n_points, standard.n_fresh)
