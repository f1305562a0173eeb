"""Steps of a fixed length: exact recursion in the skills alone, dimensions."""

import numpy as np

from skillscale import frequencies
from skillscale.geometry import experiments as geometry

SMALL = {"dims": (6, 40), "n_skills": 3, "length": 0.02, "steps": 120, "every": 20, "seeds": (3, 5)}


def test_normalised_gradient_is_a_recursion_in_the_skills_whatever_the_dimension():
    found = geometry.FixedLength(**SMALL).run().unlearned.sel(rule="normalised")
    p, u, path = frequencies.power_law(3, 1.0), np.ones(3), []
    for _ in range(121):
        path.append(u)
        u = u - 0.02 * p * u / np.linalg.norm(p * u)
    for dim in (6, 40):
        for member in range(2):
            # four decimals stored
            np.testing.assert_allclose(found.sel(dim=dim)[member], path[::20], atol=1e-4)


def test_a_sign_step_is_as_long():
    found = geometry.FixedLength(**SMALL | {"steps": 1, "every": 1}).run()
    for dim in (6, 40):
        vectors = geometry.task_vectors(3, dim, seeds=[5])[0].numpy()
        step = np.sign(frequencies.power_law(3, 1.0) @ vectors)
        step *= 0.02 / np.linalg.norm(step)
        measured = found.unlearned.sel(rule="sign", dim=dim, step=1)[1]
        np.testing.assert_allclose(measured, 1 - vectors @ step, atol=1e-4)
