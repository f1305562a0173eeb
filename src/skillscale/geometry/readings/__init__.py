"""What the geometry chapter's claims read off their runs; a function bears the name of its claim.

The pace of sign descent and of steps of fixed length; noise as waste; task vectors that overlap;
a quadratic loss; optimizers; exponents; and what fits into the parameters.
"""

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
