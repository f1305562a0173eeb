"""Experiments on the skill basis: what networks do with the skills of multitask sparse parity.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the network's output on the
parity of that skill, over all bit strings x.
"""

from skillscale.experiments.skill_basis.time import (
    LIVE,
    PAPER,
    STANDARD,
    TimeEmergence,
    time_emergence,
    time_emergence_disjoint,
)

__all__ = [
    "LIVE",
    "PAPER",
    "STANDARD",
    "TimeEmergence",
    "time_emergence",
    "time_emergence_disjoint",
]
