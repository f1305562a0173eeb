"""What the experiments share: text, networks, the choice of samples, spectral clustering."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from sklearn.cluster import KMeans, SpectralClustering
from torch import Tensor

from skillscale.lab import corpus, gradients, language
from skillscale.lab.randomness import Stream

Documents = Sequence[Sequence[int]]


class Samples(NamedTuple):
    """Chosen tokens: their windows, where in them they are predicted, and how many were dropped."""

    rows: Tensor
    positions: Tensor
    losses: Tensor
    counts: tuple[int, int, int]

    @property
    def target(self) -> Tensor:
        """The predicted token of each sample, shape (sample,)."""
        return self.rows[torch.arange(len(self.rows)), self.positions + 1]

    def tokens(self, n: int) -> NDArray[np.int64]:
        """The last n tokens of each sample, the predicted one first, shape (sample, n)."""
        every = torch.arange(len(self.rows))[:, None]
        return self.rows[every, self.positions[:, None] + 1 - torch.arange(n)].numpy()


@cache
def documents() -> tuple[str, ...]:
    return corpus.python_documents()


@cache
def tokenizer(n_tokens: int) -> corpus.Tokenizer:
    return corpus.build_tokenizer(documents(), n_tokens=n_tokens)


def texts(n_tokens: int, *, held_out: float, seed: int) -> tuple[Documents, Documents]:
    """Return training and held-out documents as token numbers, split by the seed."""
    split = corpus.split_sections(documents(), held_out=held_out, seed=seed)
    encode = tokenizer(n_tokens).encode
    training, rest = ([encode(text) for text in part] for part in split)
    return training, rest


def network(
    recipe: language.Recipe, training: Documents, *, seed: int, name: str
) -> language.Transformer:
    """Return a network trained on some text, or left as it was made if there is none.

    Initial weights and batches follow from the seed and the network's name.
    """
    n_tokens = len(tokenizer(recipe.n_tokens).vocabulary)
    return language.trained(recipe, n_tokens, training, rng=Stream(seed, f"network {name}").at(0))


def novel_trigram(rows: Tensor, positions: Tensor) -> NDArray[np.bool_]:
    """Whether the trigram that ends in each predicted token is new within its window, (sample,).

    A token whose last three tokens stood in the window before can be predicted by copying. `rows`
    are token numbers (sample, context + 1), `positions` those from which the next token is
    predicted.
    """
    trigrams = rows.unfold(1, 3, 1)
    index = positions - 1
    last = trigrams[torch.arange(len(rows)), index]
    earlier = torch.arange(trigrams.shape[1]) < index[:, None]
    repeated = ((trigrams == last[:, None]).all(-1) & earlier).any(1)
    return np.asarray(~repeated.numpy())


def choose(of: Any, networks: Sequence[language.Transformer], held_out: Documents) -> Samples:
    """Confident tokens in the second half of each window, copies dropped, thinned evenly."""
    rows = corpus.windows(held_out, context=of.context)
    losses = torch.stack([language.token_losses(model, rows) for model in networks])
    late = torch.arange(of.context) >= of.context // 2
    confident = (losses < of.max_loss).all(0) & late
    row, position = confident.nonzero(as_tuple=True)
    novel = torch.from_numpy(novel_trigram(rows[row], position))
    row, position = row[novel], position[novel]
    counts = (len(rows) * int(late.sum()), int(confident.sum()), len(row))
    if len(row) < (n := of.n_samples):
        raise ValueError(
            f"n_samples must be at most {len(row)}, the confident tokens found, got {n}"
        )
    chosen = torch.linspace(0, len(row) - 1, n).long()
    row, position = row[chosen], position[chosen]
    return Samples(rows[row], position, losses[:, row, position], counts)


def cosines(model: language.Transformer, samples: Samples) -> Tensor:
    """Cosines (sample, sample) of the gradients of the samples' losses in a network."""
    return gradients.cosine_similarity(
        gradients.per_sample_gradients(
            model, samples.rows[:, :-1], samples.target, positions=samples.positions
        )
    )


def spectral(cosine: Tensor, n_clusters: int, seed: int, *, n_init: int = 5) -> NDArray[np.int64]:
    similarity = gradients.angular_similarity(cosine.double()).numpy()
    model = SpectralClustering(n_clusters, affinity="precomputed", n_init=n_init, random_state=seed)
    return np.asarray(model.fit_predict(similarity), dtype=np.int64)


def spectral_sweep(
    cosine: Tensor, counts: Iterable[int], seed: int, *, n_init: int
) -> list[NDArray[np.int64]]:
    """Cluster as `spectral` does, into several numbers of clusters with one decomposition.

    With the similarities S without their diagonal and D their row sums, the coordinates of a
    sample are the first entries of the eigenvectors of D^-1/2 S D^-1/2, divided by the root of D;
    a smaller number of clusters uses fewer of the same.
    """
    counts = list(counts)
    similarity = gradients.angular_similarity(cosine.double()).numpy().copy()
    np.fill_diagonal(similarity, 0)
    root = np.sqrt(similarity.sum(1))
    n, largest = len(similarity), max(counts)
    _, vectors = linalg.eigh(
        similarity / root[:, None] / root, subset_by_index=(n - largest, n - 1)
    )
    place = vectors[:, ::-1] / root[:, None]
    return [
        np.asarray(
            KMeans(count, n_init=n_init, random_state=seed).fit_predict(place[:, :count]), np.int64
        )
        for count in counts
    ]
