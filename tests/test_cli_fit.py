"""`skillscale fit` prints what the fit says, draws it, stores it, and names what is wrong."""

import hashlib
import os
import re
import threading

import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner

from skillscale import cli, fits, laws, tables
from skillscale.lab import records
from skillscale.resource import theory as resource

runner = CliRunner()
LAW = (480.0, 2100.0, 1.8, 0.35, 0.37)
DESTINATIONS = [("--figure", "fit.svg"), ("--record", "own.nc")]


@pytest.fixture
def table(tmp_path):
    generator = np.random.default_rng(0)
    N, D = (
        np.exp(generator.uniform(np.log(a), np.log(b), 60)) for a, b in ((5e7, 2e10), (1e9, 3e11))
    )
    A, B, E, alpha, beta = LAW
    loss = (E + A * N**-alpha + B * D**-beta) * np.exp(0.005 * generator.standard_normal(60))
    lines = [
        f"run {i},{n:.10g},{d:.10g},{v:.10g}"
        for i, (n, d, v) in enumerate(zip(N, D, loss, strict=True))
    ]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(["name,N, D ,loss", *lines]) + "\n\n")
    return path


def call(*arguments):
    return runner.invoke(cli.app, ["fit", *map(str, arguments)])


def test_fit_prints_parameters_and_frontier_draws_and_stores_them(table):
    picture, record = table.with_name("fit.png"), table.with_name("own.nc")
    result = call(table, "--bootstrap", 100, "--figure", picture, "--record", record)
    assert (result.exit_code, result.stderr) == (0, "")
    law = fits.chinchilla(*tables.read(table), bootstrap=100, seed=0)
    for name in ("A", "B", "E", "alpha_N", "alpha_D"):
        assert f"{name:8} {getattr(law, name)}" in result.output
    assert f"C^{law.model_exponent}" in result.output
    N, D, _ = tables.read(table)
    largest = 6 * (N * D).max()
    best, _, lowest = resource.compute_optimal(
        largest, resource.ChinchillaParameters(*law.values.tolist())
    )
    assert f"C = {largest:.3g}: N = {best:.3g} [" in result.output
    assert f"loss = {lowest:.3g} [" in result.output
    with PIL.Image.open(picture) as image:
        assert min(image.size) > 400
    stored = records.load(record)
    np.testing.assert_allclose(stored["value"], law.values, rtol=1e-12)
    np.testing.assert_allclose(stored["draws"], law.draws, rtol=1e-6)  # float32
    assert records.provenance(stored, "seeds") == [0]
    settings = records.provenance(stored, "settings")
    assert settings["runs"] == 60
    assert settings["table_sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()


def test_the_drawn_curves_are_the_law_at_fixed_sizes(table):
    N, D, loss = tables.read(table)
    law = fits.chinchilla(N, D, loss, bootstrap=5)
    data = laws.picture(law, N, D, loss).data
    curves = data[data["series"] == "fit at one $N$"]
    compute, drawn = (curves[name].to_numpy(float).reshape(4, -1) for name in "xy")
    spent = 6 * N * D
    assert compute[0, [0, -1]] == pytest.approx([spent.min(), 10 * spent.max()])
    parameters = resource.ChinchillaParameters(*law.values.tolist())
    for size, x, y in zip(np.geomspace(N.min(), N.max(), 4), compute, drawn, strict=True):
        expected = resource.chinchilla_loss(size, x / (6 * size), parameters)
        np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_the_best_split_has_the_interval_of_its_resamples(table):
    law = fits.chinchilla(*tables.read(table), bootstrap=5)
    found = laws.frontier(law, np.array([1e20, 1e22]))
    for place, compute in enumerate((1e20, 1e22)):
        plain = [
            resource.compute_optimal(compute, resource.ChinchillaParameters(*values))
            for values in law.draws.tolist()
        ]
        for name, draws in zip(("N", "D", "loss"), zip(*plain, strict=True), strict=True):
            ends = np.quantile(np.array(draws, dtype=float), [0.025, 0.975])
            np.testing.assert_allclose(found[name][1:, place], ends, rtol=1e-12)


def test_a_lost_term_is_said_and_leaves_no_frontier(table):
    N, D, _ = tables.read(table)
    lines = [f"{n:.10g},{d:.10g},{1.8 + 480 * n**-0.35:.10g}" for n, d in zip(N, D, strict=True)]
    table.write_text("\n".join(["N,D,loss", *lines]))
    picture = table.with_name("fit.svg")
    result = call(table, "--bootstrap", 100, "--figure", picture)
    assert result.exit_code == 0, result.output
    assert re.search(r"alpha_D .* at the edge of the range", result.output)
    assert "no best split of compute" in result.output
    assert picture.is_file()


def broken(text, line, column, value):
    rows = [row.split(",") for row in text.strip().splitlines()]
    rows[line - 1][column] = value
    return "\n".join(map(",".join, rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("loss", "Loss"), "has no column 'loss', only 'name', 'N', 'D'"),
        (lambda text: broken(text, 7, 1, "nan"), "line 7, column 'N': must be a finite number > 0"),
        (lambda text: broken(text, 3, 2, "0"), "line 3, column 'D': must be a finite number > 0"),
        (
            lambda text: broken(text, 9, 3, "low"),
            "line 9, column 'loss': must be a finite number > 0, got 'low'",
        ),
        (
            lambda text: broken(text, 5, 3, ""),
            "line 5, column 'loss': must be a finite number > 0, got nothing",
        ),
        (
            lambda text: text + "run,1e9",
            "line 63, column 'D': must be a finite number > 0, got nothing",
        ),
        (
            lambda text: "\n".join(text.splitlines()[:8]),
            "N must hold at least 10 runs for 5 parameters, got 7",
        ),
        (lambda text: text.splitlines()[0], "runs.csv holds no runs below its header"),
        (lambda text: "", "runs.csv is empty"),
        (lambda text: "\n", "has no column 'N', only no header"),
        (
            lambda text: text + "run,1e9,2e10,2.5,7",
            "line 63: has more entries than the header has names",
        ),
        (lambda text: text.replace("name", "loss"), "runs.csv has 2 columns 'loss'"),
        (
            lambda text: text.replace(",", "\t"),
            "it looks separated by tabs, where commas are needed",
        ),
        (lambda text: text.replace(",", ";"), "it looks separated by semicolons"),
        (
            lambda text: text + "copy," + text.splitlines()[4].partition(",")[2],
            "lines 5 and 63 hold the same run; copies make intervals too narrow; --repeats takes",
        ),
    ],
)
def test_a_faulty_table_is_refused_by_column_and_line(table, change, message):
    table.write_text(change(table.read_text()))
    result = call(table)
    assert result.exit_code == 2
    assert result.output.startswith("Error: RUNS: ")
    assert result.output.count("\n") == 1
    assert message in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--figure", "fit.txt"], "must end in .png or .svg or .pdf, got 'fit.txt'"),
        (["--figure", "/no/such/fit.png"], "folder /no/such does not exist"),
        (["--record", "fit.csv"], "must end in .nc, got 'fit.csv'"),
        (["--bootstrap", "3"], "--bootstrap"),
        (["--digitised"], "has no column 'Model Size'"),
    ],
)
def test_a_wrong_option_is_named(table, arguments, message):
    result = call(table, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())


def test_an_unreadable_file_is_named(tmp_path):
    foreign = tmp_path / "foreign.csv"
    foreign.write_bytes(b"N,D,loss\n\xff\xfe,1,2\n")
    result = call(foreign)
    assert result.exit_code == 2
    assert "not a CSV file in UTF-8" in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(("option", "name"), DESTINATIONS)
def test_a_file_that_exists_is_replaced_only_if_asked(table, option, name):
    path = table.with_name(name)
    path.write_text("mine")
    result = call(table, "--bootstrap", 100, option, path)
    assert result.exit_code == 2
    assert result.output == f"Error: {option}: {path} exists; --overwrite replaces it\n"
    assert path.read_text() == "mine"
    assert call(table, "--bootstrap", 100, option, path, "--overwrite").exit_code == 0
    assert path.read_bytes()[:4] != b"mine"


@pytest.mark.parametrize(("option", "name"), DESTINATIONS)
def test_a_folder_is_no_destination(table, option, name):
    table.with_name(name).mkdir()
    result = call(table, option, table.with_name(name))
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {option}: cannot write")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(("option", "name"), DESTINATIONS)
def test_a_full_disk_is_said_in_a_line(table, option, name, monkeypatch):
    def fail(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("skillscale._files.write", fail)
    path = table.with_name(name)
    result = call(table, "--bootstrap", 100, option, path)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"Error: cannot write {path}: No space left on device"


def test_a_table_that_is_missing_is_named_where_a_figure_exists(table):
    figure = table.with_name("fit.svg")
    figure.write_text("old")
    result = call(table.with_name("none.csv"), "--figure", figure, "--overwrite")
    assert result.exit_code == 2
    assert result.output.startswith("Error: RUNS: cannot read ")
    assert figure.read_text() == "old"


def test_the_table_itself_is_never_replaced(table):
    own = table.rename(table.with_name("runs.nc"))
    before = own.read_bytes()
    result = call(own, "--bootstrap", 100, "--record", own, "--overwrite")
    assert result.exit_code == 2
    assert result.output == f"Error: --record: {own} is the table of runs itself\n"
    assert own.read_bytes() == before


def test_what_is_to_be_stored_is_stored_before_anything_is_printed(table, monkeypatch):
    def fail(*_, **__):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(cli.typer, "echo", fail)
    assert call(table, "--bootstrap", 100, "--record", table.with_name("own.nc")).exit_code == 1
    assert records.load(table.with_name("own.nc"))["value"].size == 5


def test_repeated_runs_are_taken_if_asked(table):
    lines = table.read_text().strip().splitlines()
    table.write_text("\n".join([*lines, lines[3]]))
    result = call(table, "--bootstrap", 100, "--repeats")
    assert result.exit_code == 0
    assert "61 runs" in result.output


def test_unlikely_units_are_asked_about(table):
    N, D, loss = tables.read(table)
    rows = zip(N * 1e-9, D, loss, strict=True)
    table.write_text("\n".join(["N,D,loss", *(f"{n:g},{d:g},{v:g}" for n, d, v in rows)]))
    result = call(table, "--bootstrap", 100)
    assert result.exit_code == 0
    assert [line.startswith("Warning: ") for line in result.stderr.splitlines()] == [True, True]
    assert "are N and D in the same unit?" in result.stderr
    assert "Warning" not in result.stdout


@pytest.mark.parametrize(
    ("largest", "ratio", "asked"),
    [
        (1e3, 1.0, ""),
        (1e3, 1e6, ""),
        (1e3, 0.99, "in other units"),
        (1e3, 1.01e6, "in the same unit"),
        (999.0, 20.0, "N is 999 at most"),
    ],
)
def test_units_are_asked_about_beyond_a_million_or_below_one_token_a_parameter(
    largest, ratio, asked
):
    N = np.array([1.0, 2.0, largest])
    # the median tells: one run far off and one at the other end change nothing
    found = tables.doubts(N, N * ratio * np.array([1e9, 1.0, 1e-9]))
    assert [asked in doubt for doubt in found] == [True] * bool(asked)


def test_a_table_comes_through_a_pipe_but_is_not_waited_for(table, tmp_path):
    source = tmp_path / "pipe"
    os.mkfifo(source)
    with pytest.raises(ValueError, match="pipe is empty"):
        tables.read(source)
    writer = threading.Thread(target=source.write_bytes, args=(table.read_bytes(),))
    writer.start()
    with source.open("rb"):  # the writer has been let in; what it wrote is for the reader below
        found = tables.read(source)
    writer.join()
    for column, expected in zip(found, tables.read(table), strict=True):
        np.testing.assert_array_equal(column, expected)
    result = call("/dev/null", "--record", tmp_path / "own.nc")
    assert result.exit_code == 2
    assert "--record: /dev/null must be a file" in result.output


def test_endless_and_long_tables_are_refused(tmp_path):
    with pytest.raises(ValueError, match="zero holds more than 64 MiB"):
        tables.read("/dev/zero")
    path = tmp_path / "long.csv"
    path.write_text("N,D,loss\n" + "1,1,1\n" * (tables.MOST_RUNS + 1))
    with pytest.raises(ValueError, match="holds more than 100,000 runs"):
        tables.read(path, repeats=True)


def test_digitised_runs_lose_their_five_largest_losses(tmp_path):
    path = tmp_path / "points.csv"
    loss = [3.0, 9.0, 2.0, 8.0, 7.0, 2.5, 6.0, 5.0]
    rows = [f"{10 + i},{6 * (10 + i) * (20 + i)},{value}" for i, value in enumerate(loss)]
    path.write_text("\n".join(["Model Size,Training FLOP,loss", *rows]))
    N, D, kept = tables.read_digitised(path)
    assert kept.tolist() == [3.0, 2.0, 2.5]
    assert N.tolist() == [10, 12, 15]
    assert D.tolist() == [20, 22, 25]
    path.write_text("\n".join(["Model Size,Training FLOP,loss", *rows[:5]]))
    with pytest.raises(ValueError, match="must hold more than 5 runs, got 5"):
        tables.read_digitised(path)
