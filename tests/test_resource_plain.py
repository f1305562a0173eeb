"""Plain networks on x²: a plain loop, a width with a closed form, a planted law."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.resource import experiments as resource
from skillscale.resource.experiments import plain

RATES = resource.PlainRates(
    widths=(3, 7),
    budget=30,
    rates=(1e-4, 1e-2, 3e-2),
    n_points=11,
    n_fresh=21,
    tuning_seeds=(5, 6),
    seeds=(3, 8),
)


def by_hand(activation, width, seed, rate):
    """Train one network of `RATES`; return its losses on the fresh and on the training inputs."""
    x, finer = (torch.linspace(-1, 1, n, dtype=torch.float64)[:, None] for n in (11, 21))
    model = MLPEnsemble(
        1, [width], seeds=[seed], activation=activation, dtype=torch.float64
    ).member(0)
    adam = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.99))
    for step in range(30):
        cosine = 0.5 * (1 + math.cos(math.pi * step / 30))
        adam.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 50) * cosine
        adam.zero_grad()
        ((model(x) - x**2) ** 2).mean().backward()
        adam.step()
    return [((model(inputs) - inputs**2) ** 2).mean().item() for inputs in (finer, x)]


def test_two_ramps_reach_the_best_of_two_ramps():
    # left and right ramp and a flat middle: three pieces of length h miss x² by h⁴/180
    best = (2 / 3) ** 4 / 180
    settings = resource.PlainRates(
        activations=("relu",), widths=(2,), rates=(1e-2,), budget=3000, n_points=101,
        tuning_seeds=(1,), seeds=(0, 6),
    )  # fmt: skip
    found = settings.run().loss.values
    # 101 training points against the interval; at seed 0 a ramp dies, and two are never beaten
    assert found.min() == pytest.approx(best, rel=0.02)
    assert found.max() > 10 * best


def test_rates_are_tried_on_tuning_seeds_and_judged_where_they_were_best():
    record = RATES.run()
    assert record.tuning_seed.values.tolist() == [5, 6]
    assert record.seed.values.tolist() == [3, 8]
    for width, activation in itertools.product(RATES.widths, RATES.activations):
        found = record.sel(width=width, activation=activation)
        tried = found.tuning_loss
        for rate, seed in itertools.product(RATES.rates, (5, 6)):
            _, expected = by_hand(activation, width, seed, rate)
            # four stored digits, and sums in another order when other rates are beside
            measured = float(tried.sel(rate=rate)[[5, 6].index(seed)])
            assert measured == pytest.approx(expected, rel=1.1e-3)
        means = [math.prod(map(float, values)) for values in tried]
        chosen = float(found.chosen)
        assert chosen == RATES.rates[means.index(min(means))]
        for member, seed in enumerate((3, 8)):
            measured = found.isel(member=member)
            both = [float(measured.loss), float(measured.training_loss)]
            assert both == pytest.approx(by_hand(activation, width, seed, chosen), rel=1.1e-3)


def test_the_geometric_mean_of_the_tuning_seeds_chooses(monkeypatch):
    planted = {(1e-4, 5): 1e-8, (1e-4, 6): 1.0, (1e-2, 5): 1e-3, (1e-2, 6): 1e-3}
    judged = []

    def training(settings, activation, width, seeds, rates):
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
    standard = resource.PlainRates.records["resource_plain_rates"]["standard"]
    assert set(standard.seeds) == set(range(300, 348))
    # twice as many points as neurons at the end of the range in which exponents are read
    assert standard.n_points >= 2 * 128
    assert standard.widths == (8, 16, 32, 64, 128)
