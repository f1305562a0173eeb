"""Tasks built from subtasks side by side and in a chain, nested to any depth.

To first order in its subtasks' losses, the loss of such a task is a weighted sum over its leaves,
so the best split and the least loss are those of `allocate` and `composite_loss`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.resource.theory.allocation import composite_loss

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subtask:
    """A subtask with the loss cost · N^-exponent when it owns N neurons; both are > 0.

    Source: the law of one subtask is a hypothesis of Song et al. 2024, with exponent 1.

    >>> Subtask(2.0)
    Subtask(cost=2.0, exponent=1.0)
    """

    cost: float
    exponent: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _checks.number("cost", self.cost, above=0)
        _checks.number("exponent", self.exponent, above=0)


@dataclass(frozen=True)
class Parallel:
    """Tasks side by side: L = Σ_k β_k L_k with β = `weights` > 0, one for each part.

    Source: additivity is a hypothesis of Song et al. 2024.

    >>> leaves(Parallel((Subtask(2.0), Subtask(3.0)), weights=(0.9, 0.1))).weights.tolist()
    [0.9, 0.1]
    """

    parts: tuple[Task, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _check_parts(self.parts)
        _check_factors("weights", self.weights, len(self.parts))


@dataclass(frozen=True)
class Series:
    """Tasks in a chain, each fed with the output of the one before: L = Σ_k s_k L_k.

    An error e_k of part k moves the output of the chain by (∂output/∂output_k) e_k to first order,
    so s_k in `gains` > 0 is the mean of that derivative squared, one for each part but the last,
    which counts with 1. Besides small errors this takes errors of mean zero that are independent of
    each other and of the slopes; an error that is large where the chain is steep counts for more.

    Source: derived here; tested against a noisy chain.

    >>> leaves(Series((Subtask(2.0), Subtask(3.0)), gains=(0.25,))).weights.tolist()
    [0.25, 1.0]
    """

    parts: tuple[Task, ...]
    gains: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _check_parts(self.parts)
        _check_factors("gains", self.gains, len(self.parts) - 1)


Task = Subtask | Parallel | Series


class Leaves(NamedTuple):
    """The subtasks of a task as arrays of shape (subtask,), in the order of writing."""

    weights: Array
    costs: Array
    exponent: Array


def leaves(task: Task) -> Leaves:
    """Subtasks of a nested task, each with the factor by which its loss enters the whole.

    L = Σ_leaf (Π factors on the path from the task to the leaf) · c N^-g, where a factor is a
    weight of a `Parallel` or a gain of a `Series`. The result goes to `allocate` and
    `composite_loss`. A product of gains across nested chains takes slopes that are uncorrelated;
    one flat `Series` with the gains of the whole chain does not.

    Source: derived here; tested against brute force on the nested loss.

    >>> pair = Parallel((Subtask(1.0), Subtask(1.0)), weights=(0.5, 0.5))
    >>> weights, costs, exponent = leaves(Series((pair, Subtask(1.0)), gains=(0.5,)))
    >>> weights.tolist()
    [0.25, 0.25, 1.0]
    >>> composite_loss(weights, costs, 100.0, exponent=exponent).round(6).tolist()
    0.04
    """
    _check_task(task)
    found = list(_walk(task, 1.0))
    return Leaves(*(np.array(column, dtype=np.float64) for column in zip(*found, strict=True)))


def as_subtask(task: Task) -> Subtask:
    """Single subtask that behaves like a task whose neurons are split in the best way.

    With one exponent g at all leaves it has that exponent and the cost (Σ_leaf
    (w c)^(1/(1+g)))^(1+g), with the weights w of `leaves`: a composite of inverse laws is an
    inverse law again, and replacing any part by its single subtask changes nothing. Raises
    ValueError where exponents differ, and the loss is no power of N.

    Source: derived here.

    >>> as_subtask(Parallel((Subtask(1.0), Subtask(4.0)), weights=(1.0, 1.0))).cost
    9.0
    """
    weights, costs, exponent = leaves(task)
    if not np.all(exponent == exponent[0]):
        raise ValueError(
            "task must have one exponent at all of its subtasks to be a power law of N, "
            f"got {exponent.tolist()!r}"
        )
    cost = composite_loss(weights, costs, 1.0, exponent=exponent)
    return Subtask(float(cost), float(exponent[0]))


def _walk(task: Task, factor: float) -> Iterator[tuple[float, float, float]]:
    """Factor, cost and exponent of every leaf below a task."""
    if isinstance(task, Subtask):
        yield factor, task.cost, task.exponent
        return
    factors = task.weights if isinstance(task, Parallel) else (*task.gains, 1.0)
    for part, own in zip(task.parts, factors, strict=True):
        yield from _walk(part, factor * own)


def _check_task(task: object) -> None:
    if not isinstance(task, Subtask | Parallel | Series):
        raise ValueError(f"task must be a Subtask, Parallel or Series, got {task!r}")


def _check_parts(parts: object) -> None:
    if not isinstance(parts, tuple) or not parts:
        raise ValueError(f"parts must be a tuple of at least one task, got {parts!r}")
    for part in parts:
        _check_task(part)


def _check_factors(name: str, factors: object, wanted: int) -> None:
    if not isinstance(factors, tuple) or len(factors) != wanted:
        raise ValueError(f"{name} must be a tuple of {wanted} numbers, got {factors!r}")
    for factor in factors:
        _checks.number(name, factor, above=0)
