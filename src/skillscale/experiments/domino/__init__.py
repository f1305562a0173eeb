"""Networks that learn a common and a rare skill, or a skill and what is built on it: in what order?

Two parities, one of them rare, together and the rare one alone; parities and their composition;
two regressions, with a network in halves or samples re-weighted by their own loss.
"""

from typing import Any

from skillscale.experiments.domino import dependent, own_loss, parities
from skillscale.experiments.domino.dependent import DependentParities, dependent_parities
from skillscale.experiments.domino.own_loss import TwoSquares, two_squares
from skillscale.experiments.domino.parities import (
    TwoParities,
    normalised_parities,
    two_parities,
)

_MODULES = (parities, dependent, own_loss)


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
    "TwoSquares",
    "dependent_parities",
    "normalised_parities",
    "two_parities",
    "two_squares",
]
