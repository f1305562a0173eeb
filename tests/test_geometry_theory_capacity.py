"""Skills with a dimension each: what is left when all that fit are learned."""

import math

import numpy as np
import pytest

from skillscale import claims
from skillscale.frequencies import power_law
from skillscale.geometry import experiments as geometry_experiments
from skillscale.geometry import theory as geometry


def _losses(logits, p):
    return np.logaddexp(0, -logits) @ p


def test_long_training_ends_at_the_tail():
    p = power_law(1000, 0.0)
    dims = np.array([0, 40, 1000, 2000])
    for dim, end in zip(dims, geometry.modular_loss(p, dims), strict=True):
        logits = np.where(np.arange(1000) < dim, 60.0, 0.0)
        assert end == pytest.approx(_losses(logits, p), abs=1e-12)
    assert geometry.modular_loss([1.0], 0) == pytest.approx(math.log(2))


def test_the_claimed_numbers_of_satisfied_sizes_are_sums_of_wendels_probabilities():
    (claim,) = (
        each for each in claims.of_theory("geometry") if each.record == "geometry_capacity_cliff"
    )
    sizes = geometry_experiments.CapacityCliff().dims
    shares = {d: float(geometry.separable_fraction(n=1000, d=d)) for d in sizes}
    below = sum(share for d, share in shares.items() if d < 500)
    where, by_chance = (target.predicted for target in claim.targets)
    assert (where, by_chance) == (round(sum(shares.values()), 3), round(below, 3))
