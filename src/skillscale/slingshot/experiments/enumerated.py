"""Tiny graphs: all sets of wrong texts, or all sets of skills, one by one."""

import itertools
from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab.records import significant
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.sweeps import FACTOR, attack


@dataclass(frozen=True)
class TinyGraphs:
    """Settings of `tiny_graphs`.

    Attributes:
        shapes: (n_skills, n_texts, k, wrong texts); all sets of texts are enumerated.
        graphs: graphs of each shape per seed.
        swaps: rounds of swaps of the strongest adversary.
        seeds: one member each.
    """

    shapes: tuple[tuple[int, int, int, int], ...] = ((6, 24, 8, 4), (5, 20, 8, 5), (8, 40, 6, 3))
    graphs: int = 8
    swaps: int = 60
    seeds: tuple[int, ...] = (0, 1)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("graphs", self.graphs, minimum=1)
        _checks.integer("swaps", self.swaps, minimum=0)
        _checks.seeds("seeds", self.seeds)
        for n_skills, n_texts, k, n_wrong in self.shapes:
            _checks.integer("n_skills of shapes", n_skills, minimum=2)
            _checks.integer("n_texts of shapes", n_texts, minimum=1)
            _checks.integer("k of shapes", k, minimum=1)
            _checks.integer("n_wrong of shapes", n_wrong, minimum=1)
        if not self.shapes or any(not 1 <= wrong < n for _, n, _, wrong in self.shapes):
            raise ValueError(f"shapes must have 1 … n_texts - 1 wrong texts, got {self.shapes!r}")


@dataclass(frozen=True)
class CertifiedGraphs:
    """Settings of `certified_graphs`.

    Attributes:
        n_skills: N1; all sets of skills of the bad fraction are tried.
        n_texts: N2 of each graph size.
        k: skills per text.
        theta: θ, fraction of wrong texts.
        n_bad: skills in a set.
        seeds: one graph of each size per seed.
    """

    n_skills: int = 12
    n_texts: tuple[int, ...] = (60, 240)
    k: int = 4
    theta: float = 0.1
    n_bad: int = 3
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_skills", self.n_skills, minimum=2)
        _checks.integer("k", self.k, minimum=1)
        _checks.integer("n_bad", self.n_bad, minimum=1)
        _checks.number("theta", self.theta, above=0, below=1)
        _checks.seeds("seeds", self.seeds)
        if self.n_bad >= self.n_skills:
            raise ValueError(f"n_bad must be below n_skills = {self.n_skills}, got {self.n_bad}")
        if not self.n_texts or min(self.n_texts) < 1:
            raise ValueError(f"n_texts must hold sizes >= 1, got {self.n_texts!r}")


LIVE = {"tiny_graphs": TinyGraphs(graphs=4, seeds=(0, 1, 2))}
STANDARD = {
    "tiny_graphs": TinyGraphs(seeds=tuple(range(200, 212))),
    "certified_graphs": CertifiedGraphs(seeds=tuple(range(200, 212))),
}


def tiny_graphs(settings: TinyGraphs, *, progress: bool = False) -> xr.Dataset:
    """Largest failure factor that any set of texts gives to any set of skills, by enumeration.

    Returns:
        Dataset with dims (member, graph, shape, n_bad): `worst`, the largest β that `n_bad` skills
        attain over all sets of texts; `swapped`, what the soft-min swaps find. nan where a shape
        has too few skills.
    """
    most = max(shape[0] for shape in settings.shapes)
    size = (len(settings.seeds), settings.graphs, len(settings.shapes), most)
    worst, swapped = np.full(size, np.nan), np.full(size, np.nan)
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        for g, (j, shape) in itertools.product(range(settings.graphs), enumerate(settings.shapes)):
            n_skills, n_texts, k, n_wrong = shape
            generator = np.random.default_rng([seed, g, *shape])
            graph = graphs.random_graph(n_skills, n_texts, k, generator=generator)
            average = n_wrong * k / n_skills
            found = graphs.every_set_of_texts(graph, n_wrong, n_skills)
            worst[i, g, j, :n_skills] = found / average
            for n_bad in range(1, n_skills):
                factors = attack(
                    graph,
                    graphs.skill_frequencies(n_skills),
                    n_wrong / n_texts,
                    n_bad / n_skills,
                    settings.swaps,
                    generator,
                )
                swapped[i, g, j, n_bad - 1] = max(row[0] for row in factors)
    dims = ("member", "graph", "shape", "n_bad")
    columns = np.array(settings.shapes)
    names = ("n_skills", "n_texts", "k", "n_wrong")
    return xr.Dataset(
        {
            "worst": (dims, significant(worst, 5), FACTOR),
            "swapped": (dims, significant(swapped, 5), FACTOR),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_bad": ("n_bad", np.arange(1, most + 1), {"units": "skills"}),
            **{name: ("shape", columns[:, place]) for place, name in enumerate(names)},
        },
    )


def certified_graphs(settings: CertifiedGraphs, *, progress: bool = False) -> xr.Dataset:
    """Upper limits by linear programs on what any texts give to any set of so many skills.

    Returns:
        Dataset with dims (member, n_texts): `certified`, the largest optimum over all sets of
        skills, as a failure factor; texts may be wrong in part.
    """
    certified = np.empty((len(settings.seeds), len(settings.n_texts)))
    sets = np.array(list(itertools.combinations(range(settings.n_skills), settings.n_bad)))
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        for j, n_texts in enumerate(settings.n_texts):
            generator = np.random.default_rng([seed, n_texts])
            graph = graphs.random_graph(settings.n_skills, n_texts, settings.k, generator=generator)
            n_wrong = settings.theta * n_texts
            best = max(graphs.certificate(graph, z, n_wrong, settings.n_skills) for z in sets)
            certified[i, j] = best / (n_wrong * settings.k / settings.n_skills)
    return xr.Dataset(
        {"certified": (("member", "n_texts"), significant(certified, 5), FACTOR)},
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_texts": ("n_texts", np.asarray(settings.n_texts), {"units": "texts"}),
        },
    )
