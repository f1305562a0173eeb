"""Quanta discovery from gradients, with two independent networks for every text.

Tokens that two networks both predict confidently are clustered by the direction of the gradient
of their loss in one network; whether the clusters mean anything is then measured in the other,
which shares the text with the first but neither its initial weights nor its batches. A third
network that was never trained is the control: it shows what the text alone makes alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import SpectralClustering
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import corpus, gradients, language
from skillscale.lab.streams import Stream

__all__ = ["LIVE", "STANDARD", "Clusters", "clusters", "excess_cosine", "novel_trigram"]

SHARED = (1, 2, 3)
_NETWORKS = 2
_BACK = 14


@dataclass(frozen=True)
class Clusters:
    """Settings of `clusters`.

    Attributes:
        n_tokens: size of the vocabulary.
        width: of the residual stream.
        n_layers: transformer blocks.
        n_heads: attention heads a block.
        context: tokens a network sees at most.
        batch_size: windows a training step.
        steps: training steps of each network.
        lr: largest learning rate of AdamW.
        held_out: fraction of the text that no network trains on; samples come from it.
        max_loss: a token is confident if its loss is below this in both networks, nats.
        n_samples: confident tokens kept, evenly spaced through the held-out text.
        n_clusters: number of clusters of the main clustering.
        sweep: numbers of clusters for the rank-size curves.
        n_permutations: shuffles of the cluster labels for the null distribution.
        keep_similarity: store the (sample, sample) cosines of the first member; large.
        seeds: one split of the text and one pair of networks each.
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
    max_loss: float = 0.3
    n_samples: int = 600
    n_clusters: int = 30
    sweep: tuple[int, ...] = (10, 20, 30, 50, 80, 120)
    n_permutations: int = 199
    keep_similarity: bool = False
    seeds: tuple[int, ...] = tuple(range(10))

    def __post_init__(self) -> None:
        """Check what the parts used do not check themselves."""
        _checks.number("max_loss", self.max_loss, above=0)
        _checks.integer("n_samples", self.n_samples, minimum=3)
        _checks.integer("n_permutations", self.n_permutations, minimum=1)
        for count in (self.n_clusters, *self.sweep):
            if not 2 <= count < self.n_samples:
                raise ValueError(
                    f"n_clusters and sweep must be from 2 to {self.n_samples - 1}, got {count!r}"
                )
        if not (self.seeds and self.sweep):
            raise ValueError("seeds and sweep must not be empty")


LIVE = {
    "clusters": Clusters(
        batch_size=16,
        steps=320,
        held_out=0.05,
        max_loss=0.7,
        n_samples=400,
        sweep=(10, 20, 30, 50, 80),
        keep_similarity=True,
        seeds=(0,),
    )
}
STANDARD = {"clusters": Clusters()}


class Samples(NamedTuple):
    """Chosen tokens: their windows, where in them they are predicted, and how many were dropped."""

    rows: Tensor
    positions: Tensor
    losses: Tensor
    counts: tuple[int, int, int]


def clusters(settings: Clusters, *, progress: bool = False) -> xr.Dataset:
    """Train pairs of networks, cluster gradients in one and measure their cosines in both.

    Args:
        settings: networks, choice of samples, clustering and seeds.
        progress: show a bar over members.

    Returns:
        Dataset with, among others, dims (member, network, sample) `label` and `loss`; (member,
        sample, back) `tokens`, the last tokens of the context, the predicted one at back = 0; and
        (member, network, measured_in, shared) `excess`: by how much two samples that share their
        last `shared` tokens (the predicted one included) have a larger cosine in the network
        `measured_in` if `network` put them into one cluster. `null_excess` is the same for
        shuffled labels, measured in the other network.
    """
    documents = corpus.python_documents()
    tokenizer = corpus.build_tokenizer(documents, n_tokens=settings.n_tokens)
    parts = [
        _member(settings, documents, tokenizer, seed, keep=settings.keep_similarity and i == 0)
        for i, seed in enumerate(_progress.bar(settings.seeds, show=progress))
    ]
    kept = [part["cosine"] for part in parts if "cosine" in part]
    data = xr.concat([part.drop_vars("cosine", errors="ignore") for part in parts], "member")
    if kept:
        data["cosine"] = kept[0]
    coordinates = {
        "seed": ("member", np.asarray(settings.seeds)),
        "network": [f"network {i}" for i in range(_NETWORKS)],
        "measured_in": [*(f"network {i}" for i in range(_NETWORKS)), "untrained"],
        "shared": ("shared", list(SHARED), {"units": "tokens"}),
        "back": ("back", np.arange(len(data["back"])), {"units": "tokens"}),
        "n_clusters": list(settings.sweep),
        "vocabulary": ("token", np.asarray(tokenizer.vocabulary, dtype=object)),
    }
    return data.assign_coords(coordinates)


def novel_trigram(rows: Tensor, positions: Tensor) -> NDArray[np.bool_]:
    """Whether the trigram that ends in each predicted token is new within its window.

    A token whose last three tokens stood in the window before can be predicted by copying.

    Args:
        rows: token numbers (sample, context + 1).
        positions: position from which each sample's token is predicted; the token is the next.

    Returns:
        True where the trigram did not occur before, shape (sample,).
    """
    trigrams = rows.unfold(1, 3, 1)
    index = positions - 1
    last = trigrams[torch.arange(len(rows)), index]
    earlier = torch.arange(trigrams.shape[1]) < index[:, None]
    repeated = ((trigrams == last[:, None]).all(-1) & earlier).any(1)
    return np.asarray(~repeated.numpy())


def excess_cosine(
    cosine: ArrayLike,
    label: ArrayLike,
    key: ArrayLike,
    *,
    n_permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> tuple[float, NDArray[np.float64]]:
    """How much more alike two samples of one key are if they also share a cluster.

    With M the set of pairs that share key and cluster, the excess is
    mean over M of (cos_ij - mean cosine of all pairs with that key). Shuffling labels within each
    key has expectation exactly zero, whatever the keys' sizes and cosines.

    Args:
        cosine: symmetric (sample, sample).
        label: cluster of each sample.
        key: what samples must share to be compared.
        n_permutations: number of shuffles for the null distribution.
        rng: source of the shuffles.

    Returns:
        The excess (nan without a pair in M) and the shuffled excesses, (n_permutations,).
    """
    labels = np.unique(np.asarray(label), return_inverse=True)[1]
    keys = np.unique(np.asarray(key), return_inverse=True)[1]
    same = keys[:, None] == keys
    np.fill_diagonal(same, False)
    one_key = np.eye(keys.max() + 1)[keys]
    pairs = one_key.T @ same.sum(1)
    total = one_key.T @ (np.asarray(cosine) * same).sum(1)
    mean = np.divide(total, pairs, out=np.zeros_like(total), where=pairs > 0)[keys]
    centred = (np.asarray(cosine, dtype=np.float64) - mean[:, None]) * same

    def excess(current: NDArray[np.int64]) -> float:
        together = (current[:, None] == current) & same
        return float(centred[together].mean()) if together.any() else float("nan")

    null = np.empty(n_permutations)
    rng = rng or np.random.default_rng(0)
    by_key = np.argsort(keys, kind="stable")
    for i in range(n_permutations):
        shuffled = np.empty_like(labels)
        shuffled[by_key] = labels[np.lexsort((rng.random(len(keys)), keys))]
        null[i] = excess(shuffled)
    return excess(labels), null


def _member(
    settings: Clusters,
    documents: Sequence[str],
    tokenizer: corpus.Tokenizer,
    seed: int,
    *,
    keep: bool,
) -> xr.Dataset:
    """Everything that is measured for one seed."""
    split = corpus.split_sections(documents, held_out=settings.held_out, seed=seed)
    training, held_out = ([tokenizer.encode(text) for text in texts] for texts in split)
    n_tokens = len(tokenizer.vocabulary)
    networks = [_network(settings, n_tokens, training, seed, f"{i}") for i in range(_NETWORKS)]
    untrained = _network(settings, n_tokens, (), seed, "untrained")
    samples = _choose(settings, networks, corpus.windows(held_out, context=settings.context))
    every = torch.arange(settings.n_samples)
    target = samples.rows[every, samples.positions + 1]
    cosines = [
        gradients.cosine_similarity(
            gradients.per_sample_gradients(
                network, samples.rows[:, :-1], target, positions=samples.positions
            )
        )
        for network in (*networks, untrained)
    ]
    back = torch.arange(min(_BACK, settings.context // 2))
    tokens = samples.rows[every[:, None], samples.positions[:, None] + 1 - back].numpy()
    label = np.stack([_spectral(c, settings.n_clusters, seed) for c in cosines[:_NETWORKS]])
    excess, null = _excesses(cosines, label, tokens, settings.n_permutations, seed)
    sizes = np.zeros((len(settings.sweep), max(settings.sweep)), np.int16)
    for i, count in enumerate(settings.sweep):
        found = np.bincount(_spectral(cosines[0], count, seed), minlength=count)
        sizes[i, :count] = np.sort(found)[::-1]
    measured: dict[str, tuple[object, ...]] = {
        "label": (("network", "sample"), label.astype(np.int16)),
        "loss": (("network", "sample"), samples.losses.numpy(), {"units": "nats"}),
        "tokens": (("sample", "back"), tokens.astype(np.int16)),
        "n_candidates": (("stage",), np.asarray(samples.counts)),
        "excess": (("network", "measured_in", "shared"), excess),
        "null_excess": (("network", "shared", "permutation"), null),
        "size": (("n_clusters", "rank"), sizes, {"units": "samples"}),
        "coherence": (("network", "cluster"), _coherence(cosines, label, settings.n_clusters)),
        **_agreements(label, tokens[:, 0]),
    }
    if keep:
        measured["cosine"] = (("sample", "other"), cosines[0].numpy())
    return xr.Dataset(measured, coords={"stage": ["read", "confident", "not copied"]})


def _network(
    settings: Clusters, n_tokens: int, training: Sequence[Sequence[int]], seed: int, name: str
) -> language.Transformer:
    """A network trained on some text, or left as it was made if there is none."""
    rng = Stream(seed, f"network {name}").at(0)
    initial, batches = (int(s) for s in rng.integers(2**31, size=2))
    model = language.Transformer(
        n_tokens,
        width=settings.width,
        n_layers=settings.n_layers,
        n_heads=settings.n_heads,
        context=settings.context,
        seed=initial,
    )
    if not training:
        return model
    language.train(
        model,
        training,
        steps=settings.steps,
        batch_size=settings.batch_size,
        lr=settings.lr,
        context=settings.context,
        seed=batches,
    )
    return model


def _choose(settings: Clusters, networks: Sequence[language.Transformer], rows: Tensor) -> Samples:
    """Confident tokens in the second half of each window, copies dropped, thinned evenly."""
    losses = torch.stack([language.token_losses(network, rows) for network in networks])
    late = torch.arange(settings.context) >= settings.context // 2
    confident = (losses < settings.max_loss).all(0) & late
    row, position = confident.nonzero(as_tuple=True)
    novel = torch.from_numpy(novel_trigram(rows[row], position))
    row, position = row[novel], position[novel]
    counts = (len(rows) * int(late.sum()), int(confident.sum()), len(row))
    if len(row) < settings.n_samples:
        raise ValueError(
            f"n_samples must be at most {len(row)}, the confident tokens found, "
            f"got {settings.n_samples}"
        )
    chosen = torch.linspace(0, len(row) - 1, settings.n_samples).long()
    row, position = row[chosen], position[chosen]
    return Samples(rows[row], position, losses[:, row, position], counts)


def _spectral(cosine: Tensor, n_clusters: int, seed: int) -> NDArray[np.int64]:
    similarity = gradients.angular_similarity(cosine.double()).numpy()
    model = SpectralClustering(n_clusters, affinity="precomputed", n_init=5, random_state=seed)
    return np.asarray(model.fit_predict(similarity), dtype=np.int64)


def _excesses(
    cosines: Sequence[Tensor],
    label: NDArray[np.int64],
    tokens: NDArray[np.int64],
    n_permutations: int,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`excess_cosine` for labels from each network, cosines of each, and each kind of key.

    Shuffles are measured in the other trained network; labels were made from the cosines of the
    own one.
    """
    excess = np.empty((_NETWORKS, len(cosines), len(SHARED)), np.float32)
    null = np.empty((_NETWORKS, len(SHARED), n_permutations), np.float32)
    rng = Stream(seed, "permutations").at(0)
    for k, shared in enumerate(SHARED):
        key = np.unique(tokens[:, :shared], axis=0, return_inverse=True)[1].ravel()
        for i in range(_NETWORKS):
            for j, cosine in enumerate(cosines):
                excess[i, j, k], shuffled = excess_cosine(
                    cosine.numpy(),
                    label[i],
                    key,
                    n_permutations=n_permutations if j == 1 - i else 0,
                    rng=rng,
                )
                if j == 1 - i:
                    null[i, k] = shuffled
    return excess, null


def _coherence(
    cosines: Sequence[Tensor], label: NDArray[np.int64], n_clusters: int
) -> NDArray[np.float32]:
    """Mean cosine of two different samples of a cluster; nan for a cluster of one."""
    out = np.full((_NETWORKS, n_clusters), np.nan, np.float32)
    for i, cosine in enumerate(cosines[:_NETWORKS]):
        for c in range(n_clusters):
            inside = np.flatnonzero(label[i] == c)
            if (n := len(inside)) > 1:
                block = cosine.numpy()[np.ix_(inside, inside)]
                out[i, c] = (block.sum() - np.trace(block)) / (n * (n - 1))
    return out


def _agreements(
    label: NDArray[np.int64], target: NDArray[np.int64]
) -> dict[str, tuple[object, ...]]:
    """Clusters against predicted tokens, and clusters of the two networks against each other."""
    nmi = [normalized_mutual_info_score(target, found) for found in label]
    ari = [adjusted_rand_score(target, found) for found in label]
    ami = [adjusted_mutual_info_score(target, found) for found in label]
    return {
        "nmi_with_token": (("network",), nmi),
        "ari_with_token": (("network",), ari),
        "ami_with_token": (("network",), ami),
        "ami_between_networks": ((), adjusted_mutual_info_score(label[0], label[1])),
    }
