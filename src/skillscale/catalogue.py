"""What experiments there are, read from their sources: importing them takes seconds.

A module of `skillscale.<theory>.experiments` gives each of its experiments, a class, its
`records`: a dictionary of dictionaries, `{record: {size: settings}}`.
"""

from __future__ import annotations

import ast
import difflib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from skillscale import _published

if TYPE_CHECKING:
    from skillscale.lab.sweep import Experiment

SIZES = ("live", "standard", "paper")
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """An experiment and one of its records."""

    record: str  #: name of the stored run of the standard size, "theory_name"
    theory: str
    module: str
    kind: str  #: name of the class
    sizes: tuple[str, ...]  #: those of `SIZES` that there are settings for
    summary: str  #: first line of the class's docstring

    def seconds(self) -> float | None:
        """Return how long the sound stored run of the standard size took, if there is one."""
        path = _published.root() / "results" / f"{self.record}.nc"
        try:
            with h5py.File(path, "r") as stored:
                return float(stored.attrs["wall_seconds"].item())
        except (OSError, KeyError):  # none, or a damaged one
            return None

    def settings(self, size: str) -> Experiment:
        """Return the experiment in one of its sizes, ready to run; this imports it."""
        found: Experiment = getattr(importlib.import_module(self.module), self.kind)
        chosen: Experiment = found.records[self.record][size]
        return chosen


def catalogue() -> dict[str, Entry]:
    """Return every experiment that has a stored run, as "theory.name".

    Source: derived here; equal to what the imported modules hold in `tests/test_catalogue.py`.

    >>> catalogue()["geometry.skill_curves"].theory
    'geometry'
    """
    found = {}
    for path in sorted([*_PACKAGE.glob("*/experiments/*.py"), *_PACKAGE.glob("*/experiments.py")]):
        theory, *inner = path.relative_to(_PACKAGE).with_suffix("").parts
        module = ".".join(["skillscale", theory, *inner])
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        documented = {
            each.name: ast.get_docstring(each) or ""
            for each in statements
            if isinstance(each, ast.ClassDef)
        }
        for kind, record, given in _records(statements):
            sizes = tuple(size for size in SIZES if size in given)
            summary = documented[kind].partition("\n")[0]
            name = f"{theory}.{record.removeprefix(theory + '_')}"
            found[name] = Entry(record, theory, module, kind, sizes, summary)
    return found


def entry(name: str) -> Entry:
    """Return an experiment by "theory.name"; the error for another name suggests what was meant."""
    known = catalogue()
    if name not in known:
        near = difflib.get_close_matches(name, known, cutoff=0.5)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"no experiment {name!r}, `skillscale list` prints all{meant}")
    return known[name]


def _records(statements: list[ast.stmt]) -> list[tuple[str, str, list[str]]]:
    return [
        (target.value.id, str(record.value), _keys(sizes))
        for statement in statements
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict)
        for target in statement.targets
        if isinstance(target, ast.Attribute) and target.attr == "records"
        if isinstance(target.value, ast.Name)
        for record, sizes in zip(statement.value.keys, statement.value.values, strict=True)
        if isinstance(record, ast.Constant)
    ]


def _keys(node: ast.expr) -> list[str]:
    keys = node.keys if isinstance(node, ast.Dict) else []
    return [str(key.value) for key in keys if isinstance(key, ast.Constant)]
