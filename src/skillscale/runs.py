"""Tables of training runs, read from CSV files: parameters N, training tokens D, final loss."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_DROPPED = 5


def read(
    path: str | os.PathLike[str], columns: Sequence[str] = ("N", "D", "loss")
) -> tuple[Array, ...]:
    r"""Read columns of positive numbers from a CSV file with a header.

    Args:
        path: File in UTF-8, comma separated. Empty lines and other columns are passed over.
        columns: Names of the columns to read.

    Returns:
        One array of shape (run,) per column.

    Raises:
        ValueError: If the file is no text, has no runs or lacks a column, or an entry is not a
            finite number > 0; the message names the file, the column and the line.
        FileNotFoundError: If there is no such file.

    Source: derived here; files with faults in `tests/test_cli_fit.py`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs.csv"
    ...     _ = path.write_text("N,D,loss\n1e9,2e10,2.5\n")
    ...     [column.tolist() for column in read(path)]
    [[1000000000.0], [20000000000.0], [2.5]]
    """
    source = Path(path)
    rows = []
    with source.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        try:
            header = [name.strip() for name in table.fieldnames or ()]
            for name in columns:
                if name not in header:
                    found = ", ".join(map(repr, header)) or "no header"
                    raise ValueError(f"{source.name} has no column {name!r}, only {found}")
            table.fieldnames = header
            for row in table:
                place = f"{source.name}, line {table.line_num}"
                rows.append([_positive(row[name], f"{place}, column {name!r}") for name in columns])
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{source.name} is not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise ValueError(f"{source.name} holds no runs below its header")
    numbers = np.array(rows, dtype=np.float64)
    return tuple(numbers.T)


def read_digitised(path: str | os.PathLike[str]) -> tuple[Array, Array, Array]:
    r"""Read the runs that Besiroglu et al. 2024 digitised from a figure of Hoffmann et al. 2022.

    The file has columns "Model Size" (N), "Training FLOP" (C) and "loss"; D = C / (6 N). The 5 runs
    of largest loss are left out, as in the source.

    Args:
        path: The file.

    Returns:
        N, D and loss, each of shape (run,).

    Raises:
        ValueError: As `read`, or if there are no more than 5 runs.
        FileNotFoundError: If there is no such file.

    Source: Besiroglu et al. 2024; their fit of these runs in `tests/test_chinchilla_fit.py`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "points.csv"
    ...     text = "Model Size,Training FLOP,loss\n" + "".join(f"2,24,{i}\n" for i in range(1, 8))
    ...     _ = path.write_text(text)
    ...     [column.tolist() for column in read_digitised(path)]
    [[2.0, 2.0], [2.0, 2.0], [1.0, 2.0]]
    """
    N, C, loss = read(path, ("Model Size", "Training FLOP", "loss"))
    if loss.size <= _DROPPED:
        raise ValueError(f"{Path(path).name} must hold more than {_DROPPED} runs, got {loss.size}")
    kept = np.sort(np.argsort(loss, kind="stable")[:-_DROPPED])
    return N[kept], C[kept] / (6 * N[kept]), loss[kept]


def _positive(text: object, place: str) -> float:
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        shown = "nothing" if text is None or text == "" else repr(text)
        raise ValueError(f"{place}: must be a finite number > 0, got {shown}")
    return value
