"""Claims judged, and quantities measured, from the stored runs, without a notebook."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from skillscale.claims.entries import measurements, of_theory
from skillscale.claims.rule import Claim, Judgement, Measurement, decide
from skillscale.fits import Estimate


def judge_all(theory: str) -> list[Judgement]:
    """Judge every claim of a theory by what its reading finds in its stored run.

    The reading of the claim "theory.name" is the function `name` of the theory's `readings`, a
    module or a package of modules: record in, estimate out, or one estimate per part by name.

    Source: derived here; equal to the stored verdicts in `tests/test_ledger.py`.
    """
    claims = of_theory(theory)
    return [decide(claim, found) for claim, found in zip(claims, _found(claims), strict=True)]


def measure_all(theory: str) -> list[tuple[Measurement, Mapping[str, Estimate]]]:
    """Return the measurements of a theory, each with what its reading finds, by part.

    Source: derived here; equal to what is stored in `tests/test_ledger.py`.
    """
    quantities = measurements(theory)
    found = (each if isinstance(each, Mapping) else {"": each} for each in _found(quantities))
    return list(zip(quantities, found, strict=True))


def _found(entries: list[Claim] | list[Measurement]) -> list[Any]:
    """Return what the reading of each entry makes of its stored run."""
    from skillscale.lab import records

    runs = {name: records.published(name) for name in {entry.record for entry in entries}}
    found = []
    for entry in entries:
        theory, _, name = entry.id.partition(".")
        readings = {getattr(module, name) for module in _readings(theory) if hasattr(module, name)}
        if len(readings) != 1:
            raise ValueError(f"{entry.id} must have one reading, got {len(readings)}")
        found.append(readings.pop()(runs[entry.record]))
    return found


def _readings(theory: str) -> list[ModuleType]:
    """Return the module with the readings of a theory, or the modules of a package of them."""
    whole = importlib.import_module(f"skillscale.{theory}.readings")
    parts = pkgutil.iter_modules(getattr(whole, "__path__", ()))
    return [importlib.import_module(f"{whole.__name__}.{part.name}") for part in parts] or [whole]
