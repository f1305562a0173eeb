"""Experiments on the skill basis: the multilinear model trained, and what networks do instead.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the output on the parity of
that skill, over all bit strings x.
"""

from typing import Any

from skillscale.experiments.skill_basis import model, shots, time, transformer
from skillscale.experiments.skill_basis.model import (
    ComputeFrontier,
    ScalingLaws,
    UnbalancedLayers,
    compute_frontier,
    scaling_laws,
    unbalanced_layers,
)
from skillscale.experiments.skill_basis.shots import (
    FewShot,
    few_shot,
)
from skillscale.experiments.skill_basis.time import (
    TimeEmergence,
    time_emergence,
    time_emergence_disjoint,
)
from skillscale.experiments.skill_basis.transformer import (
    TransformerEmergence,
    transformer_emergence,
    transformer_emergence_disjoint,
)

LIVE: dict[str, Any] = model.LIVE | shots.LIVE | time.LIVE | transformer.LIVE
STANDARD: dict[str, Any] = model.STANDARD | shots.STANDARD | time.STANDARD | transformer.STANDARD
PAPER: dict[str, Any] = {**time.PAPER}

__all__ = [
    "LIVE",
    "PAPER",
    "STANDARD",
    "ComputeFrontier",
    "FewShot",
    "ScalingLaws",
    "TimeEmergence",
    "TransformerEmergence",
    "UnbalancedLayers",
    "compute_frontier",
    "few_shot",
    "scaling_laws",
    "time_emergence",
    "time_emergence_disjoint",
    "transformer_emergence",
    "transformer_emergence_disjoint",
    "unbalanced_layers",
]
