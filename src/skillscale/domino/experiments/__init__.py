"""Networks that learn a common and a rare skill, or a skill and what is built on it: in what order?

Two parities, one of them rare, together and the rare one alone; parities and their composition;
two regressions, with a network in halves or samples re-weighted by their own loss;
sums that are memorised and then generalised; a language model under the speed-ups found elsewhere.
"""

from skillscale.domino.experiments.dependent import DependentParities
from skillscale.domino.experiments.grokking import ModularAddition
from skillscale.domino.experiments.language import Arm, LanguageSpeedups
from skillscale.domino.experiments.own_loss import TwoSquares
from skillscale.domino.experiments.parities import TwoParities

__all__ = [
    "Arm",
    "DependentParities",
    "LanguageSpeedups",
    "ModularAddition",
    "TwoParities",
    "TwoSquares",
]
