"""The package stays small: what is added has to find its room."""

from collections import Counter
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "skillscale"
# What was reached when a theory became a folder, and room for experiments that decide.
MOST_LINES = 28_250
MOST_OF_ONE_THEORY = 0.17


def lines() -> Counter[str]:
    """Count lines of code by folder of the package."""
    counted: Counter[str] = Counter()
    for path in SRC.rglob("*.py"):
        counted[path.relative_to(SRC).parts[0]] += len(path.read_text().splitlines())
    return counted


def test_the_package_keeps_to_its_size() -> None:
    assert sum(lines().values()) <= MOST_LINES


def test_no_theory_takes_up_more_than_its_share() -> None:
    counted = lines()
    theories = [path.parent.name for path in SRC.glob("*/claims.toml")]
    assert max(counted[name] for name in theories) <= MOST_OF_ONE_THEORY * sum(counted.values())
