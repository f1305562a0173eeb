"""Random skill–text graphs, and adversaries that choose which texts go wrong.

A graph is a dense table of integers, one row of k skills per text, drawn independently and with
replacement. An adversary names a fraction θ of the texts as wrong; what it reaches is the failure
factor β that a given fraction of the skills attains: their failures over θ k N2/N1, the number that
an average skill would collect.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.slingshot.experiments.graphs import (
    Graph,
    Indices,
    random_graph,
    soft_min_swaps,
)

STRATEGIES = ("random texts", "random skills", "busiest skills", "soft-min swaps")


@dataclass(frozen=True)
class Adversaries:
    """Settings of `adversaries`.

    Attributes:
        n_skills: N1, number of skills.
        n_texts: N2 of each graph size; one entry per size.
        k: skills per text.
        theta: θ, fraction of texts that the adversary may spoil.
        bad_fractions: fractions a of the skills at which β is read off.
        swaps: rounds of swaps of the strongest adversary.
        seeds: one graph of each size per seed.
    """

    n_skills: int = 1000
    n_texts: tuple[int, ...] = (100_000,)
    k: int = 8
    theta: float = 0.1
    bad_fractions: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5)
    swaps: int = 60
    seeds: tuple[int, ...] = tuple(range(50))

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_skills", self.n_skills, minimum=1)
        _checks.integer("k", self.k, minimum=1)
        _checks.integer("swaps", self.swaps, minimum=0)
        _checks.number("theta", self.theta, above=0, below=1)
        if not self.n_texts or min(self.n_texts) * self.theta < 1:
            raise ValueError(
                f"n_texts must hold sizes with at least one bad text, got {self.n_texts!r}"
            )
        if not self.bad_fractions or not all(0 < a < 1 for a in self.bad_fractions):
            raise ValueError(f"bad_fractions must lie in (0, 1), got {self.bad_fractions!r}")
        _checks.seeds("seeds", self.seeds)


LIVE = {"adversaries": Adversaries(n_skills=300, n_texts=(3000, 30_000), seeds=(0, 1, 2))}
STANDARD = {"adversaries": Adversaries(n_texts=(10_000, 100_000), seeds=tuple(range(100)))}


def adversaries(settings: Adversaries, *, progress: bool = False) -> xr.Dataset:
    """Failure factors that several adversaries reach on random graphs.

    Strategies: "random texts"; the texts that hit a set of random skills most often ("random
    skills"); the same for the skills of highest degree ("busiest skills"); and from there
    swaps of texts that favour the skills with the fewest failures ("soft-min swaps").

    Args:
        settings: sizes, fractions and seeds.
        progress: show a bar.

    Returns:
        Dataset with dims (member, n_texts, bad_fraction, strategy):
        `reached`, the β that a fraction `bad_fraction` of all skills attains (its least favoured
        member's), and `targeted`, the mean β of the skills that the strategy aimed at.
    """
    shape = (
        len(settings.seeds),
        len(settings.n_texts),
        len(settings.bad_fractions),
        len(STRATEGIES),
    )
    reached, targeted = np.empty(shape), np.empty(shape)
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        for j, n_texts in enumerate(settings.n_texts):
            generator = np.random.default_rng([seed, n_texts])
            graph = random_graph(settings.n_skills, n_texts, settings.k, generator=generator)
            for m, bad_fraction in enumerate(settings.bad_fractions):
                reached[i, j, m], targeted[i, j, m] = _attack(
                    graph, bad_fraction, settings, generator
                )
    dims = ("member", "n_texts", "bad_fraction", "strategy")
    factor = {"units": "1", "long_name": "failures over those of an average skill"}
    return xr.Dataset(
        {
            "reached": (dims, reached.astype(np.float32), factor),
            "targeted": (dims, targeted.astype(np.float32), factor),
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_texts": ("n_texts", np.asarray(settings.n_texts), {"units": "texts"}),
            "bad_fraction": (
                "bad_fraction",
                np.asarray(settings.bad_fractions),
                {"units": "1", "long_name": "fraction of skills counted as bad"},
            ),
            "strategy": list(STRATEGIES),
        },
    )


def _attack(
    graph: Graph, bad_fraction: float, settings: Adversaries, generator: np.random.Generator
) -> tuple[list[float], list[float]]:
    """`reached` and `targeted` of each strategy on one graph."""
    n_texts, n_skills = len(graph), settings.n_skills
    n_bad_texts = int(settings.theta * n_texts)
    n_bad_skills = int(np.ceil(bad_fraction * n_skills - 1e-9))
    average = n_bad_texts * settings.k / n_skills
    degree = np.bincount(graph.ravel(), minlength=n_skills)
    random_skills = generator.permutation(n_skills)[:n_bad_skills]
    busiest = np.argsort(-degree, kind="stable")[:n_bad_skills]
    start = _worst_texts(graph, busiest, n_bad_texts, settings, generator)
    attacks = (
        (random_skills, generator.permutation(n_texts)[:n_bad_texts]),
        (random_skills, _worst_texts(graph, random_skills, n_bad_texts, settings, generator)),
        (busiest, start),
        (busiest, soft_min_swaps(graph, busiest, start, np.ones(n_skills), swaps=settings.swaps)),
    )
    reached, targeted = [], []
    for skills, texts in attacks:
        failures = np.bincount(graph[texts].ravel(), minlength=n_skills)
        reached.append(float(np.sort(failures)[-n_bad_skills] / average))
        targeted.append(float(failures[skills].mean() / average))
    return reached, targeted


def _worst_texts(
    graph: Graph,
    skills: Indices,
    n_bad_texts: int,
    settings: Adversaries,
    generator: np.random.Generator,
) -> Indices:
    """Texts that hold most of the given skills; ties are broken at random.

    By noise, not as in `graphs.worst_texts`: the stored run was drawn so.
    """
    marked = np.zeros(settings.n_skills, dtype=np.int8)
    marked[skills] = 1
    hits = marked[graph].sum(axis=1) + 0.5 * generator.random(len(graph))
    return np.argpartition(-hits, n_bad_texts - 1)[:n_bad_texts]
