"""Exponents in steps: against the published figure, closed forms and plain runs."""

import numpy as np
import pytest

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.lab.optimizers import SignDescent

# Read off the figure stored with the public code, Zipf exponents 1, 1.2, …, 2.
READ_OFF = {
    "sign": [0.18, 0.30, 0.45, 0.62, 0.81, 1.03],
    "adam": [0.165, 0.24, 0.335, 0.455, 0.585, 0.71],
}


def test_two_point_slopes_equal_the_published_figure_for_six_exponents_and_two_optimizers():
    settings = geometry.StepScaling(steps=200, points=2, seeds=(0, 1, 2))
    loss = np.log(settings.run().loss.sel(vectors="published"))
    slope = (loss.sel(step=80) - loss.sel(step=200)) / np.log(200 / 80)
    for optimizer, expected in READ_OFF.items():
        # 0.03 is what can be read off the figure
        measured = slope.sel(optimizer=optimizer).mean("member")
        np.testing.assert_allclose(measured, expected, atol=0.03)


def test_random_task_vectors_belong_to_their_seed_and_published_ones_to_none():
    settings = {"alphas": (0.5,), "n_skills": 50, "dim": 10, "steps": 200, "points": 3}
    both = geometry.StepScaling(seeds=(3, 5), **settings).run().loss
    np.testing.assert_allclose(both.sel(step=0), np.log(2), rtol=1e-6)
    last = both.isel(step=-1)
    assert abs(last.sel(vectors="random").diff("member")).min() > 1e-4
    spread = abs(last.diff("member")).mean(("optimizer", "alpha", "member"))
    assert spread.sel(vectors="published") < spread.sel(vectors="random")


def test_more_skills_lower_the_exponent():
    settings = geometry.SkillNumber(n_skills=(100, 1000), seeds=(0, 1))
    loss = np.log(settings.run().loss)
    slope = (loss.sel(step=80) - loss.sel(step=200)) / np.log(200 / 80)
    assert (slope.sel(n_skills=100) > 2 * slope.sel(n_skills=1000)).all()
    vectors = geometry.task_vectors(1000, 100, seeds=[1], orthonormal=False)[0]
    plain = geometry.descend_columns(
        vectors[:100], frequencies.power_law(100, 0.0)[None], [SignDescent(0.01)], at=[80]
    )
    assert float(np.exp(loss[1, 0, 0])) == pytest.approx(plain[0, 0, 0], rel=1e-5)


def test_one_orthonormal_skill_falls_by_its_closed_form():
    settings = geometry.OrthonormalDecay(n_skills=1, alphas=(0.0,), lr=1e-4, seeds=(0, 1))
    loss = settings.run().loss
    # one coordinate, ±1: every step brings it nearer by lr
    expected = (1 - 1e-4 * loss.step) ** 2
    for member in range(2):
        np.testing.assert_allclose(loss[member, 0], expected, rtol=1e-4)


def test_orthonormal_skills_start_from_one_and_fall():
    loss = geometry.OrthonormalDecay(n_skills=60, seeds=(0,)).run().loss
    assert (loss < 1).all()
    assert (loss.diff("step") < 0).all()
