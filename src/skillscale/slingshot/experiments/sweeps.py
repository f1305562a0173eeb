"""Attacks on many random graphs of different shapes."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from skillscale import _checks, _progress
from skillscale.lab.records import significant
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.experiments.attacks import STRATEGIES
from skillscale.slingshot.experiments.graphs import Floats, Graph, Indices

FACTOR = {"units": "1", "long_name": "failures over those of an average skill of its frequency"}


class Shape(NamedTuple):
    """Numbers of skills, texts and skills per text, and the Zipf exponent of the skills."""

    n_skills: int
    n_texts: int
    k: int
    zipf: float = 0.0


def _check_fractions(name: str, values: tuple[float, ...]) -> None:
    if not values or not all(0 < value < 1 for value in values):
        raise ValueError(f"{name} must lie in (0, 1), got {values!r}")


@dataclass(frozen=True)
class ManyGraphs:
    """Settings of `many_graphs`.

    Attributes:
        shapes: one graph of each shape per seed.
        thetas: fractions θ of texts that an adversary may spoil.
        bad_fractions: fractions a at which β is read off, of the skills by frequency.
        swaps: rounds of swaps of the strongest adversary.
        seeds: one member each.
    """

    shapes: tuple[Shape, ...] = (Shape(100, 2000, 8),)
    thetas: tuple[float, ...] = (0.05, 0.1, 0.2)
    bad_fractions: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5)
    swaps: int = 60
    seeds: tuple[int, ...] = (0, 1)

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_fractions("thetas", self.thetas)
        _check_fractions("bad_fractions", self.bad_fractions)
        _checks.integer("swaps", self.swaps, minimum=0)
        _checks.seeds("seeds", self.seeds)
        for n_skills, n_texts, k, zipf in self.shapes:
            _checks.integer("n_skills of shapes", n_skills, minimum=1)
            _checks.integer("n_texts of shapes", n_texts, minimum=1)
            _checks.integer("k of shapes", k, minimum=1)
            _checks.number("zipf of shapes", zipf, minimum=0)
        if not self.shapes or any(s[1] * min(self.thetas) < 1 for s in self.shapes):
            raise ValueError(f"shapes must allow at least one wrong text, got {self.shapes!r}")


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

LIVE = {
    "many_graphs": ManyGraphs(
        (Shape(300, 6000, 8), Shape(300, 6000, 8, 0.7)), (0.1,), (0.1, 0.2, 0.5), seeds=(0, 1, 2)
    ),
}
STANDARD = {
    "many_graphs": ManyGraphs(_SHAPES, seeds=tuple(range(200, 212))),
}


def many_graphs(settings: ManyGraphs, *, progress: bool = False) -> xr.Dataset:
    """Failure factors that adversaries reach on graphs of many shapes.

    A skill of frequency p has p θ k N2 failures on average; its failure factor is what it has over
    that. The adversaries are those of `adversaries`; for skills of unequal frequency, the busiest
    are those with most uses over the expected number, and fractions of the skills are sums of p.

    Returns:
        Dataset with dims (member, shape, theta, bad_fraction, strategy): `reached`, the β that a
        fraction of all skills attains; `worst`, the mean β over those skills; `targeted`, the mean
        over the skills that the strategy aimed at.
    """
    size = (
        len(settings.seeds),
        len(settings.shapes),
        len(settings.thetas),
        len(settings.bad_fractions),
    )
    found = np.empty((*size, len(STRATEGIES), 3))
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        for j, shape in enumerate(settings.shapes):
            key = [seed, shape[0], shape[1], shape[2], round(1000 * shape[3])]
            generator = np.random.default_rng(key)
            graph = graphs.random_graph(*shape[:3], generator=generator, zipf=shape[3])
            frequency = graphs.skill_frequencies(shape[0], shape[3])
            for m, theta in enumerate(settings.thetas):
                for n, a in enumerate(settings.bad_fractions):
                    found[i, j, m, n] = attack(
                        graph, frequency, theta, a, settings.swaps, generator
                    )
    dims = ("member", "shape", "theta", "bad_fraction", "strategy")
    columns = np.array([tuple(shape) for shape in settings.shapes])
    return xr.Dataset(
        {
            name: (dims, significant(found[..., place], 5), FACTOR)
            for place, name in enumerate(("reached", "worst", "targeted"))
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "n_skills": ("shape", columns[:, 0].astype(int), {"units": "skills"}),
            "n_texts": ("shape", columns[:, 1].astype(int), {"units": "texts"}),
            "k": ("shape", columns[:, 2].astype(int), {"units": "skills per text"}),
            "zipf": ("shape", columns[:, 3], {"long_name": "Zipf exponent, 0 for uniform"}),
            "theta": ("theta", list(settings.thetas), {"long_name": "fraction of wrong texts"}),
            "bad_fraction": (
                "bad_fraction",
                list(settings.bad_fractions),
                {"units": "1", "long_name": "fraction of skills counted as bad, by frequency"},
            ),
            "strategy": list(STRATEGIES),
        },
    )


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
