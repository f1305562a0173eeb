"""Width runs: what they measure is a plain network's loss, member by member."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from skillscale import catalogue
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity
from skillscale.quantization import experiments
from skillscale.quantization.experiments import _shared

TINY = experiments.WidthScaling(
    widths=(3, 6), seeds=(4, 5), steps=32, halvings=2, alphas=(0.4, 0.8), n_skills=5, n_bits=6,
    batch_size=64, n_test=8,
)  # fmt: skip


def test_records_name_their_axes_and_units():
    data = TINY.run()
    assert dict(data["loss"].sizes) == {"alpha": 2, "seed": 2, "width": 2, "step": 3, "skill": 5}
    assert data["loss"].attrs["units"] == "bit"
    assert data["width"].values.tolist() == [3, 6]
    assert data["seed"].values.tolist() == [4, 5]
    assert data["step"].values.tolist() == [8, 16, 32]
    np.testing.assert_allclose(data["frequency"].sum("skill"), 1.0)


def test_seeds_widths_and_alphas_differ_and_runs_repeat():
    first = TINY.run()["loss"]
    np.testing.assert_array_equal(first, TINY.run()["loss"])
    final = first.isel(step=-1)
    assert not np.allclose(final.sel(seed=4), final.sel(seed=5), atol=5e-3)
    assert not np.allclose(final.sel(width=3), final.sel(width=6), atol=5e-3)
    assert not np.allclose(final.sel(alpha=0.4), final.sel(alpha=0.8), atol=5e-3)


def test_measured_losses_are_those_of_the_plain_network():
    seeds = [7, 8]
    members = [MultitaskParity(5, 6, 2, 0.4, seed=seed) for seed in seeds]
    model = MLPEnsemble(6, [4, 9], seeds=seeds, n_categories=5, init=1.0)
    with torch.no_grad():
        loss = _shared.losses_on_test_inputs(members, seeds, 2000)(model, 0)["loss"]
        for member, task in enumerate(members):
            everything = task.population(torch.float32)
            hot = torch.nn.functional.one_hot(everything.skill, 5).float()
            output = model.member(member)(torch.cat([hot, everything.bits], 1))[:, 0]
            exact = torch.log2(1 + torch.exp(-everything.target * output)).reshape(5, -1).mean(1)
            # 2000 draws of a loss whose standard deviation is below 2 bits: 4.5 sigma = 0.2.
            np.testing.assert_allclose(loss[member], exact, atol=0.2)


def test_an_untrained_network_knows_nothing():
    hardly = dataclasses.replace(TINY, steps=1, halvings=0, learning_rate=1e-6)
    # Default initial outputs are a few tenths at most, which cost below 0.1 bits on either side.
    np.testing.assert_allclose(hardly.run()["loss"], 1.0, atol=0.3)


def test_the_rate_falls_at_the_end():
    factor = _shared.falling(100, constant=0.8)
    assert [factor(step) for step in (0, 79, 80)] == [1.0, 1.0, 1.0]
    assert factor(90) == pytest.approx(0.5)
    assert 0 < factor(99) < 0.01


def test_standard_runs_have_ten_fresh_seeds_and_possible_tasks():
    found = [e for name, e in catalogue.catalogue().items() if name.startswith("quantization.")]
    assert found
    for settings in (entry.settings("standard") for entry in found):
        assert len(set(settings.seeds)) >= 10
        assert min(settings.seeds) >= 200
        if hasattr(settings, "n_skills"):
            possible = math.comb(settings.n_bits, settings.subset_size)
            assert np.max(settings.n_skills) <= possible
