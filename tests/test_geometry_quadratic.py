"""The quadratic loss in three bases: exact recursions, order of learning."""

import numpy as np
import pytest

from skillscale.geometry import experiments as geometry

SMALL = {"sign_lrs": (1e-3,), "sgd_steps": 2000, "points": 21, "seeds": (3, 5)}


def _run(**changed):
    return geometry.QuadraticOrder(**SMALL | changed).run()


def test_gradient_descent_does_not_see_the_basis():
    found = _run().sel(rule="sgd")
    x = (1 - 2 * 0.1 * 10.0 ** -np.arange(4)) ** found.step.values[:, None]
    for basis in found.basis:
        for member in range(2):
            measured = found["size"].sel(basis=basis)[member]
            np.testing.assert_allclose(measured, x, atol=1e-4)  # four decimals stored
    first = found.completion.isel(direction=0)
    np.testing.assert_array_equal(first, np.ceil(np.log(0.1) / np.log(0.8)))


def test_sign_descent_along_the_axes_learns_all_at_once():
    found = _run().sel(rule="sign 0.001", basis="aligned")
    np.testing.assert_allclose(found.completion, 901, atol=1)
    x = np.abs(1 - 1e-3 * found.step.values[found.step.values < 950])
    np.testing.assert_allclose(found["size"][0, : len(x), 2], x, atol=1e-4)


def test_a_hadamard_basis_puts_directions_in_turn():
    # all parameters serve the steepest direction first: 2 lr a step
    times = _run(sign_lrs=(1e-4,), seeds=(3,)).completion.sel(rule="sign 0.0001", basis="hadamard")
    assert float(times[0, 0]) == pytest.approx(0.9 / 2e-4, rel=0.02)
    assert (times.diff("direction") > 4000).all()


def test_two_directions_equal_a_plain_loop():
    found = _run(n_directions=2, sign_lrs=(0.01,), travel=0.5, points=6, seeds=(3,))
    sizes = found["size"].sel(rule="sign 0.01", basis="hadamard")[0]
    turn = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    for start in ([1.0, 1.0], [1.0, -1.0]):  # the sign of the second direction does not matter
        theta, path = turn.T @ np.array(start), []
        for _ in range(51):
            x = turn @ theta
            path.append(abs(x))
            theta = theta - 0.01 * np.sign(turn.T @ (x * [1.0, 0.1]))
        np.testing.assert_allclose(sizes, np.array(path)[::10], atol=1e-4)


def test_rotations_are_orthogonal_and_starts_are_one_in_size():
    found = _run()
    R = found.rotation.values
    np.testing.assert_allclose(
        R @ R.swapaxes(-1, -2), np.broadcast_to(np.eye(4), R.shape), atol=1e-12
    )
    assert (abs(found.start) == 1).all()
    assert abs(R[2, 0] - R[2, 1]).max() > 0.1
    np.testing.assert_allclose(abs(R[1]), 0.5)
