import dataclasses
import math

import numpy as np
import pytest
import torch

from skillscale.experiments import quantization as experiments
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import MultitaskParity

TINY = experiments.WidthScaling(
    widths=(3, 6), seeds=(4, 5), steps=30, n_times=4, n_skills=5, n_bits=6, batch_size=64, n_test=8
)
STEPS = experiments.StepScaling(
    seeds=(4, 5), width=6, steps=30, n_times=4, n_skills=5, n_bits=6, batch_size=64, n_test=8
)


def test_records_name_their_axes_and_units():
    data = experiments.width_scaling(TINY)
    assert dict(data["loss"].sizes) == {"seed": 2, "width": 2, "step": 4, "skill": 5}
    assert data["loss"].attrs["units"] == "bit"
    assert data["width"].values.tolist() == [3, 6]
    assert data["seed"].values.tolist() == [4, 5]
    assert data["step"].values[[0, -1]].tolist() == [0, 30]
    assert data["frequency"].sum().item() == pytest.approx(1.0)
    data = experiments.step_scaling(STEPS)
    assert data["loss"].dims == ("optimizer", "seed", "step", "skill")
    assert data["optimizer"].values.tolist() == ["sgd", "adam"]


def test_a_member_does_not_depend_on_its_companions():
    both = experiments.width_scaling(TINY)["loss"]
    alone = experiments.width_scaling(dataclasses.replace(TINY, widths=(3,), seeds=(5,)))["loss"]
    # Padding changes the order of float32 sums; losses are stored to 1e-4 bits.
    np.testing.assert_allclose(both.sel(seed=[5], width=[3]), alone, atol=3e-4)


def test_seeds_and_widths_differ_and_runs_repeat():
    first = experiments.width_scaling(TINY)["loss"]
    np.testing.assert_array_equal(first, experiments.width_scaling(TINY)["loss"])
    final = first.isel(step=-1)
    assert not np.allclose(final.sel(seed=4), final.sel(seed=5), atol=1e-3)
    assert not np.allclose(final.sel(width=3), final.sel(width=6), atol=1e-3)


def test_measured_losses_are_those_of_the_plain_network():
    seeds = [7, 8]
    members = [MultitaskParity(5, 6, 2, 0.4, seed=seed) for seed in seeds]
    model = MLPEnsemble(6, [4, 9], seeds=seeds, n_categories=5, init=1.0)
    with torch.no_grad():
        loss = experiments._on_test_inputs(members, seeds, 2000)(model, 0)["loss"]
        for member, task in enumerate(members):
            everything = task.population(torch.float32)
            hot = torch.nn.functional.one_hot(everything.skill, 5).float()
            output = model.member(member)(torch.cat([hot, everything.bits], 1))[:, 0]
            exact = torch.log2(1 + torch.exp(-everything.target * output)).reshape(5, -1).mean(1)
            # 2000 draws of a loss whose standard deviation is below 2 bits: 4.5 sigma = 0.2.
            np.testing.assert_allclose(loss[member], exact, atol=0.2)


def test_an_untrained_network_knows_nothing():
    loss = experiments.width_scaling(TINY)["loss"].isel(step=0)
    # Default initial outputs are a few tenths at most, which cost below 0.1 bits on either side.
    np.testing.assert_allclose(loss, 1.0, atol=0.3)


@pytest.mark.parametrize("rule", [("sgd", 1.0), ("adam", 1e-2)])
def test_a_wide_network_learns_few_skills_frequent_ones_first(rule):
    settings = experiments.StepScaling(
        seeds=(0, 1), width=64, steps=600, n_times=40, optimizers=(rule,), n_skills=4, n_bits=6,
        alpha=1.0, batch_size=256, n_test=50,
    )  # fmt: skip
    loss = experiments.step_scaling(settings)["loss"].isel(optimizer=0)
    assert (loss.isel(step=-1) < 0.1).all()
    first = (loss < 0.1).argmax("step")
    # Frequencies 0.48 to 0.03: the extremes are fifteen times apart, far beyond seed noise.
    assert (first.isel(skill=0) < first.isel(skill=-1)).all()


def test_standard_runs_have_ten_seeds_and_possible_tasks():
    for settings in experiments.STANDARD.values():
        assert len(set(settings.seeds)) >= 10
        assert settings.n_skills <= math.comb(settings.n_bits, settings.subset_size)


@pytest.mark.parametrize(
    ("run", "change", "message"),
    [
        (experiments.width_scaling, {"n_skills": 16}, r"n_skills must be <= comb.* = 15.*got 16"),
        (experiments.width_scaling, {"widths": (0,)}, r"widths must be an integer >= 1, got 0"),
        (experiments.width_scaling, {"n_test": 0}, r"n_test must be an integer >= 1, got 0"),
        (experiments.width_scaling, {"learning_rate": -1.0}, r"lr must be .* > 0, got -1.0"),
        (
            experiments.step_scaling,
            {"optimizers": (("lion", 1.0),)},
            r"optimizers must be one of 'sgd', 'adam', got 'lion'",
        ),
    ],
)
def test_bad_settings_are_named(run, change, message):
    base = TINY if run is experiments.width_scaling else STEPS
    with pytest.raises(ValueError, match=message):
        run(dataclasses.replace(base, **change))
