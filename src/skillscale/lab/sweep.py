"""Experiments: settings that can be run, point by point, on one core or many, now or later.

An experiment is a grid of points that know nothing of each other. What a point measures is labelled
and stacked here, and nowhere else. With a store, every finished point is a file of its own, so that
a run that was killed goes on where it ended.
"""

from __future__ import annotations

import builtins
import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import io
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import xarray as xr

from skillscale import _files, _progress
from skillscale.lab import records
from skillscale.lab.settings import Settings

Found = Mapping[str, tuple[str | Sequence[str], Any]]
"""What a point measures: name -> (dims, values)."""
Measure = Callable[..., Found]
Grid = Mapping[str, Sequence[Any]]
"""Axis -> values, the last axis fastest."""
Coords = Mapping[str, Any]
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

MEANING = {"step": ("optimizer steps", "")}
"""Units and words of names that mean the same everywhere."""

_SECONDS = "seconds"


@dataclass
class Sweep:
    """Runs the points of a grid and stacks what they measure."""

    map: Map = builtins.map  #: or one that calls a function elsewhere, such as a pool's
    store: Path | None = None  #: folder of finished points; without it nothing is kept
    progress: bool = False
    seconds: float = field(default=0.0, init=False)  #: of all points, also those of earlier runs

    def __call__(self, measure: Measure, grid: Grid) -> xr.Dataset:
        """Call `measure` with the coordinates of every point of a grid.

        Returns:
            Everything measured. An axis of the grid that is no dimension of a point is a new one,
            in front; along one that is, as when a value is a group of seeds, points are joined.
        """
        points = [
            dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
        ]
        digest = "" if self.store is None else _digest(measure)
        run = functools.partial(_point, measure, self.store, digest)
        found = _progress.bar(self.map(run, points), show=self.progress, total=len(points))
        parts: list[xr.Dataset] = list(found)
        self.seconds += sum(float(part.attrs.pop(_SECONDS)) for part in parts)
        for axis, values in list(grid.items())[::-1]:
            size = len(values)
            parts = [
                xr.concat(
                    parts[first : first + size],
                    axis,
                    data_vars="all",
                    coords="minimal",
                    compat="override",
                    join="override",
                )
                for first in range(0, len(parts), size)
            ]
        return parts[0]


class Experiment(Settings):
    """Settings that can be run; a frozen dataclass whose docstring says what is measured.

    A subclass has a `grid` and `measure`, or `collect` where later points depend on earlier ones.
    """

    #: name -> size ("live", "standard", "paper") -> settings
    records: ClassVar[dict[str, dict[str, Any]]] = {}
    order: ClassVar[tuple[str, ...]] = ()  #: dimensions of every variable, those not named last
    #: variable -> units and words, "" for none, where `MEANING` says nothing
    about: ClassVar[dict[str, tuple[str, str]]] = {}

    def grid(self) -> Grid:
        """Return the axes of independent points, none of which takes more than 20 minutes."""
        raise NotImplementedError

    def measure(self, *args: Any, **point: Any) -> Found:
        """Return what is measured at a point."""
        raise NotImplementedError

    def coords(self) -> Coords:
        """Return coordinates as values, or (dimension, values), beyond those of the grid."""
        return {}

    def collect(self, sweep: Sweep) -> xr.Dataset:
        """Run all points; an axis of numbers or words is a coordinate, but a range of places."""
        grid = self.grid()
        named = {
            axis: list(values)
            for axis, values in grid.items()
            if axis != "member" and not isinstance(values, range)
            if all(isinstance(value, int | float | str) for value in values)
        }
        return sweep(self.measure, grid).assign_coords(named)

    def run(
        self,
        *,
        map: Map = builtins.map,  # noqa: A002
        store: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> xr.Dataset:
        """Run the experiment.

        Args:
            map: calls a function for every point: the builtin, a pool's or a cluster's.
            store: existing folder where finished points are kept, and found again.

        Returns:
            Dataset, stamped, with the variables that the class describes; members carry `seed`. Its
            `wall_seconds` is what the points took together, wherever and whenever they ran.
        """
        if store is not None and not Path(store).is_dir():
            raise ValueError(f"store must be an existing folder, got {str(store)!r}")
        sweep = Sweep(map, None if store is None else Path(store), progress)
        found = self.labelled(sweep)
        seeds = _seeds(found)
        return records.stamp(found, settings=self, seeds=seeds, wall_seconds=sweep.seconds)

    def labelled(self, sweep: Sweep) -> xr.Dataset:
        """Run all points; name coordinates, order dimensions, add units and words."""
        found = self.collect(sweep)
        coords = dict(self.coords())
        if "member" in found.dims and "seed" not in {*found.coords, *coords}:
            coords["seed"] = ("member", np.asarray(self.seeds))  # type: ignore[attr-defined]
        found = found.assign_coords(
            {
                name: values if _names_dim(values) else (name, list(values))
                for name, values in coords.items()
            }
        )
        meaning = MEANING | self.about
        for name, variable in found.variables.items():
            about = zip(("units", "long_name"), meaning.get(str(name), ()), strict=False)
            variable.attrs = {key: text for key, text in about if text}
        return found.transpose(*self.order, ..., missing_dims="ignore")

    @classmethod
    def live(cls) -> Self:
        """Return the settings that run in seconds, of the first record that has some."""
        found: Self = next(sizes["live"] for sizes in cls.records.values() if "live" in sizes)
        return found


@contextlib.contextmanager
def processes(workers: int, threads: int = 1) -> Iterator[Map]:
    """Yield a `map` that spreads calls over processes, each with so many torch threads.

    With one worker it is the builtin, in this process, which gets as many threads in any case: a
    record says how many there were.

    >>> with processes(1) as spread:
    ...     list(spread(abs, [-1, 2]))
    [1, 2]
    """
    torch.set_num_threads(threads)
    if workers == 1:
        yield builtins.map
        return
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), torch.set_num_threads, (threads,)
    )
    with pool:
        yield pool.map


def _names_dim(values: Any) -> bool:
    """Whether a coordinate is a pair of dimension, or dimensions, and values."""
    if not isinstance(values, tuple) or len(values) != 2 or isinstance(values[1], str):
        return False
    first = values[0]
    return isinstance(first, str) or (isinstance(first, tuple) and isinstance(first[0], str))


def _seeds(dataset: xr.Dataset) -> list[int]:
    seeds = dataset.coords.get("seed")
    return [] if seeds is None else sorted({int(seed) for seed in seeds.values.ravel()})


def _point(measure: Measure, store: Path | None, digest: str, point: Mapping[str, Any]) -> Any:
    if store is None:
        return _measured(measure, point)
    key = hashlib.sha256(json.dumps([digest, point], sort_keys=True).encode()).hexdigest()
    path = store / f"{measure.__name__}-{key[:24]}.nc"
    if path.is_file():
        return xr.load_dataset(path, engine="h5netcdf")
    found, content = _measured(measure, point), io.BytesIO()
    found.to_netcdf(content, engine="h5netcdf")
    _files.write(path, content.getvalue())
    return found


def _measured(measure: Measure, point: Mapping[str, Any]) -> xr.Dataset:
    start = time.perf_counter()
    return xr.Dataset(dict(measure(**point))).assign_attrs({_SECONDS: time.perf_counter() - start})


def _digest(measure: Measure) -> str:
    """Return what names a measurement: its settings, its code and that of the libraries."""
    experiment = getattr(measure, "__self__", None)
    settings = dataclasses.asdict(experiment) if dataclasses.is_dataclass(experiment) else {}  # type: ignore[arg-type]
    name = f"{type(experiment).__qualname__} {measure.__qualname__}"
    total = hashlib.sha256(json.dumps([name, settings], sort_keys=True).encode())
    for package in ("numpy", "scipy", "torch"):
        total.update(version(package).encode())
    root = Path(__file__).parents[1]
    own = Path(sys.modules[measure.__module__].__file__ or "").parent.glob("*.py")
    shared = (*root.glob("lab/**/*.py"), *root.glob("fits/*.py"), *root.glob("*.py"))
    for path in sorted({*own, *shared}):
        total.update(path.read_bytes())
    return total.hexdigest()
