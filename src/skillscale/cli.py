"""Command line: list and run experiments, print the ledger, fit runs, correct an exponent."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from skillscale import _files

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace files that exist")]


def _refuse(message: str, status: int = 2) -> NoReturn:
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(status)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(importlib.metadata.version("skillscale"))
        raise typer.Exit


@app.callback()
def _main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None: ...


@app.command("list")
def list_experiments() -> None:
    """List the experiments: sizes, seconds of the stored standard run, what is measured."""
    from skillscale import catalogue

    for name, entry in catalogue.catalogue().items():
        seconds = entry.seconds()
        took = "not stored" if seconds is None else f"{seconds:.0f} s"
        typer.echo(f"{name:44} {' '.join(entry.sizes):20} {took:>10}  {entry.summary}")


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="theory.name, as `skillscale list` prints")],
    size: Annotated[str, typer.Option(help="live, standard or paper")] = "standard",
    folder: Annotated[Path, typer.Option(help="where the record is written")] = Path("results"),
    workers: Annotated[int, typer.Option(help="processes that share the points, up to 256")] = 1,
    threads: Annotated[
        int, typer.Option(help="torch threads, up to 1024; 1 is fastest for small networks")
    ] = 1,
    overwrite: Overwrite = False,
) -> None:
    """Run an experiment in one of its sizes and store its record with provenance.

    The standard size writes <theory>_<name>.nc, the record that the book judges; the others append
    their size to the name. A record that exists stays, unless --overwrite is given. Finished points
    are kept beside it, in <record>.points, until the record is whole: the same command goes on
    where a run was stopped.
    """
    from skillscale import catalogue

    try:
        entry = catalogue.entry(experiment)
    except ValueError as error:
        _refuse(str(error))
    if size not in entry.sizes:
        _refuse(f"--size: {experiment} has no size {size!r}, only {', '.join(entry.sizes)}")
    for name, number, most in (("--threads", threads, 1024), ("--workers", workers, 256)):
        if not 1 <= number <= most:
            _refuse(f"{name}: must be from 1 to {most}, got {number}")
    path = folder / f"{entry.record}{'' if size == 'standard' else f'_{size}'}.nc"
    if obstacle := _files.obstacle(path, (".nc",), overwrite=overwrite):
        _refuse(f"--folder: {obstacle}")

    from skillscale.lab import records, sweep

    fingerprints = _fingerprints(path)
    store = path.with_suffix(".points")
    try:
        store.mkdir(exist_ok=True)
        with sweep.processes(workers, threads) as spread:
            found = entry.settings(size).run(map=spread, store=store, progress=sys.stderr.isatty())
        found.attrs["claims"] = json.dumps(fingerprints, sort_keys=True)
        records.save(found, path)
    except OSError as error:
        _refuse(f"--folder: cannot write {path}: {error.strerror or error}", status=1)
    shutil.rmtree(store)
    typer.echo(f"{path}  {found.attrs['wall_seconds']:g} s")


@app.command()
def ledger(
    as_json: Annotated[bool, typer.Option("--json", help="all numbers, for programs")] = False,
) -> None:
    """Judge every claim from the stored runs: prediction → measurement, verdict."""
    from skillscale import claims
    from skillscale import ledger as book

    try:
        judgements = book.judged()
    except (OSError, ValueError) as error:
        _refuse(str(error))
    if as_json:
        typer.echo(json.dumps(book.plain(judgements), indent=1, ensure_ascii=False))
    else:
        typer.echo(claims.lines(judgements))


@app.command()
def bias(
    alpha: Annotated[
        float | None, typer.Option(help="true exponent of the frequencies, from 1e-9 to 1e6")
    ] = None,
    measured: Annotated[
        float | None, typer.Option(help="exponent that a fit has read; instead of --alpha")
    ] = None,
    n_min: Annotated[int, typer.Option(help="fewest skills learned in the fit")] = 1,
    n_max: Annotated[int, typer.Option(help="most skills learned in the fit, up to 2^53")] = 40,
    n_skills: Annotated[
        int | None,
        typer.Option(help="skills in the task, up to 2^53; infinitely many if left out"),
    ] = None,
) -> None:
    """Print what a straight-line fit reads off the exact loss of the quantization model.

    The fit is of ln(loss) against ln(n) over n = n-min, ..., n-max skills learned. Give --alpha to
    see the exponent that it reads, or --measured for the alpha behind an exponent that was read.
    """
    from skillscale import _bias

    if (alpha is None) == (measured is None):
        _refuse("give exactly one of --alpha and --measured")
    try:
        lines = _bias.lines(
            alpha=alpha, measured=measured, n_min=n_min, n_max=n_max, n_skills=n_skills
        )
    except ValueError as error:
        name = str(error).split()[0]
        _refuse(f"{'--measured' if name == 'apparent' else '--' + name.replace('_', '-')}: {error}")
    typer.echo("\n".join(lines))


@app.command()
def fit(
    runs: Annotated[
        Path,
        typer.Argument(help="CSV with columns N, D and loss, one run a line, up to 100,000"),
    ],
    figure: Annotated[
        Path | None, typer.Option(help="where to draw fit and frontier; .png, .svg or .pdf")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(help="resamples of the runs", min=100, max=100_000)
    ] = 1000,
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
    repeats: Annotated[
        bool, typer.Option("--repeats", help="lines with the same numbers are different runs")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Fit the Chinchilla law to runs: loss = E + A N^-alpha_N + B D^-alpha_D.

    N are parameters, D training tokens. Prints each parameter with its 95 % interval over resampled
    runs, and the best N and D for the largest compute 6 N D among the runs and for ten times that.
    The stored fit of the book is made by
    skillscale fit "$SKILLSCALE_CHINCHILLA_CSV" --digitised --record results/chinchilla_fit.nc
    --overwrite
    """
    from skillscale import fits, tables

    kinds = {"--figure": (figure, (".png", ".svg", ".pdf")), "--record": (record, (".nc",))}
    for option, (path, suffixes) in kinds.items():
        if path and (obstacle := _files.obstacle(path, suffixes, overwrite=overwrite)):
            _refuse(f"{option}: {obstacle}")
        if path and path.exists() and runs.exists() and path.samefile(runs):
            _refuse(f"{option}: {path} is the table of runs itself")
    if record is not None and not runs.is_file():
        _refuse(f"--record: {runs} must be a file, whose checksum is stored")
    fingerprints = {} if record is None else _fingerprints(record)
    start = time.perf_counter()
    try:
        reads = tables.read_digitised if digitised else partial(tables.read, repeats=repeats)
        N, D, loss = reads(runs)
        for doubt in tables.doubts(N, D):
            typer.echo(f"Warning: {doubt}", err=True)
        law = fits.chinchilla(N, D, loss, bootstrap=bootstrap, seed=seed)
    except OSError as error:
        _refuse(f"RUNS: cannot read {runs}: {error.strerror or error}")
    except ValueError as error:
        hint = "; --repeats takes them as different runs" if "the same run" in str(error) else ""
        _refuse(f"RUNS: {error}{hint}")
    seconds = time.perf_counter() - start

    from skillscale import laws
    from skillscale.lab import records

    lines = laws.lines(law, largest=float((N * D).max()))
    try:
        if record is not None:
            found = laws.record(
                law, runs.read_bytes(), digitised, seed=seed, seconds=seconds, claims=fingerprints
            )
            records.save(found, record)
        if figure is not None:
            drawn = io.BytesIO()
            laws.picture(law, N, D, loss).figure.savefig(drawn, format=figure.suffix[1:])
            _files.write(figure, drawn.getvalue())
    except OSError as error:
        _refuse(f"cannot write {error.filename or 'the result'}: {error.strerror or error}", 1)
    # Printed last: whoever listens may be gone, and what was to be stored is not lost with it.
    for line in (*lines, *filter(None, (record, figure))):
        typer.echo(line)


def _fingerprints(path: Path) -> dict[str, str]:
    """Return what a record is stamped with, or refuse, before anything is computed."""
    from skillscale import claims

    try:
        return claims.fingerprints(path.stem)
    except (OSError, ValueError) as error:
        _refuse(f"the claims cannot be read: {error}")


def main() -> None:
    """Run the command; where its output cannot be written, say so in a line."""
    try:
        try:
            app(prog_name="skillscale")
        finally:
            sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"Error: cannot write the output: {error.strerror or error}")


if __name__ == "__main__":
    main()
