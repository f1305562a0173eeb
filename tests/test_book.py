"""The chapters as committed: executed in order, complete, and free of what differs by machine.

Strict nbval compares stored outputs with new ones, but passes a cell that stores nothing.
These tests demand that nothing is missing.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

from skillscale import claims

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [TOC["root"]] + [entry["file"] for part in TOC["parts"] for entry in part["chapters"]]
THEORIES = claims.theories()
NOTEBOOKS = sorted(path.stem for path in BOOK.glob("*.ipynb"))
HEADINGS = [
    "In one minute",
    "Claims",
    "Setting",
    "Derivation",
    "Exact against asymptotic",
    "Experiment",
    "Comparison",
    "What would falsify it",
    "Where it breaks",
    "Play",
    "Exercises",
    "Relation to the other theories",
    "Provenance",
]
LINES_PER_FUNCTION = 10
MEGABYTE = 1_000_000
SILENT = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Assert,
    ast.With,
    ast.For,
    ast.If,
)
SHOWING = {"print", "display", "show", "glue"}


@cache
def cells(name: str) -> list[Any]:
    return list(nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells)


def code_cells(name: str) -> list[Any]:
    return [cell for cell in cells(name) if cell.cell_type == "code" and cell.source.strip()]


def parsed(cell: Any) -> ast.Module:
    return ast.parse(TransformerManager().transform_cell(cell.source))


def calls(nodes: list[ast.stmt]) -> Iterator[str]:
    """Names of the functions that a cell surely calls: not inside a definition or a condition."""
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If)):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                yield ast.unparse(inner.func).rsplit(".", 1)[-1]


def must_show(cell: Any) -> bool:
    """Whether a cell shows something when it runs, judged by its source alone."""
    body = parsed(cell).body
    if SHOWING & set(calls(body)):
        return True
    last = body[-1] if body else None
    if last is None or isinstance(last, SILENT) or cell.source.endswith(";"):
        return False
    is_setter = re.match(r"[\w.]*\bset_\w+\(", ast.unparse(last))  # returns nothing
    return is_setter is None


def texts(output: Any) -> Iterator[str]:
    """What a stored output says, in whatever form of text."""
    if output.output_type == "stream":
        yield output.text
    for mime, value in output.get("data", {}).items():
        if not mime.startswith("image/"):
            yield str(value)


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


# The book as a whole


def test_contents_and_files_are_the_same() -> None:
    for page in PAGES:
        found = [suffix for suffix in (".md", ".ipynb") if (ROOT / f"{page}{suffix}").exists()]
        assert len(found) == 1, page
    assert {f"book/{name}" for name in NOTEBOOKS} <= set(PAGES)
    assert set(THEORIES) <= set(NOTEBOOKS)


def test_every_theory_has_claims() -> None:
    source = ROOT / "src" / "skillscale"
    found = {
        path.relative_to(source).parts[0]
        for pattern in ("*/experiments", "*/experiments.py", "*/theory", "*/theory.py")
        for path in source.glob(pattern)
    }
    assert found == set(THEORIES)


def test_commands_of_readme_and_ci_are_the_same() -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("make ")]
    assert sorted(commands) == ["make book", "make test"]
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    assert sorted(line for line in ci if line.startswith("make ")) == sorted(commands)
    workflows = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    used = set(re.findall(r"run: (make .*)", workflows))
    assert set(commands) <= used <= {*commands, "make lint"}


def test_only_the_deploying_job_may_write() -> None:
    writers = {}
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        for name, job in workflow["jobs"].items():
            granted = job.get("permissions", workflow.get("permissions", "write-all"))
            if "write" in str(granted):
                writers[f"{path.stem}.{name}"] = granted
    assert writers == {"pages.deploy": {"pages": "write", "id-token": "write"}}


def test_stored_results_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "results").rglob("*.nc")}
    assert {name: size for name, size in sizes.items() if size > MEGABYTE} == {}
    assert sum(sizes.values()) <= 15 * MEGABYTE


def test_the_install_cell_is_the_same_everywhere_and_clones_this_repository() -> None:
    sources = {name: code_cells(name)[0].source.strip() for name in NOTEBOOKS}
    (preamble,) = set(sources.values())
    (address,) = re.findall(r"git clone .*?(https://\S+)", preamble)
    assert address.removesuffix(".git") == CONFIG["repository"]["url"]
    assert "./" + address.removesuffix(".git").rsplit("/", 1)[1] in preamble
    for name in sources:
        assert {"hide-cell", "hide-input"} & set(tags(code_cells(name)[0])), name


@pytest.mark.parametrize("tried_before", [False, True])
@pytest.mark.parametrize("folder", [False, True])
def test_a_mere_folder_of_its_name_is_not_taken_for_the_package(
    tmp_path: Path, folder: bool, tried_before: bool
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    beside = tmp_path / "beside"
    (beside / "skillscale" if folder else beside).mkdir(parents=True)
    cell = TransformerManager().transform_cell(code_cells("parity")[0].source)
    script = f"""
import sys
from pathlib import Path

sys.path.append({str(site)!r})
if {tried_before}:
    try:
        from skillscale import frequencies
    except ImportError:
        pass

class Shell:
    ran = []

    def system(self, command):
        self.ran.append(command.split()[0])

    def run_line_magic(self, magic, line):
        self.ran.append(magic)
        package = Path({str(site)!r}) / "skillscale"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "frequencies.py").touch()

get_ipython = Shell
{cell}
from skillscale import frequencies

print(Shell.ran, frequencies.__file__)
{cell}
print(Shell.ran)
"""
    found = subprocess.run(  # -S: without what is installed; what lies beside comes first
        [sys.executable, "-S", "-c", script],
        cwd=beside,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stderr == ""
    ran = "['git', 'pip']"
    assert found.stdout == f"{ran} {site / 'skillscale' / 'frequencies.py'}\n{ran}\n"


def test_figure_names_are_unique() -> None:
    names = [
        cell.metadata["mystnb"]["figure"]["name"]
        for name in NOTEBOOKS
        for cell in code_cells(name)
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    assert len(names) == len(set(names))


# Every notebook


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_chapter_was_executed_in_order(name: str) -> None:
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_output_is_missing(name: str) -> None:
    bare = [cell.source for cell in code_cells(name) if must_show(cell) and not cell.outputs]
    assert bare == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_hold_nothing_that_differs_by_machine(name: str) -> None:
    for cell in code_cells(name):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text
            for text in texts(output):
                assert not re.search(r"\b0x[0-9a-f]{6,}", text), cell.source
                assert not re.search(r"\d+%\|", text), f"progress bar: {cell.source}"
                assert not re.search(r"/(home|root|tmp|Users)/", text), f"path: {cell.source}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_metadata_are_the_same_on_every_machine(name: str) -> None:
    metadata = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).metadata
    assert set(metadata) == {"kernelspec", "language_info"}
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata["language_info"]) == {"name"}
    for cell in cells(name):
        assert set(cell.metadata) <= {"tags", "mystnb"}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_functions_in_chapters_are_short(name: str) -> None:
    for cell in code_cells(name):
        for node in ast.walk(parsed(cell)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < LINES_PER_FUNCTION, node.name


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_chapters_leave_plotting_to_the_package(name: str) -> None:
    for cell in code_cells(name):
        assert not re.search(r"^\s*(import|from) (matplotlib|seaborn)", cell.source, re.MULTILINE)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_figures_have_a_caption_and_alternative_text(name: str) -> None:
    for cell in code_cells(name):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            shown = cell.metadata.get("mystnb", {})
            assert shown.get("figure", {}).get("name", "").startswith("fig-"), cell.source
            assert len(shown["figure"].get("caption", "")) > 20, cell.source
            assert len(shown.get("image", {}).get("alt", "")) > 20, cell.source


@pytest.mark.parametrize("page", PAGES)
def test_who_is_told_to_run_a_cell_is_told_where(page: str) -> None:
    """A page of the site runs no cell; the rocket button opens the chapter where one can."""
    if Path(page).name in NOTEBOOKS:
        prose = [cell.source for cell in cells(Path(page).name) if cell.cell_type == "markdown"]
    else:
        prose = [(ROOT / f"{page}.md").read_text()]
    for paragraph in "\n\n".join(prose).split("\n\n"):
        asks = r"\b(re-?)?(run|execute)\b[^.;]{0,40}\b(cells?|it|again)\b"
        if re.search(asks, paragraph, re.IGNORECASE) and "cell" in paragraph:
            assert "rocket button" in paragraph, paragraph


# The theory chapters


@pytest.mark.parametrize("name", THEORIES)
def test_headings_are_the_house_s(name: str) -> None:
    prose = "\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")
    prose = re.sub(r"^(`{3,}|:{3,}).*?^\1", "", prose, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^## (.+?)\s*$", prose, re.MULTILINE) == HEADINGS
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", THEORIES)
def test_each_heading_has_something_below_it(name: str) -> None:
    prose = "\n".join(cell.source for cell in cells(name) if cell.cell_type == "markdown")
    sections = re.split(r"^## .+$", prose, flags=re.MULTILINE)[1:]
    assert [len(section.split()) > 8 for section in sections] == [True] * len(HEADINGS)


@pytest.mark.parametrize("name", THEORIES)
def test_one_compared_cell_prints_the_verdicts_of_all_claims(name: str) -> None:
    expected = {claim.id for claim in claims.of_theory(name)}
    (printing,) = [cell for cell in code_cells(name) if "claims.lines(" in cell.source]
    assert not {"nbval-ignore-output", "nbval-skip"} & set(tags(printing))
    printed = "".join(output.text for output in printing.outputs).strip().splitlines()
    rows = [[part.strip() for part in line.split("·")] for line in printed]
    assert {row[0] for row in rows} == expected
    verdicts = {"reproduced", "not reproduced", "inconclusive", "partly"}
    assert all(any(verdict in row[-1] for verdict in verdicts) for row in rows)


# The checks themselves


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("x = 1", False),
        ("import sympy", False),
        ("assert True", False),
        ("def f():\n    print(1)", False),
        ("if missing:\n    !git clone x\n    %pip install x", False),
        ("x;", False),
        ("torch.set_num_threads(1)", False),
        ("x", True),
        ("x = 1\nx + 1", True),
        ("print(1)\ny = 2", True),
        ("for k in range(3):\n    print(k)", True),
        ("style.show(figure)", True),
    ],
)
def test_what_counts_as_showing(source: str, shows: bool) -> None:
    assert must_show(nbformat.v4.new_code_cell(source)) is shows
