"""The assertions of every derivation can fail: a perturbed coefficient is noticed by its own.

The cells of a chapter's derivation run in order. Before each `assert … == 0` that holds a number
as a coefficient, power or summand, a copy with that number raised by one is tried, and must fail.
"""

import ast
import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CHAPTERS = [
    Path(entry["file"]).name
    for part in TOC["parts"]
    if part["caption"] == "Five theories"
    for entry in part["chapters"]
]


def derivation(name: str) -> list[ast.stmt]:
    """Statements of the import cell and of the section *Derivation*."""
    section, cells = "", []
    for cell in nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "markdown":
            headings = [line for line in cell.source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        elif section == "## Derivation" or cell.source.startswith(("import ", "from ")):
            cells.append(TransformerManager().transform_cell(cell.source))
    return [statement for cell in cells for statement in ast.parse(cell).body]


def perturbed(statement: ast.stmt) -> ast.stmt | None:
    """Return a copy of an assertion `… == 0` with one coefficient raised by one."""
    is_zero = (
        isinstance(statement, ast.Assert)
        and isinstance(statement.test, ast.Compare)
        and isinstance(statement.test.ops[0], ast.Eq)
        and ast.unparse(statement.test.comparators[0]) == "0"
    )
    if not is_zero:
        return None
    changed = copy.deepcopy(statement)
    for node in ast.walk(changed.test.left):  # type: ignore[attr-defined]
        if isinstance(node, ast.BinOp):
            for side in (node.left, node.right):
                if isinstance(side, ast.Constant) and isinstance(side.value, int):
                    side.value += 1
                    return changed
    return None


def execute(statement: ast.stmt, names: dict[str, Any]) -> None:
    module = ast.Module([statement], type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), "derivation", "exec"), names)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_perturbed_coefficient_fails_its_assertion(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "book")
    names: dict[str, Any] = {}
    tried = 0
    for statement in derivation(name):
        changed = perturbed(statement)
        if changed is not None:
            tried += 1
            with pytest.raises(AssertionError):
                execute(changed, names)
        execute(statement, names)
    assert tried >= 3
