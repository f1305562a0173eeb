"""Seeds of independent members, and values that increase."""

import numpy as np
import pytest

from skillscale import _checks


@pytest.mark.parametrize("good", [(0,), (5, 3, 4), [7, 8], range(200, 210), np.arange(3)])
def test_distinct_seeds_pass(good):
    assert _checks.seeds("seeds", good) is None


@pytest.mark.parametrize("good", [(3,), (-1, 0, 2), [0.1, 0.2], range(3), np.arange(3)])
def test_increasing_values_pass(good):
    assert _checks.increasing("steps", good) is None
