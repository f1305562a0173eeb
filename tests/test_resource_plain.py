"""Plain networks on x²: a plain loop, a width with a closed form, a planted law, bad input."""

import dataclasses
import math
import re

import numpy as np
import pytest
import torch

from skillscale.experiments import resource
from skillscale.experiments.resource import plain
from skillscale.lab.ensembles import MLPEnsemble

SMALL = resource.PlainScaling(
    widths=(1, 3, 7), budgets=(4, 30), n_points=11, n_fresh=21, seeds=(3, 8)
)


@pytest.mark.parametrize("activation", ["silu", "relu"])
def test_members_equal_plain_networks_and_loops(activation):
    record = resource.plain_scaling(SMALL).sel(activation=activation)
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
    found = resource.plain_scaling(settings).loss.values
    # 101 training points against the interval; at seed 0 a ramp dies, and two are never beaten
    assert found.min() == pytest.approx(best, rel=0.02)
    assert found.max() > 10 * best


def test_a_member_does_not_depend_on_its_companions():
    record = resource.plain_scaling(SMALL)
    alone = resource.plain_scaling(dataclasses.replace(SMALL, seeds=(8,), widths=(3,)))
    both = record.loss.isel(member=[1]).sel(width=[3])
    np.testing.assert_allclose(both, alone.loss, rtol=1e-3)
    assert (record.loss[:, :, 0] != record.loss[:, :, 1]).all()


def test_settings_are_those_announced():
    standard = plain.STANDARD["plain_scaling"]
    assert set(standard.seeds) == set(range(200, 212))
    # twice as many points as neurons at the end of the range in which exponents are read
    assert standard.n_points >= 2 * 128
    assert {8, 16, 32, 64, 128} <= set(standard.widths)
    assert {8, 16, 32, 64, 128} <= set(plain.LIVE["plain_scaling"].widths)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": ()}, "activations must not be empty"),
        ({"activations": ("tanh",)}, "activations must be one of 'silu', 'relu', got 'tanh'"),
        ({"activations": ("relu", "relu")}, "activations must differ, got ('relu', 'relu')"),
        ({"widths": ()}, "widths must not be empty"),
        ({"widths": (0, 2)}, "widths must be an integer >= 1, got 0"),
        ({"widths": (4, 2)}, "widths must increase, got (4, 2)"),
        ({"budgets": (0,)}, "budgets must be an integer >= 1, got 0"),
        ({"budgets": (3, 3)}, "budgets must increase, got (3, 3)"),
        ({"lr": 0.0}, "lr must be a finite number and > 0, got 0.0"),
        ({"n_points": 2}, "n_points must be an integer >= 3, got 2"),
        ({"n_fresh": 2}, "n_fresh must be an integer >= 3, got 2"),
        ({"seeds": ()}, "seeds must not be empty"),
        ({"seeds": (-1,)}, "seeds must be an integer >= 0, got -1"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        dataclasses.replace(SMALL, **change)
