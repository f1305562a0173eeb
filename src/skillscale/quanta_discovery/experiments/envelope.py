"""Sizes of spectral clusters by rank: gradients beside data without and with known clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from torch import Tensor

from skillscale import frequencies
from skillscale.lab import language
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import (
    Count,
    Counts,
    NonNegative,
    Positive,
    Positives,
    Seeds,
    each,
    real,
    whole,
)
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.quanta_discovery.experiments import _shared, measures

_KINDS = 100_000


@dataclass(frozen=True)
class Envelope(Experiment, language.Recipe):
    """Cluster gradients and artificial data into many numbers of clusters, and rank the sizes.

    Data without clusters are Gaussian vectors, either alike in all directions or with the
    eigenvalues of the gradients' cosine matrix in directions drawn at random. Data with known
    clusters are Gaussian clouds whose sizes are counts of independent draws from a power law. The
    network is made by the recipe that the settings extend.

    `size` (member, source, n_clusters, rank); `coherence` (member, source, n_clusters), the mean
    cosine of two samples of one cluster; `true_size` (member, source, true_rank) of the known
    groups, for "gradients" the predicted tokens; `within_token` (member), the mean cosine of two
    samples with the same predicted token; `dimension` (member), that of the isotropic null, the
    participation ratio (Σλ)² / Σλ² of the eigenvalues λ of the gradients' cosine matrix.
    """

    max_loss: Positive = 0.3  #: of a confident token, nats
    n_samples: Annotated[int, whole(3)] = 1600  #: confident tokens; vectors of artificial data
    #: numbers of clusters
    sweep: Counts = (10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200, 250, 300, 400)
    n_init: Count = 2  #: starts of k-means for each of them
    #: of the planted sizes, P(k) ∝ k^-(alpha + 1)
    alphas: Annotated[tuple[float, ...], each(real(above=0))] = (0.2, 0.4, 0.8)
    dimension: Annotated[int, whole(2)] = 100  #: of the planted clusters
    noise: NonNegative = 1.0  #: of a planted vector, in units of its centre's length
    seeds: Seeds = tuple(range(200, 210))  #: one split, network and set of artificial data each

    about = {
        "size": ("samples", ""),
        "coherence": ("1", ""),
        "true_size": ("samples", ""),
        "within_token": ("1", ""),
    }

    def together(self) -> None:
        if not self.sweep:
            raise ValueError("sweep must not be empty")
        for count in self.sweep:
            if not 2 <= count < self.n_samples:
                raise ValueError(f"sweep must be from 2 to {self.n_samples - 1}, got {count!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        planted = [f"planted {alpha:g}" for alpha in self.alphas]
        return {
            "source": ["gradients", "isotropic", "spectrum", *planted],
            "n_clusters": self.sweep,
            "stage": ["read", "confident", "not copied"],
        }

    def measure(self, member: int) -> Found:
        training, held_out = _shared.texts(self.n_tokens, held_out=self.held_out, seed=member)
        model = _shared.network(self, training, seed=member, name="0")
        samples = _shared.choose(self, [model], held_out)
        cosine = _shared.cosines(model, samples)
        token = samples.target.numpy()
        spectrum = np.linalg.eigvalsh(cosine.double().numpy()).clip(0)
        dimension = max(2, round(spectrum.sum() ** 2 / (spectrum**2).sum()))
        every = {"gradients": (cosine, token), **_artificial(self, spectrum, dimension, member)}
        largest = max(self.sweep)
        size = np.zeros((len(every), len(self.sweep), largest), np.int16)
        coherence = np.zeros(size.shape[:2], np.float32)
        true_size = np.zeros((len(every), largest), np.int16)
        for i, (cosines, group) in enumerate(every.values()):
            size[i], coherence[i] = _ranked(cosines, self, member)
            counts = np.sort(np.unique(group, return_counts=True)[1])[::-1][:largest]
            true_size[i, : len(counts)] = counts if group.max() > 0 else 0
        return {
            "size": (("source", "n_clusters", "rank"), size),
            "coherence": (("source", "n_clusters"), coherence),
            "true_size": (("source", "true_rank"), true_size),
            "within_token": ((), measures.within(cosine.numpy(), token)),
            "dimension": ((), dimension),
            "n_candidates": ("stage", np.asarray(samples.counts)),
        }


Envelope.records = {"quanta_discovery_envelope": {"standard": Envelope()}}


@dataclass(frozen=True)
class PlantedGroups(Experiment):
    """Cluster noisy vectors that were planted in groups whose sizes fall as a power of their rank.

    Group i = 1, 2, … has floor(largest / i^exponent) vectors m_i + noise · e, with m_i and e
    standard normal in every direction. The similarity of two vectors is one plus their cosine.

    `size` (member, exponent, n_clusters, rank) of the clusters, largest first.

    Source: Michaud et al. 2023, their planted clusters, at their sizes.
    """

    exponents: Positives = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)  #: of the groups' sizes
    n_groups: Count = 1000
    largest: Count = 1000  #: vectors of the first group
    dimension: Annotated[int, whole(2)] = 1000  #: of the vectors
    noise: Positive = 2.0  #: in every direction, in units of the means'
    sweep: Counts = (100, 200, 500)  #: numbers of clusters
    n_init: Count = 2  #: starts of k-means for each of them
    seeds: Seeds = tuple(range(200, 210))  #: one set of vectors each

    about = {"size": ("samples", ""), "exponent": ("", "exponent of the groups' sizes")}

    def together(self) -> None:
        most = min(self.dimension + 1, int(self._sizes(max(self.exponents)).sum()))
        for count in self.sweep:
            if not 2 <= count <= most:
                raise ValueError(f"sweep must be from 2 to {most}, got {count!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds, "exponent": self.exponents}

    def coords(self) -> Coords:
        return {"n_clusters": self.sweep}

    def measure(self, member: int, exponent: float) -> Found:
        sizes = self._sizes(exponent)
        rng = Stream(member, f"planted groups {exponent}").at(0)
        vectors = np.repeat(rng.normal(size=(self.n_groups, self.dimension)), sizes, 0)
        vectors += self.noise * rng.normal(size=vectors.shape)
        place = _places(vectors, max(self.sweep)).astype(np.float32)
        size = np.zeros((len(self.sweep), max(self.sweep)), np.int16)
        for row, count in zip(size, self.sweep, strict=True):
            means = KMeans(count, n_init=self.n_init, random_state=member)
            label = means.fit_predict(place[:, :count])
            row[:count] = np.sort(np.bincount(label, minlength=count))[::-1]
        return {"size": (("n_clusters", "rank"), size)}

    def _sizes(self, exponent: float) -> NDArray[np.int64]:
        rank = np.arange(1, self.n_groups + 1)
        return np.floor(self.largest / rank**exponent).astype(np.int64)


PlantedGroups.records = {"quanta_discovery_planted_groups": {"standard": PlantedGroups()}}


def _places(vectors: NDArray[np.float64], n_vectors: int) -> NDArray[np.float64]:
    """Coordinates of samples as in `spectral_sweep`, for similarities S of one plus the cosine.

    S is the product of (1, u) with itself, u the vectors at length 1, so that eigenvectors of a
    matrix as large as a vector are enough. The diagonal is not in the row sums D, but stays in S:
    it adds 2 / D to every eigenvalue, and D is nearly the same for all.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    root = np.sqrt(len(unit) - 2 + unit @ unit.sum(0))[:, None]
    factor = np.concatenate([np.ones_like(root), unit], 1) / root
    values, directions = np.linalg.eigh(factor.T @ factor)
    scaled = directions / np.sqrt(values.clip(np.finfo(float).tiny))
    return np.asarray(factor @ scaled[:, ::-1][:, :n_vectors] / root)


def _ranked(cosine: Tensor, of: Envelope, seed: int) -> tuple[NDArray[np.int16], list[float]]:
    """Sizes of clusters, largest first, and mean cosines, for each number of clusters."""
    size = np.zeros((len(of.sweep), max(of.sweep)), np.int16)
    found = _shared.spectral_sweep(cosine, of.sweep, seed, n_init=of.n_init)
    for row, count, label in zip(size, of.sweep, found, strict=True):
        row[:count] = np.sort(np.bincount(label, minlength=count))[::-1]
    return size, [measures.within(cosine.numpy(), label) for label in found]


def _artificial(
    of: Envelope, spectrum: NDArray[np.float64], dimension: int, seed: int
) -> Mapping[str, tuple[Tensor, NDArray[np.int64]]]:
    """Cosines of each artificial data set, and the known group of each vector (0 without)."""
    rng = Stream(seed, "artificial vectors").at(0)
    n = of.n_samples
    none = np.zeros(n, np.int64)
    out = {
        "isotropic": (_cosines(rng.normal(size=(n, dimension))), none),
        "spectrum": (_cosines(rng.normal(size=(n, n)) * np.sqrt(spectrum)), none),
    }
    for alpha in of.alphas:
        group = 1 + rng.choice(_KINDS, size=n, p=frequencies.power_law(_KINDS, alpha))
        present, member = np.unique(group, return_inverse=True)
        centre = rng.normal(size=(len(present), of.dimension))
        noise = of.noise * rng.normal(size=(n, of.dimension))
        out[f"planted {alpha:g}"] = (_cosines(centre[member] + noise), group)
    return out


def _cosines(vectors: NDArray[np.float64]) -> Tensor:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return torch.from_numpy((unit @ unit.T).clip(-1, 1))
