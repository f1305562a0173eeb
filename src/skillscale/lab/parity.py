"""Multitask sparse parity: the task on which all theories meet, and batches of it for ensembles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, frequencies
from skillscale.lab import subsets
from skillscale.lab.randomness import Epochs, Stream

_LARGEST_POPULATION = 2**24


class Batch(NamedTuple):
    """Inputs with their targets; axes are (sample, …), or (member, sample, …) for an ensemble.

    `bits` (…, n_bits) are 0 and 1 as floats, `skill` (…,) int64 with 0 the most frequent, `target`
    (…,) the parity ±1, `weight` (…,) the share of each sample in the loss; None: all count alike.
    """

    bits: Tensor
    skill: Tensor
    target: Tensor
    weight: Tensor | None = None


Batches = Callable[[int], Batch]


@dataclass(frozen=True)
class MultitaskParity:
    """Parities of small bit subsets, one subset a skill, skills drawn with power-law frequencies.

    An input is a skill k with probability P(k) ∝ k^-(α+1), α > -1, and n_bits uniform bits x. The
    target is g_k(x) = (-1)^(sum of x over the subset of skill k): +1 for even, -1 for odd parity.
    `seed` draws the subsets, uniformly among all sets of n_skills distinct ones; none shares a bit
    with another if `disjoint`.

    Source: Michaud et al. 2023, their toy data; sign of the target as in Nam et al. 2024.

    >>> task = MultitaskParity(n_skills=4, n_bits=4, subset_size=3)
    >>> sorted(map(tuple, task.subsets.tolist()))
    [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
    """

    n_skills: int
    n_bits: int
    subset_size: int = 3
    alpha: float = 0.6
    disjoint: bool = False
    seed: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse impossible tasks."""
        _checks.integer("n_skills", self.n_skills, minimum=1)
        _checks.integer("n_bits", self.n_bits, minimum=1)
        _checks.integer("subset_size", self.subset_size, minimum=1)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.integer("seed", self.seed, minimum=0)
        _checks.flag("disjoint", self.disjoint)
        if self.subset_size > self.n_bits:
            raise ValueError(
                f"subset_size must be <= n_bits = {self.n_bits}, got {self.subset_size}"
            )
        if self.disjoint and self.n_skills * self.subset_size > self.n_bits:
            raise ValueError(
                f"n_skills must be <= n_bits // subset_size = {self.n_bits // self.subset_size} "
                f"for disjoint subsets, got {self.n_skills}"
            )
        available = math.comb(self.n_bits, self.subset_size)
        if self.n_skills > available:
            raise ValueError(
                f"n_skills must be <= comb(n_bits, subset_size) = {available}, the number of "
                f"distinct subsets, got {self.n_skills}"
            )

    @cached_property
    def frequency(self) -> NDArray[np.float64]:
        """Probability of each skill, shape (n_skills,), most frequent first."""
        return frequencies.power_law(self.n_skills, self.alpha)

    @cached_property
    def subsets(self) -> Tensor:
        """Bit positions of each skill, int64 of shape (n_skills, subset_size), rows ascending."""
        draw = subsets.disjoint if self.disjoint else subsets.distinct
        return torch.tensor(draw(self.n_skills, self.n_bits, self.subset_size, seed=self.seed))

    def sample(self, n: int, *, generator: torch.Generator | np.random.Generator) -> Batch:
        """Return n independent inputs with their targets, without weights.

        >>> MultitaskParity(5, 8).sample(3, generator=torch.Generator().manual_seed(0)).bits.shape
        torch.Size([3, 8])
        """
        n = _checks.integer("n", n, minimum=1)
        n_bytes = -(-self.n_bits // 8)
        if isinstance(generator, np.random.Generator):
            uniform, raw = _draw(n, n_bytes, generator)
        elif isinstance(generator, torch.Generator):
            uniform = torch.rand(n, dtype=torch.float64, generator=generator).numpy()
            raw = torch.randint(256, (n, n_bytes), dtype=torch.uint8, generator=generator).numpy()
        else:
            raise ValueError(f"generator must be a torch or numpy generator, got {generator!r}")
        batch = _Stacked([self]).batch(uniform[None], raw[None])
        return Batch(batch.bits[0], batch.skill[0], batch.target[0])

    def population(self, dtype: torch.dtype = torch.float64) -> Batch:
        """Return all n_skills · 2^n_bits inputs, skill by skill; 2^24 at most.

        The weights are P(k) / 2^n_bits and sum to 1, so weighted sums are exact expectations.

        >>> MultitaskParity(2, 3, 1).population().target.sum().item()
        0.0
        """
        size = self.n_skills * 2**self.n_bits
        if size > _LARGEST_POPULATION:
            raise ValueError(
                f"n_bits must leave n_skills * 2**n_bits <= 2**24 inputs to enumerate, "
                f"got n_skills={self.n_skills}, n_bits={self.n_bits}"
            )
        place = torch.arange(self.n_bits)
        words = ((torch.arange(2**self.n_bits)[:, None] >> place) & 1).to(dtype)
        target = torch.cat([self.skill_basis(k, words) for k in range(self.n_skills)])
        weight = torch.from_numpy(self.frequency / 2**self.n_bits).to(dtype)
        return Batch(
            bits=words.repeat(self.n_skills, 1),
            skill=torch.arange(self.n_skills).repeat_interleave(2**self.n_bits),
            target=target,
            weight=weight.repeat_interleave(2**self.n_bits),
        )

    def skill_basis(self, k: int, bits: Tensor) -> Tensor:
        """Return g_k = ±1, shape (…,), of `bits`, shape (…, n_bits), whose active skill is k.

        These functions are orthonormal over uniform bits. On inputs of another skill the basis
        function of the theory is 0; that factor is the caller's.

        Source: Nam et al. 2024, skill functions; orthonormality tested in `tests/test_parity.py`.

        >>> MultitaskParity(1, 3).skill_basis(0, torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))
        tensor([ 1., -1.])
        """
        if _checks.integer("k", k, minimum=0) >= self.n_skills:
            raise ValueError(f"k must be < n_skills = {self.n_skills}, got {k}")
        if bits.shape[-1:] != (self.n_bits,):
            raise ValueError(f"bits must have shape (…, {self.n_bits}), got {tuple(bits.shape)}")
        odd = bits[..., self.subsets[k]].sum(-1) % 2
        return 1 - 2 * odd


def fresh_batches(
    tasks: Sequence[MultitaskParity], batch_size: int, *, seeds: Sequence[int]
) -> Batches:
    """Return a source of batches that never repeat a sample: training on infinite data.

    The batch of a member depends on its task, its seed and the step alone: neither on other members
    nor on which steps were asked for before. Tasks agree in n_skills, n_bits and subset_size.

    Returns:
        A callable from step to a `Batch` with leading axes (member, batch_size).

    >>> fresh_batches([MultitaskParity(5, 8)] * 2, 16, seeds=[0, 1])(0).bits.shape
    torch.Size([2, 16, 8])
    """
    batch_size = _checks.integer("batch_size", batch_size, minimum=1)
    stacked = _Stacked(tasks, seeds)
    streams = [Stream(seed, "fresh batches") for seed in seeds]

    def batch(step: int) -> Batch:
        drawn = [_draw(batch_size, stacked.n_bytes, stream.at(step)) for stream in streams]
        uniform, raw = (np.stack(part) for part in zip(*drawn, strict=True))
        return stacked.batch(uniform, raw)

    return batch


def fixed_dataset(
    tasks: Sequence[MultitaskParity],
    n_samples: int | Sequence[int],
    *,
    seeds: Sequence[int],
    batch_size: int | None = None,
) -> Batches:
    """Return a source of batches from one fixed sample per member: training on finite data.

    Without `batch_size` every step sees all samples. With it, each epoch is a new permutation of a
    member's samples cut into floor(n_samples / batch_size) minibatches; what is left over sits out
    that epoch. A member with no more than `batch_size` samples sees all of them at every step.
    Members of unequal `n_samples` are padded with samples of weight 0. Data and order of a member
    depend on its task, seed, n_samples and the step alone; tasks are as in `fresh_batches`.

    Returns:
        A callable from step to a `Batch` with leading axes (member, sample).

    >>> source = fixed_dataset([MultitaskParity(5, 8)] * 2, [6, 4], seeds=[0, 1])
    >>> source(3).weight[:, -1]
    tensor([1., 0.])
    """
    stacked = _Stacked(tasks, seeds)
    per_member = [n_samples] * len(tasks) if isinstance(n_samples, int) else list(n_samples)
    if len(per_member) != len(tasks):
        raise ValueError(
            f"n_samples must be one number or one per member ({len(tasks)}), got {n_samples!r}"
        )
    sizes = [_checks.integer("n_samples", size, minimum=1) for size in per_member]
    largest = max(sizes)
    if batch_size is not None:
        _checks.integer("batch_size", batch_size, minimum=1)
    length = largest if batch_size is None else min(batch_size, largest)

    uniform = np.zeros((len(tasks), largest))
    raw = np.zeros((len(tasks), largest, stacked.n_bytes), dtype=np.uint8)
    for i, (size, seed) in enumerate(zip(sizes, seeds, strict=True)):
        drawn = _draw(size, stacked.n_bytes, Stream(seed, "fixed dataset").at(0))
        uniform[i, :size], raw[i, :size] = drawn
    data = stacked.batch(uniform, raw)
    weight = None
    if min(sizes) < length:
        weight = (torch.arange(length) < torch.tensor(sizes)[:, None]).float()
    if length == largest:
        whole = data._replace(weight=weight)
        return lambda _: whole

    orders = [Epochs(size, length, seed) for size, seed in zip(sizes, seeds, strict=True)]
    member = torch.arange(len(tasks))[:, None]

    def batch(step: int) -> Batch:
        rows = torch.from_numpy(np.stack([order.rows(step) for order in orders]))
        chosen = data.bits[member, rows], data.skill[member, rows], data.target[member, rows]
        return Batch(*chosen, weight)

    return batch


def whole_population(tasks: Sequence[MultitaskParity]) -> Batches:
    """Return a source that gives every possible input with its probability: the exact gradient.

    Bits and skills, shape (member, n_skills · 2^n_bits, …), are the same for all members and share
    memory; targets and weights are each member's own. 2^24 inputs at most.

    >>> whole_population([MultitaskParity(5, 6)] * 3)(0).weight.sum(-1)
    tensor([1., 1., 1.])
    """
    _Stacked(tasks)
    parts = [task.population() for task in tasks]
    n = len(parts)
    weights = [part.weight for part in parts if part.weight is not None]
    whole = Batch(
        bits=parts[0].bits.float().expand(n, -1, -1),
        skill=parts[0].skill.expand(n, -1),
        target=torch.stack([part.target for part in parts]).float(),
        weight=torch.stack(weights).float(),
    )
    return lambda _: whole


class _Stacked:
    """Several tasks of equal shape as tensors with a leading member axis."""

    def __init__(
        self, tasks: Sequence[MultitaskParity], seeds: Sequence[int] | None = None
    ) -> None:
        if len(tasks) == 0:
            raise ValueError(f"tasks must hold at least one task, got {tasks!r}")
        shapes = {(task.n_skills, task.n_bits, task.subset_size) for task in tasks}
        if len(shapes) > 1:
            raise ValueError(
                "tasks must agree in (n_skills, n_bits, subset_size), got "
                + ", ".join(map(str, sorted(shapes)))
            )
        if seeds is not None and len(seeds) != len(tasks):
            raise ValueError(
                f"seeds must hold one seed per task ({len(tasks)}), got {len(seeds)} seeds"
            )
        self.n_bits = tasks[0].n_bits
        self.n_bytes = -(-self.n_bits // 8)
        self.subsets = torch.stack([task.subsets for task in tasks])
        self.cumulative = torch.from_numpy(np.stack([task.frequency for task in tasks])).cumsum(-1)

    def batch(self, uniform: NDArray[np.float64], raw: NDArray[np.uint8]) -> Batch:
        """Turn uniform numbers (member, n) and random bytes (member, n, n_bytes) into samples."""
        bits = torch.from_numpy(np.unpackbits(raw, axis=-1, count=self.n_bits))
        skill = torch.searchsorted(self.cumulative, torch.from_numpy(uniform), right=True)
        # Rounding may leave the last cumulative frequency a little below 1.
        skill.clamp_(max=self.cumulative.shape[-1] - 1)
        member = torch.arange(len(self.subsets))[:, None]
        odd = bits.gather(-1, self.subsets[member, skill]).sum(-1) & 1
        return Batch(bits.float(), skill, (1 - 2 * odd).float())


def _draw(
    n: int, n_bytes: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    uniform = generator.random(n)
    raw = np.frombuffer(generator.bytes(n * n_bytes), dtype=np.uint8)
    return uniform, raw.reshape(n, n_bytes)
