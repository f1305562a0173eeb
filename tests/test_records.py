"""Records survive a round trip, keep their provenance, and refuse damaged or foreign files."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

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


def test_a_full_disk_keeps_the_old_record_and_leaves_nothing_behind(dataset, tmp_path, monkeypatch):
    path = records.save(dataset, tmp_path / "run.nc")
    before = path.read_bytes()

    def full(self, target, **_):
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    with pytest.raises(OSError, match="No space left"):
        records.save(dataset, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.nc"]


def test_an_unstamped_dataset_is_not_written(tmp_path):
    with pytest.raises(records.RecordError, match="no provenance"):
        records.save(xr.Dataset({"a": 1}), tmp_path / "run.nc")
    assert not list(tmp_path.iterdir())


def test_every_published_record_loads_and_names_its_claims():
    from skillscale import _published

    for path in (_published.root() / "results").glob("*.nc"):
        assert records.provenance(records.published(path.stem), "seeds")


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


def test_rounding_to_no_digits_is_refused():
    with pytest.raises(ValueError, match=r"digits must be .* >= 1, got 0"):
        records.significant(np.ones(2), 0)
