"""What networks with an output a task have in common."""

from __future__ import annotations

import torch
from torch import Tensor

from skillscale.lab.parity import Batch


def masked_error(outputs: Tensor, batch: Batch, *, n_samples: int) -> Tensor:
    """Return squared errors summed over outputs, each times its weight, per sample, (member,)."""
    assert batch.weight is not None
    return (batch.weight * (outputs - batch.target).square()).sum((-1, -2)) / n_samples


def task_batch(inputs: Tensor, target: Tensor, weight: Tensor) -> Batch:
    """Return a batch without control bits; outputs are tasks."""
    return Batch(inputs, torch.zeros(inputs.shape[:2], dtype=torch.int64), target, weight)


def parities(bits: Tensor, tasks: tuple[tuple[int, ...], ...]) -> Tensor:
    """Return the 0/1 parity of each task's bits, (…, sample, task)."""
    return torch.stack([bits[..., list(task)].sum(-1) % 2 for task in tasks], dim=-1)


def accuracy(outputs: Tensor, target: Tensor) -> Tensor:
    """Return the share of samples on which each output, cut at ½, is right, (member, task)."""
    return ((outputs > 0.5) == (target > 0.5)).float().mean(1)
