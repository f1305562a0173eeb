"""Sign descent on a quadratic loss in any basis, solved exactly piece by piece."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import lsq_linear

from skillscale import _checks

Array = NDArray[np.float64]
_NOTHING = 1e-9


def rotated_quadratic(
    t: ArrayLike, curvature: ArrayLike, start: ArrayLike, rotation: ArrayLike, *, lr: float
) -> Array:
    """Return x(t) under sign descent in θ on the loss Σ_i λ_i x_i², x = R θ, for small steps.

    With Λ = diag(`curvature`), R = `rotation` orthogonal and g = RᵀΛx, half the gradient, sign
    descent is dθ/dt = -η v with v_j = sign g_j. Where a g_j is zero its sign is whatever keeps it
    there, if anything does. In g this is dg/dt = -η H v with H = RᵀΛR and v a subgradient of ‖g‖₁:
    the subgradient flow of a convex function in the metric of H⁻¹. So the path is unique, and its v
    is the subgradient with the least vᵀHv, a small least-squares problem with bounds. Between the
    times at which a g_j reaches zero the path is straight.

    For R = 1 every |x_i| falls at the pace η by itself: all at once. For R = H_4/2 (Hadamard) and
    λ_1|x_1| > Σ_{i>1} λ_i|x_i| all signs follow x_1, which falls at 2η, while the others do not
    move at all until equality holds; then x_1 slides along with x_2, and the others move a little.

    Args:
        curvature: λ_i > 0, shape (dim,).
        start: x(0), shape (dim,).
        rotation: R, shape (dim, dim).
        lr: η > 0; real steps zigzag around this path, by about η λ_max/λ_i in x_i.

    Returns:
        Array of shape (*t.shape, dim).

    Source: derived here; tested against sign descent in small steps. The public code of Liu et al.
    2025 has the two rotations (quadratic loss).

    >>> rotated_quadratic([50.0], [1.0, 0.1], [1.0, 1.0], [[1, 0], [0, 1]], lr=0.01)
    array([[0.5, 0.5]])
    """
    times = _checks.array("t", t, minimum=0.0)
    curvatures = _checks.array("curvature", curvature, positive=True, dims=(1,))
    x0 = _checks.array("start", start, dims=(1,))
    R = _checks.array("rotation", rotation, dims=(2,))
    lr = _checks.number("lr", lr, above=0)
    dim = curvatures.size
    if x0.size != dim:
        raise ValueError(f"start must have {dim} entries, got {x0.size}")
    if R.shape != (dim, dim) or not np.allclose(R @ R.T, np.eye(dim), atol=1e-9):
        raise ValueError(f"rotation must be an orthogonal matrix of shape {(dim, dim)}, got {R!r}")
    knots, corners = _path(R * np.sqrt(curvatures)[:, None], np.sqrt(curvatures) * x0)
    given = lr * times
    x = [np.interp(given, knots, corner) for corner in (corners / np.sqrt(curvatures)).T]
    return np.asarray(np.stack(x, axis=-1))


def _path(root: Array, state: Array) -> tuple[Array, Array]:
    """Return the times, in units of 1/lr, and places of the corners of the path of Λ^½ x.

    `root` is Λ^½R, so that g = rootᵀ state and vᵀHv = |root v|².
    """
    g = root.T @ state
    scale = np.abs(root).T @ np.abs(state)  # what g would be without cancellation
    time, knots, corners = 0.0, [0.0], [state]
    while True:
        g = np.where(np.abs(g) <= _NOTHING * scale, 0.0, g)
        v = _least(root, np.sign(g))
        fall = root.T @ (root @ v)
        reach = np.where(g * fall > 0, g, np.inf) / np.where(g * fall > 0, fall, 1.0)
        step = float(np.abs(reach).min())
        if not np.isfinite(step):
            return np.array(knots), np.array(corners)
        time, state = time + step, state - step * (root @ v)
        g = root.T @ state
        g[np.abs(reach) <= step * (1 + _NOTHING)] = 0.0
        knots.append(time)
        corners.append(state)


def _least(root: Array, sign: Array) -> Array:
    """Return the v with the given signs, and within [-1, 1] where they are 0, of least |root v|."""
    free = sign == 0
    v = sign.copy()
    if free.any() and not free.all():
        fixed = root[:, ~free] @ sign[~free]
        v[free] = lsq_linear(root[:, free], -fixed, (-1.0, 1.0), method="bvls", tol=1e-14).x
    return v
