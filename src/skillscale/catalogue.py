"""What experiments there are, read from their sources: importing them takes seconds.

The module `skillscale.experiments.<chapter>`, or each module of a package of that name, assigns the
settings of its experiments to LIVE, STANDARD and PAPER, dictionaries with the names of its
functions as keys.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import h5py

from skillscale import _published, experiments

PROFILES = ("LIVE", "STANDARD", "PAPER")


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        chapter: Its package in `skillscale.experiments`.
        name: Name of its function there.
        profiles: Those of `PROFILES` that it has settings for.
        summary: First line of the function's docstring.
    """

    chapter: str
    name: str
    profiles: tuple[str, ...]
    summary: str

    @property
    def record(self) -> str:
        """Name of the stored run of the standard profile."""
        return f"{self.chapter}_{self.name}"

    def seconds(self) -> float | None:
        """Return how long the sound stored run of the standard profile took, if there is one."""
        path = _published.root() / "results" / f"{self.record}.nc"
        try:
            with h5py.File(path, "r") as stored:
                return float(stored.attrs["wall_seconds"].item())
        except (OSError, KeyError):  # none, or a damaged one
            return None


def catalogue() -> dict[str, Experiment]:
    """Return every experiment that has a standard profile, as "chapter.name".

    Source: derived here; equal to what the imported modules hold in `tests/test_catalogue.py`.

    >>> catalogue()["geometry.skill_curves"].profiles
    ('LIVE', 'STANDARD')
    """
    found = {}
    folders = [Path(folder) for folder in experiments.__path__]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        chapter = path.stem if path.parent in folders else path.parent.name
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        settings = {profile: _keys(statements, profile) for profile in PROFILES}
        documented = {
            each.name: ast.get_docstring(each) or ""
            for each in statements
            if isinstance(each, ast.FunctionDef)
        }
        for name in settings["STANDARD"]:
            profiles = tuple(profile for profile in PROFILES if name in settings[profile])
            summary = documented[name].partition("\n")[0]
            found[f"{chapter}.{name}"] = Experiment(chapter, name, profiles, summary)
    return found


def _keys(statements: list[ast.stmt], profile: str) -> list[str]:
    """Return the keys of all dictionaries that are assigned to the name of a profile."""
    return [
        str(key.value)
        for statement in statements
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict)
        if any(isinstance(name, ast.Name) and name.id == profile for name in statement.targets)
        for key in statement.value.keys
        if isinstance(key, ast.Constant)
    ]
