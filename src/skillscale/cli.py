"""Command line: list and run experiments, print the ledger, correct an exponent for its window."""

from __future__ import annotations

import importlib
import math
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

_PROFILES = ("LIVE", "STANDARD", "PAPER")


def _experiments() -> dict[str, tuple[ModuleType, str]]:
    """Return every experiment as "chapter.name" with its module and function name."""
    package = importlib.import_module("skillscale.experiments")
    found = {}
    for entry in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"skillscale.experiments.{entry.name}")
        for name in getattr(module, "STANDARD", {}):
            found[f"{entry.name}.{name}"] = (module, name)
    return found


@app.command("list")
def list_experiments() -> None:
    """List the experiments and their profiles."""
    for experiment, (module, name) in _experiments().items():
        profiles = [profile for profile in _PROFILES if name in getattr(module, profile, {})]
        typer.echo(f"{experiment:40} {' '.join(profile.lower() for profile in profiles)}")


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="chapter.name, as `skillscale list` prints")],
    profile: Annotated[str, typer.Option(help="live, standard or paper")] = "standard",
    folder: Annotated[Path, typer.Option(help="where the record is written")] = Path("results"),
    threads: Annotated[
        int, typer.Option(help="torch threads; 1 is fastest for small networks")
    ] = 1,
) -> None:
    """Run an experiment on one profile and store its record with provenance.

    The standard profile writes <chapter>_<name>.nc, the record that the book judges; the others
    append their profile to the name.
    """
    known = _experiments()
    if experiment not in known:
        raise typer.BadParameter(f"must be one of {', '.join(known)}, got {experiment!r}")
    module, name = known[experiment]
    settings = getattr(module, profile.upper(), {}).get(name)
    if profile.upper() not in _PROFILES or settings is None:
        raise typer.BadParameter(f"{experiment} has no profile {profile!r}")
    if not folder.is_dir():
        raise typer.BadParameter(f"folder {folder} does not exist")

    import torch

    from skillscale import claims
    from skillscale.lab import records

    torch.set_num_threads(threads)
    record = experiment.replace(".", "_")
    if profile.upper() != "STANDARD":
        record += f"_{profile.lower()}"
    start = time.perf_counter()
    dataset = getattr(module, name)(settings, progress=sys.stderr.isatty())
    stamped = records.stamp(
        dataset,
        settings=settings,
        seeds=sorted({int(seed) for seed in dataset["seed"].values.ravel()}),
        wall_seconds=time.perf_counter() - start,
        claims=claims.fingerprints(record),
    )
    path = records.save(stamped, folder / f"{record}.nc")
    typer.echo(f"{path}  {stamped.attrs['wall_seconds']:g} s")


@app.command()
def ledger(
    folder: Annotated[Path, typer.Argument(help="folder of executed chapters")] = Path("book"),
) -> None:
    """Print every claim with its prediction and verdict, collected from executed chapters."""
    from skillscale import claims
    from skillscale import ledger as book

    typer.echo(claims.lines(book.rejudge(book.collect(folder))))


# Which option gives an argument of the theory, to name it in an error.
_ARGUMENTS = {
    "alpha": "--alpha",
    "apparent": "--measured",
    "n_min": "--n-min",
    "n_max": "--n-max",
    "n_skills": "--n-skills",
}


@app.command()
def bias(
    alpha: Annotated[float | None, typer.Option(help="true exponent of the frequencies")] = None,
    measured: Annotated[
        float | None, typer.Option(help="exponent that a fit has read; instead of --alpha")
    ] = None,
    n_min: Annotated[int, typer.Option(help="fewest skills learned in the fit")] = 1,
    n_max: Annotated[int, typer.Option(help="most skills learned in the fit")] = 40,
    n_skills: Annotated[
        int | None, typer.Option(help="skills in the task; infinitely many if left out")
    ] = None,
) -> None:
    """Print what a straight-line fit reads off the exact loss of the quantization model.

    The fit is of ln(loss) against ln(n) over n = n-min, ..., n-max skills learned. Give --alpha to
    see the exponent that it reads, or --measured for the alpha behind an exponent that was read.
    """
    from skillscale.theory import quantization

    if (alpha is None) == (measured is None):
        raise typer.BadParameter("give exactly one of --alpha and --measured")
    size = math.inf if n_skills is None else n_skills
    try:
        if measured is not None:
            alpha = quantization.true_exponent(measured, n_min=n_min, n_max=n_max, n_skills=size)
        assert alpha is not None
        read = quantization.apparent_exponent(alpha, n_min=n_min, n_max=n_max, n_skills=size)
        ends = [float(quantization.local_exponent(n, alpha, n_skills=size)) for n in (n_min, n_max)]
    except ValueError as error:
        option = _ARGUMENTS.get(str(error).split()[0])
        raise typer.BadParameter(str(error), param_hint=option) from error
    world = "infinitely many skills" if n_skills is None else f"{n_skills} skills"
    rows = [
        ("alpha", f"{alpha:.4f}"),
        (f"a fit over n = {n_min} ... {n_max} reads", f"{read:.4f}"),
        ("bias", f"{read - alpha:+.4f}  ({read / alpha - 1:+.1%})"),
        (f"local exponent at n = {n_min}", f"{ends[0]:.4f}"),
        (f"local exponent at n = {n_max}", f"{ends[1]:.4f}"),
    ]
    typer.echo(f"Exact loss of {world}, P(k) ~ k^-(alpha+1)")
    for label, value in rows:
        typer.echo(f"{label:34} {value:>8}")
