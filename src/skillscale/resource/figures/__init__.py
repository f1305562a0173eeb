"""Figures of the Resource model chapter: arrays and summaries in, a drawn figure out."""

from skillscale.resource.figures.chain import additivity, profile, samples, split
from skillscale.resource.figures.chinchilla import exponents, law
from skillscale.resource.figures.noise import allocation, noise_scaling, training
from skillscale.resource.figures.penalised import carriers, plain, series, shares, sparse
from skillscale.resource.figures.singularities import proportions, singularities

__all__ = [
    "additivity",
    "allocation",
    "carriers",
    "exponents",
    "law",
    "noise_scaling",
    "plain",
    "profile",
    "proportions",
    "samples",
    "series",
    "shares",
    "singularities",
    "sparse",
    "split",
    "training",
]
