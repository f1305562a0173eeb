"""Mutation tests: change the package at random places and see whether the tests notice.

    python tests/mutate.py --seed 1 --number 100

Each mutant is one small change, made in a copy of the project under `_build/mutate`. It is judged
by the doctests of the changed module and by the test files nearest to it, found by who imports
what, up to the first failure; that test must pass on the source. A mutant that means the same as
the source counts as a survivor. What was judged is kept, so that a stopped run goes on where it
was.
"""

import ast
import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import pytest
import typer
from mutants import PACKAGE, Mutant, drawn, mutated

NOT_COPIED = shutil.ignore_patterns(".*", "_build", "__pycache__", "*.egg-info")
NEAREST = 8  # test files that judge a mutant, at most
# ask every experiment for its settings, by its name
SETTINGS = ("tests/test_experiments.py", "tests/test_stored_records.py")
CALLS = "tests/test_bad_input.py"  # calls functions of every module, named in a text beside it
WARM = ("torch", "xarray", "scipy.optimize", "scipy.stats", "sympy")
LIMIT_SECONDS = 900.0  # of one mutant
MEMORY = 8 << 30


class Nearness:
    """Who imports and names what, in the package and in the tests."""

    def __init__(self, root: Path) -> None:
        self.tests = [f"tests/{file.name}" for file in sorted((root / "tests").glob("test_*.py"))]
        files = [str(file.relative_to(root)) for file in (root / "src" / PACKAGE).rglob("*.py")]
        modules = {_module(path) for path in files}
        self.imports: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.defined: dict[str, set[str]] = {}
        for path in [path for path in files + self.tests if not path.endswith("__init__.py")]:
            tree = ast.parse((root / path).read_bytes())
            self.imports[path], self.names[path] = set(), set()
            for node in ast.walk(tree):
                match node:
                    case ast.ImportFrom(module=str(module), names=names):
                        whole = {f"{module}.{alias.name}" for alias in names}
                        self.imports[path] |= {*(whole & modules), module}
                        self.names[path] |= {alias.name for alias in names}
                    case ast.Import(names=names):
                        self.imports[path] |= {alias.name for alias in names}
                    case ast.Name(id=name) | ast.Attribute(attr=name):
                        self.names[path].add(name)
            self.defined[path] = {node.name for node in tree.body if hasattr(node, "name")}

    def _uses(self, user: str, path: str) -> bool:
        """Whether a file imports a module, or its package together with one of its names."""
        module = _module(path)
        package = module.rpartition(".")[0]
        return module in self.imports[user] or (
            package != PACKAGE
            and package in self.imports[user]
            and bool(self.defined[path] & self.names[user])
        )

    def nearest(self, path: str) -> list[str]:
        """Return the test files that use a module with fewest others in between, by their names."""
        reached, front, order = {path}, [path], []
        words = set(_module(path).replace(".", "_").split("_"))
        while front and not order:
            others = [user for user in self.imports if user not in reached]
            users = [user for user in others if any(self._uses(user, known) for known in front)]
            direct = [user for user in users if user in self.tests]
            strange = {test: set(Path(test).stem.split("_")[1:]) ^ words for test in direct}
            order = sorted(direct, key=lambda test: (len(strange[test]), test))
            reached |= set(users)
            front = [user for user in users if user not in self.tests]
        named = [CALLS, *(SETTINGS if "/experiments" in path else ())]
        return [*order[:NEAREST], *(test for test in named if test in self.tests)]


def _module(path: str) -> str:
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Report:
    """Keeps the name of the first test that failed."""

    failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Note a failed test, or a file that cannot be imported."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    pytest_collectreport = pytest_runtest_logreport


def _test(tree: Path, names: list[str], said: Connection) -> None:
    """Run tests in this process up to the first failure; send the name of the failed one."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    os.chdir(tree)
    sys.path.insert(0, str(tree / "src"))
    os.environ |= {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    report = Report()
    options = ["-x", "-q", "--tb=no", "-m", "not browser", "-p", "no:cacheprovider"]
    code = pytest.main([*options, "--doctest-modules", *names], plugins=[report])
    said.send(report.failed or (f"exit {int(code)}" if code not in (0, 5) else ""))


class Judge:
    """Runs tests in a copy of the project, where one file at a time is changed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.store = root / "_build" / "mutate"
        self.tree = self.store / f"tree-{seed}"
        self.discard()
        shutil.copytree(root, self.tree, ignore=NOT_COPIED)
        self.nearness = Nearness(root)
        self.passed: set[str] = set()  # on the source
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"), "1")
        imported = set().union(*self.nearness.imports.values())
        for name in WARM:
            if name in imported or name.rpartition(".")[0] in imported:
                importlib.import_module(name)

    def discard(self) -> None:
        shutil.rmtree(self.tree, ignore_errors=True)

    def first_failure(self, names: list[str]) -> str:
        """Run tests in a process of their own; return the first failure, empty if there is none."""
        heard, said = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_test, args=(self.tree, names, said)
        )
        process.start()
        said.close()
        try:
            return heard.recv() if heard.poll(LIMIT_SECONDS) else "time limit"
        except EOFError:
            return "end of the process"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()

    def judge(self, mutant: Mutant) -> str:
        """Return what noticed a mutant: a test, or how its process ended; empty if nothing did."""
        changed = self.tree / mutant.path
        source = changed.read_bytes()
        changed.write_bytes(mutated(source, mutant))
        names = [mutant.path, *self.nearness.nearest(mutant.path)]
        try:
            found = self.first_failure(names)
        finally:
            changed.write_bytes(source)
        if not found:
            return ""
        if "::" in found:
            again = [found]
        elif found.endswith(".py"):
            again = [found, "--collect-only"]  # a file that could not be imported
        else:
            again = names
        # what fails on the source too has noticed nothing
        if str(again) not in self.passed:
            if self.first_failure(again):
                raise SystemExit(f"{found} fails before any change: make the tests pass first")
            self.passed.add(str(again))
        return found


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def run(root: Path, seed: int, number: int, say: Callable[[str], None]) -> dict[str, str]:
    """Judge mutants, going on where an earlier run stopped; return what noticed each."""
    judge = Judge(root, seed)
    source, tests = sorted((root / "src").rglob("*.py")), sorted((root / "tests").glob("*.[pt]*"))
    state = judge.store / f"{seed}-{_digest(*source, *tests)}.json"
    found: dict[str, str] = json.loads(state.read_text()) if state.exists() else {}
    say(f"kept in {state}")
    try:
        for at, mutant in enumerate(drawn(root, seed, number), 1):
            row = _row(root, mutant)
            if row not in found:
                found[row] = judge.judge(mutant)
                partial = state.with_suffix(".partial")
                partial.write_text(json.dumps(found, indent=0, ensure_ascii=False))
                partial.replace(state)
            say(f"{at}/{number} | {row} | {found[row] or '**survived**'}")
    finally:
        judge.discard()
    return found


def _row(root: Path, mutant: Mutant) -> str:
    line = (root / mutant.path).read_text().splitlines()[mutant.line - 1].strip()
    place = f"{mutant.path.removeprefix(f'src/{PACKAGE}/')}:{mutant.line}:{mutant.column}"
    return f"{place} | {mutant.kind} | `{line}` | `{mutant.old}` → `{mutant.new}`"


def main(
    seed: Annotated[int, typer.Option(help="Which mutants are drawn.")],
    number: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    root: Annotated[Path, typer.Option(help="The project.")] = Path(__file__).parents[1],
) -> None:
    """Change the package at random places and print which changes the tests notice."""
    found = run(root.resolve(), seed, number, typer.echo)
    typer.echo("\n| place | kind | line | change | noticed by |\n|---|---|---|---|---|")
    for row, by in sorted(found.items(), key=lambda item: (item[1] != "", item[0])):
        typer.echo(f"| {row} | {by or '**survived**'} |")
    killed = sum(map(bool, found.values()))
    typer.echo(f"\n{killed} of {len(found)} noticed: {killed / len(found):.0%}")


if __name__ == "__main__":
    typer.run(main)
