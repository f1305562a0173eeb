"""`skillscale bias` prints what the theory says, both ways, and names the option that is wrong."""

import re

import pytest
from typer.testing import CliRunner

from skillscale import cli
from skillscale.quantization import theory as quantization

runner = CliRunner()
WINDOW = ["--n-min", "1", "--n-max", "40", "--n-skills", "500"]


def printed(*arguments):
    """Rows of the answer: label -> numbers."""
    result = runner.invoke(cli.app, ["bias", *arguments])
    assert result.exit_code == 0, result.output
    rows = [line for line in result.output.splitlines()[1:] if line]
    number = r"[+-]?\d+\.\d+"
    return {
        row[:34].strip(): [float(found) for found in re.findall(number, row[34:])] for row in rows
    }


def test_bias_of_the_published_window():
    rows = printed("--alpha", "0.4", *WINDOW)
    window = {"n_min": 1, "n_max": 40, "n_skills": 500}
    read = quantization.apparent_exponent(0.4, **window)
    assert rows["alpha"] == [0.4]
    # Four printed digits, and one of the percentage.
    assert rows["a fit over n = 1 ... 40 reads"] == pytest.approx([read], abs=5e-5)
    assert rows["bias"][0] == pytest.approx(read - 0.4, abs=5e-5)
    assert rows["bias"][1] == pytest.approx(100 * (read / 0.4 - 1), abs=0.05)
    for n in (1, 40):
        local = float(quantization.local_exponent(n, 0.4, n_skills=500))
        assert rows[f"local exponent at n = {n}"] == pytest.approx([local], abs=5e-5)


def test_measured_exponent_gives_its_alpha():
    read = quantization.apparent_exponent(0.4, n_min=1, n_max=40, n_skills=500)
    rows = printed("--measured", f"{read:.6f}", *WINDOW)
    assert rows["alpha"] == [0.4]
    assert rows["a fit over n = 1 ... 40 reads"] == pytest.approx([read], abs=5e-5)


def test_an_infinite_world_is_the_default():
    rows = printed("--alpha", "0.4", "--n-min", "1", "--n-max", "40")
    assert rows["a fit over n = 1 ... 40 reads"] == pytest.approx([0.370], abs=5e-4)
    assert rows["bias"][0] < 0
    assert rows["local exponent at n = 1"] == pytest.approx([0.255], abs=5e-4)


@pytest.mark.parametrize(
    ("arguments", "option", "message"),
    [
        ([], "--alpha", "give exactly one of --alpha and --measured"),
        (["--alpha", "0.4", "--measured", "0.5"], "--measured", "give exactly one of"),
        (["--alpha", "0"], "--alpha", "alpha must be a finite number and > 0, got 0.0"),
        (["--measured", "-1"], "--measured", "must be a finite number and > 0, got -1.0"),
        (["--measured", "0.1", *WINDOW], "--measured", "between 0.248 and"),
        (["--alpha", "0.4", "--n-min", "0"], "--n-min", "n_min must be an integer >= 1, got 0"),
        (["--alpha", "0.4", "--n-max", "1"], "--n-max", "n_max must be an integer >= 2, got 1"),
        (["--alpha", "0.4", "--n-skills", "40"], "--n-max", "n_max must be < n_skills = 40"),
        (
            ["--alpha", "0.4", "--n-skills", "0"],
            "--n-skills",
            "n_skills must be an integer >= 1, got 0",
        ),
        (["--alpha", "much"], "--alpha", "as a number"),
    ],
)
def test_a_wrong_option_is_named(arguments, option, message):
    result = runner.invoke(cli.app, ["bias", *arguments])
    assert result.exit_code == 2
    shown = " ".join(result.output.replace("│", " ").split())
    assert option in shown
    assert message in shown
