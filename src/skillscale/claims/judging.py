"""Claims judged from the stored runs, without a notebook."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from skillscale.claims.entries import of_theory
from skillscale.claims.rule import Judgement, decide


def judge_all(theory: str) -> list[Judgement]:
    """Judge every claim of a theory by what its reading finds in its stored run.

    The reading of the claim "theory.name" is the function `name` of the theory's `readings`, a
    module or a package of modules: record in, estimate out, or one estimate per part by name.

    Source: derived here; equal to the stored verdicts in `tests/test_ledger.py`.
    """
    from skillscale.lab import records

    own = of_theory(theory)
    modules = _readings(theory)
    runs = {name: records.published(name) for name in {claim.record for claim in own}}
    found = []
    for claim in own:
        name = claim.id.partition(".")[2]
        readings = {getattr(module, name) for module in modules if hasattr(module, name)}
        if len(readings) != 1:
            raise ValueError(f"{claim.id} must have one reading, got {len(readings)}")
        found.append(decide(claim, readings.pop()(runs[claim.record])))
    return found


def _readings(theory: str) -> list[ModuleType]:
    """Return the module with the readings of a theory, or the modules of a package of them."""
    whole = importlib.import_module(f"skillscale.{theory}.readings")
    parts = pkgutil.iter_modules(getattr(whole, "__path__", ()))
    return [importlib.import_module(f"{whole.__name__}.{part.name}") for part in parts] or [whole]
