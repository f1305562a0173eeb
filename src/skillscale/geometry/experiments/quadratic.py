"""A quadratic loss in a turned basis: which directions each rule learns at once, and which in turn.

The loss is Σ_i λ_i x_i² with λ_i = ratio^-(i-1) and x = Rθ: each direction x_i is a skill, and R
says how the skills are spread over the parameters θ.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from scipy.linalg import hadamard
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.geometry.experiments._shared import check_filled
from skillscale.lab.optimizers import SGD, Optimizer, SignDescent
from skillscale.lab.streams import Stream

BASES = ("aligned", "hadamard", "random")


@dataclass(frozen=True)
class QuadraticOrder:
    """Settings of `quadratic_order`.

    Attributes:
        n_directions: number of directions, a power of 2.
        ratio: ratio of successive curvatures.
        sign_lrs: learning rates of sign descent.
        sgd_lr: learning rate of gradient descent.
        threshold: |x_i| below which a direction counts as learned; it starts at 1.
        travel: updates of sign descent, in units of 1/learning rate; a direction that is a
            parameter of its own needs 1.
        sgd_steps: updates of gradient descent.
        points: number of times at which the path is kept, equally spaced for sign descent and
            logarithmically for gradient descent.
        seeds: random signs of the start x_i = ±1, and a random rotation, per seed.
    """

    n_directions: int = 4
    ratio: float = 10.0
    sign_lrs: tuple[float, ...] = (3e-3, 3e-4, 1e-4)
    sgd_lr: float = 0.1
    threshold: float = 0.1
    travel: float = 2.5
    sgd_steps: int = 15_000
    points: int = 60
    seeds: tuple[int, ...] = tuple(range(200, 212))

    def __post_init__(self) -> None:
        """Check the ranges."""
        size = _checks.integer("n_directions", self.n_directions, minimum=2)
        if size & (size - 1):
            raise ValueError(f"n_directions must be a power of 2, got {self.n_directions!r}")
        _checks.number("ratio", self.ratio, minimum=1)
        check_filled(self, "sign_lrs")
        _checks.seeds("seeds", self.seeds)
        _checks.number("travel", self.travel, above=0)
        for lr in self.sign_lrs:
            _checks.number("sign_lrs", lr, above=0, maximum=self.travel / 2)
        _checks.number("sgd_lr", self.sgd_lr, above=0, below=1)
        _checks.number("threshold", self.threshold, above=0, below=1)
        for name in ("sgd_steps", "points"):
            _checks.integer(name, getattr(self, name), minimum=2)


LIVE = {"quadratic_order": QuadraticOrder(sign_lrs=(3e-4,), seeds=(0, 1, 2, 3))}
STANDARD = {"quadratic_order": QuadraticOrder()}


def quadratic_order(settings: QuadraticOrder, *, progress: bool = False) -> xr.Dataset:
    """When each direction is learned, under sign and gradient descent in three bases.

    Args:
        settings: curvatures, rates and seeds.
        progress: show a bar over steps.

    Returns:
        Dataset: `completion` with dims (rule, basis, member, direction), the first step at which
        |x_i| is below the threshold, nan where it never is; `size`, the |x_i| over time, with dims
        (rule, basis, member, point, direction) at the steps `step`, dims (rule, point); `start`,
        x at step 0, and `rotation`, R with dims (basis, member, direction, parameter).

    Source: loss and the first two bases as in the public code of Liu et al. 2025 (Figure 12), the
    random one is ours; exact recursions in `tests/test_geometry_quadratic.py`.

    >>> small = QuadraticOrder(sign_lrs=(0.1,), sgd_steps=9, points=3, seeds=(0,))
    >>> dict(quadratic_order(small).sizes)
    {'rule': 2, 'basis': 3, 'member': 1, 'direction': 4, 'point': 3, 'parameter': 4}
    """
    rules: dict[str, Optimizer] = {f"sign {lr:g}": SignDescent(lr) for lr in settings.sign_lrs}
    rules["sgd"] = SGD(settings.sgd_lr)
    n_seeds, size = len(settings.seeds), settings.n_directions
    basis = torch.cat([_basis(name, settings) for name in BASES])
    start = torch.from_numpy(
        np.stack([_stream(seed).at(1).choice([-1.0, 1.0], size) for seed in settings.seeds])
    ).repeat(len(BASES), 1)
    curvature = settings.ratio ** -torch.arange(size, dtype=torch.float64)
    ends = [settings.travel / lr for lr in settings.sign_lrs]
    kept = np.stack(
        [np.linspace(0, end, settings.points) for end in ends]
        + [np.geomspace(1, settings.sgd_steps, settings.points)]
    ).round().astype(int)  # fmt: skip
    completion, sizes = [], []
    for rule, wanted in zip(rules.values(), kept.tolist(), strict=True):
        theta = [(basis.mT @ start[..., None])[..., 0]]
        state = rule.start(theta)
        reached = torch.full(start.shape, torch.nan)
        path: dict[int, Tensor] = {}
        for step in _progress.bar(range(wanted[-1] + 1), show=progress):
            x = (basis @ theta[0][..., None])[..., 0]
            reached[reached.isnan() & (x.abs() < settings.threshold)] = step
            if step in wanted:
                path[step] = x.abs()
            gradient = 2 * (basis.mT @ (curvature * x)[..., None])[..., 0]
            rule.step(theta, [gradient], state)
        completion.append(reached.reshape(len(BASES), n_seeds, size).numpy())
        stacked = torch.stack([path[step] for step in wanted], dim=1)
        sizes.append(stacked.reshape(len(BASES), n_seeds, -1, size).numpy().round(4))
    return xr.Dataset(
        {
            "completion": (
                ("rule", "basis", "member", "direction"),
                np.stack(completion),
                {"units": "optimizer steps", "long_name": "step of completion"},
            ),
            "size": (
                ("rule", "basis", "member", "point", "direction"),
                np.stack(sizes).astype(np.float32),
                {"units": "1", "long_name": "what is left of a direction, |x_i|"},
            ),
            "start": (("member", "direction"), start[:n_seeds].numpy(), {"units": "1"}),
            "rotation": (
                ("basis", "member", "direction", "parameter"),
                basis.reshape(len(BASES), n_seeds, size, size).numpy(),
                {"units": "1"},
            ),
        },
        coords={
            "rule": list(rules),
            "basis": list(BASES),
            "step": (("rule", "point"), kept, {"units": "optimizer steps"}),
            "curvature": ("direction", curvature.numpy(), {"units": "1"}),
            "seed": ("member", np.asarray(settings.seeds)),
        },
    )


def _stream(seed: int) -> Stream:
    return Stream(seed, "quadratic")


def _basis(name: str, settings: QuadraticOrder) -> Tensor:
    """Return R for every seed, shape (member, direction, parameter), orthogonal."""
    size = settings.n_directions
    if name == "random":
        drawn = [_stream(seed).at(0).standard_normal((size, size)) for seed in settings.seeds]
        return torch.from_numpy(np.linalg.qr(np.stack(drawn))[0])
    one = np.eye(size) if name == "aligned" else hadamard(size) / size**0.5
    return torch.from_numpy(np.broadcast_to(one, (len(settings.seeds), size, size)).copy())
