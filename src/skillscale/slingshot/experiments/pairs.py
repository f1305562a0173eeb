"""Adversaries against pairs of skills that meet in one text."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.lab.records import significant
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.graphs import Graph, Indices

PAIR_STRATEGIES = ("random pairs", "clique", "star", "alternation")


@dataclass(frozen=True)
class PairSets:
    """Settings of `pair_sets`.

    Attributes:
        n_skills: N1; there are N1² ordered pairs.
        n_texts: N2.
        k: skills per text; every text holds k(k - 1)/2 pairs.
        theta: θ, fraction of wrong texts.
        star: skills of the star; its pairs are those with at least one of them.
        clique: skills of the clique; its pairs are those with two of them.
        rounds: how often alternation chooses pairs and texts anew.
        seeds: one graph each.
    """

    n_skills: int = 100
    n_texts: int = 200_000
    k: int = 8
    theta: float = 0.1
    star: int = 5
    clique: int = 30
    rounds: int = 50
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_skills", self.n_skills, minimum=2)
        _checks.integer("k", self.k, minimum=2)
        _checks.integer("rounds", self.rounds, minimum=0)
        _checks.number("theta", self.theta, above=0, below=1)
        for name, value in (("star", self.star), ("clique", self.clique)):
            if not 1 <= value < self.n_skills:
                raise ValueError(f"{name} must lie in 1 … {self.n_skills - 1}, got {value!r}")
        if self.n_texts * self.theta < 1:
            raise ValueError(f"n_texts must allow at least one wrong text, got {self.n_texts!r}")
        _checks.seeds("seeds", self.seeds)


LIVE = {"pair_sets": PairSets(n_texts=40_000, seeds=(0, 1))}
STANDARD = {"pair_sets": PairSets(seeds=tuple(range(200, 212)))}


def pair_sets(settings: PairSets, *, progress: bool = False) -> xr.Dataset:
    """Failure factors that sets of pairs reach when the texts with most of them go wrong.

    The sets are random pairs (as many as in the star); all pairs within a clique of skills; all
    pairs that touch a star of skills; and what alternation makes of the random pairs: it takes the
    pairs that fail most in place of the set and then the worst texts for those, again and again.

    Returns:
        Dataset with dims (member, strategy): `targeted`, the mean β of the set; `fraction`, its
        share of all pairs; `hub`, the share of its pairs that touch the `star` skills which occur
        in most of them.
    """
    shape = (len(settings.seeds), len(PAIR_STRATEGIES))
    targeted, fraction, hub = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        generator = np.random.default_rng([seed, settings.n_texts])
        graph = graphs.random_graph(
            settings.n_skills, settings.n_texts, settings.k, generator=generator
        )
        table = pair_table(graph, settings.n_skills)
        for j, chosen in enumerate(_sets(settings, generator)):
            steps = settings.rounds if PAIR_STRATEGIES[j] == "alternation" else 0
            found, factor = alternate(
                table, chosen, settings.theta, settings.n_skills, steps, generator=generator
            )
            targeted[i, j], fraction[i, j] = factor, len(found) / settings.n_skills**2
            hub[i, j] = _hub(found, settings)
    dims = ("member", "strategy")
    factor_of = {"units": "1", "long_name": "failures over those of an average pair"}
    return xr.Dataset(
        {
            "targeted": (dims, significant(targeted, 5), factor_of),
            "fraction": (dims, significant(fraction, 5), {"long_name": "share of all pairs"}),
            "hub": (dims, significant(hub, 5), {"long_name": "share of pairs at the main skills"}),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "strategy": list(PAIR_STRATEGIES),
        },
    )


def pair_table(graph: Graph, n_skills: int) -> Graph:
    """Write each text as its k(k - 1)/2 ordered pairs, the pair (s, t) as s · n_skills + t.

    >>> pair_table(np.array([[0, 1, 2]], dtype=np.int16), 3).tolist()
    [[1, 2, 5]]
    """
    first, second = np.triu_indices(graph.shape[1], 1)
    wide = graph.astype(np.int32)
    table = wide[:, first] * np.int32(n_skills) + wide[:, second]
    return table.astype(np.int16) if n_skills**2 <= 2**15 else table


def alternate(
    table: Graph,
    pairs: Indices,
    theta: float,
    n_skills: int,
    rounds: int,
    *,
    generator: np.random.Generator,
) -> tuple[Indices, float]:
    """Spoil the texts with most of the given pairs; then take the pairs that fail most; repeat.

    Returns:
        The set that fails most of those met, as large as the first, and its mean failure factor.
    """
    n_wrong, n_pairs = int(theta * len(table) + 1e-9), n_skills**2
    average = n_wrong * table.shape[1] / n_pairs
    best, best_factor = pairs, 0.0
    for _ in range(rounds + 1):
        score = graphs.hits(table, pairs, n_pairs)
        texts = graphs.worst_texts(score, n_wrong, generator=generator)
        failed = graphs.failures(table, texts, n_pairs)
        factor = float(failed[pairs].mean() / average)
        if factor > best_factor:
            best, best_factor = pairs, factor
        pairs = np.argsort(-failed, kind="stable")[: len(pairs)]
    return best, best_factor


def _sets(settings: PairSets, generator: np.random.Generator) -> tuple[Indices, ...]:
    """Random pairs, clique, star and the start of alternation, chosen without a look at texts."""
    n_skills = settings.n_skills
    first, second = np.divmod(np.arange(n_skills**2), n_skills)
    clique = np.flatnonzero((first < settings.clique) & (second < settings.clique))
    star = np.flatnonzero((first < settings.star) | (second < settings.star))
    some = generator.permutation(n_skills**2)[: len(star)]
    return some, clique, star, some


def _hub(pairs: NDArray[np.int64], settings: PairSets) -> float:
    first, second = np.divmod(pairs, settings.n_skills)
    uses = np.bincount(np.r_[first, second], minlength=settings.n_skills)
    main = np.zeros(settings.n_skills, dtype=bool)
    main[np.argsort(-uses, kind="stable")[: settings.star]] = True
    return float((main[first] | main[second]).mean())
