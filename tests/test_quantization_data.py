"""Runs on fixed datasets: the three ways to read a skill's test loss."""

import numpy as np

from skillscale.quantization import experiments

TINY = experiments.DataScaling(
    samples=(16, 64), seeds=(4, 5), width=8, steps=40, n_times=8, alphas=(0.4, 0.8), n_skills=5,
    n_bits=6, batch_size=32, n_test=8,
)  # fmt: skip


def test_early_lowest_and_final_are_what_their_names_say():
    data = TINY.run()
    assert dict(data["early"].sizes) == {"alpha": 2, "seed": 2, "samples": 2, "skill": 5}
    assert data["seed"].values.tolist() == [4, 5]
    mean = {
        name: (data[name] * data["frequency"]).sum("skill") for name in ("early", "lowest", "final")
    }
    # Losses are stored to 1e-3 bits, those in the end to 1e-2.
    np.testing.assert_allclose(mean["early"], data["loss"].min("step"), atol=1.1e-3)
    np.testing.assert_allclose(mean["final"], data["loss"].isel(step=-1), atol=1.1e-2)
    assert (data["lowest"] <= data["early"]).all()
    assert (data["lowest"] <= data["final"] + 0.01).all()
    best = data["loss"].sel(step=data["early_step"].astype(int))
    np.testing.assert_allclose(best, data["loss"].min("step"))


def test_little_data_is_overfitted_and_much_is_learned_from():
    settings = experiments.DataScaling(
        samples=(40, 2000), seeds=(0, 1), width=64, steps=400, n_times=20, alphas=(1.0,),
        n_skills=3, n_bits=6, batch_size=200, n_test=50,
    )  # fmt: skip
    data = settings.run().isel(alpha=0)
    little, much = (data.isel(samples=i) for i in (0, 1))
    assert (little["final"].isel(skill=-1) > 0.1).all()
    assert (much["final"].isel(skill=-1) < 0.1).all()
    # Forty samples of three skills are fitted by heart, which costs more than knowing nothing.
    assert (little["loss"].isel(step=-1) > little["loss"].min("step") + 0.1).all()
