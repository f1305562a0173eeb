"""Tiny graphs: all sets of wrong texts, or all sets of skills, one by one."""

import itertools
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from skillscale import _checks
from skillscale.lab.records import significant
from skillscale.lab.settings import Count, Counts, Fraction, Seeds, Steps, whole
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.many_graphs import FACTOR, attack


@dataclass(frozen=True)
class TinyGraphs(Experiment):
    """Largest failure factor that any set of texts gives to any set of skills, by enumeration.

    `worst` (member, graph, shape, n_bad), the largest β that `n_bad` skills attain over all sets of
    texts; `swapped`, alike, what the soft-min swaps find. nan where a shape has too few skills.
    """

    #: (n_skills, n_texts, k, wrong texts)
    shapes: tuple[tuple[int, int, int, int], ...] = ((6, 24, 8, 4), (5, 20, 8, 5), (8, 40, 6, 3))
    graphs: Count = 8  #: of each shape per seed
    swaps: Steps = 60  #: rounds of swaps of the strongest adversary
    seeds: Seeds = (0, 1)  #: one member each

    about = {"worst": FACTOR, "swapped": FACTOR, "n_bad": ("skills", "")}

    def together(self) -> None:
        for n_skills, n_texts, k, n_wrong in self.shapes:
            _checks.integer("n_skills of shapes", n_skills, minimum=2)
            _checks.integer("n_texts of shapes", n_texts, minimum=1)
            _checks.integer("k of shapes", k, minimum=1)
            _checks.integer("n_wrong of shapes", n_wrong, minimum=1)
        if not self.shapes or any(not 1 <= wrong < n for _, n, _, wrong in self.shapes):
            raise ValueError(f"shapes must have 1 … n_texts - 1 wrong texts, got {self.shapes!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds, "graph": range(self.graphs), "shape": self.shapes}

    def coords(self) -> Coords:
        names = ("n_skills", "n_texts", "k", "n_wrong")
        columns = dict(zip(names, np.array(self.shapes).T, strict=True))
        n_bad = range(1, max(columns["n_skills"]) + 1)
        return {"n_bad": n_bad, **{name: ("shape", each) for name, each in columns.items()}}

    def measure(self, member: int, graph: int, shape: tuple[int, int, int, int]) -> Found:
        n_skills, n_texts, k, n_wrong = shape
        generator = np.random.default_rng([member, graph, *shape])
        drawn = graphs.random_graph(n_skills, n_texts, k, generator=generator)
        worst, swapped = np.full((2, max(each[0] for each in self.shapes)), np.nan)
        every = graphs.every_set_of_texts(drawn, n_wrong, n_skills)
        worst[:n_skills] = every / (n_wrong * k / n_skills)
        for n_bad in range(1, n_skills):
            factors = attack(
                drawn,
                graphs.skill_frequencies(n_skills),
                n_wrong / n_texts,
                n_bad / n_skills,
                self.swaps,
                generator,
            )
            swapped[n_bad - 1] = max(row[0] for row in factors)
        return {
            "worst": ("n_bad", significant(worst, 5)),
            "swapped": ("n_bad", significant(swapped, 5)),
        }


@dataclass(frozen=True)
class CertifiedGraphs(Experiment):
    """Upper limits by linear programs on what any texts give to any set of so many skills.

    `certified` (member, n_texts), the largest optimum over all sets of skills, as a failure factor;
    texts may be wrong in part.
    """

    n_skills: Annotated[int, whole(2)] = 12  #: N1; all sets of skills of the bad fraction are tried
    n_texts: Counts = (60, 240)  #: N2 of each graph size
    k: Count = 4  #: skills per text
    theta: Fraction = 0.1  #: θ, of wrong texts
    n_bad: Count = 3  #: skills in a set
    seeds: Seeds = (0,)  #: one graph of each size each

    about = {"certified": FACTOR, "n_texts": ("texts", "")}

    def together(self) -> None:
        if self.n_bad >= self.n_skills:
            raise ValueError(f"n_bad must be below n_skills = {self.n_skills}, got {self.n_bad}")

    def grid(self) -> Grid:
        return {"member": self.seeds, "n_texts": self.n_texts}

    def measure(self, member: int, n_texts: int) -> Found:
        sets = np.array(list(itertools.combinations(range(self.n_skills), self.n_bad)))
        generator = np.random.default_rng([member, n_texts])
        graph = graphs.random_graph(self.n_skills, n_texts, self.k, generator=generator)
        n_wrong = self.theta * n_texts
        best = max(graphs.certificate(graph, z, n_wrong, self.n_skills) for z in sets)
        factor = np.array(best / (n_wrong * self.k / self.n_skills))
        return {"certified": ((), significant(factor, 5))}


TinyGraphs.records = {
    "slingshot_tiny_graphs": {
        "live": TinyGraphs(graphs=4, seeds=(0, 1, 2)),
        "standard": TinyGraphs(seeds=tuple(range(200, 212))),
    }
}
CertifiedGraphs.records = {
    "slingshot_certified_graphs": {"standard": CertifiedGraphs(seeds=tuple(range(200, 212)))}
}
