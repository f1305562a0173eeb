"""The assertions of every derivation can fail: what is perturbed is noticed by its own.

The cells of a chapter's derivation and of its exact sums run in order. Before each assertion of an
equality a copy is tried that must fail: with a coefficient, power or summand raised by one, or
else with twice one side.
"""

import ast
import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from skillscale import claims

ROOT = Path(__file__).parents[1]
CHAPTERS = claims.theories()
SECTIONS = ("## Derivation", "## Exact against asymptotic")
ZEROS = ("0", "sp.zeros(")


def derivation(name: str) -> list[ast.stmt]:
    """Statements of the import cell and of the two sections, but for those that only show."""
    section, cells = "", []
    for cell in nbformat.read(ROOT / "book" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "markdown":
            headings = [line for line in cell.source.splitlines() if line.startswith("## ")]
            section = headings[-1] if headings else section
        elif section in SECTIONS or cell.source.startswith(("import ", "from ")):
            cells.append(TransformerManager().transform_cell(cell.source))
    statements = [statement for cell in cells for statement in ast.parse(cell).body]
    return [each for each in statements if not ast.unparse(each).startswith(("print", "style."))]


def raised(statement: ast.stmt) -> ast.stmt | None:
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


def doubled(statement: ast.stmt) -> ast.stmt | None:
    """Return a copy of an assertion `a - b == c`, `a == c` or `abs(a - b) < c` with 2 a for a."""
    if not isinstance(statement, ast.Assert) or not isinstance(statement.test, ast.Compare):
        return None
    changed = copy.deepcopy(statement)
    test = changed.test
    is_equality = isinstance(test.ops[0], ast.Eq)
    if not is_equality and not ast.unparse(test.left).startswith("abs("):
        return None
    for node in ast.walk(test.left):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            node.left = ast.BinOp(ast.Constant(2), ast.Mult(), node.left)
            return changed
    if is_equality and not ast.unparse(test.comparators[0]).startswith(ZEROS):
        test.left = ast.BinOp(ast.Constant(2), ast.Mult(), test.left)
        return changed
    return None


def execute(statement: ast.stmt, names: dict[str, Any]) -> None:
    module = ast.Module([statement], type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), "derivation", "exec"), names)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_perturbed_equality_fails_its_assertion(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "book")
    names: dict[str, Any] = {}
    tried = asserted = 0
    for statement in derivation(name):
        asserted += isinstance(statement, ast.Assert)
        changed = raised(statement) or doubled(statement)
        if changed is not None:
            tried += 1
            with pytest.raises(AssertionError):
                execute(changed, names)
        execute(statement, names)
    assert tried > asserted / 2
    assert tried >= 10
