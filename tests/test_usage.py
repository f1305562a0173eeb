"""Every definition of the package serves a chapter, a claim, a command or a benchmark.

Names count, not places: a definition is in use if its name occurs where something in use is
written. That forgives more than it should, and is wrong about nothing that it calls unused.
"""

import ast
import copy
import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORD = re.compile(r"[A-Za-z_]\w*")
# Methods that Python, a notebook or torch calls by itself: they belong to their class.
CALLED = re.compile(r"__\w+__|_repr_\w+_|forward")


def outside() -> Iterator[str]:
    """Yield the sources that users run: chapters, claims, benchmarks, extensions, recipes."""
    for path in (ROOT / "book").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])
    for path in (ROOT / "src").rglob("claims.toml"):
        found = tomllib.loads(path.read_text())
        yield json.dumps(found)
    for folder, pattern in (("benchmarks", "*.py"), ("book", "_ext/*.py"), (".", "Makefile")):
        for path in (ROOT / folder).glob(pattern):
            yield path.read_text()


def words(source: Iterable[str]) -> set[str]:
    return {word for text in source for word in WORD.findall(text)}


def definitions(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    """Yield name, source and whether it runs at import, of every statement and every method."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = [
                inner
                for inner in node.body
                if isinstance(inner, ast.FunctionDef) and not CALLED.fullmatch(inner.name)
            ]
            for inner in methods:
                yield inner.name, code(inner), False
            rest = ast.ClassDef(
                **{name: getattr(node, name) for name in node._fields if name != "body"},
                body=[inner for inner in node.body if inner not in methods] or [ast.Pass()],
            )
            yield node.name, code(rest), False
        elif isinstance(node, ast.FunctionDef):
            yield node.name, code(node), any("app." in ast.unparse(d) for d in node.decorator_list)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            first = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names = [each.id for each in ast.walk(first) if isinstance(each, ast.Name)]
            for name in names:
                # `Kind.records = …` enters an experiment into the catalogue
                yield name, code(node), isinstance(first, ast.Attribute)
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            yield "", code(node), True


def code(node: ast.AST) -> str:
    """Return a definition's source without its name and strings.

    A docstring uses nothing, nor does the key of a dictionary; what the package looks up by a
    string stands in a claim or a chapter.
    """
    bare = copy.deepcopy(node)
    for inner in ast.walk(bare):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            inner.value = ""
    text = ast.unparse(ast.fix_missing_locations(bare))
    return text.replace(f"def {getattr(node, 'name', '')}(", "def (", 1)


def unused(modules: Iterable[str], users: Iterable[str]) -> set[str]:
    """Return the names that nothing in use contains."""
    found = [each for source in modules for each in definitions(ast.parse(source))]
    live, waiting = set(), words(users) | words(text for _, text, runs in found if runs)
    while waiting:
        live |= waiting
        waiting = words(text for name, text, _ in found if name in live) - live
    return {name for name, _, runs in found if name not in ("", "__all__", *live) and not runs}


def test_every_definition_serves_someone() -> None:
    sources = [path.read_text() for path in (ROOT / "src").rglob("*.py")]
    assert unused(sources, outside()) == set()


def test_what_only_an_unused_definition_uses_is_unused() -> None:
    module = '''
SIZE = 3
OTHER = 4

def shown(x):
    """Say what `lonely` does."""
    return helper(x) + SIZE

def helper(x):
    return {"keyed": x}

def keyed(x):
    return x

def lonely(x):
    return friend(x) + OTHER

def friend(x):
    return lonely(x)

class Kind:
    def method(self):
        return shown(1)
    def __len__(self):
        return 0
    def aside(self):
        return 1
'''
    expected = {"lonely", "friend", "keyed", "OTHER", "aside"}
    assert unused([module], ["Kind().method()"]) == expected
