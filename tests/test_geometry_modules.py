"""Modules of the geometry model: blocks, exact times, a planted hierarchy."""

import numpy as np
import torch

from skillscale.geometry import experiments as geometry

SMALL = {"alphas": (0.0, 1.0), "n_skills": (2, 5), "dim": 200, "lr": 1e-3, "seeds": (3, 5)}


def _run(**changed):
    return geometry.ModuleTimes(**SMALL | changed).run().completion


def test_module_vectors_are_orthonormal_and_keep_to_their_blocks():
    vectors = geometry.module_vectors(5, 20, seeds=[1, 2])
    gram = vectors @ vectors.mT
    torch.testing.assert_close(gram, torch.eye(5, dtype=torch.float64).expand(2, 5, 5))
    blocks = vectors.reshape(2, 5, 5, 4).abs().sum(-1) > 0
    assert (blocks == torch.eye(5, dtype=torch.bool)).all()
    alone = geometry.module_vectors(5, 20, seeds=[2])
    torch.testing.assert_close(vectors[1], alone[0], rtol=0, atol=0)


def test_a_module_moves_by_its_sum_norm_whatever_its_frequency():
    found = _run()
    for n_skills in (2, 5):
        vectors = geometry.module_vectors(n_skills, 200, seeds=[3, 5])
        pace = 1e-3 * vectors.abs().sum(-1)
        expected = torch.floor(0.9 / pace) + 1
        for alpha in (0.0, 1.0):
            measured = found.sel(design="modular", n_skills=n_skills, alpha=alpha)
            np.testing.assert_array_equal(measured[:, :n_skills], expected)


def test_dense_skills_finish_in_the_order_of_their_frequencies():
    dense = _run(alphas=(1.0,), n_skills=(5,)).sel(design="dense").squeeze(("n_skills", "alpha"))
    assert (dense.diff("skill") > 0).all()
    first_module = _run(alphas=(1.0,), n_skills=(5,)).sel(design="modular", skill=1)
    assert (dense.sel(skill=1) < first_module.squeeze()).all()  # it has all parameters to itself


def test_an_unfinished_skill_is_nan():
    found = _run(steps=20)
    assert np.isnan(found.sel(n_skills=5)).all()
    assert np.isnan(_run().sel(n_skills=2, skill=3)).all()
