"""Estimates from repeated runs: value, 95 % interval and status.

The unit of repetition is the member: one independent run with its own seed. Points of one curve
share a run and are never treated as independent. Members with curves of their own are averaged,
with Student's t interval; the Chinchilla law, fitted through single runs of many sizes, resamples
those runs.
"""

from skillscale.fits.estimates import (
    LEVEL,
    Estimate,
    PowerLaw,
    crossing_times,
    mean,
    power_law,
    proportion,
    rank_correlation,
)
from skillscale.fits.parametric import Chinchilla, chinchilla
from skillscale.fits.summaries import Summary, intervals, means, medians

__all__ = [
    "LEVEL",
    "Chinchilla",
    "Estimate",
    "PowerLaw",
    "Summary",
    "chinchilla",
    "crossing_times",
    "intervals",
    "mean",
    "means",
    "medians",
    "power_law",
    "proportion",
    "rank_correlation",
]
