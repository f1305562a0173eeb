"""Quanta discovery from gradients, with two independent networks for every text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score
from torch import Tensor

from skillscale.lab import language
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Counts, Flag, Positive, Seeds, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.quanta_discovery.experiments import _shared, measures

SHARED = (1, 2, 3)
_NETWORKS = 2
_BACK = 14


@dataclass(frozen=True)
class Clusters(Experiment, language.Recipe):
    """Train pairs of networks, cluster gradients in one and measure their cosines in both.

    Tokens that two networks both predict confidently are clustered by the direction of the gradient
    of their loss in one network; whether the clusters mean anything is measured in the other, which
    shares the text but neither initial weights nor batches. A network that was never trained is the
    control: it shows what the text alone makes alike. Networks are made by the recipe that the
    settings extend.

    `label` and `loss` (member, network, sample); `tokens` (member, sample, back), the last ones of
    the context, the predicted one at back = 0; `excess` (member, network, measured_in, shared), by
    how much two samples that share their last `shared` tokens (the predicted one included) have a
    larger cosine in the network `measured_in` if `network` put them into one cluster; `null_excess`
    (member, network, shared, permutation), the same for shuffled labels in the other network;
    `size` (member, n_clusters, rank); `coherence` (member, network, cluster); and agreements with
    tokens and between networks.
    """

    max_loss: Positive = 0.3  #: of a confident token in both networks, nats
    n_samples: Annotated[int, whole(3)] = 600  #: confident tokens kept, evenly spaced
    n_clusters: Count = 30  #: of the main clustering
    sweep: Counts = (10, 20, 30, 50, 80, 120)  #: clusters for the rank-size curves
    n_permutations: Count = 199  #: shuffles of the labels for the null distribution
    keep_similarity: Flag = False  #: store the (sample, sample) cosines of the first member; large
    seeds: Seeds = tuple(range(10))  #: one split of the text and one pair of networks each

    about = {
        "loss": ("nats", ""),
        "size": ("samples", ""),
        "shared": ("tokens", ""),
        "back": ("tokens", ""),
    }

    def together(self) -> None:
        if not self.sweep:
            raise ValueError("sweep must not be empty")
        for count in (self.n_clusters, *self.sweep):
            if not 2 <= count < self.n_samples:
                raise ValueError(
                    f"n_clusters and sweep must be from 2 to {self.n_samples - 1}, got {count!r}"
                )

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        networks = [f"network {i}" for i in range(_NETWORKS)]
        vocabulary = np.asarray(_shared.tokenizer(self.n_tokens).vocabulary, dtype=object)
        return {
            "network": networks,
            "measured_in": [*networks, "untrained"],
            "shared": list(SHARED),
            "back": range(min(_BACK, self.context // 2)),
            "n_clusters": self.sweep,
            "stage": ["read", "confident", "not copied"],
            "vocabulary": ("token", vocabulary),
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = super().collect(sweep)
        if self.keep_similarity:
            found = found.assign(cosine=found.cosine.isel(member=0))
        return found

    def measure(self, member: int) -> Found:
        training, held_out = _shared.texts(self.n_tokens, held_out=self.held_out, seed=member)
        networks = [
            _shared.network(self, training, seed=member, name=f"{i}") for i in range(_NETWORKS)
        ]
        untrained = _shared.network(self, (), seed=member, name="untrained")
        samples = _shared.choose(self, networks, held_out)
        cosines = [_shared.cosines(network, samples) for network in (*networks, untrained)]
        tokens = samples.tokens(min(_BACK, self.context // 2))
        label = np.stack(
            [_shared.spectral(c, self.n_clusters, member) for c in cosines[:_NETWORKS]]
        )
        excess, null = _excesses(cosines, label, tokens, self.n_permutations, member)
        coherence = [
            measures.coherence(cosine, found, self.n_clusters)
            for cosine, found in zip(cosines, label, strict=False)
        ]
        sizes = np.zeros((len(self.sweep), max(self.sweep)), np.int16)
        for i, count in enumerate(self.sweep):
            found = np.bincount(_shared.spectral(cosines[0], count, member), minlength=count)
            sizes[i, :count] = np.sort(found)[::-1]
        kept = {"cosine": (("sample", "other"), cosines[0].numpy())}
        return {
            "label": (("network", "sample"), label.astype(np.int16)),
            "loss": (("network", "sample"), samples.losses.numpy()),
            "tokens": (("sample", "back"), tokens.astype(np.int16)),
            "n_candidates": ("stage", np.asarray(samples.counts)),
            "excess": (("network", "measured_in", "shared"), excess),
            "null_excess": (("network", "shared", "permutation"), null),
            "size": (("n_clusters", "rank"), sizes),
            "coherence": (("network", "cluster"), np.stack(coherence)),
            **_agreements(label, tokens[:, 0]),
            **(kept if self.keep_similarity else {}),
        }


Clusters.records = {
    "quanta_discovery_clusters": {
        "live": Clusters(
            batch_size=16,
            steps=320,
            held_out=0.05,
            max_loss=0.7,
            n_samples=400,
            sweep=(10, 20, 30, 50, 80),
            keep_similarity=True,
            seeds=(0,),
        ),
        "standard": Clusters(),
    },
    # Other seeds judge the claims that were written down when a first run was known.
    "quanta_discovery_clusters_again": {"standard": Clusters(seeds=tuple(range(200, 210)))},
}


def _excesses(
    cosines: Sequence[Tensor],
    label: NDArray[np.int64],
    tokens: NDArray[np.int64],
    n_permutations: int,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`excess_cosine` for labels from each network, cosines of each, and each kind of key.

    Shuffles are measured in the other network: labels were made from the cosines of the own one.
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
) -> dict[str, tuple[str | tuple[()], Any]]:
    with_token = [measures.agreement(found, target) for found in label]
    ami = [adjusted_mutual_info_score(target, found) for found in label]
    return {
        "nmi_with_token": ("network", [each["NMI"] for each in with_token]),
        "ari_with_token": ("network", [each["ARI"] for each in with_token]),
        "ami_with_token": ("network", ami),
        "ami_between_networks": ((), adjusted_mutual_info_score(label[0], label[1])),
    }
