"""When nbval runs a chapter, the numbers of cells exempt from its comparison are compared, too.

Such a cell shows what was measured. What rests on stored records alone comes out the same on
every machine up to rounding: words and whole numbers below a thousand are equal, other numbers to a
thousandth or to one unit of the last digit shown. Cells that show what a chapter trained while it
ran are left out.
"""

import ast
import html
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

NUMBER = re.compile(r"(?<![\w.])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)")
RELATIVE = 1e-3
TRAINING = {".live", ".manual_seed"}  # attributes without which no chapter trains


def names_in(node: ast.AST, context: type) -> set[str]:
    """Names that are read (ast.Load) or set (ast.Store) anywhere in a piece of source."""
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, context)}


def rests_on_live_runs(sources: Sequence[str]) -> list[bool]:
    """Say of each cell whether it trains, or uses a name whose last value comes from training."""
    live = set(TRAINING)
    found = []
    for source in sources:
        trains = False
        for statement in ast.parse(TransformerManager().transform_cell(source)).body:
            nodes = list(ast.walk(statement))
            own = {node.arg for node in nodes if isinstance(node, ast.arg)}
            for node in nodes:  # what a loop counts through is set before it is read
                if isinstance(node, (ast.comprehension, ast.For)):
                    own |= names_in(node.target, ast.Store)
            assigned = names_in(statement, ast.Store)
            if isinstance(statement, ast.FunctionDef):
                own, assigned = own | assigned, {statement.name}
            used = names_in(statement, ast.Load) - own
            used |= {
                f".{node.attr}" for node in nodes if isinstance(node, ast.Attribute)
            } & TRAINING
            if used & live:
                trains, live = True, live | assigned
            else:
                live -= assigned
        found.append(trains)
    return found


def shown(outputs: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and text of what outputs show; pictures, and data for the ledger, are left out."""
    yield "stream", "".join(str(output.get("text", "")) for output in outputs)
    for output in outputs:
        data = output.get("data", {})
        if data and not any(kind.startswith("image/") for kind in data):
            yield "text/plain", data.get("text/plain", "")
            prose = re.sub(r"<style.*?</style>|<[^>]+>", " ", data.get("text/html", ""), flags=re.S)
            yield "text/html", html.unescape(prose)


def value(text: str) -> tuple[float, float]:
    """Return a printed number and one unit of its last digit."""
    plain = text.replace(",", "").replace("−", "-")
    mantissa, _, power = plain.partition("e")
    digits = len(mantissa.partition(".")[2])
    return float(plain), 10.0 ** (int(power or 0) - digits)


def difference(stored: Sequence[Any], new: Sequence[Any]) -> str:
    """Say in what two lists of outputs differ beyond rounding; nothing where they do not."""
    before, after = list(shown(stored)), list(shown(new))
    if len(before) != len(after):
        return f"{len(before)} outputs are stored, {len(after)} came out"
    for (kind, old), (_, now) in zip(before, after, strict=True):
        words, others = (" ".join(NUMBER.sub("#", text).split()) for text in (old, now))
        if words != others:
            return f"other words in {kind}:\n{words}\n{others}"
        for a, b in zip(NUMBER.findall(old), NUMBER.findall(now), strict=True):
            (x, unit), (y, other) = value(a), value(b)
            rounding = 0.0 if unit == other == 1.0 else 1.01 * max(unit, other)
            if abs(x - y) > max(rounding, RELATIVE * max(abs(x), abs(y))):
                return f"{a} is stored in {kind}, {b} came out"
    return ""


@cache
def live_cells(path: Any) -> dict[str, bool]:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    live = rests_on_live_runs([cell.source for cell in cells])
    return dict(zip((cell.id for cell in cells), live, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Compare after an exempt cell has run."""
    yield
    cell = getattr(item, "cell", None)
    if cell is None or item.options["check"] or live_cells(item.path)[cell.id]:
        return
    if message := difference(cell.outputs, item.test_outputs):
        item.raise_cell_error(f"Exempt outputs differ: {message}")
