"""A quadratic loss in a turned basis: which directions each rule learns at once, which in turn."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import hadamard
from torch import Tensor

from skillscale import _checks
from skillscale.lab.optimizers import SGD, SignDescent
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Fraction, Positive, Positives, Seeds, real, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid

BASES = ("aligned", "hadamard", "random")


@dataclass(frozen=True)
class QuadraticOrder(Experiment):
    """When each direction is learned, under sign and gradient descent in three bases.

    The loss is Σ_i λ_i x_i² with λ_i = ratio^-(i-1) and x = Rθ: each direction x_i is a skill, and
    R says how the skills are spread over the parameters θ.

    `completion` (rule, basis, member, direction), the first step at which |x_i| is below the
    threshold, nan where it never is; `size` (rule, basis, member, point, direction), the |x_i| at
    the steps `step` (rule, point), equally spaced for sign descent and logarithmically for gradient
    descent; `start` (member, direction), x at step 0; `rotation` (basis, member, direction,
    parameter), R.

    Source: Liu et al. 2025 (Figure 12), the random basis is ours; tested on exact recursions.
    """

    n_directions: Annotated[int, whole(2)] = 4  #: a power of 2
    ratio: Annotated[float, real(minimum=1)] = 10.0  #: of successive curvatures
    sign_lrs: Positives = (3e-3, 3e-4, 1e-4)  #: learning rates of sign descent
    sgd_lr: Fraction = 0.1  #: learning rate of gradient descent
    threshold: Fraction = 0.1  #: |x_i| below which a direction is learned; it starts at 1
    #: updates of sign descent times learning rate; a direction that is a parameter needs 1
    travel: Positive = 2.5
    sgd_steps: Annotated[int, whole(2)] = 15_000  #: updates of gradient descent
    points: Annotated[int, whole(2)] = 60  #: times at which the path is kept
    seeds: Seeds = tuple(range(200, 212))  #: random signs of the start, a random rotation each

    order = ("rule", "basis", "member", "point", "direction", "parameter")
    about = {
        "completion": ("optimizer steps", "step of completion"),
        "size": ("1", "what is left of a direction, |x_i|"),
        **dict.fromkeys(("start", "rotation", "curvature"), ("1", "")),
    }

    def together(self) -> None:
        size = self.n_directions
        if size & (size - 1):
            raise ValueError(f"n_directions must be a power of 2, got {size!r}")
        for lr in self.sign_lrs:
            _checks.number("sign_lrs", lr, maximum=self.travel / 2)

    def grid(self) -> Grid:
        return {"rule": [*(f"sign {lr:g}" for lr in self.sign_lrs), "sgd"]}

    def coords(self) -> Coords:
        start, basis = self._start()
        return {
            "basis": list(BASES),
            "curvature": ("direction", self._curvature().numpy()),
            "start": (("member", "direction"), start.numpy()),
            "rotation": (("basis", "member", "direction", "parameter"), basis.numpy()),
        }

    def measure(self, rule: str) -> Found:
        place = list(self.grid()["rule"]).index(rule)
        if rule == "sgd":
            descent: SGD | SignDescent = SGD(self.sgd_lr)
            spaced = np.geomspace(1, self.sgd_steps, self.points)
        else:
            descent = SignDescent(self.sign_lrs[place])
            spaced = np.linspace(0, self.travel / self.sign_lrs[place], self.points)
        kept: NDArray[np.int64] = spaced.round().astype(int)
        x, rotations = self._start()
        basis, curvature = rotations.flatten(0, 1), self._curvature()
        theta = [(basis.mT @ x.repeat(len(BASES), 1)[..., None])[..., 0]]
        state, wanted = descent.start(theta), set(kept.tolist())
        reached = torch.full(theta[0].shape, torch.nan, dtype=torch.float32)
        path: dict[int, Tensor] = {}
        for step in range(kept[-1] + 1):
            x = (basis @ theta[0][..., None])[..., 0]
            reached[reached.isnan() & (x.abs() < self.threshold)] = step
            if step in wanted:
                path[step] = x.abs()
            gradient = 2 * (basis.mT @ (curvature * x)[..., None])[..., 0]
            descent.step(theta, [gradient], state)
        shape, size = (len(BASES), len(self.seeds)), self.n_directions
        stacked = torch.stack([path[step] for step in kept.tolist()], dim=1)
        sizes = stacked.reshape(*shape, -1, size).numpy().round(4).astype(np.float32)
        return {
            "completion": (("basis", "member", "direction"), reached.reshape(*shape, size).numpy()),
            "size": (("basis", "member", "point", "direction"), sizes),
            "step": ("point", kept),
        }

    def _curvature(self) -> Tensor:
        return self.ratio ** -torch.arange(self.n_directions, dtype=torch.float64)

    def _start(self) -> tuple[Tensor, Tensor]:
        """Return x at the start, (member, direction), and R in every basis."""
        signs = [_stream(seed).at(1).choice([-1.0, 1.0], self.n_directions) for seed in self.seeds]
        return torch.from_numpy(np.stack(signs)), torch.stack(
            [_basis(each, self) for each in BASES]
        )


QuadraticOrder.records = {
    "geometry_quadratic_order": {
        "live": QuadraticOrder(sign_lrs=(3e-4,), seeds=(0, 1, 2, 3)),
        "standard": QuadraticOrder(),
    }
}


def _stream(seed: int) -> Stream:
    return Stream(seed, "quadratic")


def _basis(name: str, of: QuadraticOrder) -> Tensor:
    """Return R for every seed, shape (member, direction, parameter), orthogonal."""
    size = of.n_directions
    if name == "random":
        drawn = [_stream(seed).at(0).standard_normal((size, size)) for seed in of.seeds]
        return torch.from_numpy(np.linalg.qr(np.stack(drawn))[0])
    one = np.eye(size) if name == "aligned" else hadamard(size) / size**0.5
    return torch.from_numpy(np.broadcast_to(one, (len(of.seeds), size, size)).copy())
