"""A small decoder-only transformer with explicit softmax attention, and its training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from skillscale import _checks, _progress


class _Block(nn.Module):
    """Causal self-attention and an MLP, each added to the stream after its own layer norm."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.attention_layernorm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.mlp_layernorm = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)

    def forward(self, stream: Tensor, future: Tensor) -> Tensor:
        batch, time, width = stream.shape
        heads = self.query_key_value(self.attention_layernorm(stream))
        query, key, value = heads.view(batch, time, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        score = query @ key.mT / math.sqrt(width // self.n_heads)
        weight = score.masked_fill(future, -torch.inf).softmax(-1)
        mixed = (weight @ value).transpose(1, 2).reshape(batch, time, width)
        stream = stream + self.attention_out(mixed)
        hidden = functional.gelu(self.mlp_in(self.mlp_layernorm(stream)))
        out: Tensor = stream + self.mlp_out(hidden)
        return out


class Transformer(nn.Module):
    """A decoder-only transformer with learned positions and pre-layer-norm blocks.

    Module names follow one rule: a parameter outside the attention and MLP matrices has
    "embed" or "layernorm" in its name.

    Args:
        n_tokens: vocabulary size.
        width: of the residual stream, a multiple of `n_heads`.
        n_layers: number of blocks.
        n_heads: attention heads a block.
        context: longest sequence.
        seed: of the initial weights.

    Raises:
        ValueError: a size is not positive, or `width` is no multiple of `n_heads`.

    Source: derived here; `tests/test_language.py::test_future_tokens_do_not_matter`.

    >>> model = Transformer(100, width=16, n_layers=1, n_heads=2, context=8, seed=0)
    >>> model(torch.zeros(3, 8, dtype=torch.long)).shape
    torch.Size([3, 8, 100])
    """

    def __init__(
        self, n_tokens: int, *, width: int, n_layers: int, n_heads: int, context: int, seed: int
    ) -> None:
        """Make the layers and draw their weights."""
        sizes = {
            "n_tokens": n_tokens,
            "width": width,
            "n_layers": n_layers,
            "n_heads": n_heads,
            "context": context,
        }
        for name, size in sizes.items():
            _checks.integer(name, size, minimum=1)
        if width % n_heads:
            raise ValueError(f"width must be a multiple of n_heads = {n_heads}, got {width!r}")
        super().__init__()
        self.context = context
        self.embed = nn.Embedding(n_tokens, width)
        self.embed_position = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(_Block(width, n_heads) for _ in range(n_layers))
        self.final_layernorm = nn.LayerNorm(width)
        self.unembed = nn.Linear(width, n_tokens, bias=False)
        future = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.register_buffer("_future", future, persistent=False)
        self._initialise(seed, n_layers)

    def _initialise(self, seed: int, n_layers: int) -> None:
        # nn.Linear and nn.Embedding draw from the global stream when made; drawing again from a
        # generator makes the weights a function of the seed alone.
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if "layernorm" in name:
                continue
            if parameter.dim() == 1:
                nn.init.zeros_(parameter)
                continue
            std = 1 / math.sqrt(parameter.shape[1])
            if name.endswith("_out.weight"):
                std /= math.sqrt(2 * n_layers)
            nn.init.normal_(parameter, std=std, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (row, position, n_tokens) of the token after each position."""
        time = tokens.shape[1]
        if time > self.context:
            raise ValueError(f"tokens must have at most {self.context} positions, got {time}")
        stream = self.embed(tokens) + self.embed_position.weight[:time]
        future = self.get_buffer("_future")[:time, :time]
        for block in self.blocks:
            stream = block(stream, future)
        logits: Tensor = self.unembed(self.final_layernorm(stream))
        return logits


def train(
    model: nn.Module,
    documents: Sequence[Sequence[int]],
    *,
    steps: int,
    batch_size: int,
    lr: float,
    context: int,
    seed: int,
    progress: bool = False,
) -> Tensor:
    """Train on random windows with AdamW and a cosine schedule, in place.

    The loss is the mean over positions of -ln p(next token), in nats.

    Args:
        model: tokens (row, position) -> logits (row, position, n_tokens).
        documents: token numbers of each text; joined in the order given.
        steps: number of updates, at least 1.
        batch_size: windows a step.
        lr: largest learning rate; 5 % of the steps warm up to it.
        context: positions a window.
        seed: decides which windows are drawn.
        progress: show a bar.

    Returns:
        Training loss of every step, (steps,), nats.

    Raises:
        ValueError: a size is below 1, `lr` is not positive, or the text holds no window.

    Source: derived here; `tests/test_language.py::test_training_learns_a_cycle`.

    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> setting = {"batch_size": 2, "lr": 1e-2, "context": 4, "seed": 0}
    >>> train(model, [[0, 1, 2, 3, 4] * 3], steps=3, **setting).shape
    torch.Size([3])
    """
    for name, value in {"steps": steps, "batch_size": batch_size, "context": context}.items():
        _checks.integer(name, value, minimum=1)
    _checks.number("lr", lr, above=0)
    stream = torch.tensor([token for document in documents for token in document])
    if len(stream) < context + 1:
        raise ValueError(f"documents must hold more than {context} tokens, got {len(stream)}")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.98))
    warm_up = max(1, steps // 20)
    offset = torch.arange(context + 1)
    losses = torch.empty(steps)
    for step in _progress.bar(range(steps), show=progress):
        for group in optimizer.param_groups:
            cosine = 0.55 + 0.45 * math.cos(math.pi * step / steps)
            group["lr"] = lr * min(1.0, (step + 1) / warm_up) * cosine
        start = torch.randint(len(stream) - context, (batch_size, 1), generator=generator)
        window = stream[start + offset]
        logits = model(window[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses[step] = loss.detach()
    return losses


@dataclass(frozen=True)
class Recipe:
    """Text, size and training of a small transformer.

    Attributes:
        n_tokens: size of the vocabulary.
        width: of the residual stream.
        n_layers: transformer blocks.
        n_heads: attention heads a block.
        context: tokens the network sees at most.
        batch_size: windows a training step.
        steps: training steps.
        lr: largest learning rate of AdamW.
        held_out: fraction of the text that is not trained on.
    """

    n_tokens: int = 800
    width: int = 48
    n_layers: int = 2
    n_heads: int = 4
    context: int = 48
    batch_size: int = 24
    steps: int = 600
    lr: float = 1e-2
    held_out: float = 0.1


def trained(
    recipe: Recipe,
    n_tokens: int,
    documents: Sequence[Sequence[int]],
    *,
    rng: np.random.Generator,
) -> Transformer:
    """Make a transformer and train it, its weights and batches drawn from one generator.

    Args:
        recipe: size and training; windows of its context.
        n_tokens: tokens that the vocabulary came to have, in place of the recipe's.
        documents: token numbers of each text; without any the network is left as it was made.
        rng: gives the seeds of weights and batches.

    Returns:
        The network.

    Raises:
        ValueError: as `Transformer` and `train`.

    Source: derived here; `tests/test_language.py::test_trained_is_a_network_made_and_trained`.

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


def token_losses(model: nn.Module, rows: Tensor, *, batch_size: int = 64) -> Tensor:
    """Loss of every next token, -ln p(token | tokens before it in its row), in nats.

    Args:
        model: tokens (row, position) -> logits (row, position, n_tokens).
        rows: token numbers (row, position + 1).
        batch_size: rows at once; it limits memory and changes nothing else.

    Returns:
        Losses (row, position): entry [i, t] is the loss of token rows[i, t + 1].

    Source: Michaud et al. 2023 study this per-token loss;
    `tests/test_language.py::test_token_losses_are_cross_entropy`.

    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> token_losses(model, torch.zeros(2, 5, dtype=torch.long)).shape
    torch.Size([2, 4])
    """
    out = []
    with torch.no_grad():
        for part in torch.split(rows, batch_size):
            logits = model(part[:, :-1]).flatten(0, 1)
            losses = functional.cross_entropy(logits, part[:, 1:].flatten(), reduction="none")
            out.append(losses.view(len(part), -1))
    return torch.cat(out)
