"""Adversaries against pairs of skills that meet in one text."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from skillscale.lab.settings import Count, Fraction, Seeds, Steps, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.graphs import Graph, Indices

PAIR_STRATEGIES = ("random pairs", "clique", "star", "alternation")


@dataclass(frozen=True)
class PairSets(Experiment):
    """Failure factors that sets of pairs reach when the texts with most of them go wrong.

    The sets are random pairs (as many as in the star); all pairs within a clique of skills; all
    pairs that touch a star of skills; and what alternation makes of the random pairs: it takes the
    pairs that fail most in place of the set and then the worst texts for those, again and again.

    `targeted` (member, strategy), the mean β of the set; alike `fraction`, its share of all pairs,
    and `hub`, the share of its pairs that touch the `star` skills which occur in most of them.
    """

    n_skills: Annotated[int, whole(2)] = 100  #: N1; there are N1² ordered pairs
    n_texts: Count = 200_000  #: N2
    k: Annotated[int, whole(2)] = 8  #: skills per text; every text holds k(k - 1)/2 pairs
    theta: Fraction = 0.1  #: θ, of wrong texts
    star: Count = 5  #: skills of the star; its pairs are those with at least one of them
    clique: Count = 30  #: skills of the clique; its pairs are those with two of them
    rounds: Steps = 50  #: how often alternation chooses pairs and texts anew
    seeds: Seeds = (0,)  #: one graph each

    about = {
        "targeted": ("1", "failures over those of an average pair"),
        "fraction": ("", "share of all pairs"),
        "hub": ("", "share of pairs at the main skills"),
    }

    def together(self) -> None:
        for name, value in (("star", self.star), ("clique", self.clique)):
            if not 1 <= value < self.n_skills:
                raise ValueError(f"{name} must lie in 1 … {self.n_skills - 1}, got {value!r}")
        if self.n_texts * self.theta < 1:
            raise ValueError(f"n_texts must allow at least one wrong text, got {self.n_texts!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"strategy": list(PAIR_STRATEGIES)}

    def measure(self, member: int) -> Found:
        generator = np.random.default_rng([member, self.n_texts])
        graph = graphs.random_graph(self.n_skills, self.n_texts, self.k, generator=generator)
        table = pair_table(graph, self.n_skills)
        rows = []
        for strategy, chosen in zip(PAIR_STRATEGIES, _sets(self, generator), strict=True):
            steps = self.rounds if strategy == "alternation" else 0
            found, factor = alternate(
                table, chosen, self.theta, self.n_skills, steps, generator=generator
            )
            rows.append((factor, len(found) / self.n_skills**2, _hub(found, self)))
        return graphs.columns("strategy", ("targeted", "fraction", "hub"), rows)


PairSets.records = {
    "slingshot_pair_sets": {
        "live": PairSets(n_texts=40_000, seeds=(0, 1)),
        "standard": PairSets(seeds=tuple(range(220, 420))),
    }
}


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

    Returned is the set that fails most of those met, and its mean failure factor.
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


def _sets(of: PairSets, generator: np.random.Generator) -> tuple[Indices, ...]:
    """Random pairs, clique, star and the start of alternation, chosen without a look at texts."""
    n_skills = of.n_skills
    first, second = np.divmod(np.arange(n_skills**2), n_skills)
    clique = np.flatnonzero((first < of.clique) & (second < of.clique))
    star = np.flatnonzero((first < of.star) | (second < of.star))
    some = generator.permutation(n_skills**2)[: len(star)]
    return some, clique, star, some


def _hub(pairs: NDArray[np.int64], of: PairSets) -> float:
    first, second = np.divmod(pairs, of.n_skills)
    uses = np.bincount(np.r_[first, second], minlength=of.n_skills)
    main = np.zeros(of.n_skills, dtype=bool)
    main[np.argsort(-uses, kind="stable")[: of.star]] = True
    return float((main[first] | main[second]).mean())
