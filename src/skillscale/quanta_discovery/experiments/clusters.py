"""Quanta discovery from gradients, with two independent networks for every text.

Tokens that two networks both predict confidently are clustered by the direction of the gradient
of their loss in one network; whether the clusters mean anything is then measured in the other,
which shares the text with the first but neither its initial weights nor its batches. A third
network that was never trained is the control: it shows what the text alone makes alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score
from torch import Tensor

from skillscale import _checks, _progress
from skillscale.lab import corpus, language
from skillscale.lab.streams import Stream
from skillscale.quanta_discovery.experiments import _shared, measures

SHARED = (1, 2, 3)
_NETWORKS = 2
_BACK = 14


@dataclass(frozen=True)
class Clusters(language.Recipe):
    """Settings of `clusters`; the network is made by the recipe that they extend.

    Attributes:
        max_loss: a token is confident if its loss is below this in both networks, nats.
        n_samples: confident tokens kept, evenly spaced through the held-out text.
        n_clusters: number of clusters of the main clustering.
        sweep: numbers of clusters for the rank-size curves.
        n_permutations: shuffles of the cluster labels for the null distribution.
        keep_similarity: store the (sample, sample) cosines of the first member; large.
        seeds: one split of the text and one pair of networks each.
    """

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
        _checks.seeds("seeds", self.seeds)
        if not self.sweep:
            raise ValueError("sweep must not be empty")


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
STANDARD = {
    "clusters": Clusters(),
    "clusters_again": Clusters(seeds=tuple(range(200, 210))),
}


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
    tokenizer = corpus.build_tokenizer(_shared.documents(), n_tokens=settings.n_tokens)
    parts = [
        _member(settings, tokenizer, seed, keep=settings.keep_similarity and i == 0)
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


def clusters_again(settings: Clusters, *, progress: bool = False) -> xr.Dataset:
    """Run `clusters`, which says what is returned, under a second name.

    Other seeds judge the claims that were written down when a first run was known.
    """
    return clusters(settings, progress=progress)


def _member(
    settings: Clusters,
    tokenizer: corpus.Tokenizer,
    seed: int,
    *,
    keep: bool,
) -> xr.Dataset:
    """Everything that is measured for one seed."""
    training, held_out = _shared.texts(tokenizer, held_out=settings.held_out, seed=seed)
    n_tokens = len(tokenizer.vocabulary)
    networks = [
        _shared.network(settings, n_tokens, training, seed=seed, name=f"{i}")
        for i in range(_NETWORKS)
    ]
    untrained = _shared.network(settings, n_tokens, (), seed=seed, name="untrained")
    samples = _shared.choose(
        networks,
        corpus.windows(held_out, context=settings.context),
        context=settings.context,
        max_loss=settings.max_loss,
        n_samples=settings.n_samples,
    )
    cosines = [_shared.cosines(network, samples) for network in (*networks, untrained)]
    tokens = samples.tokens(min(_BACK, settings.context // 2))
    label = np.stack([_shared.spectral(c, settings.n_clusters, seed) for c in cosines[:_NETWORKS]])
    excess, null = _excesses(cosines, label, tokens, settings.n_permutations, seed)
    coherence = [
        measures.coherence(cosine, found, settings.n_clusters)
        for cosine, found in zip(cosines, label, strict=False)
    ]
    sizes = np.zeros((len(settings.sweep), max(settings.sweep)), np.int16)
    for i, count in enumerate(settings.sweep):
        found = np.bincount(_shared.spectral(cosines[0], count, seed), minlength=count)
        sizes[i, :count] = np.sort(found)[::-1]
    measured: dict[str, tuple[object, ...]] = {
        "label": (("network", "sample"), label.astype(np.int16)),
        "loss": (("network", "sample"), samples.losses.numpy(), {"units": "nats"}),
        "tokens": (("sample", "back"), tokens.astype(np.int16)),
        "n_candidates": (("stage",), np.asarray(samples.counts)),
        "excess": (("network", "measured_in", "shared"), excess),
        "null_excess": (("network", "shared", "permutation"), null),
        "size": (("n_clusters", "rank"), sizes, {"units": "samples"}),
        "coherence": (("network", "cluster"), np.stack(coherence)),
        **_agreements(label, tokens[:, 0]),
    }
    if keep:
        measured["cosine"] = (("sample", "other"), cosines[0].numpy())
    return xr.Dataset(measured, coords={"stage": ["read", "confident", "not copied"]})


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
                excess[i, j, k], shuffled = measures.excess_cosine(
                    cosine.numpy(),
                    label[i],
                    key,
                    n_permutations=n_permutations if j == 1 - i else 0,
                    rng=rng,
                )
                if j == 1 - i:
                    null[i, k] = shuffled
    return excess, null


def _agreements(
    label: NDArray[np.int64], target: NDArray[np.int64]
) -> dict[str, tuple[object, ...]]:
    """Clusters against predicted tokens, and clusters of the two networks against each other."""
    with_token = [measures.agreement(found, target) for found in label]
    ami = [adjusted_mutual_info_score(target, found) for found in label]
    return {
        "nmi_with_token": (("network",), [each["NMI"] for each in with_token]),
        "ari_with_token": (("network",), [each["ARI"] for each in with_token]),
        "ami_with_token": (("network",), ami),
        "ami_between_networks": ((), adjusted_mutual_info_score(label[0], label[1])),
    }
