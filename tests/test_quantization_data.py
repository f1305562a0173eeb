"""Runs on fixed datasets."""

from skillscale.quantization import experiments


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
