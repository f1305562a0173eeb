"""Figures of the Geometry chapter: arrays and summaries in, a drawn figure out."""

from skillscale.geometry.figures.curves import panels, skill_curves, two_skills
from skillscale.geometry.figures.noise import alignment, module_speedups, noisy_curves, wasted
from skillscale.geometry.figures.optimizers import directions, overlapping, race, tuning
from skillscale.geometry.figures.scaling import (
    cliff,
    local_exponents,
    modular_gain,
    step_exponents,
    width_exponents,
)

__all__ = [
    "alignment",
    "cliff",
    "directions",
    "local_exponents",
    "modular_gain",
    "module_speedups",
    "noisy_curves",
    "overlapping",
    "panels",
    "race",
    "skill_curves",
    "step_exponents",
    "tuning",
    "two_skills",
    "wasted",
    "width_exponents",
]
