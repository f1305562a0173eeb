"""Seeds of independent members, and values that increase."""

import re

import numpy as np
import pytest

from skillscale import _checks


@pytest.mark.parametrize("good", [(0,), (5, 3, 4), [7, 8], range(200, 210), np.arange(3)])
def test_distinct_seeds_pass(good):
    assert _checks.seeds("seeds", good) is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((0, 0), "must be distinct, got (0, 0)"),
        ((3, 1, 2, 1), "must be distinct, got (3, 1, 2, 1)"),
        ((0, -1), "must be an integer >= 0, got -1"),
        ((0, 0.5), "must be an integer >= 0, got 0.5"),
        ((True,), "must be an integer >= 0, got True"),
        ((), "must not be empty, got ()"),
    ],
)
def test_bad_seeds_are_named(bad, message):
    with pytest.raises(ValueError, match=re.escape(f"tuning_seeds {message}")):
        _checks.seeds("tuning_seeds", bad)


def test_many_seeds_are_cut_short_in_the_message():
    with pytest.raises(ValueError, match=r"^seeds must be distinct, got \(0, 1, 2.*\.\.\.$"):
        _checks.seeds("seeds", (*range(500), 0))


@pytest.mark.parametrize("good", [(3,), (-1, 0, 2), [0.1, 0.2], range(3), np.arange(3)])
def test_increasing_values_pass(good):
    assert _checks.increasing("steps", good) is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((), "must not be empty, got ()"),
        ((1, 1), "must increase, got (1, 1)"),
        ([1, 3, 2], "must increase, got [1, 3, 2]"),
        ((1.0, float("nan")), "must increase, got (1.0, nan)"),
    ],
)
def test_what_does_not_increase_is_named(bad, message):
    with pytest.raises(ValueError, match=re.escape(f"steps {message}")):
        _checks.increasing("steps", bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((), "must not be empty, got ()"),
        ((1,), "must hold at least 2 entries, got (1,)"),
        ((2, 1), "must increase, got (2, 1)"),
    ],
)
def test_too_few_are_named(bad, message):
    _checks.increasing("rates", (1, 2), least=2)
    with pytest.raises(ValueError, match=re.escape(f"rates {message}")):
        _checks.increasing("rates", bad, least=2)
