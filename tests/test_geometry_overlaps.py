"""Overlapping task vectors and the gradient's direction: plain loops, limits."""

import math

import numpy as np
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry

SMALL = {"sizes": ((5, 20), (8, 4)), "length": 0.02, "steps": 80, "points": 8, "seeds": (3, 5)}
FEW = {"n_skills": (1, 3), "alphas": (0.0, 1.0), "dim": 400, "lr": 1e-3, "steps": 60, "every": 20}


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_levels_equal_a_plain_loop_on_the_loss_itself(loss):
    found = geometry.OverlappingSkills(**SMALL).run()
    for size, (n_skills, dim) in enumerate(SMALL["sizes"]):
        p = torch.from_numpy(frequencies.power_law(n_skills, 1.0))
        vectors = geometry.task_vectors(n_skills, dim, seeds=[5], orthonormal=False)[0]
        theta, path = torch.zeros(dim, dtype=torch.float64, requires_grad=True), []
        for _ in range(81):
            level = vectors @ theta
            path.append(level.detach())
            each = (1 - level) ** 2 if loss == "mse" else -torch.nn.functional.logsigmoid(level)
            (gradient,) = torch.autograd.grad(p @ each, theta)
            theta = (theta - 0.02 / math.sqrt(dim) * gradient.sign()).detach().requires_grad_()
        measured = found.level.sel(loss=loss)[size, 1]
        expected = torch.stack(path)[found.step.values]
        np.testing.assert_allclose(measured[:, :n_skills], expected, atol=6e-4)  # three decimals
        assert np.isnan(measured[:, n_skills:]).all()


def test_more_skills_than_parameters_cannot_all_be_learned():
    found = geometry.OverlappingSkills(
        ((4, 20), (40, 4)), losses=("mse",), length=0.01, steps=800
    ).run()
    end = 1 - found.level[0, :, :, -1]
    # the learned ones zigzag by a few steps of 0.01; of 40 targets in 4 dimensions most are missed
    assert abs(end[0, :, :4]).max() < 0.1
    assert (abs(end[1]).max("skill") > 0.3).all()


def test_a_skill_alone_sets_every_sign():
    found = geometry.GradientAlignment(**FEW, seeds=(3, 5)).run()
    np.testing.assert_array_equal(found.aligned.sel(n_skills=1, skill=1), 1)
    three = found.aligned.sel(arm="exact", n_skills=3, step=0, alpha=1.0)
    assert (three.sel(skill=1) > three.sel(skill=[2, 3]).max("skill") + 0.2).all()
    assert np.isnan(found.aligned.sel(n_skills=1, skill=2)).all()


def test_alignment_at_the_start_equals_its_definition():
    found = geometry.GradientAlignment(**FEW, seeds=(5,)).run()
    vectors = geometry.task_vectors(3, 400, seeds=[5])[0].numpy()
    gradient = -2 * frequencies.power_law(3, 1.0) @ vectors
    expected = np.mean(np.sign(vectors) == np.sign(-gradient), axis=1)
    for arm in ("exact", "sampled"):
        measured = found.aligned.sel(arm=arm, n_skills=3, alpha=1.0, step=0)[0]
        np.testing.assert_allclose(measured, expected, atol=1e-6)
