"""The layers of the package: who may import whom, who may print and write.

The rules are functions of a module's name and source, so that each is also tried on a
source that breaks it.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"
LINES_ALLOWED = 400

FORBIDDEN_IMPORTS = {
    "skillscale.lab": ("skillscale.calibration", "skillscale.claims"),
    "skillscale.drawing": ("skillscale.lab", "skillscale.catalogue", "skillscale.claims"),
}
# What a part of a theory's folder may not import; of other theories, `theory` alone.
OF_A_THEORY = {
    "theory": ("torch", "xarray", "skillscale.lab", "skillscale.drawing"),
    "experiments": ("skillscale.claims", "skillscale.drawing"),
    "readings": ("torch", "skillscale.drawing", "skillscale.claims", "skillscale.ledger"),
    "figures": ("torch", "skillscale.lab", "skillscale.claims", "skillscale.ledger"),
}
PARTS = ("theory", "experiments", "readings", "figures")
PARTS_FORBIDDEN = {
    "theory": ("experiments", "readings", "figures"),
    "experiments": ("theory", "readings", "figures"),
    "readings": ("figures",),
    "lab": PARTS,
    "drawing": PARTS,
    "figures": ("theory", "experiments", "readings"),
    "confrontation": ("experiments", "readings", "figures"),
}
# What compares the theories sees the theory and the answers of each; only these see it.
MAY_CONFRONT = ("skillscale.confrontation", "skillscale.cli")
PLOTTING = ("matplotlib", "seaborn")
STATISTICS = {"mean", "median", "quantile", "percentile", "std", "var", "polyfit", "sem"}
STATISTICS |= {f"nan{name}" for name in STATISTICS}
WRITERS = {
    "write_text",
    "write_bytes",
    "to_netcdf",
    "to_zarr",
    "to_csv",
    "to_json",
    "to_pickle",
    "savetxt",
    "savez",
    "savez_compressed",
}
MAY_WRITE = (
    "skillscale._files",
    "skillscale.lab.records",
    "skillscale.lab.sweep",
    "skillscale.cli",
)


def below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute name behind `from ..x import y` in `module`."""
    if not node.level:
        return node.module or ""
    parents = module.split(".")
    parents = parents[: len(parents) - node.level + is_package]
    return ".".join([*parents, *([node.module] if node.module else [])])


def imported(tree: ast.AST, module: str, is_package: bool) -> set[str]:
    """All names imported anywhere in a module, inside functions too, with their parents' names."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node, module, is_package)
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func)
            target = node.args[0]
            if called.endswith(("import_module", "__import__")) and isinstance(
                target, ast.Constant
            ):
                names.add(str(target.value))
    return names


def writes(call: ast.Call) -> bool:
    """Whether a call opens a file for writing or is one of the known writers."""
    called = ast.unparse(call.func)
    name = called.rsplit(".", 1)[-1]
    if name in WRITERS or called in ("torch.save", "np.save", "pickle.dump"):
        return True
    if name != "open":
        return False
    is_method = "." in called and called not in ("io.open", "gzip.open", "os.open")
    modes = [*call.args[0 if is_method else 1 :][:1]]
    modes += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    return any(set("wax+") & set(ast.unparse(mode)) for mode in modes)


def violations(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Every rule of the layers that a module breaks, in words."""
    tree = ast.parse(source)
    names = imported(tree, module, is_package)
    found = []
    for layer, forbidden in FORBIDDEN_IMPORTS.items():
        if below(module, layer):
            found += [
                f"{module} imports {name}"
                for name in sorted(names)
                if any(below(name, package) for package in forbidden)
            ]
    role = [*module.split("."), "", ""][2]
    draws = role == "figures" or below(module, "skillscale.drawing")
    if not draws:
        found += [
            f"{module} imports {name}"
            for name in sorted(names)
            if any(below(name, package) for package in PLOTTING)
        ]
    found += [
        f"{module} imports {name}"
        for name in sorted(names)
        if any(below(name, package) for package in OF_A_THEORY.get(role, ()))
    ]
    if not any(below(module, seer) for seer in MAY_CONFRONT):
        found += [
            f"{module} imports {name}"
            for name in sorted(names)
            if below(name, "skillscale.confrontation")
        ]
    wing = module.split(".")[1:2]
    shut = PARTS_FORBIDDEN.get(role if role in PARTS_FORBIDDEN else wing[0] if wing else "", ())
    found += [
        f"{module} imports {name}"
        for name in sorted(names)
        if name.startswith("skillscale.") and [*name.split("."), ""][2] in shut
    ]
    found += [
        f"{module} imports {name}, not the theory of another"
        for name in sorted(names)
        if role in OF_A_THEORY and name.startswith("skillscale.") and name.count(".") > 1
        if name.split(".")[2] in OF_A_THEORY and name.split(".")[1] != wing[0]
        if name.split(".")[2] != "theory"
    ]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if draws:
        called = [ast.unparse(call.func) for call in calls]
        found += [
            f"{module} computes a statistic: {name}"
            for name in called
            if name.rsplit(".", 1)[-1] in STATISTICS or name.startswith("fits.mean")
        ]
    if module not in MAY_WRITE:
        found += [f"{module} writes a file: {ast.unparse(c)}" for c in calls if writes(c)]
    if module != "skillscale.cli":
        printing = [c for c in calls if ast.unparse(c.func) == "print"]
        found += [f"{module} prints: {ast.unparse(call)}" for call in printing]
    n_lines = len(source.splitlines())
    if n_lines > LINES_ALLOWED:
        found.append(f"{module} has {n_lines} lines, more than {LINES_ALLOWED}")
    return found


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append((name, path))
    return found


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_module_keeps_to_its_layer(name: str, path: Path) -> None:
    assert violations(name, path.read_text(), is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skillscale.toy.theory", "import torch"),
        ("skillscale.toy.theory", "def f():\n    from torch.nn import Linear\n    return Linear"),
        ("skillscale.toy.theory", "import xarray as xr"),
        ("skillscale.toy.theory", "from skillscale.lab import parity"),
        ("skillscale.toy.theory", "from .experiments import toy"),
        ("skillscale.toy.theory", "import importlib\nimportlib.import_module('torch')"),
        ("skillscale.lab.toy", "from skillscale import calibration"),
        ("skillscale.lab.toy", "from .. import claims"),
        ("skillscale.toy.experiments", "import skillscale.resource.theory"),
        ("skillscale.toy.experiments", "from skillscale.toy import theory"),
        ("skillscale.toy.figures", "from skillscale.resource import theory"),
        ("skillscale.toy.figures.net", "from skillscale.lab import records"),
        ("skillscale.toy.figures", "import numpy as np\nx = np.median([1])"),
        ("skillscale.drawing.toy", "def f(x):\n    return x.mean(0)"),
        ("skillscale.drawing.toy", "from skillscale.domino import figures"),
        ("skillscale.toy.readings", "from skillscale.confrontation import matrix"),
        ("skillscale.confrontation.matrix", "from skillscale.domino import readings"),
        ("skillscale.lab.toy", "from skillscale.toy import theory"),
        ("skillscale.domino.readings", "from skillscale.geometry import readings"),
        ("skillscale.domino.readings", "import torch"),
        ("skillscale.domino.readings.toy", "from skillscale.domino import figures"),
        ("skillscale.domino.readings", "from skillscale import claims"),
        ("skillscale.fits", "import matplotlib.pyplot as plt"),
        ("skillscale.lab.toy", "import seaborn"),
        ("skillscale.fits", "print('value')"),
        ("skillscale.fits", "open('x', 'w')"),
        ("skillscale.fits", "from pathlib import Path\nPath('x').open(mode='ab')"),
        ("skillscale.toy.experiments", "dataset.to_netcdf('x.nc')"),
        ("skillscale.toy.theory", "path.write_text('x')"),
        ("skillscale.fits", "x = 1\n" * (LINES_ALLOWED + 1)),
    ],
)
def test_checker_sees_a_violation(module: str, source: str) -> None:
    assert len(violations(module, source)) >= 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skillscale.toy.theory", "import sympy as sp\nfrom skillscale import frequencies"),
        ("skillscale.lab.toy", "import torch\nfrom skillscale.frequencies import power_law"),
        ("skillscale.toy.figures.net", "import matplotlib\nfrom skillscale.drawing import style"),
        ("skillscale.confrontation.matrix", "from skillscale.domino import answers, theory"),
        ("skillscale.cli", "from skillscale.confrontation import matrix"),
        ("skillscale.domino.readings", "from skillscale.geometry import theory"),
        ("skillscale.lab.records", "dataset.to_netcdf('x.nc')"),
        ("skillscale.fits", "open('x', 'rb')\nopen('x')"),
        ("skillscale.cli", "print('value')"),
    ],
)
def test_checker_allows_what_is_allowed(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import json, sys, skillscale; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(answer.stdout))
    assert "skillscale" in loaded
    assert not loaded & {"torch", "matplotlib", "seaborn", "dask", "sympy"}
