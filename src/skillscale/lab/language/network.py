"""A small decoder-only transformer with explicit softmax attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from skillscale import _checks

_AT_ONCE = 64  # rows; it limits memory and changes nothing else


class BlockLinear(nn.Module):
    """A linear layer whose matrix has equal blocks on its diagonal and zeros elsewhere.

    Part i of the outputs sees part i of the inputs only; `n_blocks` divides both sizes.

    Source: derived here; equal to a masked dense layer in `tests/test_language.py`.

    >>> BlockLinear(8, 4, 2).weight.shape
    torch.Size([2, 2, 4])
    """

    def __init__(self, n_inputs: int, n_outputs: int, n_blocks: int) -> None:
        """Make a weight (block, outputs a block, inputs a block) and a bias, both zero."""
        _checks.integer("n_blocks", n_blocks, minimum=1)
        for name, size in {"n_inputs": n_inputs, "n_outputs": n_outputs}.items():
            if _checks.integer(name, size, minimum=1) % n_blocks:
                raise ValueError(f"{name} must be a multiple of n_blocks = {n_blocks}, got {size}")
        super().__init__()
        shape = (n_blocks, n_outputs // n_blocks, n_inputs // n_blocks)
        self.weight = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(n_outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (..., n_outputs) of inputs (..., n_inputs)."""
        n_blocks, _, each = self.weight.shape
        parts = inputs.reshape(-1, n_blocks, each).transpose(0, 1)
        product = torch.bmm(parts, self.weight.mT).transpose(0, 1).flatten(1)
        return (product + self.bias).view(*inputs.shape[:-1], -1)


def _linear(n_inputs: int, n_outputs: int, n_blocks: int) -> nn.Module:
    if n_blocks == 1:
        return nn.Linear(n_inputs, n_outputs)
    return BlockLinear(n_inputs, n_outputs, n_blocks)


class _Block(nn.Module):
    """Causal self-attention and an MLP, each added to the stream after its own layer norm."""

    def __init__(self, width: int, n_heads: int, mlp_blocks: int, mlp_expansion: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.attention_layernorm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.mlp_layernorm = nn.LayerNorm(width)
        self.mlp_in = _linear(width, mlp_expansion * width, mlp_blocks)
        self.mlp_out = _linear(mlp_expansion * width, width, mlp_blocks)

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
    "embed" or "layernorm" in its name. `width`, of the residual stream, is a multiple of `n_heads`
    and of `mlp_blocks`, the blocks on the diagonal of the MLP matrices; `context` is the longest
    sequence. An MLP has `mlp_expansion` hidden neurons per number of its input: with 4 ·
    `mlp_blocks` the matrices have as many entries as dense ones with 4.

    Source: derived here; `tests/test_language.py`.

    >>> model = Transformer(100, width=16, n_layers=1, n_heads=2, context=8, seed=0)
    >>> model(torch.zeros(3, 8, dtype=torch.long)).shape
    torch.Size([3, 8, 100])
    """

    def __init__(
        self,
        n_tokens: int,
        *,
        width: int,
        n_layers: int,
        n_heads: int,
        context: int,
        seed: int,
        mlp_blocks: int = 1,
        mlp_expansion: int = 4,
    ) -> None:
        """Make the layers and draw their weights."""
        sizes = {
            "n_tokens": n_tokens,
            "width": width,
            "n_layers": n_layers,
            "n_heads": n_heads,
            "context": context,
            "mlp_blocks": mlp_blocks,
            "mlp_expansion": mlp_expansion,
        }
        for name, size in sizes.items():
            _checks.integer(name, size, minimum=1)
        for name, divisor in {"n_heads": n_heads, "mlp_blocks": mlp_blocks}.items():
            if width % divisor:
                raise ValueError(f"width must be a multiple of {name} = {divisor}, got {width!r}")
        super().__init__()
        self.context = context
        self.embed = nn.Embedding(n_tokens, width)
        self.embed_position = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(
            _Block(width, n_heads, mlp_blocks, mlp_expansion) for _ in range(n_layers)
        )
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
            std = 1 / math.sqrt(parameter.shape[-1])
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


def token_losses(model: nn.Module, rows: Tensor) -> Tensor:
    """Return the loss of every next token, -ln p(token | tokens before it in its row), in nats.

    From a model of tokens (row, position) -> logits (row, position, n_tokens) and token numbers
    (row, position + 1). Entry [i, t] is the loss of token rows[i, t + 1].

    Source: Michaud et al. 2023 study this per-token loss.

    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> token_losses(model, torch.zeros(2, 5, dtype=torch.long)).shape
    torch.Size([2, 4])
    """
    out = []
    with torch.no_grad():
        for part in torch.split(rows, _AT_ONCE):
            logits = model(part[:, :-1]).flatten(0, 1)
            losses = functional.cross_entropy(logits, part[:, 1:].flatten(), reduction="none")
            out.append(losses.view(len(part), -1))
    return torch.cat(out)
