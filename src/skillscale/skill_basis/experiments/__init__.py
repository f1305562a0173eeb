"""Experiments on the skill basis: the multilinear model trained, and what networks do instead.

The strength of skill k is R_k = E[g_k(x) · f(k, x)], the projection of the output on the parity of
that skill, over all bit strings x.
"""

from skillscale.skill_basis.experiments.clock import ClockSweep
from skillscale.skill_basis.experiments.data import DataEmergence
from skillscale.skill_basis.experiments.few_shot import FewShot
from skillscale.skill_basis.experiments.model import ComputeFrontier, ScalingLaws, UnbalancedLayers
from skillscale.skill_basis.experiments.time import TimeEmergence
from skillscale.skill_basis.experiments.transformer import TransformerEmergence
from skillscale.skill_basis.experiments.width import WidthEmergence

__all__ = [
    "ClockSweep",
    "ComputeFrontier",
    "DataEmergence",
    "FewShot",
    "ScalingLaws",
    "TimeEmergence",
    "TransformerEmergence",
    "UnbalancedLayers",
    "WidthEmergence",
]
