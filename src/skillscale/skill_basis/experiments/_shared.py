"""What networks that learn skills share: tasks, targets of scale S, measurements of each skill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.parity import Batch, Batches, MultitaskParity, fresh_batches, whole_population
from skillscale.lab.strengths import antithetic_strengths, by_skill

ABOUT = {
    "strength": ("1", "strength R_k of a skill over the target scale S"),
    "skill_loss": ("1", "mean squared error of a skill over S²"),
    "frequency": ("1", "probability of a skill"),
    "skill": ("", "rank"),
}


def tasks(of: Any, members: Sequence[tuple[Any, ...]]) -> list[MultitaskParity]:
    shape = of.n_skills, of.n_bits, of.subset_size
    return [MultitaskParity(*shape, alpha, of.disjoint, seed=seed) for alpha, seed, *_ in members]


def batches(
    tasks: Sequence[MultitaskParity], batch_size: int | None, *, seeds: Sequence[int], scale: float
) -> Batches:
    """Return all inputs at every step, or so many fresh samples; targets are S · g_k."""
    if batch_size is None:
        return scaled(whole_population(tasks), scale, once=True)
    return scaled(fresh_batches(tasks, batch_size, seeds=seeds), scale, once=False)


def scaled(source: Batches, scale: float, *, once: bool) -> Batches:
    """Return batches with targets S · g_k; `once`, the first at every step, laid out only once."""

    def batch(step: int) -> Batch:
        drawn = source(step)
        return drawn._replace(target=scale * drawn.target)

    if not once:
        return batch
    whole = batch(0)
    return lambda _: whole


def on_all_inputs(
    model: MLPEnsemble, whole: Batch, n_skills: int, scale: float
) -> dict[str, Tensor]:
    """Return R_k/S and E[(S g_k - f)²]/S² on all inputs, each (member, skill)."""
    outputs = model(whole.bits, whole.skill).squeeze(-1)
    return {
        "strength": by_skill(outputs * whole.target, n_skills) / scale**2,
        "skill_loss": by_skill((outputs - whole.target).square(), n_skills) / scale**2,
    }


def on_fresh_inputs(
    model: MLPEnsemble, tasks: Sequence[MultitaskParity], scale: float, *, backgrounds: int = 2000
) -> dict[str, Tensor]:
    """Return the same on inputs of their own, with E[(S g - f)²] = S² - 2 S R + E f²."""
    strength, power = antithetic_strengths(model, tasks, backgrounds=backgrounds)
    relative = strength / scale
    return {"strength": relative, "skill_loss": 1 - 2 * relative + power / scale**2}
