"""Figures of the Skill basis chapter: arrays and summaries in, a drawn figure out."""

from skillscale.skill_basis.figures.clock import half_times, inverse_clocks
from skillscale.skill_basis.figures.emergence import Ladder, ladders
from skillscale.skill_basis.figures.model import compute_frontier, few_shot, scaling_laws
from skillscale.skill_basis.figures.strengths import (
    blind_ratios,
    completed_loss,
    strength_bands,
    strengths,
    sum_of_sigmoids,
)

__all__ = [
    "Ladder",
    "blind_ratios",
    "completed_loss",
    "compute_frontier",
    "few_shot",
    "half_times",
    "inverse_clocks",
    "ladders",
    "scaling_laws",
    "strength_bands",
    "strengths",
    "sum_of_sigmoids",
]
