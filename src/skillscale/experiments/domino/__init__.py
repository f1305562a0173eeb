"""Networks that learn a common and a rare skill, or a skill and what is built on it: in what order?

Two parities, one of them rare, together and the rare one alone.
"""

from typing import Any

from skillscale.experiments.domino import parities
from skillscale.experiments.domino.parities import TwoParities, two_parities

_MODULES = (parities,)


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
    "TwoParities",
    "two_parities",
]
