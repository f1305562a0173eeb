"""Every stored record was made with the settings and the seeds that its experiment has today."""

import dataclasses
import functools
import importlib.util
import inspect
import json
import sys
from pathlib import Path

import pytest

from skillscale import cli
from skillscale.fits import parametric
from skillscale.lab import records

ROOT = Path(__file__).parents[1]
FIT = "chinchilla_fit"
NAMES = sorted(path.stem for path in (ROOT / "results").glob("*.nc"))
# Their records hold the networks that rates were chosen on among the members.
WITH_TUNING = {"geometry_optimizer_race"}


@functools.cache
def verify():
    spec = importlib.util.spec_from_file_location("verify", ROOT / "benchmarks" / "verify.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@functools.cache
def experiments():
    return verify().experiments()


def wrong(name, stamped, seeds, measured, settings):
    """What of a record's stamp and members is not what its experiment would make."""
    code = json.loads(json.dumps(dataclasses.asdict(settings)))
    found = [
        f"{field}: stored {stamped.get(field)!r}, in code {code.get(field)!r}"
        for field in sorted(stamped.keys() | code.keys())
        if stamped.get(field, "nothing") != code.get(field, "nothing")
    ]
    wanted = sorted((*settings.seeds, *(settings.tuning_seeds if name in WITH_TUNING else ())))
    if list(seeds) != wanted:
        found.append(f"seeds: stamped {seeds}, in code {wanted}")
    if sorted(set(measured)) != wanted:
        found.append(f"seeds: members have {sorted(set(measured))}, in code {wanted}")
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != FIT])
def test_a_record_is_what_its_experiment_makes(name):
    assert name in experiments(), "no experiment makes this record"
    record = records.published(name)
    stamped, seeds = (records.provenance(record, what) for what in ("settings", "seeds"))
    measured = record["seed"].values.ravel().tolist()
    assert wrong(name, stamped, seeds, measured, experiments()[name]) == []


def test_the_fit_is_what_the_command_makes():
    settings = records.provenance(records.published(FIT), "settings")
    defaults = inspect.signature(cli.fit).parameters
    assert settings["bootstrap"] == defaults["bootstrap"].default
    assert records.provenance(records.published(FIT), "seeds") == [defaults["seed"].default]
    assert settings["huber"] == parametric.HUBER
    assert settings["digitised"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda stamped, seeds, measured: stamped.update(steps=7), "steps: stored 7"),
        (lambda stamped, seeds, measured: stamped.pop("alpha"), "alpha: stored None"),
        (lambda stamped, seeds, measured: stamped.update(extra=1), "extra: stored 1"),
        (lambda stamped, seeds, measured: stamped.update(seeds=[200]), "seeds: stored [200]"),
        (lambda stamped, seeds, measured: seeds.pop(), "seeds: stamped"),
        (lambda stamped, seeds, measured: measured.pop(), "seeds: members have"),
    ],
)
def test_a_record_of_other_settings_or_seeds_is_seen(change, reason):
    settings = experiments()["geometry_skill_curves"]
    stamped = json.loads(json.dumps(dataclasses.asdict(settings)))
    seeds, measured = list(settings.seeds), list(settings.seeds)
    assert wrong("geometry_skill_curves", stamped, seeds, measured, settings) == []
    change(stamped, seeds, measured)
    (found,) = wrong("geometry_skill_curves", stamped, seeds, measured, settings)
    assert found.startswith(reason)
