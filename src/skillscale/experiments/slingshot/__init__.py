"""Texts that need several skills, and what wrong texts say about skills.

Random skill–text graphs whose texts an adversary may spoil.
"""

from skillscale.experiments import _profiles
from skillscale.experiments.slingshot import attacks
from skillscale.experiments.slingshot.attacks import Adversaries, adversaries, random_graph

_MODULES = (attacks,)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "Adversaries",
    "adversaries",
    "random_graph",
]
