"""Networks of several sizes on one text: their mean loss, and the loss of every single token.

Several networks of each size see the same text in other orders and start from other weights, so
that what a token's curve owes to its networks can be told from what it owes to the token.
"""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab import corpus, gradients, language
from skillscale.quanta_discovery.experiments import _shared

_BACK = 12
_REFERENCE_WIDTH = 48


@dataclass(frozen=True)
class ModelSizes:
    """Settings of `model_sizes`.

    Attributes:
        n_tokens: size of the vocabulary.
        widths: of the residual stream, one size of network each, increasing.
        n_layers: transformer blocks.
        n_heads: attention heads a block.
        context: tokens a network sees at most.
        batch_size: windows a training step.
        steps: training steps of the shorter and of the longer runs; each run has a schedule of
            its own.
        networks: networks of each size for each entry of `steps`.
        lr: largest learning rate at width 48; it is proportional to 1 / width.
        held_out: fraction of the text that no network trains on.
        n_kept: held-out tokens whose loss in every longer-trained network is stored.
        near_zero: loss below which a token counts as predicted, nats.
        seeds: one split of the text and one set of networks each.
    """

    n_tokens: int = 800
    widths: tuple[int, ...] = (8, 16, 32, 64, 96)
    n_layers: int = 2
    n_heads: int = 4
    context: int = 48
    batch_size: int = 24
    steps: tuple[int, int] = (500, 1000)
    networks: tuple[int, int] = (1, 4)
    lr: float = 1e-2
    held_out: float = 0.1
    n_kept: int = 3000
    near_zero: float = 0.1
    seeds: tuple[int, ...] = tuple(range(200, 205))

    def __post_init__(self) -> None:
        """Check what the parts used do not check themselves."""
        _checks.increasing("widths", self.widths, least=2)
        if len(self.steps) != 2 or not self.steps[0] < self.steps[1]:
            raise ValueError(f"steps must be two ascending numbers, got {self.steps!r}")
        if len(self.networks) != 2:
            raise ValueError(f"networks must be two numbers, got {self.networks!r}")
        for count in self.networks:
            _checks.integer("networks", count, minimum=1)
        _checks.integer("n_kept", self.n_kept, minimum=1)
        _checks.number("near_zero", self.near_zero, above=0)
        _checks.seeds("seeds", self.seeds)


STANDARD = {"model_sizes": ModelSizes()}


def model_sizes(settings: ModelSizes, *, progress: bool = False) -> xr.Dataset:
    """Train networks of several sizes for two lengths, and store losses on held-out tokens.

    Args:
        settings: text, sizes, training and seeds.
        progress: show a bar over members.

    Returns:
        Dataset with dims (member, training, network, width) `mean_loss` and `near_zero`, over all
        held-out tokens in the second half of a window, nan for networks that were not trained;
        (member, network, width, sample) `loss_hundredths` of the longer-trained networks on
        `n_kept` of those tokens, evenly spaced; (member, sample, back) `tokens`, the predicted
        one at back = 0; coordinates `n_parameters` (width), matrices and biases of the blocks,
        and `seed` (member).
    """
    tokenizer = corpus.build_tokenizer(_shared.documents(), n_tokens=settings.n_tokens)
    parts = [
        _member(settings, tokenizer, seed) for seed in _progress.bar(settings.seeds, show=progress)
    ]
    data = xr.concat([part for part, _ in parts], "member")
    vocabulary = np.asarray(tokenizer.vocabulary, dtype=object)
    return data.assign_coords(
        seed=("member", np.asarray(settings.seeds)),
        training=("training", list(settings.steps), {"units": "steps"}),
        width=("width", list(settings.widths)),
        n_parameters=("width", parts[0][1], {"long_name": "matrices and biases of the blocks"}),
        back=("back", np.arange(len(data["back"])), {"units": "tokens"}),
        vocabulary=("token", vocabulary),
    )


def _member(
    settings: ModelSizes, tokenizer: corpus.Tokenizer, seed: int
) -> tuple[xr.Dataset, list[int]]:
    """Return the losses of all networks of one seed, and their numbers of parameters."""
    training, held_out = _shared.texts(tokenizer, held_out=settings.held_out, seed=seed)
    rows = corpus.windows(held_out, context=settings.context)
    half = settings.context // 2
    n_seen = len(rows) * (settings.context - half)
    if settings.n_kept > n_seen:
        raise ValueError(f"n_kept must be at most {n_seen}, the tokens, got {settings.n_kept}")
    kept = torch.linspace(0, n_seen - 1, settings.n_kept).long()
    shape = (2, max(settings.networks), len(settings.widths))
    mean, near_zero = np.full((2, *shape), np.nan)
    losses = np.empty((settings.networks[1], shape[2], settings.n_kept), np.int16)
    sizes = [0] * len(settings.widths)
    for t, i, w in np.ndindex(*shape):
        if i >= settings.networks[t]:
            continue
        model = _network(settings, len(tokenizer.vocabulary), training, seed, t, i, w)
        loss = language.token_losses(model, rows)[:, half:].flatten()
        mean[t, i, w] = loss.double().mean()
        near_zero[t, i, w] = (loss < settings.near_zero).double().mean()
        sizes[w] = sum(
            p.numel() for m in gradients.block_matrices(model).values() for p in m.parameters()
        )
        if t == 1:
            losses[i, w] = (100 * loss[kept]).round().short().numpy()
    row, position = kept // (settings.context - half), half + kept % (settings.context - half)
    back = torch.arange(min(_BACK, half))
    tokens = rows[row[:, None], position[:, None] + 1 - back].numpy().astype(np.int16)
    dims = ("training", "network", "width")
    variables = {
        "mean_loss": (dims, mean, {"units": "nats"}),
        "near_zero": (dims, near_zero, {"units": "1"}),
        "loss_hundredths": (("network", "width", "sample"), losses, {"units": "0.01 nats"}),
        "tokens": (("sample", "back"), tokens),
    }
    return xr.Dataset(variables), sizes


def _network(
    settings: ModelSizes,
    n_tokens: int,
    training: _shared.Documents,
    seed: int,
    length: int,
    number: int,
    size: int,
) -> language.Transformer:
    """A network of its own: weights and batches differ with every one of the last three."""
    width = settings.widths[size]
    recipe = language.Recipe(
        width=width,
        n_layers=settings.n_layers,
        n_heads=settings.n_heads,
        context=settings.context,
        batch_size=settings.batch_size,
        steps=settings.steps[length],
        lr=settings.lr * _REFERENCE_WIDTH / width,
    )
    name = f"of {recipe.steps} steps, width {width}, number {number}"
    return _shared.network(recipe, n_tokens, training, seed=seed, name=name)
