"""Files are written whole or not at all: full and closed folders, several writers, killed ones."""

import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from skillscale import _files
from skillscale.lab import records

FILL_LEVELS = (0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99)  # share of a record that still fits

# A record is saved where less than the whole fits; prints a line for each fault that it finds.
SAVE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np, xarray as xr
from skillscale.lab import records

folder, limit, levels = Path(sys.argv[1]), sys.argv[2], [float(level) for level in sys.argv[3:]]
path = folder / "run.nc"

def record(seed):
    noise = np.random.default_rng(seed).standard_normal(50_000)
    raw = xr.Dataset({"loss": ("step", noise), "arm": ("kind", ["a", "b"])})
    return records.stamp(raw, settings={}, seeds=[seed], wall_seconds=0)

size = records.save(record(0), path).stat().st_size
before = path.read_bytes()
for level in levels:
    room = int(level * size) // 4096 * 4096
    if limit == "disk":
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                file.truncate(file.tell() - room)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        records.save(record(1), path)
        print(level, "was saved")
    except OSError as error:
        if error.filename != str(path):
            print(level, error)
    if limit == "disk":
        filler.unlink()
    if [entry.name for entry in folder.iterdir()] != ["run.nc"] or path.read_bytes() != before:
        print(level, "left", sorted(entry.name for entry in folder.iterdir()))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
records.save(record(1), path)
xr.testing.assert_identical(records.load(path).drop_attrs(), record(1).drop_attrs())
"""

# Forty writers are killed at any moment of a tight loop; prints what the reader finds wrong.
KILL_WRITERS = """
import os, signal, sys, time
from pathlib import Path
import numpy as np, xarray as xr
from skillscale.lab import records

path = Path(sys.argv[1]) / "run.nc"
raw = {n: xr.Dataset({"loss": ("step", np.full(20_000, float(n)))}) for n in range(7)}
versions = [
    records.stamp(each, settings={"n": n}, seeds=[n], wall_seconds=0) for n, each in raw.items()
]
records.save(versions[0], path)
for kill in range(40):
    child = os.fork()
    if not child:
        n = kill
        while True:
            n += 1
            records.save(versions[n % 7], path)
    time.sleep(0.01 + 0.0017 * kill)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = records.load(path)
    if not found.identical(versions[records.provenance(found, "seeds")[0]]):
        print(kill, "half written")
records.save(versions[1], path)
print([entry.name for entry in path.parent.iterdir() if entry != path] or "nothing left")
"""

# Stops for ever between the last byte and the move.
DIE_BEFORE_THE_MOVE = """
import os, pathlib, signal, sys
from skillscale import _files

pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
_files.write(sys.argv[1], b"new")
"""


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own, where the tests may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def check_full_disk(folder: Path, limit: str) -> None:
    done = run(SAVE_ON_A_FULL_DISK, folder, limit, *FILL_LEVELS)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_full_disk_is_an_error_and_the_old_record_stays(small_disk: Path) -> None:
    check_full_disk(small_disk, "disk")


def test_a_file_that_may_not_grow_is_an_error_and_the_old_record_stays(tmp_path: Path) -> None:
    check_full_disk(tmp_path, "size")


def test_a_record_survives_forty_killed_writers(tmp_path: Path) -> None:
    done = run(KILL_WRITERS, tmp_path)
    assert (done.returncode, done.stdout) == (0, "nothing left\n"), done.stderr


def test_what_a_killed_writer_leaves_is_removed_by_the_next(tmp_path: Path) -> None:
    path, other = tmp_path / "run.nc", tmp_path / "run.nc.nc"
    for each in (path, other):
        each.write_bytes(b"old")
        assert run(DIE_BEFORE_THE_MOVE, each).returncode == -9
        assert each.read_bytes() == b"old"
    left = sorted(entry.name for entry in tmp_path.iterdir() if entry.suffix != ".nc")
    assert [name.rpartition("-")[0] for name in left] == [".run.nc", ".run.nc.nc"]
    assert all(name.endswith(".partial") for name in left)
    _files.write(path, b"next")
    assert path.read_bytes() == b"next"
    assert {entry.name for entry in tmp_path.iterdir()} == {"run.nc", "run.nc.nc", left[1]}


def test_a_writer_leaves_the_partial_file_of_another_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.nc"

    def interrupt(_: int) -> None:
        monkeypatch.undo()
        _files.write(path, b"second")
        assert path.read_bytes() == b"second"

    monkeypatch.setattr(os, "fsync", interrupt)
    _files.write(path, b"first")
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.nc"]


def test_two_writers_and_a_reader_see_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    whole = [
        records.stamp(
            xr.Dataset({"loss": ("step", np.full(5_000, float(n)))}),
            settings={},
            seeds=[n],
            wall_seconds=0,
        )
        for n in (0, 1)
    ]
    records.save(whole[0], path)
    faults: list[object] = []

    def save(dataset: xr.Dataset) -> None:
        try:
            for _ in range(60):
                records.save(dataset, path)
        except OSError as error:
            faults.append(error)

    writers = [threading.Thread(target=save, args=(dataset,)) for dataset in whole]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found = records.load(path)
        if not any(found.identical(dataset) for dataset in whole):
            faults.append(found)
    assert faults == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.nc"]


def test_a_writable_destination_is_left_as_it_is(tmp_path: Path) -> None:
    assert _files.writable(tmp_path / "new.nc") == tmp_path / "new.nc"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.nc").write_bytes(b"old")
    _files.writable(str(tmp_path / "old.nc"))
    assert (tmp_path / "old.nc").read_bytes() == b"old"


def test_a_destination_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.nc").mkdir()
    places = {
        "nowhere/run.nc": FileNotFoundError,
        "file/run.nc": NotADirectoryError,
        "folder.nc": IsADirectoryError,
    }
    for name, kind in places.items():
        for refuse in (_files.writable, lambda path: _files.write(path, b"")):
            with pytest.raises(kind) as found:
                refuse(tmp_path / name)
            assert found.value.filename == str(tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder.nc"]


def test_a_full_disk_is_noticed_before_a_run(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filler").write_bytes(bytes(2**21))
    with pytest.raises(OSError, match=r"No space left.*run\.nc'"):
        _files.writable(small_disk / "run.nc")
    assert [entry.name for entry in small_disk.iterdir()] == ["filler"]


def test_a_read_only_disk_is_noticed_before_a_run(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OSError, match=r"Read-only file system.*run\.nc'"):
        _files.writable(small_disk / "run.nc")


def test_a_closed_folder_is_noticed_before_a_run(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(PermissionError, match=r"run\.nc'"):
        _files.writable(tmp_path / "run.nc")


def test_partial_files_are_neither_committed_nor_packaged() -> None:
    root = Path(__file__).parents[1]
    assert "*.partial" in (root / ".gitignore").read_text().splitlines()
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    # what is included by force is so whether git ignores it or not
    assert all((root / name).is_file() for name in wheel["targets"]["wheel"]["force-include"])


def test_the_lock_of_another_program_is_not_waited_for(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(_files, "_TRIES", 2)
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _files.write(tmp_path / "run.nc", b"new")
    finally:
        os.close(folder)
    assert (tmp_path / "run.nc").read_bytes() == b"new"
