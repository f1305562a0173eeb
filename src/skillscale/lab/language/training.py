"""Training of small transformers on text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from skillscale import _checks
from skillscale.lab.language.network import Transformer
from skillscale.lab.optimizers import Optimizer
from skillscale.lab.settings import Count, Fraction, Positive, Settings, whole


def train(
    model: nn.Module,
    documents: Sequence[Sequence[int]],
    *,
    steps: int,
    batch_size: int,
    lr: float | None = None,
    context: int,
    seed: int,
    optimizer: Optimizer | None = None,
    own_loss_power: float = 0.0,
    observe: Callable[[int], None] | None = None,
) -> Tensor:
    """Train on random windows, drawn by `seed`, with a cosine schedule, in place.

    The loss is the mean over positions of -ln p(next token), in nats. With `own_loss_power` q > 0
    the gradient is that of the mean of f ℓ instead: a token's loss ℓ is weighted by the constant
    f = ℓ^q / mean(ℓ^q), the mean over the batch, so that the weights average 1.

    Args:
        model: tokens (row, position) -> logits (row, position, n_tokens).
        documents: token numbers of each text; joined in the order given.
        lr: largest learning rate of AdamW with betas 0.9 and 0.98 and weight decay 0.01.
        optimizer: elementwise rule in place of AdamW and `lr`, with one rate, its largest; either
            way 5 % of the steps warm up to the largest rate.
        observe: called with the number of updates done, from 0 to `steps`.

    Returns:
        Training loss of every step without weights, (steps,), nats.

    Source: derived here; `tests/test_language.py`.

    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> setting = {"batch_size": 2, "lr": 1e-2, "context": 4, "seed": 0}
    >>> train(model, [[0, 1, 2, 3, 4] * 3], steps=3, **setting).shape
    torch.Size([3])
    """
    for name, value in {"steps": steps, "batch_size": batch_size, "context": context}.items():
        _checks.integer(name, value, minimum=1)
    _checks.number("own_loss_power", own_loss_power, minimum=0)
    if (lr is None) == (optimizer is None):
        raise ValueError(f"lr must be given where optimizer is not, got {lr!r} and {optimizer!r}")
    update = _torch_adamw(model, lr) if optimizer is None else _rule(model, optimizer)
    stream = torch.tensor([token for document in documents for token in document])
    if len(stream) < context + 1:
        raise ValueError(f"documents must hold more than {context} tokens, got {len(stream)}")
    generator = torch.Generator().manual_seed(seed)
    warm_up = max(1, steps // 20)
    offset = torch.arange(context + 1)
    losses = torch.empty(steps)
    # Not `lab.training.train`: one network, its batches cut from one text by torch's generator.
    for step in range(steps):
        if observe is not None:
            observe(step)
        cosine = 0.55 + 0.45 * math.cos(math.pi * step / steps)
        start = torch.randint(len(stream) - context, (batch_size, 1), generator=generator)
        window = stream[start + offset]
        logits, target = model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten()
        if own_loss_power:
            each = functional.cross_entropy(logits, target, reduction="none")
            loss = (own_loss_weights(each.detach(), own_loss_power) * each).mean()
            losses[step] = each.detach().mean()
        else:
            loss = functional.cross_entropy(logits, target)
            losses[step] = loss.detach()
        update(loss, min(1.0, (step + 1) / warm_up), cosine)
    if observe is not None:
        observe(steps)
    return losses


def own_loss_weights(losses: Tensor, power: float) -> Tensor:
    """Return the weights ℓ^q / mean(ℓ^q), which average 1, for losses ℓ ≥ 0, not all 0, and q ≥ 0.

    Source: q = 1 stands in a notebook of Liu et al.'s code, over examples; other powers are ours.

    >>> own_loss_weights(torch.tensor([1.0, 3.0]), 1.0)
    tensor([0.5000, 1.5000])
    """
    raised = losses ** _checks.number("power", power, minimum=0)
    return raised / raised.mean()


def _torch_adamw(model: nn.Module, lr: float | None) -> Callable[[Tensor, float, float], None]:
    """Return a function that updates the model by a loss, the rate times two factors."""
    rate = _checks.number("lr", lr, above=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98))

    def update(loss: Tensor, warm: float, cosine: float) -> None:
        for group in optimizer.param_groups:
            # in this order, or rates are rounded otherwise
            group["lr"] = rate * warm * cosine
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return update


def _rule(model: nn.Module, optimizer: Optimizer) -> Callable[[Tensor, float, float], None]:
    """Return what `_torch_adamw` does, for a rule of the bench."""
    parameters = list(model.parameters())
    state = optimizer.start(parameters)

    def update(loss: Tensor, warm: float, cosine: float) -> None:
        gradients = torch.autograd.grad(loss, parameters)
        optimizer.step(parameters, gradients, state, factor=warm * cosine)

    return update


@dataclass(frozen=True)
class Recipe(Settings):
    """Text, size and training of a small transformer."""

    n_tokens: Count = 800  #: of the vocabulary
    width: Count = 48  #: of the residual stream
    n_layers: Count = 2  #: transformer blocks
    n_heads: Count = 4  #: attention heads a block
    context: Annotated[int, whole(2)] = 48  #: tokens the network sees at most
    batch_size: Count = 24  #: windows a step
    steps: Count = 600
    lr: Positive = 1e-2  #: largest learning rate of AdamW
    held_out: Fraction = 0.1  #: fraction of the text that is not trained on


def trained(
    recipe: Recipe,
    n_tokens: int,
    documents: Sequence[Sequence[int]],
    *,
    rng: np.random.Generator,
) -> Transformer:
    """Make a transformer and train it, its weights and batches drawn from one generator.

    `n_tokens`, what the vocabulary came to have, stands in place of the recipe's. Without
    `documents`, token numbers of each text, the network is left as it was made.

    Source: derived here; `tests/test_language.py`.

    >>> small = Recipe(width=8, n_layers=1, n_heads=1, context=4)
    >>> trained(small, 5, [], rng=np.random.default_rng(0)).context
    4
    """
    initial, batches = (int(seed) for seed in rng.integers(2**31, size=2))
    model = Transformer(
        n_tokens,
        width=recipe.width,
        n_layers=recipe.n_layers,
        n_heads=recipe.n_heads,
        context=recipe.context,
        seed=initial,
    )
    if documents:
        train(
            model,
            documents,
            steps=recipe.steps,
            batch_size=recipe.batch_size,
            lr=recipe.lr,
            context=recipe.context,
            seed=batches,
        )
    return model
