"""pyproject.toml, constraints.txt, environment.yml and the Makefile name the same versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(lines: list[str]) -> dict[str, str]:
    """Versions by canonical name; every line must be an exact pin."""
    found: dict[str, str] = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        assert match, f"not an exact pin: {line!r}"
        name = canonicalize_name(match[1])
        assert name not in found, f"{name} is pinned twice"
        found[name] = match[2]
    return found


def requirements(*groups: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return pins([line for line in lines if line and not line.startswith("#")])


def environment() -> tuple[list[object], list[str]]:
    """The conda packages and the pip lines of environment.yml."""
    stated = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in stated["dependencies"] if not isinstance(entry, dict)]
    (pip,) = [entry["pip"] for entry in stated["dependencies"] if isinstance(entry, dict)]
    return conda, pip


def test_environment_pins_what_the_project_requires() -> None:
    _, lines = environment()
    stated = pins([line for line in lines if not line.startswith("-")])
    required = requirements(PROJECT["dependencies"], EXTRAS["book"])
    assert set(stated) == set(required)
    assert stated == {name: constraints()[name] for name in required}


def test_environment_installs_the_package_under_the_constraints() -> None:
    conda, lines = environment()
    assert [line for line in lines if line.startswith("-")] == ["-c constraints.txt", "-e ."]
    assert [re.split(r"[=<>]", str(name))[0] for name in conda] == ["python", "pip"]
    python = str(conda[0]).split("=", 1)[1].lstrip("=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python)


@pytest.mark.parametrize(
    "requirement",
    requirements(PROJECT["dependencies"], *EXTRAS.values()).values(),
    ids=str,
)
def test_every_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    pinned = constraints().get(canonicalize_name(requirement.name))
    assert pinned is not None
    assert requirement.specifier.contains(pinned, prereleases=True)


def test_torch_is_pinned_without_a_local_suffix() -> None:
    version = constraints()["torch"]
    assert Version(version).local is None  # a suffix such as +cpu is not on PyPI
    assert f'"torch=={version}"' in (ROOT / "Makefile").read_text()


def test_no_package_index_is_named() -> None:
    for name in ("Makefile", "constraints.txt", "environment.yml", ".ci/run", "pyproject.toml"):
        assert "index-url" not in (ROOT / name).read_text(), name
