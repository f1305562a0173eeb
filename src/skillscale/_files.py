"""Files written whole or not at all.

The content goes into a hidden file beside its destination, `.NAME-xxxxxxxx.partial`, which is then
moved over it: a reader sees the old file or the whole new one. A process that is killed on the way
leaves its partial file behind; the next write to the same destination removes it, unless others are
writing to that folder at the time: a partial file may be theirs. Derived here; full disks and
killed writers in `tests/test_files.py`.
"""

from __future__ import annotations

import errno
import glob
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

_TRIAL = bytes(4096)
_TRIES = 40


def writable(path: str | os.PathLike[str]) -> Path:
    """Return `path` if a file can be written there: to be asked before a long computation.

    It is tried, and nothing is left behind: permissions, a read-only or a full disk all count. An
    existing file stays as it is. An OSError names `path`.
    """
    destination = Path(path)
    if destination.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(destination))
    with _partial(destination) as file:
        _flush(file, _TRIAL)
    return destination


def obstacle(path: Path, suffixes: tuple[str, ...], *, overwrite: bool) -> str | None:
    """Return why a file of a kind cannot be written to `path`, before anything is computed."""
    if path.suffix not in suffixes:
        return f"must end in {' or '.join(suffixes)}, got {path.name!r}"
    try:
        if not path.parent.is_dir():
            return f"folder {path.parent} does not exist"
        if os.path.lexists(path) and not path.is_dir() and not overwrite:
            return f"{path} exists; --overwrite replaces it"
        writable(path)
    except OSError as error:
        return f"cannot write {path}: {error.strerror or error}"
    return None


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path` so that a full disk or a killed process leaves the old file.

    An OSError names `path`, and nothing is left behind.
    """
    destination = Path(path)
    with _partial(destination) as file:
        _flush(file, content)
        if sys.platform == "win32":
            file.close()  # an open file cannot be moved there
        Path(file.name).replace(destination)


def _flush(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _partial(destination: Path) -> Iterator[BinaryIO]:
    """Open a partial file of `destination` and remove it at the end if it still exists."""
    path = destination.with_name(f".{destination.name}-{secrets.token_hex(4)}.partial")
    try:
        with _among_writers(destination):
            try:
                with path.open("xb") as file:
                    yield file
            finally:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(destination)) from error


@contextmanager
def _among_writers(destination: Path) -> Iterator[None]:
    """Remove leftovers of `destination` if nobody else writes to its folder, and be a writer there.

    The lock is the folder's: those who read records lock these, and would be in the way.
    """
    if sys.platform == "win32" or not os.access(destination.parent, os.R_OK):
        yield  # without locks, or in a folder that may be written to but not listed
        return
    folder = os.open(destination.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # another writer, or a file system without such locks
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for leftover in destination.parent.glob(f".{glob.escape(destination.name)}-*.partial"):
                leftover.unlink()
        for _ in range(_TRIES):
            # whoever removes leftovers is done at once; another program's lock may stay for ever
            with suppress(OSError):
                fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            time.sleep(0.05)
        yield
    finally:
        os.close(folder)
