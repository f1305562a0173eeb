"""Random skill–text graphs, and adversaries that choose which texts go wrong."""

from dataclasses import dataclass

import numpy as np

from skillscale.lab.settings import Count, Counts, Fraction, Fractions, Seeds, Steps
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments.graphs import Graph, Indices, random_graph, soft_min_swaps

STRATEGIES = ("random texts", "random skills", "busiest skills", "soft-min swaps")


@dataclass(frozen=True)
class Adversaries(Experiment):
    """Failure factors that several adversaries reach on random graphs.

    An adversary names a fraction θ of the texts as wrong; a skill's failure factor β is its
    failures over θ k N2/N1, the number that an average skill would collect. Strategies: "random
    texts"; the texts that hit a set of random skills most often ("random skills"); the same for the
    skills of highest degree ("busiest skills"); and from there swaps of texts that favour the
    skills with the fewest failures ("soft-min swaps").

    `reached` (member, n_texts, bad_fraction, strategy), the β that a fraction of all skills attains
    (its least favoured member's); `targeted`, alike, the mean β of the skills aimed at.
    """

    n_skills: Count = 1000  #: N1
    n_texts: Counts = (100_000,)  #: N2 of each graph size
    k: Count = 8  #: skills per text
    theta: Fraction = 0.1  #: θ, fraction of texts that the adversary may spoil
    bad_fractions: Fractions = (0.05, 0.1, 0.2, 0.3, 0.5)  #: a, at which β is read off
    swaps: Steps = 60  #: rounds of swaps of the strongest adversary
    seeds: Seeds = tuple(range(50))  #: one graph of each size each

    about = {
        "reached": ("1", "failures over those of an average skill"),
        "targeted": ("1", "failures over those of an average skill"),
        "n_texts": ("texts", ""),
        "bad_fraction": ("1", "fraction of skills counted as bad"),
    }

    def together(self) -> None:
        if not self.n_texts or min(self.n_texts) * self.theta < 1:
            raise ValueError(
                f"n_texts must hold sizes with at least one bad text, got {self.n_texts!r}"
            )

    def grid(self) -> Grid:
        return {"member": self.seeds, "n_texts": self.n_texts}

    def coords(self) -> Coords:
        return {"bad_fraction": self.bad_fractions, "strategy": list(STRATEGIES)}

    def measure(self, member: int, n_texts: int) -> Found:
        generator = np.random.default_rng([member, n_texts])
        graph = random_graph(self.n_skills, n_texts, self.k, generator=generator)
        found = np.array(
            [_attack(graph, fraction, self, generator) for fraction in self.bad_fractions],
            np.float32,
        )
        axes = ("bad_fraction", "strategy")
        return {"reached": (axes, found[:, 0]), "targeted": (axes, found[:, 1])}


Adversaries.records = {
    "slingshot_adversaries": {
        "live": Adversaries(n_skills=300, n_texts=(3000, 30_000), seeds=(0, 1, 2)),
        "standard": Adversaries(n_texts=(10_000, 100_000), seeds=tuple(range(100))),
    }
}


def _attack(
    graph: Graph, bad_fraction: float, of: Adversaries, generator: np.random.Generator
) -> tuple[list[float], list[float]]:
    n_texts, n_skills = len(graph), of.n_skills
    n_bad_texts = int(of.theta * n_texts)
    n_bad_skills = int(np.ceil(bad_fraction * n_skills - 1e-9))
    average = n_bad_texts * of.k / n_skills
    degree = np.bincount(graph.ravel(), minlength=n_skills)
    random_skills = generator.permutation(n_skills)[:n_bad_skills]
    busiest = np.argsort(-degree, kind="stable")[:n_bad_skills]
    start = _worst_texts(graph, busiest, n_bad_texts, of, generator)
    attacks = (
        (random_skills, generator.permutation(n_texts)[:n_bad_texts]),
        (random_skills, _worst_texts(graph, random_skills, n_bad_texts, of, generator)),
        (busiest, start),
        (busiest, soft_min_swaps(graph, busiest, start, np.ones(n_skills), swaps=of.swaps)),
    )
    reached, targeted = [], []
    for skills, texts in attacks:
        failures = np.bincount(graph[texts].ravel(), minlength=n_skills)
        reached.append(float(np.sort(failures)[-n_bad_skills] / average))
        targeted.append(float(failures[skills].mean() / average))
    return reached, targeted


def _worst_texts(
    graph: Graph, skills: Indices, n_bad_texts: int, of: Adversaries, generator: np.random.Generator
) -> Indices:
    """Texts that hold most of the given skills; ties are broken at random.

    By noise, not as in `graphs.worst_texts`: the stored run was drawn so.
    """
    marked = np.zeros(of.n_skills, dtype=np.int8)
    marked[skills] = 1
    hits = marked[graph].sum(axis=1) + 0.5 * generator.random(len(graph))
    return np.argpartition(-hits, n_bad_texts - 1)[:n_bad_texts]
