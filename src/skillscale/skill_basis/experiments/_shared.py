"""What networks that learn skills share: tasks, targets of scale S, measurements of each skill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fresh_batches, whole_population
from skillscale.lab.strengths import BatchAverages, antithetic_strengths, by_skill
from skillscale.lab.training import train

Floats = NDArray[np.float32]

RESTART = 1_000_000  # distance between the seeds of networks that belong to one seed

ABOUT = {
    "strength": ("1", "strength R_k of a skill over the target scale S"),
    "skill_loss": ("1", "mean squared error of a skill over S²"),
    "frequency": ("1", "probability of a skill"),
    "skill": ("", "rank"),
}


def below_restarts(seeds: Sequence[int]) -> None:
    """Refuse seeds that would meet those of other networks of a smaller seed."""
    if max(seeds) >= RESTART:
        raise ValueError(f"seeds must be < {RESTART}, got {seeds!r}")


def tasks(of: Any, members: Sequence[tuple[Any, ...]]) -> list[MultitaskParity]:
    shape = of.n_skills, of.n_bits, of.subset_size
    return [MultitaskParity(*shape, alpha, of.disjoint, seed=seed) for alpha, seed, *_ in members]


def trained(
    of: Any,
    tasks: Sequence[MultitaskParity],
    *,
    seeds: Sequence[int],
    width: int,
    windows: BatchAverages | None = None,
    **how: Any,
) -> dict[str, Floats]:
    """Train one network per task on all inputs, or on `of.batch_size` fresh ones an update.

    Measured are R_k/S and E[(S g_k - f)²]/S², each (member, time, skill): on all inputs, on inputs
    of their own, or, after step 0, in `windows` over fresh batches.
    """
    listed, scale = of.batch_size is None, of.scale
    source = whole_population(tasks) if listed else fresh_batches(tasks, of.batch_size, seeds=seeds)
    batches = scaled(source, scale, once=listed)

    def measure(model: MLPEnsemble, step: int) -> dict[str, Tensor]:
        if windows is not None and step:
            strength, error, _ = windows.read()
            return {"strength": strength, "skill_loss": error}
        if not listed:
            return on_fresh_inputs(model, tasks, scale)
        bits, skill, target, _ = batches(step)
        outputs = model(bits, skill).squeeze(-1)
        return {
            "strength": by_skill(outputs * target, of.n_skills) / scale**2,
            "skill_loss": by_skill((outputs - target).square(), of.n_skills) / scale**2,
        }

    widths = [width] * len(tasks)
    model = MLPEnsemble(of.n_bits, widths, seeds=seeds, n_categories=of.n_skills, init=of.init_std)
    observe = None if windows is None else windows.observe
    record = train(model, batches, steps=of.steps, measure=measure, observe=observe, **how)
    return {name: value.movedim(0, 1).float().numpy() for name, value in record.items()}


def scaled(source: Batches, scale: float, *, once: bool) -> Batches:
    """Return batches with targets S · g_k; `once`, the first at every step, laid out only once."""

    def batch(step: int) -> Batch:
        drawn = source(step)
        return drawn._replace(target=scale * drawn.target)

    if not once:
        return batch
    whole = batch(0)
    return lambda _: whole


def on_fresh_inputs(
    model: MLPEnsemble, tasks: Sequence[MultitaskParity], scale: float, *, backgrounds: int = 2000
) -> dict[str, Tensor]:
    """Return R_k/S and E[(S g - f)²]/S², each (member, skill), on inputs of their own.

    The latter is 1 - 2 R/S + E f²/S².
    """
    strength, power = antithetic_strengths(model, tasks, backgrounds=backgrounds)
    relative = strength / scale
    return {"strength": relative, "skill_loss": 1 - 2 * relative + power / scale**2}
