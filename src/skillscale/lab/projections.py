"""Random projections of per-sample gradients, for models whose gradients do not fit in memory.

The gradient of a linear layer, weight and bias side by side, is G = sum_t delta_t a_t^T, with a_t
the layer's input at position t and a one, and delta_t the derivative of the loss with respect to
its output. With random signs R (out, dim) and Q (in + 1, dim), entries +-1/sqrt(dim), the sketch

    R^T G Q = sum_t (R^T delta_t) (Q^T a_t)^T

is computed from projected factors, so that G itself is never formed; and E[R R^T] = E[Q Q^T] = 1
makes inner products of sketches unbiased, layer by layer and hence summed over layers too. A side
with at most dim entries is kept as it is. The price of two small matrices in place of one large
one is a larger error: for one position and two equal gradients of length 1 a variance of about
4/dim in place of 2/dim^2; it is small where gradients share few rows or columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from skillscale import _checks
from skillscale.lab.gradients import block_matrices, layer_factors
from skillscale.lab.streams import Stream

__all__ = ["projected_gradients"]


def projected_gradients(
    model: nn.Module,
    rows: Tensor,
    targets: Tensor,
    *,
    dim: int,
    seed: int,
    positions: Tensor | None = None,
    select: Callable[[nn.Module], dict[str, nn.Linear]] = block_matrices,
    batch_size: int = 32,
) -> dict[str, Tensor]:
    """Sketch of the gradient of every sample's own loss, a dim x dim matrix a layer.

    Inner products of sketches, summed over layers, have those of the gradients as their mean, so
    `gradients.cosine_similarity` weighs the layers as it does for `per_sample_gradients`.

    Args:
        model: tokens (row, position) -> logits (row, position, n_tokens).
        rows: token numbers (row, position), one row a sample.
        targets: the token to predict, (row,).
        dim: columns of each random matrix; a side of a layer that is no longer stays exact.
        seed: decides the signs, together with a layer's name: they depend neither on the batch
            size nor on which other layers are chosen.
        positions: the position it is predicted from, (row,); the last one by default.
        select: which layers; each must be called once a forward pass.
        batch_size: samples a backward pass; memory grows with it and with nothing else but
            rows x layers x dim^2.

    Returns:
        "<layer>" -> (row, min(dim, out), min(dim, in + 1)), or `in` for a layer without bias.

    Raises:
        ValueError: `dim` is below 1 or `seed` below 0, or as `gradients.layer_factors`.

    Source: derived here; `tests/test_projections.py::test_inner_products_are_unbiased`,
    `test_no_tensor_grows_with_samples_times_parameters`.

    >>> from skillscale.lab.language import Transformer
    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> zeros = torch.zeros(3, 4, dtype=torch.long)
    >>> sketch = projected_gradients(model, zeros, zeros[:, 0], dim=6, seed=0)
    >>> sketch["blocks.0.mlp_in"].shape
    torch.Size([3, 6, 6])
    """
    _checks.integer("dim", dim, minimum=1)
    _checks.integer("seed", seed, minimum=0)
    layers = select(model)
    signs = {
        name: (
            _signs(layer.out_features, dim, seed, f"projection of {name}, outputs", like=layer),
            _signs(_inputs(layer), dim, seed, f"projection of {name}, inputs", like=layer),
        )
        for name, layer in layers.items()
    }
    parts: dict[str, list[Tensor]] = {name: [] for name in layers}
    for batch in layer_factors(
        model, rows, targets, positions=positions, select=select, batch_size=batch_size
    ):
        for name, (a, delta) in batch.items():
            left, right = signs[name]
            if layers[name].bias is not None:
                a = nn.functional.pad(a, (0, 1), value=1.0)
            projected_delta = delta if left is None else delta @ left
            projected_a = a if right is None else a @ right
            parts[name].append(projected_delta.mT @ projected_a)
    return {name: torch.cat(part) for name, part in parts.items()}


def _inputs(layer: nn.Linear) -> int:
    """Columns of a layer's gradient: its inputs, and one for the bias."""
    return layer.in_features + (layer.bias is not None)


def _signs(size: int, dim: int, seed: int, purpose: str, *, like: nn.Linear) -> Tensor | None:
    """Random signs (size, dim) over sqrt(dim), or None where there is nothing to gain."""
    if size <= dim:
        return None
    drawn = Stream(seed, purpose).at(0).integers(2, size=(size, dim), dtype=np.int8)
    return torch.from_numpy(2 * drawn - 1).to(like.weight) / math.sqrt(dim)
