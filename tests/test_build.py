"""The runner of the chapters, on a book of two tiny notebooks."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"
RUNNER = EXTENSIONS / "execute.py"


def write_chapter(root: Path, name: str, *sources: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = root / "book" / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A book with two chapters, and a module beside them."""
    for folder in ("book", "src", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "_config.yml").write_text("title: tiny\n")
    toc = "root: book/intro\nparts:\n- chapters:\n  - file: book/first\n  - file: book/second\n"
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "src" / "module.py").write_text("VALUE = 1\n")
    (tmp_path / "results" / "run.nc").write_bytes(b"1")
    (tmp_path / "src" / "claims.toml").write_text("")
    write_chapter(tmp_path, "first", "print(6 * 7)", "", "'end'")
    write_chapter(tmp_path, "second", "'other'")
    return tmp_path


def runner(path: Path = RUNNER) -> ModuleType:
    found = importlib.util.spec_from_file_location(path.stem, path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def execute(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUNNER), "--root", str(root), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )


def make_copies(root: Path) -> dict[str, str]:
    """Execute copies; returns each chapter's line: its seconds, or `cached`."""
    done = execute(root, "--to", "_build/source")
    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return {name: time.strip() for name, time in lines}


def outputs(path: Path) -> list[list[nbformat.NotebookNode]]:
    return [cell.outputs for cell in nbformat.read(path, as_version=4).cells]


def test_copies_are_executed_and_the_originals_left_alone(tree: Path) -> None:
    before = (tree / "book" / "first.ipynb").read_bytes()
    times = make_copies(tree)
    assert set(times) == {"first", "second"}
    assert all(time.endswith(" s") for time in times.values())
    copies = tree / "_build" / "source" / "book"
    assert outputs(copies / "first.ipynb")[0][0].text == "42\n"
    assert outputs(copies / "second.ipynb")[0][0].data["text/plain"] == "'other'"
    assert (tree / "book" / "first.ipynb").read_bytes() == before


def test_a_failing_chapter_stops_the_build_with_its_name_and_traceback(tree: Path) -> None:
    write_chapter(tree, "first", "value = 0", "1 / value")
    done = execute(tree, "--to", "_build/source", "--workers", "1")
    assert done.returncode == 1
    assert "chapter first failed" in done.stderr
    assert "1 / value" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "second" not in done.stdout


def test_a_failing_chapter_stays_as_it_was_in_place(tree: Path) -> None:
    path = write_chapter(tree, "first", "1 / 0")
    before = path.read_bytes()
    assert execute(tree, "--in-place", "first").returncode == 1
    assert path.read_bytes() == before


def test_unchanged_chapters_come_from_the_cache(tree: Path) -> None:
    make_copies(tree)
    first = (tree / "_build" / "source" / "book" / "first.ipynb").read_bytes()
    assert make_copies(tree) == {"first": "cached", "second": "cached"}
    assert (tree / "_build" / "source" / "book" / "first.ipynb").read_bytes() == first


@pytest.mark.parametrize(
    "name", ["src/module.py", "results/run.nc", "results/manifest.json", "src/claims.toml"]
)
def test_what_a_chapter_can_see_is_part_of_the_cache_key(tree: Path, name: str) -> None:
    make_copies(tree)
    (tree / name).write_text("# changed\n")
    assert "cached" not in make_copies(tree).values()


def test_a_changed_chapter_is_executed_again_and_no_other(tree: Path) -> None:
    make_copies(tree)
    write_chapter(tree, "first", "print(6 * 8)")
    times = make_copies(tree)
    assert times["first"] != "cached"
    assert times["second"] == "cached"


def test_in_place_stores_counts_and_no_trace_of_the_machine(tree: Path) -> None:
    assert execute(tree, "--in-place").returncode == 0
    stored = nbformat.read(tree / "book" / "first.ipynb", as_version=4)
    assert [cell.execution_count for cell in stored.cells] == [1, None, 2]
    assert set(stored.metadata) == {"kernelspec", "language_info"}
    assert stored.metadata.language_info == {"name": "python"}
    assert all(cell.metadata == {} for cell in stored.cells)


def test_an_unknown_chapter_is_named(tree: Path) -> None:
    done = execute(tree, "--in-place", "nowhere")
    assert done.returncode == 1
    assert "no such chapter: nowhere" in done.stderr


@pytest.mark.parametrize(
    "target",
    [".", "..", "book", "src", "results", ".git", "new", "_build", "_build/executed", "_build/out"],
)
def test_nothing_outside_the_build_folder_is_erased(
    tree: Path, target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / ".git").mkdir()
    (tree / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (tree / "_build" / "executed").mkdir(parents=True)
    (tree / "_build" / "executed" / "first-0.ipynb").write_text("{}")
    (tree / "_build" / "out").symlink_to(tree / "book")
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    monkeypatch.chdir(tree)
    status = runner().main(["--root", str(tree), "--to", target])
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before
    assert status == 1
    said = capsys.readouterr().err
    assert "--to must be a folder inside" in said
    assert f"got {target}" in said


def test_what_a_killed_writer_leaves_among_the_results_is_not_seen(tree: Path) -> None:
    make_copies(tree)
    for name in (".run.nc-0123abcd.partial", ".run-old.nc"):
        (tree / "results" / name).write_bytes(b"half")
    assert set(make_copies(tree).values()) == {"cached"}


def test_formulas_of_a_docstring_are_escaped_and_its_examples_are_not() -> None:
    pytest.importorskip("sphinxcontrib.bibtex")
    lines = ["The norm |x| of *x.", "", ">>> f(", "...     a_ * 2)", "a_ | *b*", "", "So c_ is."]
    given = [*lines]
    extension = runner(EXTENSIONS / "skillscale_book.py")
    extension.escape_docstring(None, "function", "f", None, None, given)
    assert given[0] == r"The norm \|x\| of \*x."
    assert given[1:6] == lines[1:6]
    assert given[6] == r"So c\_ is."
