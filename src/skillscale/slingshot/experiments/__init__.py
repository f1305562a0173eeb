"""Texts that need several skills, and what wrong texts say about skills."""

from skillscale.slingshot.experiments.attacks import Adversaries
from skillscale.slingshot.experiments.composites import Composites
from skillscale.slingshot.experiments.enumerated import CertifiedGraphs, TinyGraphs
from skillscale.slingshot.experiments.game import least_favoured, worst_named
from skillscale.slingshot.experiments.graphs import random_graph
from skillscale.slingshot.experiments.language import KnownEntropy, training_texts
from skillscale.slingshot.experiments.many_graphs import ManyGraphs, Shape
from skillscale.slingshot.experiments.pairs import PairSets
from skillscale.slingshot.experiments.skillmix import SkillCombinations
from skillscale.slingshot.experiments.streaming import Streamed, streamed_attack
from skillscale.slingshot.experiments.texts import Score, SkillTexts, Texts, score

__all__ = [
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
    "least_favoured",
    "random_graph",
    "score",
    "streamed_attack",
    "training_texts",
    "worst_named",
]
