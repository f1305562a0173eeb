"""Optimizers whose learning rate may differ from member to member of an ensemble.

An update touches each member by itself, so the members stay independent. The parameters carry a
leading member axis; with one rate for all, elementwise rules take any tensors.
"""

from skillscale.lab.optimizers._shared import Optimizer, Rates, State
from skillscale.lab.optimizers.adaptive import Adam, AdEMAMix, Lion
from skillscale.lab.optimizers.plain import SGD, NormalisedGradient, SignDescent

__all__ = [
    "SGD",
    "AdEMAMix",
    "Adam",
    "Lion",
    "NormalisedGradient",
    "Optimizer",
    "Rates",
    "SignDescent",
    "State",
]
