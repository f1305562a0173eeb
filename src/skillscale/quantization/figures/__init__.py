"""Figures of the Quantization chapter: arrays and summaries in, a drawn figure out."""

from skillscale.quantization.figures.law import apparent, law, published, skills, step_scaling
from skillscale.quantization.figures.toy import (
    Counts,
    counts,
    exponents,
    learning_times,
    order,
    steps_and_sum,
)

__all__ = [
    "Counts",
    "apparent",
    "counts",
    "exponents",
    "law",
    "learning_times",
    "order",
    "published",
    "skills",
    "step_scaling",
    "steps_and_sum",
]
