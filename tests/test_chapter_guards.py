"""What guards a chapter cannot be loosened unseen: its assertions and what is compared.

`chapter_guards.toml` lists the cells whose output no test compares, because it is measured, and a
digest of the assertions of each chapter. Who adds an exemption or changes an assertion changes
that file in the same commit; a failing test prints its new lines.
"""

import ast
import builtins
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
PINNED = tomllib.loads((Path(__file__).parent / "chapter_guards.toml").read_text())
TAGS = {"hide-cell", "hide-input", "nbval-ignore-output"}


def code_cells(name: str) -> list[Any]:
    book = nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4)
    return [cell for cell in book.cells if cell.cell_type == "code"]


def assertions(cell: Any) -> dict[str, ast.expr]:
    """What a cell asserts, by its source."""
    source = TransformerManager().transform_cell(cell.source)
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]
    return {ast.get_source_segment(source, node) or "": node.test for node in found}


def guards(cells: list[Any]) -> dict[str, Any]:
    """Ids of the exempt cells; number of assertions, and digest of what each cell asserts."""
    exempt = [cell.id for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    asserted = ["".join(text.split()) for cell in cells for text in assertions(cell)]
    digest = hashlib.sha256("\n".join(asserted).encode()).hexdigest()[:16]
    return {"assertions": len(asserted), "digest": digest, "exempt": exempt}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_assertions_and_exempt_cells_are_the_pinned_ones(name: str) -> None:
    found = guards(code_cells(name))
    lines = "\n".join([f"[{name}]", *(f"{key} = {value!r}" for key, value in found.items())])
    assert PINNED.get(name) == found, f"if meant, chapter_guards.toml must say\n{lines}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_else_exempts_a_cell(name: str) -> None:
    for cell in code_cells(name):
        assert set(cell.metadata.get("tags", [])) <= TAGS
        assert "NBVAL" not in cell.source.upper()
        assert "PYTEST_VALIDATE" not in cell.source.upper()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_assertion_holds_whatever_the_chapter_computes(name: str) -> None:
    for cell in code_cells(name):
        for text, test in assertions(cell).items():
            used = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
            assert used - set(dir(builtins)), text
            if isinstance(test, ast.Compare):
                sides = [ast.dump(side) for side in (test.left, *test.comparators)]
                assert len(set(sides)) == len(sides), text


def weakened(cells: list[Any]) -> list[list[Any]]:
    """Copies of a chapter: an exemption more, one assertion less, one that is always true."""
    more, less, always = (nbformat.from_dict({"cells": cells}).cells for _ in range(3))
    more[0].metadata["tags"] = ["nbval-ignore-output"]  # the install cell, which shows nothing
    for copies, statement in ((less, "pass"), (always, "assert True")):
        cell = next(cell for cell in copies if assertions(cell))
        cell.source = cell.source.replace(next(iter(assertions(cell))), statement)
    return [more, less, always]


@pytest.mark.parametrize(
    "name", [name for name in NOTEBOOKS if PINNED.get(name, {}).get("assertions")]
)
def test_a_weakened_chapter_is_noticed(name: str) -> None:
    for cells in weakened(code_cells(name)):
        assert guards(cells) != PINNED[name]
