"""Dense against modular parameters: the modular shortcut, limits."""

import numpy as np
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.lab.optimizers import SignDescent


def test_counting_meetings_equals_sign_descent_on_unit_vectors():
    p = np.stack([frequencies.power_law(50, alpha) for alpha in (0.0, 1.0)])
    at = [0, 1, 40, 100]
    counts = geometry.SkillCounts(p, batch_size=8, seed=6)
    found = geometry.modular_descent(p, (5, 20), counts, lr=0.05, at=at)
    for row, dim in zip(found, (5, 20), strict=True):
        vectors = torch.eye(50, dim)
        options = {"at": at, "batch_size": 8, "seed": 6}
        expected = geometry.descend_columns(vectors, p, [SignDescent(0.05)], **options)[0]
        # float32 sums of 100 steps
        np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_modular_parameters_end_at_the_mass_of_the_skills_without_one():
    settings = geometry.ModularGain(
        alphas=(0.0, 1.0), dims=(5,), n_skills=40, lr=0.1, batch_size=64, steps=1500, seeds=(0, 1)
    )
    found = settings.run()
    for alpha in settings.alphas:
        tail = np.log(2) * frequencies.power_law(40, alpha)[5:].sum()
        ends = found.loss.sel(arrangement="modular", alpha=alpha).isel(step=-1, dim=0)
        np.testing.assert_allclose(ends, tail, rtol=1e-3)
    dense = found.loss.sel(arrangement="dense")
    assert (dense >= found.optimum - 1e-6).all()  # training never beats the optimum
    np.testing.assert_allclose(found.loss.sel(step=0), np.log(2), rtol=1e-6)


def test_curves_of_the_stored_notebook_carry_the_label_of_the_next_exponent():
    alphas = (-0.5, 0.0, 0.2, 0.8, 1.0)
    p = [frequencies.power_law(1000, alpha) for alpha in alphas]
    # read off the notebook by eye where its labels are Zipf exponents 1, 1.2 and 2; two digits
    # of 2.2 are good to 5 %
    plotted = {40: [2.2, 2.7, 6.5], 200: [3.55, 3.5, 7.6]}
    for dim, expected in plotted.items():
        drawn = [geometry.published_vectors(1000, dim, seed=seed).numpy() for seed in range(4)]
        dense = np.median([[geometry.newton(v, q).loss for q in p] for v in drawn], axis=0)
        modular = np.array([np.log(2) * q[dim:].sum() for q in p])
        shifted = dense[[0, 1, 3]] / modular[[1, 2, 4]]
        np.testing.assert_allclose(shifted, expected, rtol=0.05)
        same = dense[[1, 2, 4]] / modular[[1, 2, 4]]
        assert (same < 0.8 * np.array(expected)).all()


def test_published_runs_are_told_by_their_task_vectors():
    settings = {"dims": (4,), "n_skills": 20, "steps": 60, "points": 4, "seeds": (1,)}
    found = geometry.ModularGain(published=True, **settings).run()
    vectors = geometry.published_vectors(20, 4, seed=1).numpy()
    alone = geometry.newton(vectors, frequencies.power_law(20, -0.5)).loss
    assert float(found.optimum[0, 0, 0]) == pytest.approx(alone, rel=1e-6)
    other = geometry.ModularGain(**settings).run()
    assert not np.allclose(found.optimum, other.optimum)
    np.testing.assert_array_equal(
        found.loss.sel(arrangement="modular"), other.loss.sel(arrangement="modular")
    )
