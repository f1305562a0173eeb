"""Figures of the Slingshot chapter: arrays and summaries in, a drawn figure out."""

from skillscale.slingshot.figures.curves import curves, finite_size, ladder
from skillscale.slingshot.figures.game import Level, SkillGame
from skillscale.slingshot.figures.graphs import combinations, levels, margins
from skillscale.slingshot.figures.language import loss_links, unseen_tuples

__all__ = [
    "Level",
    "SkillGame",
    "combinations",
    "curves",
    "finite_size",
    "ladder",
    "levels",
    "loss_links",
    "margins",
    "unseen_tuples",
]
