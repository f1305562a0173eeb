"""Tuples of skills that are spread over several texts: composites of k' texts."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Fraction, Seeds, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.graphs import Graph

COMPOSITE_STRATEGIES = ("random texts", "texts of a star", "texts of a clique", "composites")


@dataclass(frozen=True)
class Composites(Experiment):
    """Failure rates of tuples whose skills are spread over the k' texts of a composite.

    A composite is wrong if one of its texts is. Its j-th tuple has the j-th skill of each text.
    Three adversaries name a fraction θ of the texts: at random; those with most skills of a star;
    those with most skills of a clique (whose tuples lie within it, as many as the star's or one
    skill's worth fewer). A fourth, stronger than any of these, names a fraction k'θ of the
    composites itself: those with most tuples of the star.

    `wrong` (member, strategy), the fraction of wrong composites; alike `targeted`, the mean failure
    rate of the star's (or clique's) tuples, against the occurrences of an average tuple;
    `fraction`, their share of all tuples; `reached`, the failure rate that as large a share as the
    star's attains.
    """

    n_skills: Annotated[int, whole(2)] = 60  #: N1; there are N1^k' tuples
    n_texts: Count = 1_000_000  #: glued together; a multiple of `tuple_size`
    k: Count = 8  #: skills per text
    tuple_size: Count = 2  #: k', texts in a composite
    theta: Fraction = 0.05  #: θ, of wrong texts
    star: Count = 6  #: skills of the star; its tuples are those with at least one of them
    seeds: Seeds = (0,)  #: one graph each

    about = {
        "wrong": ("1", "fraction of wrong composites"),
        "targeted": ("1", "failures over occurrences of an average tuple"),
        "fraction": ("1", "share of all tuples"),
        "reached": ("1", "failures over occurrences of an average tuple"),
    }

    def together(self) -> None:
        _checks.number("theta", self.theta, above=0, below=1 / self.tuple_size)
        if self.n_texts % self.tuple_size or self.n_texts * self.theta < 1:
            raise ValueError(
                f"n_texts must be a multiple of tuple_size = {self.tuple_size} with at least one "
                f"wrong text, got {self.n_texts!r}"
            )
        if self.n_skills**self.tuple_size > 2**20:
            raise ValueError(
                f"n_skills**tuple_size must be <= 2**20, got {self.n_skills}**{self.tuple_size}"
            )
        if not 1 <= self.star < self.n_skills:
            raise ValueError(f"star must lie in 1 … {self.n_skills - 1}, got {self.star!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds}

    def coords(self) -> Coords:
        return {"strategy": list(COMPOSITE_STRATEGIES)}

    def measure(self, member: int) -> Found:
        generator = Stream(member, "composites of texts").at(0)
        graph = graphs.random_graph(self.n_skills, self.n_texts, self.k, generator=generator)
        table = tuple_table(graph, self.n_skills, self.tuple_size)
        rows = [_rates(graph, table, each, self, generator) for each in COMPOSITE_STRATEGIES]
        return graphs.columns("strategy", ("wrong", "targeted", "fraction", "reached"), rows)


Composites.records = {
    "slingshot_composites": {
        "live": Composites(n_texts=100_000, seeds=(0, 1)),
        "standard": Composites(seeds=tuple(range(200, 212))),
    }
}


def tuple_table(graph: Graph, n_skills: int, tuple_size: int) -> NDArray[np.int32]:
    """Glue groups of `tuple_size` texts; each composite as its k tuples, written as numbers.

    >>> tuple_table(np.array([[0, 1], [2, 1]], dtype=np.int16), 3, 2).tolist()
    [[2, 4]]
    """
    parts = graph.reshape(-1, tuple_size, graph.shape[1]).astype(np.int32)
    number = parts[:, 0]
    for place in range(1, tuple_size):
        number = number * np.int32(n_skills) + parts[:, place]
    return np.asarray(number)


def _rates(
    graph: Graph,
    table: NDArray[np.int32],
    strategy: str,
    of: Composites,
    generator: np.random.Generator,
) -> tuple[float, float, float, float]:
    size, n_skills, star = of.tuple_size, of.n_skills, of.star
    digits = np.stack(np.unravel_index(np.arange(n_skills**size), (n_skills,) * size))
    at_star = np.flatnonzero((digits < star).any(axis=0))
    clique = math.floor(n_skills * (len(at_star) / n_skills**size) ** (1 / size) + 1e-9)
    aimed = at_star
    if strategy == "composites":
        score = graphs.hits(table, at_star, n_skills**size)
        n_wrong = int(size * of.theta * len(table) + 1e-9)
        bad = np.zeros(len(table), dtype=bool)
        bad[graphs.worst_texts(score, n_wrong, generator=generator)] = True
    else:
        n_wrong = int(of.theta * len(graph) + 1e-9)
        if strategy == "texts of a clique":
            aimed = np.flatnonzero((digits < clique).all(axis=0))
        if strategy == "random texts":
            texts = generator.permutation(len(graph))[:n_wrong]
        else:
            skills = np.arange(star if strategy == "texts of a star" else clique)
            score = graphs.hits(graph, skills, n_skills)
            texts = graphs.worst_texts(score, n_wrong, generator=generator)
        wrong_texts = np.zeros(len(graph), dtype=bool)
        wrong_texts[texts] = True
        bad = np.any(wrong_texts.reshape(-1, size), axis=1)
    occurrences = len(table) * of.k / n_skills**size
    rate = graphs.failures(table, bad, n_skills**size) / occurrences
    reached = np.sort(rate)[-len(at_star)]
    return float(bad.mean()), float(rate[aimed].mean()), len(aimed) / rate.size, float(reached)
