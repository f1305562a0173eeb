"""What works of the package once installed, without a checkout: theory, fits, verdicts, a run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a Python program, or the command, with the built package and no source in reach."""
    built, site = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *options, "-w", str(built), str(ROOT)], check=True)
    (wheel,) = built.glob("skillscale-*.whl")
    subprocess.run([*pip, "install", *options, "--target", str(site), str(wheel)], check=True)
    here = tmp_path_factory.mktemp("elsewhere")

    def call(*program: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(site)}
        answer = subprocess.run(
            [sys.executable, *program], cwd=here, env=environment, capture_output=True, text=True
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    assert str(site) in call("-c", "import skillscale; print(skillscale.__file__)")
    return call


def test_the_packaged_results_are_judged_as_the_stored_ones(run):
    program = "import json; from skillscale import claims; "
    program += "print(json.dumps([each.plain() for each in claims.judge_all('domino')]))"
    found = {each["id"]: each["verdict"] for each in json.loads(run("-c", program))}
    stored = json.loads((ROOT / "results" / "verdicts.json").read_text(encoding="utf-8"))
    assert found == {each["id"]: each["verdict"] for each in stored if each["id"] in found}
    assert len(found) > 10


def test_theory_and_fits_compute(run):
    told = run("-m", "skillscale.cli", "bias", "--alpha", "0.4", "--n-skills", "500")
    assert "a fit over n = 1 ... 40 reads" in told
    program = "from skillscale import fits; from skillscale.quantization import theory; "
    program += "print(theory.loss(10, 0.4), fits.mean([1.0, 2.0, 3.0]))"
    assert run("-c", program).endswith("2 [-0.484, 4.48]\n")


def test_an_experiment_is_listed_and_runs(run):
    listed = run("-m", "skillscale.cli", "list")
    assert sum(line.startswith("domino.") for line in listed.splitlines()) >= 5
    call = ("-m", "skillscale.cli", "run", "quantization.ideal_learner")
    assert run(*call, "--size", "live", "--folder", ".").startswith("quantization_ideal_learner_l")
