"""Measuring how strongly networks know the skills of multitask sparse parity."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from skillscale import _checks
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch, MultitaskParity
from skillscale.lab.randomness import Stream


def by_skill(values: Tensor, n_skills: int) -> Tensor:
    """Average values on the enumerated population (member, n_skills · 2^n_bits) skill by skill."""
    return values.reshape(len(values), n_skills, -1).mean(-1)


@torch.no_grad()
def antithetic_strengths(
    model: MLPEnsemble, tasks: Sequence[MultitaskParity], *, backgrounds: int
) -> tuple[Tensor, Tensor]:
    """Estimate R_k = E[g_k(x) · f(k, x)] and E[f(k, x)²] where inputs are too many to be listed.

    The average over the 2^subset_size patterns of a skill's own bits is exact; only the other bits
    are sampled, as `backgrounds` random strings per member, drawn by its task's seed. Whatever part
    of f does not depend on the pattern cancels, which is nearly all of an untrained network.

    Returns:
        Strengths in units of the output and mean squares of the output, each (member, skill).

    Source: derived here; unbiased and exact in its limits in `tests/test_strengths.py`.
    """
    backgrounds = _checks.integer("backgrounds", backgrounds, minimum=1)
    n_bits, size = tasks[0].n_bits, tasks[0].subset_size
    drawn = [
        Stream(task.seed, "backgrounds").at(0).integers(0, 2, (backgrounds, n_bits))
        for task in tasks
    ]
    others = torch.stack([torch.from_numpy(rows) for rows in drawn]).to(model.dtype)
    patterns = list(itertools.product((0.0, 1.0), repeat=size))
    strengths = torch.zeros(len(tasks), tasks[0].n_skills, dtype=torch.float64)
    powers = torch.zeros_like(strengths)
    for skill, pattern in itertools.product(range(tasks[0].n_skills), patterns):
        bits = others.clone()
        for member, task in enumerate(tasks):
            bits[member, :, task.subsets[skill]] = bits.new_tensor(pattern)
        category = torch.full((backgrounds,), skill) if model.n_categories else None
        parity = 1 - 2 * (sum(pattern) % 2)
        outputs = model(bits, category)[..., 0].double()
        strengths[:, skill] += parity * outputs.mean(-1)
        powers[:, skill] += outputs.square().mean(-1)
    return strengths / len(patterns), powers / len(patterns)


class BatchAverages:
    """Strengths and losses averaged over the fresh batches that a network is trained on.

    On batches that were never seen, E[target · f] over a skill's samples is its strength and
    E[(S · target - f)²] its loss, without bias: they cost nothing. `observe` takes the batches of
    a window of steps, `read` returns the averages over the window and starts a new one.
    """

    def __init__(self, n_members: int, n_skills: int, scale: float) -> None:
        """Start an empty window; `scale` is S, the size of the batches' targets."""
        self._scale = scale
        self._sums = torch.zeros(3, n_members, n_skills, dtype=torch.float64)

    def observe(self, _: int, batch: Batch, outputs: Tensor) -> None:
        """Add one batch with the outputs (member, sample, 1) on it."""
        found = outputs.squeeze(-1)
        error = (found - batch.target).square()
        parts = (torch.ones_like(found), found * batch.target, error)
        for total, part in zip(self._sums, parts, strict=True):
            total.scatter_add_(1, batch.skill, part.double())

    def read(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return R/S, the mean squared error over S², both nan without samples, and their number.

        Each has the shape (member, skill).
        """
        count, product, error = self._sums.clone()
        self._sums.zero_()
        return product / count / self._scale**2, error / count / self._scale**2, count
