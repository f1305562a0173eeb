"""A small decoder-only transformer with explicit softmax attention, and its training."""

from skillscale.lab.language.network import BlockLinear, Transformer, token_losses
from skillscale.lab.language.training import Recipe, own_loss_weights, train, trained

__all__ = [
    "BlockLinear",
    "Recipe",
    "Transformer",
    "own_loss_weights",
    "token_losses",
    "train",
    "trained",
]
