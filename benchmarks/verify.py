"""Run two seeds of every stored record again and compare them with the members that are stored.

Run as `make verify`, or `make verify RECORDS="geometry_two_skills"` for some, shortest first, in
3.3 hours by the wall times of the records. A line per record says how many numbers are identical.
It agrees if all are, where it was made on a processor of this name; elsewhere, or where its stamp
names none, rounding may differ and training amplifies it: the largest difference must then be below
a tenth of the spread over the stored seeds. Exit status 1 if a record does not agree, unless
results-verify.json gives the reason, which is kept as long as key and numbers are the same.

What was compared is kept in results-verify.json, after every record. A record is run again if asked
for by name, on another processor, or if its key has changed: a digest of its numbers, of its
experiment's settings, of the versions of numpy, scipy and torch, and of all modules of the package
that the experiment imports, without their comments and docstrings. Left out are modules that check
arguments or show progress, of `lab.records` all but the rounding of numbers, and of `lab.sweep` all
but the stacking of points.

The fit of published runs needs their table, whose path SKILLSCALE_CHINCHILLA_CSV names.
"""

import ast
import contextlib
import dataclasses
import datetime
import hashlib
import importlib.metadata
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import xarray as xr

import skillscale
from skillscale import _files, catalogue, cli
from skillscale.lab import records

ROOT = Path(__file__).parents[1]
STATE = Path(__file__).with_name("results-verify.json")
CSV = "SKILLSCALE_CHINCHILLA_CSV"
FIT = "chinchilla_fit"
N_SEEDS = 2
LARGEST = 0.1  # of the spread over seeds
# Where all stored members agree there is no spread: this share of the value stands for it.
SHARE_OF_VALUE = 1e-4
# A reason for a difference holds for these alone.
FOUND = ("key", "processor", "identical", "largest difference")

# Means over all members: two seeds have others.
AGGREGATES = {
    ("geometry_optimizer_race", "curve"),
    ("quantization_step_scaling", "curve"),
    ("quantization_step_scaling_paper", "curve"),
}
# As long as the largest member needs; the others are filled up with zeros.
FILLED_UP = {("resource_sparse_scaling", "neuron")}
# Modules that change no number.
WITHOUT_NUMBERS = {
    "skillscale._checks",
    "skillscale._progress",
    "skillscale.lab._memory",
    "skillscale.lab.settings",
}
# Of these modules only what changes numbers counts.
PARTS = {"skillscale.lab.records": {"significant"}, "skillscale.lab.sweep": {"Sweep"}}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How many values are identical, the largest difference, alone and over its spread, where."""

    identical: int
    values: int
    largest: float
    of_spread: float
    where: str

    def agrees(self, same_processor):
        if same_processor:
            return self.identical == self.values
        return self.of_spread < LARGEST


def experiments():
    """Return the settings of the experiment behind every record."""
    return {
        entry.record + ("" if size == "standard" else f"_{size}"): entry.settings(size)
        for entry in catalogue.catalogue().values()
        for size in entry.sizes
        if size != "live"
    }


def members(dataset):
    """Return for every dimension of members the coordinate that holds their seeds."""
    return {
        str(coordinate.dims[0]): str(name)
        for name, coordinate in dataset.coords.items()
        if "seed" in str(name) and coordinate.ndim == 1
    }


def compare(name, stored, again):
    """Compare a dataset of few seeds with the stored members of these seeds, value by value.

    Raises ValueError where the two cannot be laid side by side.
    """
    if sorted(stored.variables) != sorted(again.variables):
        raise ValueError(f"stored are {sorted(stored.variables)}, found {sorted(again.variables)}")
    seeds = members(stored)
    places = {dim: np.isin(stored[seed].values, again[seed].values) for dim, seed in seeds.items()}
    chosen = stored.isel(places)
    identical = values = 0
    worst = (0.0, 0.0, "")
    for variable in map(str, stored.variables):
        if (name, variable) in AGGREGATES:
            continue
        left, right = side_by_side(name, chosen[variable], again[variable])
        same = (left == right) | ((left != left) & (right != right))
        identical, values = identical + int(same.sum()), values + same.size
        if same.all():
            continue
        spread = spread_over_seeds(stored[variable], seeds).isel(
            {dim: places[dim] for dim in stored[variable].dims if dim in places}
        )
        difference, of_spread = differences(left, right, spread.values)
        found = (float(difference[~same].max()), float(of_spread[~same].max()), variable)
        worst = max(worst, found, key=lambda entry: entry[1])
    return Comparison(identical, values, *worst)


def side_by_side(name, stored, again):
    """Return the values of both, shaped alike; what is filled up is cut off if it is empty."""
    if stored.dims != again.dims:
        raise ValueError(f"{stored.name}: stored along {stored.dims}, found {again.dims}")
    for dim in stored.dims:
        if stored.sizes[dim] == again.sizes[dim]:
            continue
        if (name, dim) not in FILLED_UP:
            sizes = f"stored {stored.sizes[dim]}, found {again.sizes[dim]}"
            raise ValueError(f"{stored.name}: length along {dim}: {sizes}")
        common = min(stored.sizes[dim], again.sizes[dim])
        for longer in (stored, again):
            if longer.isel({dim: slice(common, None)}).values.any():
                raise ValueError(f"{stored.name}: only one has values from {dim} {common} on")
        stored, again = (each.isel({dim: slice(common)}) for each in (stored, again))
    return stored.values, again.values


def spread_over_seeds(variable, seeds):
    """Return the standard deviation over members that differ in nothing but the seed."""
    if variable.dtype.kind not in "biuf":
        return variable
    spread = xr.zeros_like(variable, dtype=np.float64)
    for dim in (dim for dim in variable.dims if dim in seeds):
        others = [
            coordinate.values
            for name, coordinate in variable.coords.items()
            if coordinate.dims == (dim,) and name != seeds[dim]
        ]
        alike = list(zip(*others, strict=True)) or [()] * variable.sizes[dim]
        for kind in set(alike):
            group = {dim: [place for place, found in enumerate(alike) if found == kind]}
            spread[group] = variable[group].astype(np.float64).std(dim, ddof=1)
    return spread


def differences(left, right, spread):
    """Return |difference| of the values, alone and over the spread."""
    if left.dtype.kind not in "biuf":
        return (np.where(left == right, 0.0, np.inf),) * 2
    left, right = left.astype(np.float64), right.astype(np.float64)
    equal = (left == right) | (np.isnan(left) & np.isnan(right))
    difference = np.where(equal, 0.0, np.abs(left - right))
    difference[np.isnan(difference)] = np.inf
    spread = spread[tuple(map(slice, left.shape))]
    scale = np.where(spread > 0, spread, SHARE_OF_VALUE * np.abs(left))
    with np.errstate(divide="ignore", invalid="ignore"):
        of_spread = np.where(equal, 0.0, difference / scale)
    return difference, np.where(np.isnan(of_spread), np.inf, of_spread)


def sources(module):
    """Return the modules of the package that a module imports, itself among them."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name in found or name in WITHOUT_NUMBERS:
            continue
        found.add(name)
        if name in PARTS:
            continue
        for node in ast.walk(ast.parse(path_of(name).read_text())):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names if path_of(alias.name)]
            elif isinstance(node, ast.ImportFrom) and path_of(node.module):
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    waiting.append(inner if path_of(inner) else node.module)
    return sorted(found)


def path_of(module):
    """Return the file of a module of the package, or None."""
    package, *parts = module.split(".")
    place = Path(skillscale.__file__).parent.joinpath(*parts)
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if package == "skillscale" and file.is_file()), None)


def code(module):
    """Return what a module does, without comments, docstrings and places."""
    tree = ast.parse(path_of(module).read_text())
    if module in PARTS:
        tree.body = [node for node in tree.body if getattr(node, "name", "") in PARTS[module]]
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                entry
                for entry in body
                if not (isinstance(entry, ast.Expr) and isinstance(entry.value, ast.Constant))
            ]
    return ast.dump(tree)


def key(stored, settings, modules):
    """Return the digest of what can change the numbers of a record, or is changed by them."""
    digest = hashlib.sha256(records.digest(stored).encode())
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for package in ("numpy", "scipy", "torch"):
        digest.update(importlib.metadata.version(package).encode())
    for inner in sorted({inner for module in modules for inner in sources(module)}):
        digest.update(f"{inner}\n{code(inner)}".encode())
    return digest.hexdigest()


def fit_again(stored):
    """Fit the published runs again, through the command that made the record."""
    table, settings = Path(os.environ[CSV]), records.provenance(stored, "settings")
    if hashlib.sha256(table.read_bytes()).hexdigest() != settings["table_sha256"]:
        raise ValueError(f"{table} is not the table that was fitted")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / f"{FIT}.nc"
        cli.fit(
            table,
            figure=None,
            bootstrap=settings["bootstrap"],
            seed=records.provenance(stored, "seeds")[0],
            digitised=settings["digitised"],
            record=path,
        )
        return records.load(path)


def plans():
    """Return for every record what runs it again, its key and a guess of the seconds."""
    known, found = experiments(), {}
    for path in sorted((ROOT / "results").glob("*.nc")):
        stored = records.load(path)
        seconds = float(records.provenance(stored, "wall_seconds"))
        if path.stem == FIT:
            settings = records.provenance(stored, "settings")
            modules = ["skillscale.fits", "skillscale.laws", "skillscale.tables"]
            found[FIT] = (lambda stored: fit_again(stored), key(stored, settings, modules), seconds)
            continue
        settings = known[path.stem]
        few = dataclasses.replace(settings, seeds=settings.seeds[:N_SEEDS])
        share = N_SEEDS / len(settings.seeds)
        found[path.stem] = (
            lambda _, few=few: few.run(),
            key(stored, dataclasses.asdict(settings), [type(settings).__module__]),
            seconds * share,
        )
    return found


def write(state):
    """Write what was compared, a whole file or none."""
    text = json.dumps(dict(sorted(state.items())), indent=1) + "\n"
    _files.write(STATE, text.encode())


def verify(name, run, record_key):
    """Run a record again and return what is kept of the comparison."""
    stored = records.load(ROOT / "results" / f"{name}.nc")
    start = time.perf_counter()
    found = compare(name, stored, run(stored))
    here = records.processor()
    same_processor = stored.attrs.get("processor") == here
    return {
        "agrees": found.agrees(same_processor),
        "identical": found.identical,
        "values": found.values,
        "largest difference": found.largest,
        "in units of the spread over seeds": found.of_spread,
        "where": found.where,
        "left out": sorted(variable for record, variable in AGGREGATES if record == name),
        "seconds": round(time.perf_counter() - start, 1),
        "processor": here,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "key": record_key,
    }


def line(name, entry, place):
    verdict = "agrees" if entry["agrees"] else "DIFFERS"
    text = f"{place} {name:42} {verdict}  {entry['identical']}/{entry['values']} identical"
    if entry["identical"] < entry["values"]:
        text += (
            f", largest difference {entry['largest difference']:.2g} in {entry['where']}, "
            f"{entry['in units of the spread over seeds']:.2g} of the spread"
        )
    if entry["left out"]:
        text += f", without {', '.join(entry['left out'])} (mean over members)"
    text += f": {entry['reason']}" if "reason" in entry else ""
    return f"{text}, {entry['seconds']:g} s"


def main(names):
    torch.set_num_threads(1)
    planned = plans()
    unknown = sorted(set(names) - set(planned))
    if unknown:
        sys.exit(f"no record is called {', '.join(unknown)}; there are {', '.join(planned)}")
    chosen = sorted(names or planned, key=lambda name: planned[name][2])
    state = json.loads(STATE.read_text()) if STATE.is_file() else {}
    state = {name: entry for name, entry in state.items() if name in planned}
    disagree = []
    for number, name in enumerate(chosen, 1):
        run, record_key, _ = planned[name]
        place = f"{number:2}/{len(chosen)}"
        if name == FIT and CSV not in os.environ:
            print(f"{place} {name:42} left out: {CSV} names no table", flush=True)
            continue
        entry, note = state.get(name, {}), " (kept)"
        current = entry.get("key") == record_key and entry.get("processor") == records.processor()
        if name in names or not current:
            try:
                entry, note = verify(name, run, record_key), ""
            except Exception as error:  # one record must not end the hours of the others
                print(f"{place} {name:42} FAILS  {type(error).__name__}: {error}", flush=True)
                disagree.append(name)
                continue
            known = state.get(name, {})
            if "reason" in known and all(known[field] == entry[field] for field in FOUND):
                entry["reason"] = known["reason"]
            state[name] = entry
            write(state)
        print(line(name, entry, place) + note, flush=True)
        if not entry["agrees"] and "reason" not in entry:
            disagree.append(name)
    if disagree:
        sys.exit(f"{len(disagree)} of {len(chosen)} do not agree: {', '.join(disagree)}")
    print(f"{len(chosen)} records compared")


if __name__ == "__main__":
    main(sys.argv[1:])
