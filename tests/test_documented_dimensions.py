"""The dimensions that an experiment's docstring gives its variables are those of its stored run."""

import importlib
import inspect
import re

import pytest

from skillscale import catalogue
from skillscale.lab import records

FOUND = catalogue.catalogue()
# `loss` (member, step); several names may share one list
GIVEN = re.compile(r"((?:`\w+`(?:, | and )?)+)[^`(]{0,20}?\(([a-z_0-9]+(?:,\s+[a-z_0-9]+)*)\)")
OVER = re.compile(r"\b[Oo]ver\s+\(([a-z_0-9]+(?:,\s+[a-z_0-9]+)*)\)")


def documented(text: str) -> dict[str, set[str]]:
    found = {}
    for names, dims in GIVEN.findall(text):
        found |= dict.fromkeys(re.findall(r"\w+", names.replace(" and ", " ")), split(dims))
    return found


def split(dims: str) -> set[str]:
    return set(re.split(r",\s+", dims))


@pytest.mark.parametrize("name", sorted(FOUND))
def test_variables_have_the_dimensions_that_the_class_names(name):
    entry = FOUND[name]
    text = inspect.getdoc(getattr(importlib.import_module(entry.module), entry.kind)) or ""
    run = records.published(entry.record)
    common = [set(), *map(split, OVER.findall(text))]
    given = {each: dims for each, dims in documented(text).items() if each in run.variables}
    assert given or common[1:] or entry.kind in ("NoiseStep", "Truncation")
    for variable, dims in given.items():
        assert any(dims | over == set(run[variable].dims) for over in common), variable
