"""The list of experiments, read from sources, is what the imported packages hold."""

import dataclasses
import importlib
import inspect
import subprocess
import sys

import pytest

from skillscale import _published, catalogue
from skillscale.lab import records

FOUND = catalogue.catalogue()


def test_the_sources_hold_what_the_packages_do():
    imported = {}
    for name in {entry.chapter for entry in FOUND.values()} | set(chapters()):
        module = importlib.import_module(f"skillscale.experiments.{name}")
        for experiment in getattr(module, "STANDARD", {}):
            profiles = [p for p in catalogue.PROFILES if experiment in getattr(module, p, {})]
            summary = inspect.getdoc(getattr(module, experiment)).splitlines()[0]
            imported[f"{name}.{experiment}"] = (tuple(profiles), summary)
    assert imported
    assert {name: (entry.profiles, entry.summary) for name, entry in FOUND.items()} == imported


def chapters():
    folder = _published.root() / "src" / "skillscale" / "experiments"
    return [path.parent.name for path in folder.glob("*/__init__.py")]


def swept(settings):
    """Yield every entry of the tuples among the settings, also of those inside, with its field."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        for entry in value if isinstance(value, tuple) else ():
            for each in entry if isinstance(entry, tuple) else (entry,):
                if dataclasses.is_dataclass(each):
                    yield from swept(each)
                else:
                    yield field.name, each


@pytest.mark.parametrize("name", [name for name in FOUND if "LIVE" in FOUND[name].profiles])
def test_a_live_run_sweeps_nothing_that_the_standard_run_does_not(name):
    module = importlib.import_module(f"skillscale.experiments.{FOUND[name].chapter}")
    standard = list(swept(module.STANDARD[FOUND[name].name]))
    for field, value in swept(module.LIVE[FOUND[name].name]):
        if field == "seeds":
            continue
        if type(value) is int:  # a number of things: a smaller problem may hold fewer of them
            assert value <= max(other for own, other in standard if own == field), field
        else:
            assert (field, value) in standard


@pytest.mark.parametrize("name", sorted(FOUND))
def test_every_experiment_says_in_a_sentence_what_it_measures(name):
    assert FOUND[name].summary.endswith(".")


def test_durations_are_those_of_the_stored_runs():
    name = "geometry.skill_curves"
    stored = records.published("geometry_skill_curves")
    assert FOUND[name].seconds() == records.provenance(stored, "wall_seconds")
    assert catalogue.Experiment("geometry", "no_such", ("LIVE",), "").seconds() is None


def test_a_damaged_record_has_no_duration(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "geometry_skill_curves.nc").write_bytes(b"\x89HDF\r\n")
    monkeypatch.setattr(_published, "root", lambda: tmp_path)
    assert FOUND["geometry.skill_curves"].seconds() is None


def test_the_list_is_read_without_importing_the_experiments():
    program = (
        "import sys; from skillscale.catalogue import catalogue; catalogue(); print(*sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not {"torch", "xarray", "skillscale.experiments.geometry"} & set(answer.stdout.split())


def test_a_chapter_of_a_single_module_is_found(tmp_path, monkeypatch):
    source = 'def flow():\n    """Measure the flow."""\n\n\nSTANDARD = {"flow": 1}\n'
    (tmp_path / "percolation.py").write_text(source)
    monkeypatch.setattr(catalogue.experiments, "__path__", [str(tmp_path)])
    entry = catalogue.catalogue()["percolation.flow"]
    assert (entry.record, entry.summary) == ("percolation_flow", "Measure the flow.")
