"""Attacks on many random graphs of different shapes."""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skillscale import _checks
from skillscale.lab.records import significant
from skillscale.lab.settings import Fractions, Seeds, Steps
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.attacks import STRATEGIES
from skillscale.slingshot.experiments.graphs import Floats, Graph, Indices

FACTOR = ("1", "failures over those of an average skill of its frequency")


class Shape(NamedTuple):
    """Numbers of skills, texts and skills per text, and the Zipf exponent of the skills."""

    n_skills: int
    n_texts: int
    k: int
    zipf: float = 0.0


@dataclass(frozen=True)
class ManyGraphs(Experiment):
    """Failure factors that adversaries reach on graphs of many shapes.

    A skill of frequency p has p θ k N2 failures on average; its failure factor is what it has over
    that. The adversaries are those of `Adversaries`; for skills of unequal frequency, the busiest
    are those with most uses over the expected number, and fractions of the skills are sums of p.

    `reached` (member, shape, theta, bad_fraction, strategy), the β that a fraction of all skills
    attains; alike `worst`, the mean β over those skills, and `targeted`, over the skills aimed at.
    """

    shapes: tuple[Shape, ...] = (Shape(100, 2000, 8),)  #: one graph of each per seed
    thetas: Fractions = (0.05, 0.1, 0.2)  #: θ, of texts that an adversary may spoil
    #: a, at which β is read off, of the skills by frequency
    bad_fractions: Fractions = (0.05, 0.1, 0.2, 0.5)
    swaps: Steps = 60  #: rounds of swaps of the strongest adversary
    seeds: Seeds = (0, 1)  #: one member each

    about = {
        "reached": FACTOR,
        "worst": FACTOR,
        "targeted": FACTOR,
        "n_skills": ("skills", ""),
        "n_texts": ("texts", ""),
        "k": ("skills per text", ""),
        "zipf": ("", "Zipf exponent, 0 for uniform"),
        "theta": ("", "fraction of wrong texts"),
        "bad_fraction": ("1", "fraction of skills counted as bad, by frequency"),
    }

    def together(self) -> None:
        for n_skills, n_texts, k, zipf in self.shapes:
            _checks.integer("n_skills of shapes", n_skills, minimum=1)
            _checks.integer("n_texts of shapes", n_texts, minimum=1)
            _checks.integer("k of shapes", k, minimum=1)
            _checks.number("zipf of shapes", zipf, minimum=0)
        if not self.shapes or any(s[1] * min(self.thetas) < 1 for s in self.shapes):
            raise ValueError(f"shapes must allow at least one wrong text, got {self.shapes!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds, "shape": self.shapes}

    def coords(self) -> Coords:
        columns = dict(zip(Shape._fields, zip(*self.shapes, strict=True), strict=True))
        return {
            **{name: ("shape", np.array(column)) for name, column in columns.items()},
            "zipf": ("shape", np.array(columns["zipf"], dtype=float)),
            "theta": self.thetas,
            "bad_fraction": self.bad_fractions,
            "strategy": list(STRATEGIES),
        }

    def measure(self, member: int, shape: Shape) -> Found:
        n_skills, n_texts, k, zipf = shape
        generator = np.random.default_rng([member, n_skills, n_texts, k, round(1000 * zipf)])
        graph = graphs.random_graph(n_skills, n_texts, k, generator=generator, zipf=zipf)
        frequency = graphs.skill_frequencies(n_skills, zipf)
        cells = itertools.product(self.thetas, self.bad_fractions)
        every = [attack(graph, frequency, *cell, self.swaps, generator) for cell in cells]
        sizes = len(self.thetas), len(self.bad_fractions), len(STRATEGIES), 3
        found = np.array(every).reshape(sizes)
        axes = ("theta", "bad_fraction", "strategy")
        return {
            name: (axes, significant(found[..., place], 5))
            for place, name in enumerate(("reached", "worst", "targeted"))
        }


_UNIFORM = [
    Shape(n_skills, n_skills * ratio, k)
    for n_skills in (100, 300, 1000)
    for ratio in (20, 100)
    for k in (4, 8)
]
_SHAPES = (
    *_UNIFORM,
    Shape(100, 10_000, 16),
    Shape(300, 6000, 16),
    Shape(100, 100_000, 8),
    Shape(300, 6000, 8, 0.7),
    Shape(300, 30_000, 8, 0.7),
    Shape(300, 30_000, 8, 1.0),
    Shape(1000, 20_000, 8, 1.0),
    Shape(1000, 20_000, 4, 0.7),
)

ManyGraphs.records = {
    "slingshot_many_graphs": {
        "live": ManyGraphs(
            (Shape(300, 6000, 8), Shape(300, 6000, 8, 0.7)),
            (0.1,),
            (0.1, 0.2, 0.5),
            seeds=(0, 1, 2),
        ),
        "standard": ManyGraphs(_SHAPES, seeds=tuple(range(200, 212))),
    }
}


def attack(
    graph: Graph,
    frequency: Floats,
    theta: float,
    bad_fraction: float,
    swaps: int,
    generator: np.random.Generator,
) -> list[tuple[float, float, float]]:
    """Return `reached`, `worst` and `targeted` of each strategy on one graph."""
    n_texts, n_skills = len(graph), len(frequency)
    n_wrong = int(theta * n_texts + 1e-9)
    expected = n_wrong * graph.shape[1] * frequency
    busy = np.bincount(graph.ravel(), minlength=n_skills) / frequency
    some = _upto(generator.permutation(n_skills), frequency, bad_fraction)
    busiest = _upto(np.argsort(-busy, kind="stable"), frequency, bad_fraction)

    def against(skills: Indices) -> Indices:
        score = graphs.hits(graph, skills, n_skills)
        return graphs.worst_texts(score, n_wrong, generator=generator)

    start = against(busiest)
    attacks = (
        (some, generator.permutation(n_texts)[:n_wrong]),
        (some, against(some)),
        (busiest, start),
        (busiest, graphs.soft_min_swaps(graph, busiest, start, expected, swaps=swaps)),
    )
    found = []
    for skills, texts in attacks:
        factor = graphs.failures(graph, texts, n_skills) / expected
        bad = _upto(np.argsort(-factor, kind="stable"), frequency, bad_fraction)
        means = [np.average(factor[which], weights=frequency[which]) for which in (bad, skills)]
        found.append((float(factor[bad].min()), float(means[0]), float(means[1])))
    return found


def _upto(order: Indices, frequency: Floats, fraction: float) -> Indices:
    """Skills in the given order, up to the first with which they have the fraction."""
    together = np.cumsum(frequency[order])
    return order[: int(np.searchsorted(together, fraction - 1e-9)) + 1]
