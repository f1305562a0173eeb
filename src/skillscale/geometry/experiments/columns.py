"""Descent in the geometry model for many skills: all settings of a seed in one program.

Settings that share their task vectors are rows of one parameter matrix. A step multiplies only the
task vectors whose skill occurs in its batch, and the loss is formed only when measured.
"""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from skillscale import _checks
from skillscale.geometry.experiments._shared import LOSSES
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.randomness import Stream

CELLS = 2**16
BLOCK = 32
# Below this number of entries a copy of the rows that occur costs more than it saves.
SMALL = 50_000


class SkillCounts:
    """How often each skill occurs in the batches of a seed, for several frequency tables at once.

    A batch is `batch_size` uniform numbers of the seed, turned into skills by the inverse
    distribution function of each row p_k of `frequency` (column, skill). The tables see the same
    numbers, so the batches of a table do not depend on which others run beside it.
    """

    def __init__(self, frequency: ArrayLike, batch_size: int, seed: int) -> None:
        """Tabulate the inverse distribution functions."""
        p = _shares(frequency)
        self._size = _checks.integer("batch_size", batch_size, minimum=1)
        self._stream = Stream(seed, "uniform numbers of a batch")
        self._shape = (BLOCK, *p.shape)
        self._cumulative = p.cumsum(1)
        self._cumulative[:, -1] = 1.0
        edges = np.arange(CELLS + 1) / CELLS
        self._first = [np.searchsorted(c, edges[:-1], side="right") for c in self._cumulative]
        last = [np.searchsorted(c, edges[1:], side="left") for c in self._cumulative]
        self._mixed = [a != b for a, b in zip(self._first, last, strict=True)]

    def block(self, number: int) -> Tensor:
        """Return the counts of `BLOCK` steps, float32 of shape (step, column, skill)."""
        drawn = self._stream.at(number).random((BLOCK, self._size))
        cell = (drawn * CELLS).astype(np.intp)
        n_skills = self._shape[2]
        offset = n_skills * np.arange(BLOCK)[:, None]
        counts = np.empty(self._shape, dtype=np.float32)
        tables = zip(self._cumulative, self._first, self._mixed, strict=True)
        for column, (cumulative, first, mixed) in enumerate(tables):
            skill = first.take(cell)
            # a cell that holds a boundary between skills does not name its skill
            unclear = mixed.take(cell)
            skill[unclear] = np.searchsorted(cumulative, drawn[unclear], side="right")
            skill += offset
            flat = np.bincount(skill.ravel(), minlength=BLOCK * n_skills)
            counts[:, column] = flat.reshape(BLOCK, n_skills)
        return torch.from_numpy(counts)


def descend_columns(
    vectors: Tensor,
    frequency: NDArray[np.float64],
    rules: Sequence[Optimizer],
    *,
    at: Collection[int],
    loss: str = "cross_entropy",
    batch_size: int | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return losses (rule, column, time) of frequency tables under rules on shared task vectors.

    The loss is Σ_k p_k ln(1 + e^(-t_k·θ)), in nats, or Σ_k p_k (1 - t_k·θ)², from θ = 0, with
    vectors t (skill, dim) and p (column, skill) with rows of sum 1. A batch puts the shares of the
    drawn skills in the place of p_k in the gradient; the loss returned is that of all skills, after
    so many updates as `at` says, the last of which ends the descent.

    Source: derived here; tested on a plain loop with automatic gradients.
    """
    _checks.choice("loss", loss, LOSSES)
    measured = sorted({_checks.integer("at", step, minimum=0) for step in at})
    if not measured:
        raise ValueError("at must not be empty")
    frequency = _shares(frequency)
    n_columns, n_skills = frequency.shape
    if vectors.shape[0] != n_skills:
        raise ValueError(f"vectors must have {n_skills} rows, got shape {tuple(vectors.shape)}")
    # -t_k: the products below are -t_k·θ, and w @ rows is the gradient with its sign
    rows = vectors.neg().float().contiguous()
    theta = torch.zeros(len(rules), n_columns, rows.shape[1])
    flat = theta.view(-1, rows.shape[1])
    states = [rule.start([part]) for rule, part in zip(rules, theta, strict=True)]
    p = torch.from_numpy(frequency)
    counts = None if batch_size is None else SkillCounts(frequency, batch_size, seed)
    share, sparse = p.float(), counts is not None and rows.numel() > SMALL
    losses = np.empty((len(rules), n_columns, len(measured)))
    time = {step: place for place, step in enumerate(measured)}
    for step in range(measured[-1] + 1):
        if step in time:
            level = (flat @ rows.T).view(len(rules), n_columns, n_skills).double()
            each = (1 + level).square() if loss == "mse" else torch.nn.functional.softplus(level)
            losses[..., time[step]] = (p * each).sum(-1).numpy()
        if step == measured[-1]:
            break
        if counts is not None and batch_size is not None:
            if step % BLOCK == 0:
                block = counts.block(step // BLOCK).div_(batch_size)
            share = block[step % BLOCK]
        active = rows
        if sparse:
            present = share.any(0).nonzero()[:, 0]
            active, share = rows.index_select(0, present), share.index_select(1, present)
        residual = flat @ active.T
        residual = residual.add_(1).mul_(2) if loss == "mse" else residual.sigmoid_()
        residual.view(len(rules), n_columns, -1).mul_(share)
        gradient = (residual @ active).view_as(theta)
        for rule, state, part, slope in zip(rules, states, theta, gradient, strict=True):
            rule.step([part], [slope], state)
    return losses


def _shares(frequency: ArrayLike) -> NDArray[np.float64]:
    p = _checks.array("frequency", frequency, minimum=0, dims=(2,))
    if not np.allclose(p.sum(1), 1):
        raise ValueError(f"frequency must have rows with sum 1, got sums {p.sum(1)}")
    return p
