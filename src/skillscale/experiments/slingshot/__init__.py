"""Texts that need several skills, and what wrong texts say about skills.

Random skill–text graphs whose texts an adversary may spoil; and networks that learn texts of known
entropy, tested on pairs of skills that they never saw together.
"""

from skillscale.experiments import _profiles
from skillscale.experiments.slingshot import attacks, language
from skillscale.experiments.slingshot.attacks import Adversaries, adversaries, random_graph
from skillscale.experiments.slingshot.language import KnownEntropy, known_entropy, training_texts
from skillscale.experiments.slingshot.texts import SkillTexts, Texts, score

_MODULES = (attacks, language)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "Adversaries",
    "KnownEntropy",
    "SkillTexts",
    "Texts",
    "adversaries",
    "known_entropy",
    "random_graph",
    "score",
    "training_texts",
]
