"""The list of experiments, read from sources, is what the imported packages hold."""

import dataclasses
import importlib
import inspect
import subprocess
import sys

import pytest

from skillscale import _published, catalogue
from skillscale.lab import records
from skillscale.lab.sweep import Experiment

FOUND = catalogue.catalogue()
SRC = _published.root() / "src" / "skillscale"


def test_the_sources_hold_what_the_classes_do():
    imported = {}
    for path in (*SRC.glob("*/experiments/*.py"), *SRC.glob("*/experiments.py")):
        names = path.relative_to(SRC).with_suffix("").parts
        module = importlib.import_module(".".join(["skillscale", *names]))
        for kind in vars(module).values():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__
            if own and issubclass(kind, Experiment):
                summary = inspect.getdoc(kind).splitlines()[0]
                for record, sizes in kind.records.items():
                    imported[record] = (kind.__name__, tuple(sizes), summary)
    assert imported
    assert {e.record: (e.kind, e.sizes, e.summary) for e in FOUND.values()} == imported


def test_every_class_has_a_record_of_its_theory():
    for name, entry in FOUND.items():
        assert name == f"{entry.theory}.{entry.record.removeprefix(entry.theory + '_')}"
        assert "standard" in entry.sizes


# 4 seeds are those of the published figure; 5 texts take an hour.
FEW = {"geometry.published_gain": 4, "quanta_discovery.model_sizes": 5}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_the_judged_run_has_ten_seeds(name):
    assert len(FOUND[name].settings("standard").seeds) >= FEW.get(name, 10)


def test_the_judged_seeds_of_the_toy_are_fresh():
    for entry in FOUND.values():
        if entry.theory == "quantization":
            assert min(entry.settings("standard").seeds) >= 200


def test_a_record_of_skills_that_share_no_bits_is_one():
    for entry in FOUND.values():
        for settings in map(entry.settings, entry.sizes):
            if isinstance(getattr(settings, "disjoint", None), bool):
                assert settings.disjoint == entry.record.endswith("_disjoint")


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


@pytest.mark.parametrize("name", [name for name in FOUND if "live" in FOUND[name].sizes])
def test_a_live_run_sweeps_nothing_that_the_standard_run_does_not(name):
    standard = list(swept(FOUND[name].settings("standard")))
    for field, value in swept(FOUND[name].settings("live")):
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
    missing = catalogue.Entry("geometry_no_such", "geometry", "", "", ("live",), "")
    assert missing.seconds() is None


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
    assert not {"torch", "xarray", "skillscale.geometry.experiments"} & set(answer.stdout.split())


def test_a_theory_of_a_single_module_is_found(tmp_path, monkeypatch):
    source = (
        'class Flow(Experiment):\n    """Measure the flow."""\n\n\n'
        'Flow.records = {"percolation_flow": {"live": Flow(), "standard": Flow()}}\n'
    )
    (tmp_path / "percolation").mkdir()
    (tmp_path / "percolation" / "experiments.py").write_text(source)
    monkeypatch.setattr(catalogue, "_PACKAGE", tmp_path)
    entry = catalogue.catalogue()["percolation.flow"]
    assert (entry.record, entry.summary) == ("percolation_flow", "Measure the flow.")
    assert (entry.module, entry.sizes) == (
        "skillscale.percolation.experiments",
        ("live", "standard"),
    )
