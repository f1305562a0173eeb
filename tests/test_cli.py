"""The command line runs an experiment into a record and refuses what it does not know."""

import types

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from skillscale import cli
from skillscale.lab import records

runner = CliRunner()


@pytest.fixture
def toy(monkeypatch):
    def draw(settings, *, progress=False):
        values = np.random.default_rng(settings["seed"]).random((2, 3))
        return xr.Dataset({"x": (("member", "step"), values)}, coords={"seed": ("member", [4, 5])})

    module = types.SimpleNamespace(
        draw=draw, LIVE={"draw": {"seed": 1}}, STANDARD={"draw": {"seed": 2}}
    )
    monkeypatch.setattr(cli, "_experiments", lambda: {"toy.draw": (module, "draw")})


def test_run_writes_a_record_with_settings_and_seeds(toy, tmp_path):
    result = runner.invoke(cli.app, ["run", "toy.draw", "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    record = records.load(tmp_path / "toy_draw.nc")
    assert records.provenance(record, "settings") == {"seed": 2}
    assert records.provenance(record, "seeds") == [4, 5]
    assert record.attrs["threads"] == 1


def test_the_live_profile_never_overwrites_the_judged_record(toy, tmp_path):
    result = runner.invoke(
        cli.app, ["run", "toy.draw", "--profile", "live", "--folder", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["toy_draw_live.nc"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "toy.nothing"], "must be one of toy.draw"),
        (["run", "toy.draw", "--profile", "paper"], "no profile"),
        (["run", "toy.draw", "--folder", "/no/such/folder"], "does not exist"),
    ],
)
def test_unknown_requests_are_refused_before_anything_runs(toy, arguments, message):
    result = runner.invoke(cli.app, arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())


def test_list_names_every_chapter_with_an_experiment():
    result = runner.invoke(cli.app, ["list"])
    assert result.exit_code == 0
    chapters = {line.split(".")[0] for line in result.output.splitlines()}
    assert {"skill_basis", "quantization", "resource", "geometry", "domino"} <= chapters
    assert {"quanta_discovery", "slingshot"} <= chapters
