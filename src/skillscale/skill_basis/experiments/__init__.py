"""Experiments on the skill basis: the multilinear model trained, and what networks do instead.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the output on the parity of
that skill, over all bit strings x.
"""

from skillscale.lab import _profiles
from skillscale.skill_basis.experiments import clock, data, model, shots, time, transformer, width
from skillscale.skill_basis.experiments.clock import (
    ClockSweep,
    clock_sweep,
)
from skillscale.skill_basis.experiments.data import (
    DataEmergence,
    data_emergence,
)
from skillscale.skill_basis.experiments.model import (
    ComputeFrontier,
    ScalingLaws,
    UnbalancedLayers,
    compute_frontier,
    scaling_laws,
    unbalanced_layers,
)
from skillscale.skill_basis.experiments.shots import (
    FewShot,
    few_shot,
)
from skillscale.skill_basis.experiments.time import (
    TimeEmergence,
    time_emergence,
    time_emergence_disjoint,
)
from skillscale.skill_basis.experiments.transformer import (
    TransformerEmergence,
    transformer_emergence,
    transformer_emergence_disjoint,
)
from skillscale.skill_basis.experiments.width import (
    WidthEmergence,
    width_emergence,
    width_emergence_disjoint,
)

_MODULES = (model, shots, time, data, width, clock, transformer)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")
PAPER = _profiles.settings(_MODULES, "PAPER")

__all__ = [
    "LIVE",
    "PAPER",
    "STANDARD",
    "ClockSweep",
    "ComputeFrontier",
    "DataEmergence",
    "FewShot",
    "ScalingLaws",
    "TimeEmergence",
    "TransformerEmergence",
    "UnbalancedLayers",
    "WidthEmergence",
    "clock_sweep",
    "compute_frontier",
    "data_emergence",
    "few_shot",
    "scaling_laws",
    "time_emergence",
    "time_emergence_disjoint",
    "transformer_emergence",
    "transformer_emergence_disjoint",
    "unbalanced_layers",
    "width_emergence",
    "width_emergence_disjoint",
]
