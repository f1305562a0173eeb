"""Networks that learn a common and a rare skill, or a skill and what is built on it: in what order?

Two parities, one of them rare, together and the rare one alone; parities and their composition;
two regressions, with a network in halves or samples re-weighted by their own loss;
sums that are memorised and then generalised; a language model under the speed-ups found elsewhere.
"""

from skillscale.experiments import _profiles
from skillscale.experiments.domino import dependent, grokking, language, own_loss, parities
from skillscale.experiments.domino.dependent import DependentParities, dependent_parities
from skillscale.experiments.domino.grokking import ModularAddition, first_step, modular_addition
from skillscale.experiments.domino.language import Arm, LanguageSpeedups, language_speedups
from skillscale.experiments.domino.own_loss import TwoSquares, two_squares
from skillscale.experiments.domino.parities import (
    TwoParities,
    normalised_parities,
    two_parities,
)

_MODULES = (parities, dependent, own_loss, grokking, language)

LIVE = _profiles.settings(_MODULES, "LIVE")
STANDARD = _profiles.settings(_MODULES, "STANDARD")

__all__ = [
    "LIVE",
    "STANDARD",
    "Arm",
    "DependentParities",
    "LanguageSpeedups",
    "ModularAddition",
    "TwoParities",
    "TwoSquares",
    "dependent_parities",
    "first_step",
    "language_speedups",
    "modular_addition",
    "normalised_parities",
    "two_parities",
    "two_squares",
]
