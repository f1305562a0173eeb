"""Command line: list and run experiments, print the ledger, fit runs, correct an exponent."""

from __future__ import annotations

import hashlib
import importlib
import math
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skillscale import fits

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


@app.command()
def fit(
    runs: Annotated[Path, typer.Argument(help="CSV with columns N, D and loss, one run a line")],
    figure: Annotated[
        Path | None, typer.Option(help="where to draw fit and frontier; .png, .svg or .pdf")
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="resamples of the runs", min=100)] = 1000,
    seed: Annotated[int, typer.Option(help="of the resampling", min=0)] = 0,
    digitised: Annotated[
        bool,
        typer.Option(
            "--digitised",
            help="the CSV holds the published runs that Besiroglu et al. 2024 read off a figure",
        ),
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="where to store parameters and resamples; .nc")
    ] = None,
) -> None:
    """Fit the Chinchilla law to runs: loss = E + A N^-alpha_N + B D^-alpha_D.

    N are parameters, D training tokens. Prints each parameter with its 95 % interval over resampled
    runs, and the best N and D for the largest compute 6 N D among the runs and for ten times that.
    The stored fit of the book is made by
    skillscale fit "$SKILLSCALE_CHINCHILLA_CSV" --digitised --record results/chinchilla_fit.nc
    """
    from skillscale import fits
    from skillscale import runs as tables

    _destination("--figure", figure, (".png", ".svg", ".pdf"))
    _destination("--record", record, (".nc",))
    start = time.perf_counter()
    try:
        N, D, loss = tables.read_digitised(runs) if digitised else tables.read(runs)
        law = fits.chinchilla(N, D, loss, bootstrap=bootstrap, seed=seed)
    except OSError as error:
        reason = error.strerror or error
        raise typer.BadParameter(f"cannot read {runs}: {reason}", param_hint="RUNS") from error
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="RUNS") from error
    seconds = time.perf_counter() - start
    _print_law(law, bootstrap, 6 * float((N * D).max()))
    if record is not None:
        settings: dict[str, object] = {
            "bootstrap": bootstrap,
            "runs": int(N.size),
            "digitised": digitised,
            "table_sha256": hashlib.sha256(runs.read_bytes()).hexdigest(),
        }
        _store_law(law, record, settings, seed, seconds)
        typer.echo(record)
    if figure is not None:
        _draw_law(law, N, D, loss, figure)
        typer.echo(figure)


def _destination(option: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    if path is None:
        return
    if path.suffix not in suffixes:
        wanted = " or ".join(suffixes)
        raise typer.BadParameter(f"must end in {wanted}, got {path.name!r}", param_hint=option)
    if not path.parent.is_dir():
        raise typer.BadParameter(f"folder {path.parent} does not exist", param_hint=option)


def _frontier(law: fits.Chinchilla, compute: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return best "N", "D" and "loss" with their intervals, shape (3, point); empty if undefined.

    The split has no best where a fit or a resample has lost one of the two terms.
    """
    import numpy as np

    from skillscale.theory import resource

    laws = np.vstack([law.values, law.draws])
    if law.model_exponent.status == "bound_hit" or not (laws > 0).all():
        return {}
    found = np.array(
        [
            resource.compute_optimal(compute, resource.ChinchillaParameters(*values))
            for values in laws.tolist()
        ]
    )
    ends = np.quantile(found[1:], [0.025, 0.975], axis=0)
    bands = np.concatenate([found[:1], ends]).swapaxes(0, 1)
    return dict(zip(("N", "D", "loss"), bands, strict=True))


def _print_law(law: fits.Chinchilla, bootstrap: int, largest: float) -> None:
    import numpy as np

    from skillscale.fits.parametric import PARAMETERS

    typer.echo(f"loss = E + A N^-alpha_N + B D^-alpha_D   {law.A.n_members} runs")
    for name in PARAMETERS:
        estimate = getattr(law, name)
        note = "" if estimate.status == "ok" else f"   {estimate.status}"
        typer.echo(f"{name:8} {estimate}{note}")
    typer.echo(f"95 % intervals over {bootstrap} resamples of the runs")
    compute = np.array([1.0, 10.0]) * largest
    frontier = _frontier(law, compute)
    if not frontier:
        typer.echo("no best split of compute: a term cannot be told from none or from the floor")
        return
    typer.echo(f"best N grows as C^{law.model_exponent}")
    for place, amount in enumerate(compute):
        parts = [
            f"{name} = {value:.3g} [{low:.3g}, {high:.3g}]"
            for name, (value, low, high) in ((n, b[:, place]) for n, b in frontier.items())
        ]
        typer.echo(f"C = {amount:.3g}: {', '.join(parts)}")


def _store_law(
    law: fits.Chinchilla, path: Path, settings: dict[str, object], seed: int, seconds: float
) -> None:
    import numpy as np
    import xarray as xr

    from skillscale import claims
    from skillscale.fits.parametric import HUBER, PARAMETERS
    from skillscale.lab import records

    estimates = [getattr(law, name) for name in PARAMETERS]
    described = {"long_name": "parameters of loss = E + A N^-alpha_N + B D^-alpha_D"}
    dataset = xr.Dataset(
        {
            "value": ("parameter", [estimate.value for estimate in estimates], described),
            "status": ("parameter", [estimate.status for estimate in estimates]),
            "draws": (
                ("draw", "parameter"),
                law.draws.astype(np.float32),
                {"long_name": "parameters fitted to resampled runs"},
            ),
            "objective": ((), law.objective, {"long_name": "summed Huber loss of log residuals"}),
        },
        coords={"parameter": list(PARAMETERS), "seed": seed},
    )
    stamped = records.stamp(
        dataset,
        settings={**settings, "huber": HUBER},
        seeds=[seed],
        wall_seconds=seconds,
        claims=claims.fingerprints(path.stem),
    )
    records.save(stamped, path)


def _draw_law(
    law: fits.Chinchilla,
    N: NDArray[np.float64],
    D: NDArray[np.float64],
    loss: NDArray[np.float64],
    path: Path,
) -> None:
    import numpy as np

    from skillscale.figures import chinchilla as figures

    spent = 6 * N * D
    compute = np.geomspace(spent.min(), 10 * spent.max(), 80)
    A, B, E, alpha, beta = law.values
    curves = {
        float(size): E + A * size**-alpha + B * (compute / (6 * size)) ** -beta
        for size in np.geomspace(N.min(), N.max(), 4)
    }
    best = _frontier(law, compute) or None
    figures.law(N, D, loss, compute=compute, curves=curves, best=best).savefig(path)
