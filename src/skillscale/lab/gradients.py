"""Gradients of one token's loss, sample by sample, from a single batched backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from skillscale import _checks

# Michaud et al. 2023 leave out what has one of the first two in its name. GPT-NeoX's output matrix,
# "embed_out" to them, is "lm_head" in later versions of transformers, as in most other models.
_LEFT_OUT = ("embed", "layernorm", "lm_head")


def block_matrices(model: nn.Module) -> dict[str, nn.Linear]:
    """Return the linear layers inside the blocks: no "embed", "layernorm" or "lm_head" in the name.

    A block with a matrix that belongs to no `torch.nn.Linear` (GPT-2 has such) is refused: it would
    be left out in silence.

    Source: Michaud et al. 2023 leave out the same parameters; `tests/test_gradients.py`.

    >>> net = nn.ModuleDict({"embed_out": nn.Linear(2, 2), "mlp": nn.Linear(2, 2)})
    >>> list(block_matrices(net))
    ['mlp']
    """
    inside = {
        name: module
        for name, module in model.named_modules()
        if not any(part in name for part in _LEFT_OUT) and not isinstance(module, nn.Embedding)
    }
    for name, module in inside.items():
        own = module.named_parameters(recurse=False)
        if not isinstance(module, nn.Linear) and any(value.dim() > 1 for _, value in own):
            kind = type(module).__name__
            raise ValueError(f"model must keep its matrices in nn.Linear, got {name!r}, a {kind}")
    return {name: module for name, module in inside.items() if isinstance(module, nn.Linear)}


def layer_factors(
    model: nn.Module,
    rows: Tensor,
    targets: Tensor,
    *,
    positions: Tensor | None = None,
    batch_size: int = 128,
) -> Iterator[dict[str, tuple[Tensor, Tensor]]]:
    """Yield what the gradient of every sample's own loss is made of, batch by batch.

    With a_t the input of a linear layer at position t and delta_t the derivative of the loss with
    respect to its output, the gradient of the weight is sum_t delta_t a_t^T and that of the bias
    is sum_t delta_t. Rows do not mix, so the derivatives of the *summed* loss hold every row's own
    delta and one backward pass serves the batch.

    Args:
        model: tokens (row, position) -> logits (row, position, n_tokens); each of its
            `block_matrices` must be called once.
        rows: token numbers (row, position), one row a sample.
        targets: the token to predict, (row,).
        positions: the position it is predicted from, (row,); the last one by default. Later
            tokens of the row have no influence if the model is causal.

    Yields:
        For each batch, "<layer>" -> (a (row, position, in), delta (row, position, out)).
    """
    if rows.dim() != 2:
        raise ValueError(f"rows must have shape (row, position), got {tuple(rows.shape)}")
    if targets.shape != rows.shape[:1]:
        raise ValueError(f"targets must have shape ({len(rows)},), got {tuple(targets.shape)}")
    if positions is None:
        positions = torch.full_like(targets, rows.shape[1] - 1)
    if positions.shape != targets.shape:
        raise ValueError(f"positions must have shape ({len(rows)},), got {tuple(positions.shape)}")
    _checks.integer("batch_size", batch_size, minimum=1)
    layers = block_matrices(model)
    if not layers:
        raise ValueError("model must have at least one linear layer in its blocks, got none")
    batches = (torch.split(part, batch_size) for part in (rows, targets, positions))
    for row, target, position in zip(*batches, strict=True):
        yield _one_batch(model, layers, row, target, position)


def per_sample_gradients(
    model: nn.Module,
    rows: Tensor,
    targets: Tensor,
    *,
    positions: Tensor | None = None,
    batch_size: int = 128,
) -> dict[str, Tensor]:
    """Return the gradient of every sample's own loss with respect to the `block_matrices`.

    These are the sums over positions of `layer_factors`, whose arguments they take, and as many
    numbers as rows x parameters; `projections.projected_gradients` keeps less.

    Returns:
        "<layer>.weight" -> (row, out, in) and, where there is one, "<layer>.bias" -> (row, out).

    Source: derived here; equal to one backward pass per sample in `tests/test_gradients.py`.

    >>> from skillscale.lab.language import Transformer
    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> zeros = torch.zeros(3, 4, dtype=torch.long)
    >>> per_sample_gradients(model, zeros, zeros[:, 0])["blocks.0.mlp_in.weight"].shape
    torch.Size([3, 32, 8])
    """
    parts: dict[str, list[Tensor]] = {}
    has_bias = {name: layer.bias is not None for name, layer in block_matrices(model).items()}
    for batch in layer_factors(model, rows, targets, positions=positions, batch_size=batch_size):
        for name, (a, delta) in batch.items():
            parts.setdefault(f"{name}.weight", []).append(delta.mT @ a)
            if has_bias[name]:
                parts.setdefault(f"{name}.bias", []).append(delta.sum(1))
    return {name: torch.cat(part) for name, part in parts.items()}


def _one_batch(
    model: nn.Module, layers: dict[str, nn.Linear], rows: Tensor, targets: Tensor, at: Tensor
) -> dict[str, tuple[Tensor, Tensor]]:
    inputs: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}

    def remember(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
            if name in inputs:
                raise ValueError(f"model must call each layer once, got {name!r} called twice")
            inputs[name], outputs[name] = arguments[0].detach(), output

        return hook

    hooks = [layer.register_forward_hook(remember(name)) for name, layer in layers.items()]
    try:
        logits = model(rows)
    finally:
        for hook in hooks:
            hook.remove()
    predicted = logits[torch.arange(len(rows)), at]
    loss = functional.cross_entropy(predicted, targets, reduction="sum")
    deltas = torch.autograd.grad(loss, list(outputs.values()))
    return {name: (a, delta) for (name, a), delta in zip(inputs.items(), deltas, strict=True)}


def cosine_similarity(gradients: dict[str, Tensor]) -> Tensor:
    """Return cos_ij = g_i . g_j / (|g_i| |g_j|), shape (row, row), for every two samples.

    g_i is the concatenation of all entries of sample i in `gradients`, name -> (row, ...), as from
    `per_sample_gradients`; none may vanish.

    Source: Michaud et al. 2023; known angles in `tests/test_gradients.py`.

    >>> cosine_similarity({"w": torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])})[0].tolist()
    [1.0, 0.0, -1.0]
    """
    if not gradients:
        raise ValueError("gradients must hold at least one parameter, got none")
    flat = torch.cat([g.flatten(1) for g in gradients.values()], dim=1)
    norm = flat.norm(dim=1, keepdim=True)
    bad = ~(torch.isfinite(norm) & (norm > 0)).squeeze(1)
    if bad.any():
        first = int(bad.nonzero()[0])
        raise ValueError(f"gradients must be finite and not zero, got sample {first} otherwise")
    unit = flat / norm
    # Rounding carries a product of unit vectors past 1, where arccos is nan.
    cosine: Tensor = (unit @ unit.T).clamp(-1.0, 1.0)
    return cosine


def angular_similarity(cosine: Tensor) -> Tensor:
    """Return 1 - arccos(cosine) / pi: 1 if parallel, 1/2 if orthogonal, 0 if opposite.

    Cosines just outside [-1, 1] are clipped.

    Source: Michaud et al. 2023.

    >>> angular_similarity(torch.tensor([1.0, 0.0, -1.0])).tolist()
    [1.0, 0.5, 0.0]
    """
    return 1 - torch.arccos(cosine.clamp(-1.0, 1.0)) / torch.pi
