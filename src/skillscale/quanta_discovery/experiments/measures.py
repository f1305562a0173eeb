"""Pure functions of cluster labels, cosines and losses: what the controls are made of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from skillscale import _checks

Floats = NDArray[np.float64]


def excess_cosine(
    cosine: ArrayLike,
    label: ArrayLike,
    key: ArrayLike,
    *,
    n_permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> tuple[float, Floats]:
    """How much more alike two samples of one key are if they also share a cluster; nan if none do.

    With M the set of pairs that share key and cluster, the excess is the mean over M of (cos_ij -
    mean cosine of all pairs with that key); `cosine` is symmetric, (sample, sample). Shuffling
    labels within each key has expectation exactly zero, whatever the keys' sizes and cosines:
    shuffled excesses come second.
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
    for i in range(n_permutations):
        null[i] = excess(shuffled_within(labels, keys, rng))
    return excess(labels), null


def shuffled_within(
    label: NDArray[np.int64], key: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return labels shuffled among the samples of each key."""
    by_key = np.argsort(key, kind="stable")
    shuffled = np.empty_like(label)
    shuffled[by_key] = label[np.lexsort((rng.random(len(key)), key))]
    return shuffled


def coherence(cosine: ArrayLike, label: ArrayLike, n_clusters: int) -> NDArray[np.float32]:
    """Mean cosine of two different samples of each cluster, 0 … n_clusters - 1; else nan."""
    cosine, label = np.asarray(cosine), np.asarray(label)
    out = np.full(n_clusters, np.nan, np.float32)
    for c in range(n_clusters):
        inside = np.flatnonzero(label == c)
        if (n := len(inside)) > 1:
            block = cosine[np.ix_(inside, inside)]
            out[c] = (block.sum() - np.trace(block)) / (n * (n - 1))
    return out


def within(cosine: ArrayLike, group: ArrayLike) -> float:
    """Mean cosine over all pairs of two different samples of one group; nan without a pair.

    >>> within([[1.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 1.0]], [3, 3, 4])
    0.5
    """
    pairs = np.asarray(group)[:, None] == np.asarray(group)
    np.fill_diagonal(pairs, False)
    return float(np.asarray(cosine)[pairs].mean()) if pairs.any() else float("nan")


def remainder(size: ArrayLike, coherence: ArrayLike) -> int:
    """Index of the largest cluster whose mean cosine is below 0.2 (nan is not), -1 without any.

    >>> remainder([50, 40, 30], [0.6, 0.1, 0.05])
    1
    """
    loose = np.where(np.asarray(coherence) < 0.2, np.asarray(size), -1)
    return int(loose.argmax()) if loose.max() > 0 else -1


def agreement(found: ArrayLike, reference: ArrayLike) -> dict[str, float]:
    """Agreement of two labellings: adjusted Rand index and normalised mutual information.

    >>> agreement([0, 0, 1, 1], [5, 5, 3, 3])["ARI"]
    1.0
    """
    found, reference = np.asarray(found), np.asarray(reference)
    return {
        "ARI": float(adjusted_rand_score(reference, found)),
        "NMI": float(normalized_mutual_info_score(reference, found)),
    }


def permutation_p_value(measured: float, null: ArrayLike) -> float:
    """One-sided p-value (1 + number of shuffles that reach the measured value) / (1 + shuffles).

    >>> permutation_p_value(3.0, [0.0, 1.0, 4.0])
    0.5
    """
    null = _checks.array("null", null, dims=(1,))
    return float((1 + (null >= measured).sum()) / (1 + len(null)))


def combined_p_value(p_values: ArrayLike) -> float:
    """Fisher's p-value of independent p-values: -2 Σ ln p is χ² with twice as many degrees.

    >>> round(combined_p_value([0.5, 0.5]), 4)
    0.5966
    """
    p_values = _checks.array("p_values", p_values, positive=True, dims=(1,))
    return float(stats.chi2.sf(-2 * np.log(p_values).sum(), 2 * len(p_values)))


def envelope(size: ArrayLike) -> Floats:
    """Largest size at each rank over numbers of clusters: size (..., n_clusters, rank)."""
    largest: Floats = np.asarray(size, dtype=np.float64).max(-2)
    return largest


def steps_of(loss: ArrayLike) -> Floats:
    """Share of a token's whole drop in each size step, (..., size, token) -> (..., step, token).

    A step's share is (L_s - L_s+1) / (L_first - L_last); shares sum to 1, and some may be negative.
    """
    curves = np.asarray(loss, dtype=np.float64)
    fall = curves[..., :-1, :] - curves[..., 1:, :]
    shares: Floats = fall / (curves[..., :1, :] - curves[..., -1:, :])
    return shares


def smooth_surrogates(loss: ArrayLike, *, rng: np.random.Generator) -> Floats:
    """Curves (network, size, token) that fall like the average token, with the token's own noise.

    The expected curve of a token is its mean loss at the smallest size minus its mean drop times
    w_s, the share of the drop that the *mean* curve has made at size s. To it are added residuals
    of the token's networks, two or more, around their mean at the same size, drawn with replacement
    and a random sign and multiplied by √(n/(n - 1)), since n residuals around their mean are too
    small.
    """
    curves = _checks.array("loss", loss, dims=(3,))
    n, n_sizes, _ = curves.shape
    if n < 2 or n_sizes < 2:
        raise ValueError(f"loss must have 2 networks and 2 sizes or more, got {curves.shape}")
    mean = curves.mean(0)
    average = mean.mean(-1)
    share = (average[0] - average) / (average[0] - average[-1])
    smooth = mean[:1] - share[:, None] * (mean[:1] - mean[-1:])
    residual = (curves - mean) * np.sqrt(n / (n - 1))
    drawn = np.take_along_axis(residual, rng.integers(n, size=curves.shape), axis=0)
    return np.asarray(smooth + drawn * rng.choice([-1.0, 1.0], size=curves.shape))


def split_statistics(loss: ArrayLike, *, share: float = 0.8) -> dict[str, float]:
    """What one half of the networks says about steps, tested on the other half.

    "same place": share of tokens whose largest step is the same in both halves; "candidates": share
    of tokens whose largest step carries more than `share` of the drop, mean over halves; "again":
    share of a half's candidates for which the same step carries as much in the other half too, both
    directions pooled (nan without candidates). Losses are (network, size, token).
    """
    curves = _checks.array("loss", loss, dims=(3,))
    half = len(curves) // 2
    halves = [steps_of(part.mean(0)) for part in (curves[:half], curves[half:])]
    place = [steps.argmax(0) for steps in halves]
    candidate = [steps.max(0) > share for steps in halves]
    tokens = np.arange(curves.shape[-1])
    again = [candidate[i] & (halves[1 - i][place[i], tokens] > share) for i in range(2)]
    n_candidates = sum(int(each.sum()) for each in candidate)
    n_again = sum(int(each.sum()) for each in again)
    return {
        "same place": float((place[0] == place[1]).mean()),
        "candidates": n_candidates / (2 * len(tokens)),
        "again": n_again / n_candidates if n_candidates else float("nan"),
    }


def against_surrogates(
    loss: ArrayLike, *, n_surrogates: int = 50
) -> tuple[dict[str, float], dict[str, float]]:
    """Return `split_statistics` of some curves, and their mean over smooth surrogates of them."""
    curves, rng = _checks.array("loss", loss, dims=(3,)), np.random.default_rng(0)
    drawn = [
        split_statistics(smooth_surrogates(curves, rng=rng))
        for _ in range(_checks.integer("n_surrogates", n_surrogates, minimum=1))
    ]
    null = {name: float(np.nanmean([each[name] for each in drawn])) for name in drawn[0]}
    return split_statistics(curves), null
