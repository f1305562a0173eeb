"""Figures of the Domino chapter: arrays and summaries in, a drawn figure out."""

from skillscale.domino.figures.dependent import composition
from skillscale.domino.figures.grokking import grokking
from skillscale.domino.figures.language import group_changes, loss_changes, speed_ups, tuning
from skillscale.domino.figures.own_loss import noisy, remedies
from skillscale.domino.figures.parities import competition, delays, two_parities, waste

__all__ = [
    "competition",
    "composition",
    "delays",
    "grokking",
    "group_changes",
    "loss_changes",
    "noisy",
    "remedies",
    "speed_ups",
    "tuning",
    "two_parities",
    "waste",
]
