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

import numpy as np
import torch
from torch import Tensor, nn

from skillscale import _checks
from skillscale.lab.gradients import block_matrices, layer_factors
from skillscale.lab.randomness import Stream

__all__ = ["projected_gradients"]


def projected_gradients(
    model: nn.Module,
    rows: Tensor,
    targets: Tensor,
    *,
    dim: int,
    seed: int,
    positions: Tensor | None = None,
    batch_size: int = 32,
) -> dict[str, Tensor]:
    """Return a sketch of the gradient of every sample's own loss, a dim x dim matrix a layer.

    Inner products of sketches, summed over layers, have those of the gradients as their mean, so
    `gradients.cosine_similarity` weighs the layers as it does for `per_sample_gradients`, whose
    other arguments these are. The signs depend on `seed` and a layer's name, not on the batch size;
    memory grows with that and with rows x layers x dim^2 alone.

    Returns:
        "<layer>" -> (row, min(dim, out), min(dim, in + 1)), or `in` for a layer without bias; a
        side that is no longer than `dim` stays exact.

    Source: derived here; unbiased, and small in memory, in `tests/test_projections.py`.

    >>> from skillscale.lab.language import Transformer
    >>> model = Transformer(5, width=8, n_layers=1, n_heads=1, context=4, seed=0)
    >>> zeros = torch.zeros(3, 4, dtype=torch.long)
    >>> projected_gradients(model, zeros, zeros[:, 0], dim=6, seed=0)["blocks.0.mlp_in"].shape
    torch.Size([3, 6, 6])
    """
    _checks.integer("dim", dim, minimum=1)
    _checks.integer("seed", seed, minimum=0)
    layers = block_matrices(model)
    signs = {
        name: (
            _signs(layer.out_features, dim, seed, f"projection of {name}, outputs", like=layer),
            _signs(
                layer.in_features + (layer.bias is not None),
                dim,
                seed,
                f"projection of {name}, inputs",
                like=layer,
            ),
        )
        for name, layer in layers.items()
    }
    parts: dict[str, list[Tensor]] = {name: [] for name in layers}
    for batch in layer_factors(model, rows, targets, positions=positions, batch_size=batch_size):
        for name, (a, delta) in batch.items():
            left, right = signs[name]
            if layers[name].bias is not None:
                a = nn.functional.pad(a, (0, 1), value=1.0)
            projected_delta = delta if left is None else delta @ left
            projected_a = a if right is None else a @ right
            parts[name].append(projected_delta.mT @ projected_a)
    return {name: torch.cat(part) for name, part in parts.items()}


def _signs(size: int, dim: int, seed: int, purpose: str, *, like: nn.Linear) -> Tensor | None:
    """Random signs (size, dim) over sqrt(dim), or None where there is nothing to gain."""
    if size <= dim:
        return None
    drawn = Stream(seed, purpose).at(0).integers(2, size=(size, dim), dtype=np.int8)
    return torch.from_numpy(2 * drawn - 1).to(like.weight) / math.sqrt(dim)
