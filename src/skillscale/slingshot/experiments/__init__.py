"""Texts that need several skills, and what wrong texts say about skills.

Random skill–text graphs whose texts an adversary may spoil; pairs of skills, composites of texts
and combinations of skills in a corpus; and networks that learn texts of known entropy, tested on
pairs of skills that they never saw together.
"""

from skillscale.lab import _profiles
from skillscale.slingshot.experiments import (
    attacks,
    enumerated,
    language,
    pairs,
    skillmix,
    sweeps,
    tensor,
)
from skillscale.slingshot.experiments.attacks import Adversaries, adversaries
from skillscale.slingshot.experiments.enumerated import (
    CertifiedGraphs,
    TinyGraphs,
    certified_graphs,
    tiny_graphs,
)
from skillscale.slingshot.experiments.game import least_favoured, worst_named
from skillscale.slingshot.experiments.graphs import random_graph
from skillscale.slingshot.experiments.language import KnownEntropy, known_entropy, training_texts
from skillscale.slingshot.experiments.pairs import PairSets, pair_sets
from skillscale.slingshot.experiments.skillmix import SkillCombinations, skill_combinations
from skillscale.slingshot.experiments.streaming import Streamed, streamed_attack
from skillscale.slingshot.experiments.sweeps import ManyGraphs, Shape, many_graphs
from skillscale.slingshot.experiments.tensor import Composites, composites
from skillscale.slingshot.experiments.texts import Score, SkillTexts, Texts, score

_MODULES = (attacks, enumerated, language, pairs, skillmix, sweeps, tensor)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "Adversaries",
    "CertifiedGraphs",
    "Composites",
    "KnownEntropy",
    "ManyGraphs",
    "PairSets",
    "Score",
    "Shape",
    "SkillCombinations",
    "SkillTexts",
    "Streamed",
    "Texts",
    "TinyGraphs",
    "adversaries",
    "certified_graphs",
    "composites",
    "known_entropy",
    "least_favoured",
    "many_graphs",
    "pair_sets",
    "random_graph",
    "score",
    "skill_combinations",
    "streamed_attack",
    "tiny_graphs",
    "training_texts",
    "worst_named",
]
