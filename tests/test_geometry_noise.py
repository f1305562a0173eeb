"""Sign descent under noise: plain loop, large batches."""

import numpy as np
import pytest
import torch

from skillscale import frequencies
from skillscale.geometry import experiments as geometry
from skillscale.geometry.experiments._shared import squared_steps
from skillscale.lab.randomness import Stream

SMALL = {"n_skills": 3, "dim": 50, "lr": 3e-3, "points": 6, "seeds": (3, 5)}


def _run(*arms, **changed):
    settings = geometry.WastedResource(
        tuple(geometry.NoiseArm(*arm) for arm in arms), **SMALL | changed
    )
    return settings.run()


@pytest.mark.parametrize(("noise", "factor"), [(0.0, 2.0), (0.05, 2.0), (0.05, 1.0)])
def test_an_arm_equals_a_plain_loop(noise, factor):
    found = _run((noise, 60, factor))
    p = torch.from_numpy(frequencies.power_law(3, 1.0)).float()
    vectors = geometry.task_vectors(3, 50, seeds=[5])[0].float()
    theta, path = torch.zeros(50), []
    stream = Stream(5, "gradient noise")
    for step in range(61):
        path.append(1 - vectors @ theta)
        drawn = torch.from_numpy(stream.at(step).standard_normal(50)).float()
        theta -= 3e-3 * torch.sign(-factor * (p * path[-1]) @ vectors + noise * drawn)
    expected = torch.stack(path)[squared_steps(60, 6)]
    np.testing.assert_allclose(found.unlearned[0, 1], expected, atol=6e-4)  # three decimals stored
    np.testing.assert_array_equal(found.step[0], [0, 2, 7, 15, 27, 42, 60])


def test_a_large_batch_is_the_exact_gradient():
    found = _run((0.0, 40), (0.0, 40, 2.0, 10**9), (0.0, 40, 2.0, 2)).unlearned
    # shares of 10⁹ draws miss the frequencies by 2·10⁻⁵, which flips few signs near zero
    assert abs(found[1] - found[0]).mean() < 0.01
    assert abs(found[2] - found[0]).mean() > 0.02


def test_one_step_more_than_a_quarter_of_the_squared_points_is_enough():
    assert len(np.unique(_run((0.0, 10)).step)) == 7
