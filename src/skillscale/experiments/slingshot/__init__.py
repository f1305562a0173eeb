"""Texts that need several skills, and what wrong texts say about skills.

Random skill–text graphs whose texts an adversary may spoil; pairs of skills, composites of texts
and combinations of skills in a corpus; and networks that learn texts of known entropy, tested on
pairs of skills that they never saw together.
"""

from skillscale.experiments import _profiles
from skillscale.experiments.slingshot import (
    attacks,
    enumerated,
    language,
    pairs,
    skillmix,
    sweeps,
    tensor,
)
from skillscale.experiments.slingshot.attacks import Adversaries, adversaries
from skillscale.experiments.slingshot.enumerated import (
    CertifiedGraphs,
    TinyGraphs,
    certified_graphs,
    tiny_graphs,
)
from skillscale.experiments.slingshot.game import least_favoured, worst_named
from skillscale.experiments.slingshot.graphs import random_graph
from skillscale.experiments.slingshot.language import KnownEntropy, known_entropy, training_texts
from skillscale.experiments.slingshot.pairs import PairSets, pair_sets
from skillscale.experiments.slingshot.skillmix import SkillCombinations, skill_combinations
from skillscale.experiments.slingshot.streaming import Streamed, streamed_attack
from skillscale.experiments.slingshot.sweeps import ManyGraphs, Shape, many_graphs
from skillscale.experiments.slingshot.tensor import Composites, composites
from skillscale.experiments.slingshot.texts import Score, SkillTexts, Texts, score

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
