"""Runs through training: learning steps per skill, several update rules, numbers of skills."""

import numpy as np
import pytest

from skillscale.lab.optimizers import SGD, SignDescent
from skillscale.quantization import experiments
from skillscale.quantization.experiments import steps

TWO = experiments.Truncation(
    seeds=(4, 5), width=6, steps=30, n_times=6, n_skills=(5, 8), n_bits=6, batch_size=64, n_test=8
)


@pytest.mark.parametrize("rule", [("sgd", 1.0), ("adam", 1e-2)])
def test_a_wide_network_learns_few_skills_frequent_ones_first(rule):
    settings = experiments.StepScaling(
        seeds=(0, 1), width=64, steps=600, n_times=40, optimizers=(rule,), alphas=(1.0,),
        n_skills=4, n_bits=6, batch_size=256, n_test=50,
    )  # fmt: skip
    data = settings.run().isel(optimizer=0, alpha=0)
    learned = data["learned"].sel(threshold=0.1)
    assert np.isfinite(learned).all()
    # Frequencies 0.48 to 0.03: the extremes are fifteen times apart, far beyond seed noise.
    assert (learned.isel(skill=0) < learned.isel(skill=-1)).all()
    assert (data["learned"].diff("threshold") > 0).all()
    assert (data["count"].isel(step=-1) == 4).all()
    np.testing.assert_allclose(data["curve"].isel(step=-1), 0, atol=0.1)


def test_the_small_task_of_a_truncation_is_the_plain_run():
    both = TWO.run()
    assert both["n_skills"].values.tolist() == [5, 8]
    alone = TWO.runs()[0].run().isel(alpha=0)
    np.testing.assert_array_equal(both["loss"].sel(n_skills=5), alone["loss"])
    np.testing.assert_array_equal(
        both["learned"].sel(n_skills=5, skill=slice(1, 5)), alone["learned"]
    )
    assert both["learned"].sel(n_skills=5, skill=slice(6, 8)).isnull().all()
    np.testing.assert_allclose(both["frequency"].sum("skill"), 1.0)
    assert both["learned"].dtype == np.float32


def test_every_rule_is_the_optimizer_of_its_name():
    assert steps.rule("sgd", 0.5) == SGD(0.5, momentum=0.9)
    assert steps.rule("sign", 0.5) == SignDescent(0.5)
    pooled = {name: steps.rule(name, 0.1).pooled for name in steps.RULES[3:]}
    assert pooled == {
        "adam_pooled": True,
        "adam_free_control": (False, True, True, True, True),
        "adam_pooled_control": (True, False, False, False, False),
    }
