"""Mutation tests tell what a test notices from what none does, and leave the sources alone."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import mutants
import mutate
import pytest

SOURCE = """
\"\"\"Two functions, of which one is tested.\"\"\"


def seen(x):
    return -x


def unseen(x):
    return -x
"""
TEST = """
from skillscale.toy.theory import signs


def test_seen():
    assert signs.seen(2) == -2
"""


@pytest.fixture
def project(tmp_path):
    package = tmp_path / "src" / "skillscale" / "toy" / "theory"
    package.mkdir(parents=True)
    for folder in (package.parents[1], package.parent, package):
        (folder / "__init__.py").touch()
    (package / "signs.py").write_text(SOURCE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_signs.py").write_text(TEST)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmarkers = ["browser: none"]\n'
    )
    return tmp_path


def run(project, seed=3):
    program = Path(mutate.__file__)
    command = [sys.executable, program, "--seed", str(seed), "--number", "9", "--root", project]
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # they take a second to load
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def contents(project):
    files = [path for path in project.rglob("*") if "_build" not in path.parts]
    return {path: path.read_bytes() for path in files if path.is_file()}


def test_what_a_test_sees_is_noticed_and_what_none_sees_survives(project):
    before = contents(project)
    said = run(project)
    assert said.returncode == 0, said.stderr
    rows = [line for line in said.stdout.splitlines() if line.startswith("| toy/theory/")]
    assert [row.split(" | ")[-1] for row in rows] == [
        "**survived** |",
        "tests/test_signs.py::test_seen |",
    ]
    assert "toy/theory/signs.py:10:11 | sign | `return -x` | `-x` → `(x)`" in rows[0]
    assert said.stdout.endswith("1 of 2 noticed: 50%\n")
    assert contents(project) == before
    assert [path.suffix for path in (project / "_build" / "mutate").iterdir()] == [".json"]


def test_a_stopped_run_goes_on_and_another_test_starts_anew(project):
    run(project)
    (kept,) = (project / "_build" / "mutate").iterdir()
    kept.write_text(kept.read_text().replace("::test_seen", "::as_it_was_kept"))
    assert "as_it_was_kept" in run(project).stdout
    test = project / "tests" / "test_signs.py"
    test.write_text(TEST + "    assert signs.unseen(2) == -2\n")
    assert "2 of 2 noticed: 100%" in run(project).stdout


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("    assert False", "tests/test_signs.py::test_seen"),
        ("    import os; os._exit(0)", "end of the process"),
        ("import missing_module", "tests/test_signs.py"),
    ],
)
def test_what_fails_before_any_change_has_noticed_nothing(project, fault, named):
    (project / "tests" / "test_signs.py").write_text(TEST + fault)
    said = run(project)
    assert said.returncode == 1
    assert f"{named} fails before any change" in said.stderr


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("-x", {"(x)"}),
        ("é = 'é', a + b", {"é = 'é', ((a) - (b))"}),
        ("x += 1", {"x -= 1"}),
        ("'a' + b", set()),
        ("0.5", {"(0.515)"}),
        ("40", {"(41)"}),
        ("2 * x", {"(2)", "(x)"}),
        ("x / 2", {"(x)"}),
        ("a <= b", {"((a) < (b))"}),
        ("a[:k]", {"a[:(k + 1)]"}),
        ("range(n)", {"range((n + 1))"}),
        ("x.sum(1)", {"x.sum((0))"}),
        ("f(x, axis=0)", {"f(x, axis=(-1))"}),
        ("f'{x + 1}'", set()),
    ],
)
def test_changes(source, changed):
    found = mutants.mutants_of("x.py", source.encode())
    assert {mutants.mutated(source.encode(), each).decode() for each in found} == changed


def test_every_change_of_the_package_is_a_program_and_another_one():
    root = Path(__file__).parents[1]
    for mutant in mutants.drawn(root, 0, 60):
        source = (root / mutant.path).read_bytes()
        changed = ast.parse(mutants.mutated(source, mutant))
        assert ast.dump(changed) != ast.dump(ast.parse(source)), mutant


def test_the_nearest_tests_of_a_module_use_it():
    nearness = mutate.Nearness(Path(__file__).parents[1])
    found = nearness.nearest("src/skillscale/geometry/experiments/noise.py")
    assert found[0] == "tests/test_geometry_noise.py"
    private = nearness.nearest("src/skillscale/slingshot/theory/_counting.py")
    assert "tests/test_slingshot_theory.py" in private
