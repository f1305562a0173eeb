"""Skills with a dimension each: what is left when all that fit are learned."""

import math

import numpy as np
import pytest

from skillscale.frequencies import power_law
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
