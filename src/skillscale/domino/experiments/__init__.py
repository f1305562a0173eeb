"""Networks that learn a common and a rare skill, or one and what is built on it: in what order?"""

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
