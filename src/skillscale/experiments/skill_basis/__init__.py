"""Experiments on the skill basis: the multilinear model trained, and what networks do instead.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the output on the parity of
that skill, over all bit strings x.
"""

from typing import Any

from skillscale.experiments.skill_basis import model, shots, time
from skillscale.experiments.skill_basis.model import (
    ComputeFrontier,
    ScalingLaws,
    UnbalancedLayers,
    compute_frontier,
    scaling_laws,
    unbalanced_layers,
)
from skillscale.experiments.skill_basis.shots import FewShot, few_shot
from skillscale.experiments.skill_basis.time import (
    TimeEmergence,
    time_emergence,
    time_emergence_disjoint,
)

LIVE: dict[str, Any] = time.LIVE | model.LIVE | shots.LIVE
STANDARD: dict[str, Any] = time.STANDARD | model.STANDARD | shots.STANDARD
PAPER: dict[str, Any] = {**time.PAPER}

__all__ = [
    "LIVE",
    "PAPER",
    "STANDARD",
    "ComputeFrontier",
    "FewShot",
    "ScalingLaws",
    "TimeEmergence",
    "UnbalancedLayers",
    "compute_frontier",
    "few_shot",
    "scaling_laws",
    "time_emergence",
    "time_emergence_disjoint",
    "unbalanced_layers",
]
