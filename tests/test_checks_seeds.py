"""Seeds of independent members: none but distinct whole numbers, in every experiment."""

import dataclasses
import re

import numpy as np
import pytest

from skillscale import _checks, catalogue

# one instance of every class of settings
SETTINGS = {
    type(settings): settings
    for entry in catalogue.catalogue().values()
    for settings in (entry.settings(size) for size in entry.sizes)
}
FIELDS = [
    pytest.param(settings, field.name, id=f"{kind.__module__.split('.')[1]}.{kind.__name__}")
    for kind, settings in SETTINGS.items()
    for field in dataclasses.fields(settings)
    if field.name.endswith("seeds")
]
# without rates to choose from, no seed chooses
OPTIONAL = {("OptimizerRace", "tuning_seeds"), ("ModularAddition", "tuning_seeds")}
BAD = [
    ((0, 0), "must be distinct, got (0, 0)"),
    ((3, 1, 2, 1), "must be distinct, got (3, 1, 2, 1)"),
    ((0, -1), "must be an integer >= 0, got -1"),
    ((0, 0.5), "must be an integer >= 0, got 0.5"),
    ((True,), "must be an integer >= 0, got True"),
    ((), "must not be empty, got ()"),
]


@pytest.mark.parametrize("good", [(0,), (5, 3, 4), [7, 8], range(200, 210), np.arange(3)])
def test_distinct_seeds_pass(good):
    assert _checks.seeds("seeds", good) is None


@pytest.mark.parametrize(("bad", "message"), BAD)
def test_bad_seeds_are_named(bad, message):
    with pytest.raises(ValueError, match=re.escape(f"tuning_seeds {message}")):
        _checks.seeds("tuning_seeds", bad)


def test_many_seeds_are_cut_short_in_the_message():
    with pytest.raises(ValueError, match=r"^seeds must be distinct, got \(0, 1, 2.*\.\.\.$"):
        _checks.seeds("seeds", (*range(500), 0))


@pytest.mark.parametrize(("bad", "message"), BAD)
@pytest.mark.parametrize(("settings", "name"), FIELDS)
def test_every_experiment_refuses_them(settings, name, bad, message):
    if not bad and (type(settings).__name__, name) in OPTIONAL:
        pytest.skip("may be empty")
    with pytest.raises(ValueError, match=f"^{name} {re.escape(message)}"):
        dataclasses.replace(settings, **{name: bad})
