"""Width and steps together: planted laws are told apart."""

import numpy as np
import pytest
import xarray as xr

from skillscale.quantization import theory
from skillscale.quantization.readings import joint

WIDTHS, STEPS = (8, 12, 16, 24, 32, 64), (500, 1000, 2000, 4000, 8000, 16_000, 32_000)


def planted(of_counts):
    """Losses of 100 skills, the first of which a network has by numbers for width and steps."""
    generator = np.random.default_rng(0)
    cost = generator.uniform(3, 5, (3, 6, 1, 1, 1))
    alpha = np.array([0.2, 0.4, 0.8])[:, None, None, None]
    by_width = np.array(WIDTHS)[:, None, None] / cost
    by_steps = (np.array(STEPS)[:, None] / 150) ** (1 / (1 + alpha))[:, None]
    n = of_counts(by_width, by_steps)
    loss = np.clip(np.arange(1, 101) - n, 0, 1)
    ranks = np.arange(1, 101.0)
    share = ranks ** -(1 + alpha[:, 0, 0])
    dims = ("alpha", "seed", "width", "step", "skill")
    return xr.Dataset(
        {
            "loss": (dims, loss),
            "frequency": (("alpha", "skill"), share / share.sum(1, keepdims=True)),
        },
        {"alpha": [0.2, 0.4, 0.8], "width": list(WIDTHS), "step": list(STEPS)},
    )


def test_a_planted_minimum_and_a_planted_smooth_coupling_are_told_apart():
    hard = planted(np.minimum)
    smooth = planted(lambda width, steps: 1 / (1 / width + 1 / steps))
    for part in ("alpha 0.2", "alpha 0.4", "alpha 0.8"):
        assert joint.width_or_steps_alone_set_the_loss(hard)[part].high < 0
        assert joint.width_or_steps_alone_set_the_loss(smooth)[part].low > 0
        assert joint.width_and_steps_couple_smoothly(hard)[part].low > 0
        assert joint.width_and_steps_couple_smoothly(smooth)[part].high < 0


def test_an_exact_joint_law_leaves_nothing():
    run = planted(np.minimum)
    x, t = np.array(WIDTHS)[:, None] / 20, np.array(STEPS) / 4000
    law = (0.3 * x**-0.5) ** 2 + (0.2 * t**-0.3) ** 2
    missing = 1 - theory.complete_tail(0.0, 0.4, 100)
    raw = (law**0.5 - (1 - missing)) / missing
    run["loss"] = xr.zeros_like(run.loss) + xr.DataArray(raw, dims=("width", "step"))
    assert joint.misfits(run, 0.4, 0.5) == pytest.approx(np.zeros(6), abs=1e-7)
