"""Tables of training runs, read from CSV files: parameters N, training tokens D, final loss."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks

Array = NDArray[np.float64]

MOST_RUNS = 100_000
"""Most runs read."""
MOST_BYTES = 64 * 2**20
"""Most bytes read, 64 MiB."""
_DROPPED = 5


def read(
    path: str | os.PathLike[str],
    columns: Sequence[str] = ("N", "D", "loss"),
    *,
    repeats: bool = False,
) -> tuple[Array, ...]:
    r"""Read columns of positive numbers from a CSV file with a header, one array (run,) per column.

    `path` is in UTF-8, comma separated, or a pipe that somebody writes to. Empty lines and other
    columns are passed over. At most `MOST_BYTES` and `MOST_RUNS` are read. A ValueError names the
    file, the column and the line. With `repeats` several lines may hold the same numbers, and count
    as so many runs: copies of one run narrow the intervals of a fit falsely.

    Source: derived here; files with faults in `tests/test_cli_fit.py`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs.csv"
    ...     _ = path.write_text("N,D,loss\n1e9,2e10,2.5\n")
    ...     [column.tolist() for column in read(path)]
    [[1000000000.0], [20000000000.0], [2.5]]
    """
    source = Path(path)
    rows: dict[int, list[float]] = {}
    try:
        table = csv.DictReader(io.StringIO(_content(source).decode("utf-8-sig"), newline=""))
        header = [name.strip() for name in table.fieldnames or ()]
        for name in columns:
            _one(name, header, source.name)
        table.fieldnames = header
        for row in table:
            place = f"{source.name}, line {table.line_num}"
            if None in row:
                raise ValueError(f"{place}: has more entries than the header has names")
            rows[table.line_num] = [
                _positive(row[name], f"{place}, column {name!r}") for name in columns
            ]
            if len(rows) > MOST_RUNS:
                raise ValueError(f"{source.name} holds more than {MOST_RUNS:,} runs")
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{source.name} is not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise ValueError(f"{source.name} holds no runs below its header")
    first: dict[tuple[float, ...], int] = {}
    for line, entries in rows.items():
        before = first.setdefault(tuple(entries), line)
        if before != line and not repeats:
            raise ValueError(
                f"{source.name}, lines {before} and {line} hold the same run; copies make "
                "intervals too narrow"
            )
    return tuple(np.array(list(rows.values()), dtype=np.float64).T)


def doubts(N: Array, D: Array) -> list[str]:
    """Return what is unlikely for parameters and training tokens of each run, a sentence each.

    Source: derived here; `tests/test_cli_fit.py`.

    >>> doubts(np.array([1.0, 2.0]), np.array([20.0, 40.0]))
    ['N is 2 at most: is it in millions or billions? Compute 6 N D is taken as it stands']
    """
    found = []
    ratio = float(np.median(D / N))
    if ratio < 1:
        found.append(f"D / N is {ratio:.2g} in the median: are N and D swapped, or in other units?")
    if ratio > 1e6:
        found.append(f"D / N is {ratio:.2g} in the median: are N and D in the same unit?")
    if N.max() < 1e3:
        asked = "is it in millions or billions? Compute 6 N D is taken as it stands"
        found.append(f"N is {N.max():.3g} at most: {asked}")
    return found


def read_digitised(path: str | os.PathLike[str]) -> tuple[Array, Array, Array]:
    """Read the runs that Besiroglu et al. 2024 digitised from a figure of Hoffmann et al. 2022.

    The file has columns "Model Size" (N), "Training FLOP" (C) and "loss"; D = C / (6 N). The 5 runs
    of largest loss are left out, as in the source; repeated lines are taken. Returns N, D and loss,
    each of shape (run,).

    Source: Besiroglu et al. 2024; their fit of these runs in `tests/test_chinchilla_fit.py`.
    """
    N, C, loss = read(path, ("Model Size", "Training FLOP", "loss"), repeats=True)
    if loss.size <= _DROPPED:
        raise ValueError(f"{Path(path).name} must hold more than {_DROPPED} runs, got {loss.size}")
    kept = np.sort(np.argsort(loss, kind="stable")[:-_DROPPED])
    return N[kept], C[kept] / (6 * N[kept]), loss[kept]


def _content(source: Path) -> bytes:
    """Read a file whole, up to the largest size; a pipe without a writer is empty."""

    def unblocked(path: str, mode: int) -> int:
        mode |= getattr(os, "O_NONBLOCK", 0)
        handle = os.open(path, mode)
        os.set_blocking(handle, True)
        return handle

    with open(source, "rb", opener=unblocked) as file:
        content = file.read(MOST_BYTES + 1)
    if not content:
        raise ValueError(f"{source.name} is empty")
    if len(content) > MOST_BYTES:
        raise ValueError(f"{source.name} holds more than {MOST_BYTES // 2**20} MiB")
    return content


def _one(name: str, header: list[str], file: str) -> None:
    """Raise ValueError unless the header has a column once."""
    if header.count(name) > 1:
        raise ValueError(f"{file} has {header.count(name)} columns {name!r}")
    if name in header:
        return
    found = _checks.shortened(", ".join(map(repr, header)) or "no header")
    hint = ""
    for mark, word in (("\t", "tabs"), (";", "semicolons")):
        if len(header) == 1 and mark in header[0]:
            hint = f"; it looks separated by {word}, where commas are needed"
    raise ValueError(f"{file} has no column {name!r}, only {found}{hint}")


def _positive(text: object, place: str) -> float:
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        shown = "nothing" if text is None or text == "" else repr(text)
        raise ValueError(f"{place}: must be a finite number > 0, got {shown}")
    return value
