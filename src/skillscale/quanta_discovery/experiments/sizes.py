"""Networks of several sizes on one text: their mean loss, and the loss of every single token."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
import xarray as xr

from skillscale.lab import corpus, gradients, language
from skillscale.lab.settings import Count, Counts, Fraction, Positive, Seeds, Sizes, least, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.quanta_discovery.experiments import _shared

_BACK = 12
_REFERENCE_WIDTH = 48


@dataclass(frozen=True)
class ModelSizes(Experiment):
    """Train networks of several sizes for two lengths, and store losses on held-out tokens.

    Several networks of each size see the same text in other orders and start from other weights, so
    that what a token's curve owes to its networks can be told from what it owes to the token.

    `mean_loss` and `near_zero` (member, training, network, width), over all held-out tokens in the
    second half of a window, nan for networks that were not trained; `loss_hundredths` (member,
    network, width, sample) of the longer-trained networks on `n_kept` of those tokens, evenly
    spaced; `tokens` (member, sample, back), the predicted one at back = 0; `n_parameters` (width),
    matrices and biases of the blocks.
    """

    n_tokens: Count = 800  #: of the vocabulary
    widths: Annotated[Sizes, least(2)] = (8, 16, 32, 64, 96)  #: of the residual stream
    n_layers: Count = 2  #: transformer blocks
    n_heads: Count = 4  #: attention heads a block
    context: Annotated[int, whole(2)] = 48  #: tokens a network sees at most
    batch_size: Count = 24  #: windows a training step
    steps: tuple[int, int] = (500, 1000)  #: of shorter and longer runs, each with its own schedule
    networks: Counts = (1, 4)  #: of each size for each entry of `steps`
    lr: Positive = 1e-2  #: largest learning rate at width 48; it is proportional to 1 / width
    held_out: Fraction = 0.1  #: fraction of the text that no network trains on
    n_kept: Count = 3000  #: held-out tokens whose loss in longer-trained networks is stored
    near_zero: Positive = 0.1  #: loss below which a token counts as predicted, nats
    seeds: Seeds = tuple(range(200, 205))  #: one split of the text and one set of networks each

    about = {
        "mean_loss": ("nats", ""),
        "near_zero": ("1", ""),
        "loss_hundredths": ("0.01 nats", ""),
        "training": ("steps", ""),
        "n_parameters": ("", "matrices and biases of the blocks"),
        "back": ("tokens", ""),
    }

    def together(self) -> None:
        if len(self.steps) != 2 or not self.steps[0] < self.steps[1]:
            raise ValueError(f"steps must be two ascending numbers, got {self.steps!r}")
        if len(self.networks) != 2:
            raise ValueError(f"networks must be two numbers, got {self.networks!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        vocabulary = np.asarray(_shared.tokenizer(self.n_tokens).vocabulary, dtype=object)
        return {
            "training": list(self.steps),
            "width": self.widths,
            "back": range(min(_BACK, self.context // 2)),
            "vocabulary": ("token", vocabulary),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = super().collect(sweep)
        return found.assign_coords(n_parameters=found.n_parameters.isel(member=0))

    def measure(self, member: int) -> Found:
        training, held_out = _shared.texts(self.n_tokens, held_out=self.held_out, seed=member)
        rows = corpus.windows(held_out, context=self.context)
        half = self.context // 2
        n_seen = len(rows) * (self.context - half)
        if self.n_kept > n_seen:
            raise ValueError(f"n_kept must be at most {n_seen}, the tokens, got {self.n_kept}")
        kept = torch.linspace(0, n_seen - 1, self.n_kept).long()
        shape = (2, max(self.networks), len(self.widths))
        mean, near_zero = np.full((2, *shape), np.nan)
        losses = np.empty((self.networks[1], shape[2], self.n_kept), np.int16)
        parameters = [0] * len(self.widths)
        for t, i, w in np.ndindex(*shape):
            if i >= self.networks[t]:
                continue
            model = _network(self, training, member, t, i, w)
            loss = language.token_losses(model, rows)[:, half:].flatten()
            mean[t, i, w] = loss.double().mean()
            near_zero[t, i, w] = (loss < self.near_zero).double().mean()
            parameters[w] = sum(
                p.numel() for m in gradients.block_matrices(model).values() for p in m.parameters()
            )
            if t == 1:
                losses[i, w] = (100 * loss[kept]).round().short().numpy()
        row, position = kept // (self.context - half), half + kept % (self.context - half)
        back = torch.arange(min(_BACK, half))
        tokens = rows[row[:, None], position[:, None] + 1 - back].numpy().astype(np.int16)
        return {
            "mean_loss": (("training", "network", "width"), mean),
            "near_zero": (("training", "network", "width"), near_zero),
            "loss_hundredths": (("network", "width", "sample"), losses),
            "tokens": (("sample", "back"), tokens),
            "n_parameters": ("width", parameters),
        }


ModelSizes.records = {"quanta_discovery_model_sizes": {"standard": ModelSizes()}}


def _network(
    of: ModelSizes, training: _shared.Documents, seed: int, length: int, number: int, size: int
) -> language.Transformer:
    """A network of its own: weights and batches differ with every one of the last three."""
    width = of.widths[size]
    recipe = language.Recipe(
        n_tokens=of.n_tokens,
        width=width,
        n_layers=of.n_layers,
        n_heads=of.n_heads,
        context=of.context,
        batch_size=of.batch_size,
        steps=of.steps[length],
        lr=of.lr * _REFERENCE_WIDTH / width,
    )
    name = f"of {recipe.steps} steps, width {width}, number {number}"
    return _shared.network(recipe, training, seed=seed, name=name)
