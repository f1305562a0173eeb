"""Sizes of spectral clusters by rank: gradients beside data without and with known clusters.

Data without clusters are Gaussian vectors, either alike in all directions or with the eigenvalues
of the gradients' cosine matrix in directions drawn at random. Data with known clusters are Gaussian
clouds whose sizes are counts of independent draws from a power law.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from skillscale import _checks, _progress, frequencies
from skillscale.lab import corpus, language
from skillscale.lab.streams import Stream
from skillscale.quanta_discovery.experiments import _shared, measures

_KINDS = 100_000


@dataclass(frozen=True)
class Envelope(language.Recipe):
    """Settings of `envelope`; the network is made by the recipe that they extend.

    Attributes:
        max_loss: a token is confident if its loss is below this, nats.
        n_samples: confident tokens kept, and vectors of each artificial data set.
        sweep: numbers of clusters.
        n_init: starts of k-means for each of them.
        alphas: exponents of the planted sizes, P(k) ∝ k^-(alpha + 1).
        dimension: of the planted clusters.
        noise: length of a planted vector's noise in units of its centre's length.
        seeds: one split of the text, one network and one set of artificial data each.
    """

    max_loss: float = 0.3
    n_samples: int = 1600
    sweep: tuple[int, ...] = (10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400)
    n_init: int = 2
    alphas: tuple[float, ...] = (0.2, 0.4, 0.8)
    dimension: int = 100
    noise: float = 1.0
    seeds: tuple[int, ...] = tuple(range(200, 210))

    def __post_init__(self) -> None:
        """Check what the parts used do not check themselves."""
        _checks.number("max_loss", self.max_loss, above=0)
        _checks.integer("n_samples", self.n_samples, minimum=3)
        _checks.integer("n_init", self.n_init, minimum=1)
        _checks.integer("dimension", self.dimension, minimum=2)
        _checks.number("noise", self.noise, minimum=0)
        for alpha in self.alphas:
            _checks.number("alphas", alpha, above=0)
        for count in self.sweep:
            if not 2 <= count < self.n_samples:
                raise ValueError(f"sweep must be from 2 to {self.n_samples - 1}, got {count!r}")
        _checks.seeds("seeds", self.seeds)
        if not self.sweep:
            raise ValueError("sweep must not be empty")


STANDARD = {"envelope": Envelope()}


def envelope(settings: Envelope, *, progress: bool = False) -> xr.Dataset:
    """Cluster gradients and artificial data into many numbers of clusters, and rank the sizes.

    Args:
        settings: network, choice of samples, artificial data, clustering and seeds.
        progress: show a bar over members.

    Returns:
        Dataset with dims (member, source, n_clusters, rank) `size`; (member, source, n_clusters)
        `coherence`, the mean cosine of two samples of one cluster; (member, source, true_rank)
        `true_size` of the groups that are known, which for "gradients" are the predicted tokens;
        (member,) `within_token`, the mean cosine of two samples with the same predicted token, and
        `dimension`, that of the isotropic null: the participation ratio (Σλ)² / Σλ² of the
        eigenvalues λ of the gradients' cosine matrix.
    """
    tokenizer = corpus.build_tokenizer(_shared.documents(), n_tokens=settings.n_tokens)
    data = xr.concat(
        [
            _member(settings, tokenizer, seed)
            for seed in _progress.bar(settings.seeds, show=progress)
        ],
        "member",
    )
    return data.assign_coords(
        seed=("member", np.asarray(settings.seeds)),
        source=["gradients", "isotropic", "spectrum", *(f"planted {a:g}" for a in settings.alphas)],
        n_clusters=list(settings.sweep),
    )


def _member(settings: Envelope, tokenizer: corpus.Tokenizer, seed: int) -> xr.Dataset:
    """Sizes of all sources for one seed."""
    training, held_out = _shared.texts(tokenizer, held_out=settings.held_out, seed=seed)
    model = _shared.network(settings, len(tokenizer.vocabulary), training, seed=seed, name="0")
    samples = _shared.choose(
        [model],
        corpus.windows(held_out, context=settings.context),
        context=settings.context,
        max_loss=settings.max_loss,
        n_samples=settings.n_samples,
    )
    cosine = _shared.cosines(model, samples)
    token = samples.target.numpy()
    spectrum = np.linalg.eigvalsh(cosine.double().numpy()).clip(0)
    dimension = max(2, round(spectrum.sum() ** 2 / (spectrum**2).sum()))
    sources = _artificial(settings, spectrum, dimension, seed)
    largest = max(settings.sweep)
    every = {"gradients": (cosine, token), **sources}
    size = np.zeros((len(every), len(settings.sweep), largest), np.int16)
    coherence = np.zeros(size.shape[:2], np.float32)
    true_size = np.zeros((len(every), largest), np.int16)
    for i, (cosines, group) in enumerate(every.values()):
        size[i], coherence[i] = _ranked(cosines, settings, seed)
        counts = np.sort(np.unique(group, return_counts=True)[1])[::-1][:largest]
        true_size[i, : len(counts)] = counts if group.max() > 0 else 0
    return xr.Dataset(
        {
            "size": (("source", "n_clusters", "rank"), size, {"units": "samples"}),
            "coherence": (("source", "n_clusters"), coherence, {"units": "1"}),
            "true_size": (("source", "true_rank"), true_size, {"units": "samples"}),
            "within_token": ((), measures.within(cosine.numpy(), token), {"units": "1"}),
            "dimension": ((), dimension),
            "n_candidates": (("stage",), np.asarray(samples.counts)),
        },
        coords={"stage": ["read", "confident", "not copied"]},
    )


def _ranked(cosine: Tensor, settings: Envelope, seed: int) -> tuple[NDArray[np.int16], list[float]]:
    """Sizes of clusters, largest first, and mean cosines, for each number of clusters."""
    size = np.zeros((len(settings.sweep), max(settings.sweep)), np.int16)
    found = _shared.spectral_sweep(cosine, settings.sweep, seed, n_init=settings.n_init)
    for row, count, label in zip(size, settings.sweep, found, strict=True):
        row[:count] = np.sort(np.bincount(label, minlength=count))[::-1]
    return size, [measures.within(cosine.numpy(), label) for label in found]


def _artificial(
    settings: Envelope, spectrum: NDArray[np.float64], dimension: int, seed: int
) -> Mapping[str, tuple[Tensor, NDArray[np.int64]]]:
    """Cosines of each artificial data set, and the known group of each vector (0 without)."""
    rng = Stream(seed, "artificial vectors").at(0)
    n = settings.n_samples
    none = np.zeros(n, np.int64)
    out = {
        "isotropic": (_cosines(rng.normal(size=(n, dimension))), none),
        "spectrum": (_cosines(rng.normal(size=(n, n)) * np.sqrt(spectrum)), none),
    }
    for alpha in settings.alphas:
        group = 1 + rng.choice(_KINDS, size=n, p=frequencies.power_law(_KINDS, alpha))
        present, member = np.unique(group, return_inverse=True)
        centre = rng.normal(size=(len(present), settings.dimension))
        noise = settings.noise * rng.normal(size=(n, settings.dimension))
        out[f"planted {alpha:g}"] = (_cosines(centre[member] + noise), group)
    return out


def _cosines(vectors: NDArray[np.float64]) -> Tensor:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return torch.from_numpy((unit @ unit.T).clip(-1, 1))
