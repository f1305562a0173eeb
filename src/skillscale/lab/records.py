"""Results of experiments as netCDF files with provenance.

A record is an `xarray.Dataset` of raw measurements whose attributes say how it came about. Writing
is atomic: a reader sees the old file or the whole new one, never a part. The records that the book
judges are listed with digests of their numbers and of their claims in `results/manifest.json`.
Derived here; damaged, foreign and forged files in `tests/test_records.py`, full disks and killed
writers in `tests/test_files.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import itertools
import json
import os
import platform
import subprocess
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _files, _html, _published

FORMAT = "skillscale record 1"
MANIFEST = "manifest.json"
_JSON = {"settings": dict, "seeds": list, "versions": dict, "claims": dict}
_REQUIRED = (*_JSON, "created", "git_commit", "device", "threads", "wall_seconds")
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
_PACKAGES = ("skillscale", "torch", "numpy", "scipy", "xarray")


class RecordError(ValueError):
    """A file is not a readable record; the message names the file and the reason."""


def stamp(
    dataset: xr.Dataset,
    *,
    settings: Any,
    seeds: Iterable[int],
    wall_seconds: float,
    claims: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Return a copy of `dataset`, named raw measurements, whose attributes say how it was made.

    Args:
        settings: A dataclass or a mapping of plain values.
        wall_seconds: Duration of the run.
        claims: Fingerprint per claim id that this run is going to judge.

    Returns:
        The dataset with attributes format, settings, seeds, versions, claims (JSON), created,
        git_commit ("unknown" outside a checkout of this package, "+changes" where its modules or
        claims differ from the commit), device, processor, threads, wall_seconds.

    >>> stamp(xr.Dataset(), settings={}, seeds=[0], wall_seconds=1.0).attrs["seeds"]
    '[0]'
    """
    wall_seconds = _checks.number("wall_seconds", wall_seconds, minimum=0.0)
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        plain = dataclasses.asdict(settings)
    elif isinstance(settings, Mapping):
        plain = dict(settings)
    else:
        raise ValueError(f"settings must be a dataclass or a mapping, got {settings!r}")
    return dataset.assign_attrs(
        format=FORMAT,
        settings=json.dumps(plain, sort_keys=True),
        seeds=json.dumps([int(seed) for seed in seeds]),
        versions=json.dumps(
            {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
        ),
        claims=json.dumps(dict(claims or {}), sort_keys=True),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        git_commit=_git_commit(),
        device="cpu",
        processor=processor(),
        threads=torch.get_num_threads(),
        wall_seconds=round(wall_seconds, 1),
    )


def save(dataset: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a stamped dataset to `path`, ending in ".nc", as compressed netCDF.

    Where writing fails, on a full disk or in a killed process, nothing is left behind and an
    existing record stays as it was. Raises RecordError if the dataset carries no provenance.
    """
    destination = Path(path)
    if destination.suffix != ".nc":
        raise ValueError(f"path must end in '.nc', got {str(path)!r}")
    if missing := _missing(dataset):
        raise RecordError(f"{destination}: no provenance ({missing}); use stamp() first")
    encoding = {
        name: {"zlib": True, "complevel": 4, "fletcher32": True}
        for name, variable in dataset.variables.items()
        if variable.ndim and variable.dtype.kind in "fiu"
    }
    # To memory first: on a full disk HDF5 crashes the whole process.
    content = io.BytesIO()
    dataset.to_netcdf(content, engine="h5netcdf", encoding=encoding)
    _files.write(destination, content.getvalue())
    return destination


def load(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a record whole into memory.

    Raises RecordError if the file is damaged, is no netCDF, or carries no provenance of ours.
    """
    source = Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"no record at {source}")
    try:
        # h5py refuses a broken container cleanly, where h5netcdf leaves a half-made file object.
        with h5py.File(source, "r"), xr.open_dataset(source, engine="h5netcdf") as opened:
            dataset = opened.load()
    except Exception as error:  # what a damaged file raises depends on where it is damaged
        raise RecordError(f"{source} is damaged or no netCDF file: {error}") from error
    if dataset.attrs.get("format") != FORMAT:
        found = dataset.attrs.get("format", "none")
        raise RecordError(f"{source} is not a record of this package: format is {found!r}")
    if missing := _missing(dataset):
        raise RecordError(f"{source} lacks provenance: {missing}")
    for name, kind in _JSON.items():
        try:
            decoded = json.loads(dataset.attrs[name])
        except (TypeError, ValueError):
            decoded = None
        if not isinstance(decoded, kind):
            raise RecordError(f"{source}: provenance {name!r} is no JSON {kind.__name__}")
    return dataset


def _missing(dataset: xr.Dataset) -> str:
    return ", ".join(name for name in _REQUIRED if name not in dataset.attrs)


def published(name: str) -> xr.Dataset:
    """Return the stored run `results/<name>.nc` that belongs to this version of the book.

    Raises RecordError as `load`, and if its numbers or claims are not those of the manifest.
    """
    folder = _published.root() / "results"
    names = _names(folder)
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(names) or '(none stored)'}, got {name!r}")
    record = load(folder / f"{name}.nc")
    manifest = folder / MANIFEST
    if json.loads(manifest.read_text(encoding="utf-8")).get(name) != _entry(record):
        raise RecordError(
            f"{folder / name}.nc does not hold the numbers and claims that {manifest} names; "
            "after a new run, `make manifest` enters them"
        )
    return record


def digest(dataset: xr.Dataset) -> str:
    """Return SHA-256 over data variables and coordinates: names, dimensions, types and values.

    Attributes do not count, nor does how the values are stored.

    >>> one = xr.Dataset({"loss": ("step", [1.0, 2.0])})
    >>> digest(one) == digest(one.assign_attrs(seeds="[0]")), digest(one) == digest(2 * one)
    (True, False)
    """
    total = hashlib.sha256()
    for name in sorted(map(str, dataset.variables)):
        variable = dataset[name].variable
        values = np.ascontiguousarray(variable.values)
        values = values.astype(values.dtype.newbyteorder("<"))
        is_text = values.dtype.kind in "OSU"  # of which width, or objects, is the reader's choice
        kind = "text" if is_text else values.dtype.str
        total.update(json.dumps([name, variable.dims, variable.shape, kind]).encode())
        total.update(json.dumps(values.tolist()).encode() if is_text else values.tobytes())
    return total.hexdigest()


def seal(folder: str | os.PathLike[str]) -> Path:
    """Write the manifest of a folder: digests of every record's numbers and claims, by name."""
    source = Path(folder)
    digests = {name: _entry(load(source / f"{name}.nc")) for name in _names(source)}
    _files.write(source / MANIFEST, (json.dumps(digests, indent=0) + "\n").encode())
    return source / MANIFEST


def _entry(record: xr.Dataset) -> dict[str, str]:
    claims = json.dumps(provenance(record, "claims"), sort_keys=True)
    return {"numbers": digest(record), "claims": hashlib.sha256(claims.encode()).hexdigest()}


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("[!.]*.nc"))


def provenance(dataset: xr.Dataset, name: str) -> Any:
    """Return one of the attributes that `stamp` wrote, decoded; "unknown" for an older "processor".

    >>> record = stamp(xr.Dataset(), settings={"steps": 3}, seeds=[0], wall_seconds=1.0)
    >>> provenance(record, "settings")
    {'steps': 3}
    """
    _checks.choice("name", name, (*_REQUIRED, "processor"))
    if name == "processor":
        return dataset.attrs.get(name, "unknown")
    if name not in dataset.attrs:
        raise RecordError(f"the dataset carries no provenance {name!r}; use stamp() first")
    value = dataset.attrs[name]
    return json.loads(value) if name in _JSON else value


def significant(values: NDArray[np.floating], digits: int = 4) -> NDArray[np.float32]:
    """Round to a number of significant digits: noise beyond them does not compress."""
    exact, size = np.asarray(values, dtype=np.float64), np.abs(values)
    whole = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    unit = 10.0 ** (whole + 1 - _checks.integer("digits", digits, minimum=1))
    return np.asarray((np.round(exact / unit) * unit).astype(np.float32))


def provenance_table(dataset: xr.Dataset) -> Any:
    """Return the provenance of a record as an HTML table for a notebook.

    >>> record = stamp(xr.Dataset(), settings={"steps": 3}, seeds=[0, 1], wall_seconds=1.0)
    >>> "steps = 3" in provenance_table(record).data
    True
    """
    return _html.html(_provenance_rows(dataset))


def provenance_tables(records: Mapping[str, xr.Dataset]) -> Any:
    """Return the provenance of several records as tables that a reader of a notebook unfolds."""
    return _html.folded({name: provenance_table(record) for name, record in records.items()})


def _provenance_rows(dataset: xr.Dataset) -> list[dict[str, str]]:
    rows = []
    for name in (*_REQUIRED, "processor"):
        if name == "claims" or name not in dataset.attrs:  # the processor, in older records
            continue
        value = provenance(dataset, name)
        if isinstance(value, dict):
            value = ", ".join(f"{key} = {_short(entry)}" for key, entry in value.items())
        rows.append({"What": name.replace("_", " "), "Value": _short(value)})
    return rows


def _short(value: object) -> str:
    """Write a value, of whole numbers in a list the runs as ranges: 0–2, 5, 7, 8."""
    if not isinstance(value, list) or not all(type(entry) is int for entry in value):
        return str(value)
    steps = itertools.groupby(enumerate(value), lambda pair: pair[1] - pair[0])
    runs = [[entry for _, entry in group] for _, group in steps]
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(texts)


def processor() -> str:
    """Return what the system calls its processor, or "unknown"."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, [*found, platform.processor(), platform.machine()]), "unknown")


@functools.cache
def _git_commit() -> str:
    """Return the commit of this package's checkout, with "+changes" where its files differ.

    Asked once a process: what it has imported stays. A repository that an installed copy happens to
    lie in is not the package's, nor is one that the environment names.
    """
    package = Path(__file__).resolve().parents[1]
    root = package.parents[1]
    own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}

    def git(*command: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(root), *command], capture_output=True, text=True, check=True, env=own
        )
        return done.stdout.strip()

    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        is_ours = project["name"] == "skillscale" and package == root / "src" / "skillscale"
        if not (is_ours and root.samefile(git("rev-parse", "--show-toplevel"))):
            return "unknown"
        commit = git("rev-parse", "HEAD")
        # "src" is what may not change unseen between commit and run
        changes = git("status", "--porcelain", "--untracked-files=normal", "--", "src")
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError):
        return "unknown"
    return commit + ("+changes" if changes else "")
