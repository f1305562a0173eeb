"""The command line runs an experiment into a record and refuses what it does not know."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from skillscale import catalogue, claims, cli, ledger
from skillscale.lab import records
from skillscale.lab.sweep import Experiment

runner = CliRunner()


@pytest.fixture
def toy(monkeypatch):
    """An experiment `toy.draw`; the list returned grows by its seed whenever it runs."""
    ran = []

    @dataclasses.dataclass(frozen=True)
    class Draw(Experiment):
        seed: int
        seeds: tuple[int, ...] = (4, 5)

        def collect(self, sweep):
            ran.append(self.seed)
            values = np.random.default_rng(self.seed).random((2, 3))
            return xr.Dataset({"x": (("member", "step"), values)})

    class Entry(catalogue.Entry):
        def settings(self, size):
            return Draw({"live": 1, "standard": 2}[size])

    sizes = ("live", "standard")
    entry = Entry("toy_draw", "toy", "toy.experiments", "Draw", sizes, "Random numbers.")
    monkeypatch.setattr(catalogue, "catalogue", lambda: {"toy.draw": entry})
    return ran


def call(*arguments):
    return runner.invoke(cli.app, [str(argument) for argument in arguments])


def refused(result):
    """The one line that says what is wrong."""
    assert result.exit_code == 2, result.output
    assert result.output.count("\n") == 1, result.output
    return result.output


def test_run_writes_a_record_with_settings_and_seeds(toy, tmp_path):
    result = call("run", "toy.draw", "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    record = records.load(tmp_path / "toy_draw.nc")
    assert records.provenance(record, "settings") == {"seed": 2, "seeds": [4, 5]}
    assert records.provenance(record, "seeds") == [4, 5]
    assert record.attrs["threads"] == 1


def test_points_are_kept_until_the_record_is_whole(toy, tmp_path, monkeypatch):
    points = tmp_path / "toy_draw.points"

    def fail(dataset, path):
        assert points.is_dir()
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as full:
        full.setattr(records, "save", fail)
        assert call("run", "toy.draw", "--folder", tmp_path).exit_code == 1
    assert points.is_dir()
    assert call("run", "toy.draw", "--folder", tmp_path).exit_code == 0
    assert not points.exists()


def test_the_live_size_never_overwrites_the_judged_record(toy, tmp_path):
    result = call("run", "toy.draw", "--size", "live", "--folder", tmp_path)
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["toy_draw_live.nc"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["toy.nothing"], "no experiment 'toy.nothing', `skillscale list` prints all"),
        (["toy.drew"], "did you mean toy.draw?"),
        (["toy.draw", "--size", "paper"], "no size 'paper', only live, standard"),
        (["toy.draw", "--folder", "/no/such/folder"], "folder /no/such/folder does not exist"),
        (["toy.draw", "--folder", "/dev/null"], "folder /dev/null does not exist"),
        (["toy.draw", "--threads", "0"], "--threads: must be from 1 to 1024, got 0"),
        (["toy.draw", "--workers", "0"], "--workers: must be from 1 to 256, got 0"),
        (["toy.draw", "--threads", "-1"], "--threads: must be from 1 to 1024, got -1"),
        (["toy.draw", "--threads", str(10**25)], "--threads: must be from 1 to 1024, got 1000"),
    ],
)
def test_unknown_requests_are_refused_before_anything_runs(toy, arguments, message):
    assert message in refused(call("run", *arguments))
    assert toy == []


def test_a_record_that_exists_is_replaced_only_if_asked(toy, tmp_path):
    path = tmp_path / "toy_draw.nc"
    path.write_bytes(b"judged")
    assert "exists; --overwrite replaces it" in refused(
        call("run", "toy.draw", "--folder", tmp_path)
    )
    assert toy == []
    assert path.read_bytes() == b"judged"
    assert call("run", "toy.draw", "--folder", tmp_path, "--overwrite").exit_code == 0
    assert records.provenance(records.load(path), "settings")["seed"] == 2


def test_a_folder_that_takes_no_file_is_noticed_before_the_run(toy, tmp_path, monkeypatch):
    (tmp_path / "toy_draw.nc").mkdir()
    assert "cannot write" in refused(call("run", "toy.draw", "--folder", tmp_path))

    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("skillscale._files.writable", deny)
    answer = refused(call("run", "toy.draw", "--size", "live", "--folder", tmp_path))
    assert f"cannot write {tmp_path / 'toy_draw_live.nc'}: Permission denied" in answer
    assert toy == []


def test_a_disk_that_fills_during_the_run_is_said_in_a_line(toy, tmp_path, monkeypatch):
    def fail(dataset, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(records, "save", fail)
    result = call("run", "toy.draw", "--folder", tmp_path)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith("toy_draw.nc: No space left on device")


def test_claims_that_cannot_be_read_are_noticed_before_the_run(toy, tmp_path, monkeypatch):
    def fail(record):
        raise ValueError("Invalid value (at line 3)")

    monkeypatch.setattr("skillscale.claims.fingerprints", fail)
    answer = refused(call("run", "toy.draw", "--folder", tmp_path))
    assert answer == "Error: the claims cannot be read: Invalid value (at line 3)\n"
    assert toy == []


def test_a_link_that_leads_nowhere_is_replaced_only_if_asked(toy, tmp_path):
    (tmp_path / "toy_draw.nc").symlink_to(tmp_path / "gone.nc")
    assert "exists; --overwrite replaces it" in refused(
        call("run", "toy.draw", "--folder", tmp_path)
    )
    assert toy == []


def test_output_that_cannot_be_written_is_said_in_a_line():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        program = [sys.executable, "-m", "skillscale", "--version"]
        answer = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True)
    assert answer.returncode == 1
    assert answer.stderr == "Error: cannot write the output: No space left on device\n"


def test_list_says_what_each_experiment_measures_and_how_long_it_took():
    result = call("list")
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.output.splitlines()}
    assert rows.keys() == catalogue.catalogue().keys()
    row = rows["geometry.optimizer_race"]
    seconds = records.provenance(records.published("geometry_optimizer_race"), "wall_seconds")
    assert f" {seconds:.0f} s  " in row
    assert row.endswith(catalogue.catalogue()["geometry.optimizer_race"].summary)


@pytest.fixture
def judgements(monkeypatch):
    """Some judgements in place of those of all stored runs, which take their time."""
    found = claims.judge_all("domino")
    monkeypatch.setattr(ledger, "judged", lambda: found)
    return found


def test_the_ledger_prints_the_measurement_beside_the_prediction(judgements):
    result = call("ledger")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == len(judgements)
    for line, judgement in zip(lines, judgements, strict=True):
        assert line.startswith(f"{judgement.claim.id} · ")
        assert line.endswith(f" · {judgement.verdict}")
        for target, estimate in zip(judgement.claim.targets, judgement.estimates, strict=True):
            assert f"{target} → {estimate}" in line


def test_the_ledger_is_data_for_programs(judgements):
    result = call("ledger", "--json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert found == ledger.plain(judgements)
    assert found[: len(judgements)] == [judgement.plain() for judgement in judgements]
    assert not any("verdict" in entry for entry in found[len(judgements) :])


def test_a_ledger_of_damaged_records_says_so(monkeypatch):
    def judged():
        raise ValueError("results/a.nc differs from the manifest")

    monkeypatch.setattr(ledger, "judged", judged)
    assert "results/a.nc differs" in refused(call("ledger"))


@pytest.mark.parametrize("module", ["skillscale", "skillscale.cli"])
def test_the_modules_are_programs(module):
    program = [sys.executable, "-m", module]
    answer = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.split(".")[0].isdigit()


@pytest.mark.parametrize("command", [[], ["list"], ["run"], ["ledger"], ["bias"], ["fit"]])
def test_every_command_explains_itself(command):
    short, long = (call(*command, flag) for flag in ("-h", "--help"))
    assert short.exit_code == 0
    assert short.output == long.output
    assert "Usage: " in short.output


def test_a_wrong_name_is_answered_without_loading_what_runs_it():
    program = (
        "import sys\nfrom skillscale.cli import app\n"
        "try:\n    app(['run', 'geometry.skill_curve'])\n"
        "finally:\n    print(*sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.returncode == 2
    assert "did you mean geometry.skill_curves" in answer.stderr
    assert not {"torch", "xarray", "matplotlib", "rich"} & set(answer.stdout.split())
