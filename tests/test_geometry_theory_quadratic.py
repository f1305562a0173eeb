"""Sign descent on a rotated quadratic: the exact path against small steps, phases."""

import numpy as np
import pytest

from skillscale.geometry import theory as geometry

HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
DECADES = 10.0 ** -np.arange(4)


def _steps(curvature, start, rotation, lr, steps):
    """Sign descent in θ with x = R θ, as a plain loop."""
    theta, path = rotation.T @ start, [start]
    for _ in range(steps):
        theta = theta - lr * np.sign(rotation.T @ (curvature * (rotation @ theta)))
        path.append(rotation @ theta)
    return np.array(path)


def _compare(curvature, start, rotation, lr, horizon):
    steps = round(horizon / lr)
    path = _steps(curvature, start, rotation, lr, steps)
    exact = geometry.rotated_quadratic(np.arange(steps + 1), curvature, start, rotation, lr=lr)
    return exact, path


@pytest.mark.parametrize("rotation", [np.eye(4), HADAMARD], ids=["identity", "hadamard"])
def test_path_equals_sign_descent_in_small_steps(rotation):
    lr = 1e-4
    exact, path = _compare(DECADES, np.ones(4), rotation, lr, 2.2)
    # half the gradient jumps by up to 2 η Σ_i λ_i R_ij², and the coordinates share the zigzag
    assert (DECADES * np.abs(exact - path)).max() < 8 * lr


@pytest.mark.parametrize("dim", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_path_in_a_random_basis_equals_sign_descent_in_small_steps(dim, seed):
    rng = np.random.default_rng(10 * dim + seed)
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    curvature, start = rng.uniform(0.05, 2, dim), rng.standard_normal(dim)
    lr = 2e-4
    exact, path = _compare(curvature, start, rotation, lr, 4.0)
    # each of dim parameters zigzags by a few steps, and curvatures reach 2
    assert (curvature * np.abs(exact - path)).max() < 10 * dim * lr
    np.testing.assert_allclose(exact[-1], 0, atol=1e-9)


def test_aligned_basis_learns_all_at_once():
    start = np.array([1.0, -0.5, 0.2, 0.0])
    t = np.linspace(0, 150, 31)
    x = geometry.rotated_quadratic(t, DECADES, start, np.eye(4), lr=0.01)
    expected = np.sign(start) * np.maximum(np.abs(start) - 0.01 * t[:, None], 0)
    np.testing.assert_allclose(x, expected, atol=1e-12)


def test_hadamard_basis_learns_one_after_another():
    lr = 1e-3
    end = (1 - DECADES[1:].sum() / DECADES[0]) / (2 * lr)  # λ_1 x_1 = Σ_{i>1} λ_i x_i
    before = geometry.rotated_quadratic([0.5 * end, end], DECADES, np.ones(4), HADAMARD, lr=lr)
    np.testing.assert_allclose(before[:, 0], [1 - lr * end, 1 - 2 * lr * end])
    np.testing.assert_allclose(before[:, 1:], 1, atol=1e-12)  # the others do not move at all
    t = np.linspace(0, 2000, 4001)
    x = geometry.rotated_quadratic(t, DECADES, np.ones(4), HADAMARD, lr=lr)
    half = [np.argmax(np.abs(curve) < 0.5) * 0.5 for curve in x.T]
    np.testing.assert_allclose(np.diff(half), [1 / (2 * lr)] * 3, rtol=0.2)
    # four terms one by one at the pace 2η: twice as long as all at once at η
    assert np.abs(x[t < 1990]).max(-1).min() > 0
    np.testing.assert_allclose(x[-1], 0, atol=1e-9)
    # not exactly one at a time: the fourth has risen by a tenth before its turn comes
    assert 1.05 < x[:, 3].max() < 1.15


def test_sliding_share_is_that_of_the_path():
    share = 2 * DECADES[1] / DECADES.sum()
    lr = 1e-3
    t = np.array([500.0, 900.0])
    x = geometry.rotated_quadratic(t, DECADES, np.ones(4), HADAMARD, lr=lr)
    paces = -np.diff(x, axis=0)[0] / (lr * np.diff(t))
    # on the signs (+, +, +, -) the paces are (1, 1, 1, -1), on those of x_2 they are (0, 2, 0, 0)
    np.testing.assert_allclose(paces, [share, share + 2 * (1 - share), share, -share], rtol=1e-9)


def test_result_has_the_shape_of_the_times():
    x = geometry.rotated_quadratic(np.zeros((2, 3)), [1.0, 2.0], [1.0, 0.0], np.eye(2), lr=1.0)
    assert x.shape == (2, 3, 2)
    np.testing.assert_array_equal(x, np.broadcast_to([1.0, 0.0], (2, 3, 2)))
