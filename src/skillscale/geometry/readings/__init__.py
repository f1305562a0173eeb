"""What the geometry chapter's claims read off their runs; a function bears its claim's name."""

from skillscale.geometry.readings import (
    exponents,
    noise,
    optimizers,
    overlaps,
    pace,
    parameters,
    quadratic,
    shared,
)

__all__ = [
    "exponents",
    "noise",
    "optimizers",
    "overlaps",
    "pace",
    "parameters",
    "quadratic",
    "shared",
]
