"""Networks that learn a common and a rare skill, or a skill and what is built on it: in what order?

Two parities, one of them rare, together and the rare one alone; parities and their composition.
"""

from typing import Any

from skillscale.experiments.domino import dependent, parities
from skillscale.experiments.domino.dependent import DependentParities, dependent_parities
from skillscale.experiments.domino.parities import (
    TwoParities,
    normalised_parities,
    two_parities,
)

_MODULES = (parities, dependent)


def _settings(profile: str) -> dict[str, Any]:
    """Return the settings of all experiments that have the profile, by name."""
    return {
        name: settings
        for module in _MODULES
        for name, settings in getattr(module, profile, {}).items()
    }


LIVE, STANDARD = _settings("LIVE"), _settings("STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "DependentParities",
    "TwoParities",
    "dependent_parities",
    "normalised_parities",
    "two_parities",
]
