"""Records survive a round trip, keep their provenance, and refuse damaged or foreign files."""

import contextlib
import importlib.util
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from skillscale import _published
from skillscale.lab import records


@dataclass(frozen=True)
class Settings:
    steps: int = 10
    rates: tuple[float, ...] = (0.1, 0.2)


@pytest.fixture
def dataset():
    values = np.random.default_rng(0).standard_normal((3, 500)).astype(np.float32)
    raw = xr.Dataset({"loss": (("member", "step"), values)}, coords={"seed": ("member", [0, 1, 2])})
    raw["loss"].attrs["units"] = "nats"
    return records.stamp(raw, settings=Settings(), seeds=[0, 1, 2], wall_seconds=1.25)


def test_round_trip_keeps_values_units_and_provenance(dataset, tmp_path):
    found = records.load(records.save(dataset, tmp_path / "run.nc"))
    xr.testing.assert_identical(found, dataset)
    assert records.provenance(found, "settings") == {"steps": 10, "rates": [0.1, 0.2]}
    assert records.provenance(found, "seeds") == [0, 1, 2]
    assert {"python", "torch", "numpy", "skillscale"} <= set(records.provenance(found, "versions"))
    assert records.provenance(found, "wall_seconds") == 1.2
    assert "loss" in found
    assert found["loss"].attrs["units"] == "nats"


def test_numbers_are_compressed(tmp_path):
    raw = xr.Dataset({"flat": ("step", np.zeros(100_000))})
    stamped = records.stamp(raw, settings={}, seeds=[0], wall_seconds=0)
    assert records.save(stamped, tmp_path / "flat.nc").stat().st_size < 50_000


@pytest.mark.parametrize("position", np.linspace(0, 0.999, 25))
def test_a_changed_byte_never_yields_other_numbers_silently(dataset, tmp_path, position):
    path = records.save(dataset, tmp_path / "run.nc")
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 0xFF
    path.write_bytes(content)
    with contextlib.suppress(records.RecordError):
        xr.testing.assert_equal(records.load(path), dataset)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_half_written_files_are_refused_by_name(dataset, tmp_path, share):
    path = records.save(dataset, tmp_path / "run.nc")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(records.RecordError, match=r"run\.nc is damaged or no netCDF file"):
        records.load(path)


def test_foreign_netcdf_is_refused(tmp_path):
    path = tmp_path / "foreign.nc"
    xr.Dataset({"a": 1}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(records.RecordError, match=r"foreign\.nc is not a record of this package"):
        records.load(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", "{not JSON"),
        ("settings", 5),
        ("claims", "5"),
        ("seeds", "{}"),
        ("versions", ""),
    ],
)
def test_provenance_that_is_not_what_stamp_writes_is_refused_by_name(
    dataset, tmp_path, name, value
):
    path = records.save(dataset.assign_attrs({name: value}), tmp_path / "run.nc")
    with pytest.raises(records.RecordError, match=rf"run\.nc: provenance '{name}' is no JSON"):
        records.load(path)


def test_an_unstamped_dataset_is_not_written(tmp_path):
    with pytest.raises(records.RecordError, match="no provenance"):
        records.save(xr.Dataset({"a": 1}), tmp_path / "run.nc")
    assert not list(tmp_path.iterdir())


# The records that the book judges

RESULTS = _published.root() / "results"
PUBLISHED = sorted(path.stem for path in RESULTS.glob("[!.]*.nc"))


def test_the_manifest_names_the_records_and_nothing_else():
    assert list(json.loads((RESULTS / records.MANIFEST).read_text())) == PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_numbers_are_those_of_the_manifest_and_of_the_stamped_seeds(name):
    record = records.published(name)
    members = {int(seed) for seed in record["seed"].values.ravel()}
    assert sorted(members) == sorted(records.provenance(record, "seeds"))


@pytest.fixture
def sealed(dataset, tmp_path, monkeypatch):
    """A root with one record, which its manifest names."""
    (tmp_path / "results").mkdir()
    path = records.save(dataset, tmp_path / "results" / "run.nc")
    records.seal(path.parent)
    monkeypatch.setattr(_published, "root", lambda: tmp_path)
    return path


def test_attributes_may_change_but_no_claim_number_name_type_or_dimension(sealed):
    record = records.load(sealed)
    xr.testing.assert_identical(records.published("run"), record)
    records.save(record.assign_attrs(git_commit="unknown"), sealed)
    assert records.published("run").git_commit == "unknown"
    forged = record["loss"].copy()
    forged[0, 3] *= 1.5
    for other in (
        record.assign(loss=forged),
        record.assign_coords(seed=("member", [0, 1, 3])),
        record.isel(member=[0, 1]),
        record.rename(loss="gain"),
        record.rename(step="time"),
        record.astype(np.float64),
        record.assign(more=0.0),
        record.assign_attrs(claims='{"toy.slope": "0"}'),
        record.drop_vars("seed"),
    ):
        records.save(other.assign_attrs({**record.attrs, "claims": other.claims}), sealed)
        with pytest.raises(records.RecordError, match=r"run\.nc does not hold the numbers and cl"):
            records.published("run")
    records.seal(sealed.parent)
    assert "seed" not in records.published("run")


def test_a_record_that_the_manifest_does_not_name_is_not_judged(sealed):
    sealed.rename(sealed.with_name("other.nc"))
    with pytest.raises(records.RecordError, match=r"other\.nc does not hold the numbers"):
        records.published("other")


def test_what_a_killed_writer_leaves_is_no_record(sealed):
    for name in (".run.nc-0123abcd.partial", ".run-old.nc"):
        sealed.with_name(name).write_bytes(b"half")
    with pytest.raises(ValueError, match="name must be one of run, got 'none'"):
        records.published("none")
    assert list(json.loads(records.seal(sealed.parent).read_text())) == ["run"]


# Where a run comes from


def git(folder, *command):
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    done = subprocess.run(
        ["git", "-C", folder, *identity, *command], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def repository(folder, package, project="skillscale"):
    """A repository with a copy of the module that stamps, and the commit that holds it."""
    module = folder / package / "skillscale" / "lab" / "records.py"
    module.parent.mkdir(parents=True)
    module.write_text(Path(records.__file__).read_text())
    (module.parents[1] / "claims.toml").write_text("claim = []\n")
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{project}"\n')
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "All of it")
    return module, git(folder, "rev-parse", "HEAD")


def stamped_commit(module):
    """What the module at this place stamps."""
    found = importlib.util.spec_from_file_location("records_elsewhere", module)
    copied = importlib.util.module_from_spec(found)
    found.loader.exec_module(copied)
    return copied.stamp(xr.Dataset(), settings={}, seeds=[0], wall_seconds=0).git_commit


def test_the_checkouts_commit_is_stamped(tmp_path):
    module, commit = repository(tmp_path, "src")
    (tmp_path / "README.md").write_text("not part of what is run")
    assert stamped_commit(module) == commit


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/skillscale/lab/records.py", None),
        ("src/skillscale/untracked.py", "VALUE = 1\n"),
        ("src/skillscale/new/untracked.py", "VALUE = 1\n"),
        ("src/skillscale/claims.toml", "claim = [{}]\n"),
    ],
)
def test_changed_and_new_modules_and_claims_are_marked(tmp_path, name, text):
    module, commit = repository(tmp_path, "src")
    git(tmp_path, "config", "status.showUntrackedFiles", "no")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.read_text() + "\n" if text is None else text)
    assert stamped_commit(module) == f"{commit}+changes"


@pytest.mark.parametrize(
    ("package", "project"),
    [
        (".venv/lib/python3.11/site-packages", "another"),
        ("lib", "skillscale"),
        ("src", "another"),
    ],
)
def test_a_repository_that_holds_an_installed_copy_is_not_its_checkout(tmp_path, package, project):
    module, _ = repository(tmp_path, package, project)
    assert stamped_commit(module) == "unknown"


def test_a_copy_below_another_repository_has_no_commit(tmp_path):
    module, _ = repository(tmp_path / "outer" / "inner", "src")
    git(tmp_path / "outer", "init", "--quiet")
    shutil.rmtree(tmp_path / "outer" / "inner" / ".git")
    git(tmp_path / "outer", "add", ".")
    git(tmp_path / "outer", "commit", "--quiet", "--message", "Outer")
    assert stamped_commit(module) == "unknown"


def test_a_repository_named_in_the_environment_is_not_stamped(tmp_path, monkeypatch):
    module, commit = repository(tmp_path / "own", "src")
    repository(tmp_path / "foreign", "src", "another")
    foreign = tmp_path / "foreign"
    monkeypatch.setenv("GIT_DIR", str(foreign / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(foreign))
    monkeypatch.setenv("GIT_INDEX_FILE", str(foreign / ".git" / "index"))
    assert stamped_commit(module) == commit


def test_the_processor_is_stamped_and_unknown_where_a_record_is_older(dataset):
    assert records.provenance(dataset, "processor") == records.processor()
    assert "processor" in records.provenance_table(dataset).data
    del dataset.attrs["processor"]
    assert records.provenance(dataset, "processor") == "unknown"
    assert "processor" not in records.provenance_table(dataset).data


@pytest.mark.parametrize(
    ("digits", "rounded"),
    [
        (3, [0.0, 1.23, -9.88e-5, 123.0, 12300.0, np.nan]),
        (4, [0.0, 1.235, -9.877e-5, 123.5, 12350.0, np.nan]),
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_rounding_keeps_significant_digits(digits, rounded, kind):
    values = np.array([0.0, 1.23456, -9.87654e-5, 123.456, 12345.6, np.nan], dtype=kind)
    found = records.significant(values, digits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, rounded, rtol=1e-6)
