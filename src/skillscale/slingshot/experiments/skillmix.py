"""Combinations of skills that a corpus holds, when the skills of a text share their rate."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from skillscale import _checks, _progress
from skillscale.lab.records import significant

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SkillCombinations:
    """Settings of `skill_combinations`.

    Attributes:
        n_skills: number of skills.
        mean_rate: mean probability that a text shows a skill.
        spread: standard deviation of the log of the skills' rates.
        topic_rate: probability of each topic.
        topics: topics that are asked about.
        n_texts: texts in the corpus.
        sizes: skills k in a combination.
        combinations: combinations asked for, per topic and size.
        correlations: variances ρ of the factor that all skills of a text share.
        single_success: success c of the composer on one skill.
        seeds: one corpus per correlation each.
    """

    n_skills: int = 40
    mean_rate: float = 0.06
    spread: float = 0.4
    topic_rate: float = 0.02
    topics: int = 20
    n_texts: int = 2_000_000
    sizes: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    combinations: int = 100
    correlations: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    single_success: float = 0.8
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("n_skills", "topics", "n_texts", "combinations"):
            _checks.integer(name, getattr(self, name), minimum=1)
        _checks.number("mean_rate", self.mean_rate, above=0, below=1)
        _checks.number("spread", self.spread, minimum=0)
        _checks.number("topic_rate", self.topic_rate, above=0, maximum=1)
        _checks.number("single_success", self.single_success, minimum=0, maximum=1)
        if not self.sizes or not all(1 <= size <= self.n_skills for size in self.sizes):
            raise ValueError(f"sizes must lie in 1 … {self.n_skills}, got {self.sizes!r}")
        if not self.correlations or not all(0 <= rho < np.inf for rho in self.correlations):
            raise ValueError(f"correlations must be >= 0, got {self.correlations!r}")
        _checks.seeds("seeds", self.seeds)


LIVE = {
    "skill_combinations": SkillCombinations(n_texts=500_000, topics=8, seeds=(0, 1)),
}
STANDARD = {"skill_combinations": SkillCombinations(seeds=tuple(range(200, 212)))}


def skill_combinations(settings: SkillCombinations, *, progress: bool = False) -> xr.Dataset:
    """How often a corpus holds random combinations of skills and a topic.

    In a text skill s occurs with probability min(1, g p_s), all skills given g independently; g is
    a Gamma variable of mean 1 and variance ρ, drawn per text. A **parrot** succeeds on a
    combination if some text of the corpus holds it; a **composer**, who never looked, with
    probability c^k.

    Returns:
        Dataset with dims (member, correlation, size): `count`, mean number of texts that hold a
        combination; `seen`, the fraction of combinations in at least one text, which is the
        parrot's success; `independent`, the expected number of texts for ρ = 0, from the rates of
        the skills asked for; `composed`, the composer's success; `novel`, the fraction of its
        successes that no text holds (nan without any).
    """
    shape = (len(settings.seeds), len(settings.correlations), len(settings.sizes))
    found = np.empty((*shape, 5))
    for i, seed in enumerate(_progress.bar(settings.seeds, show=progress)):
        for j, correlation in enumerate(settings.correlations):
            generator = np.random.default_rng([seed, round(1e6 * correlation)])
            found[i, j] = _corpus(settings, correlation, generator)
    dims = ("member", "correlation", "size")
    count, share = {"units": "texts per combination"}, {"units": "1"}
    names = (
        ("count", count, "texts that hold a combination"),
        ("seen", share, "combinations that some text holds"),
        ("independent", count, "expected texts without correlation"),
        ("composed", share, "success of the composer"),
        ("novel", share, "composer's successes that no text holds"),
    )
    return xr.Dataset(
        {
            name: (dims, significant(found[..., place], 5), {**units, "long_name": about})
            for place, (name, units, about) in enumerate(names)
        },
        coords={
            "seed": ("member", np.asarray(settings.seeds)),
            "correlation": (
                "correlation",
                list(settings.correlations),
                {"units": "1", "long_name": "variance of the shared factor"},
            ),
            "size": ("size", list(settings.sizes), {"units": "skills"}),
        },
    )


def _corpus(
    settings: SkillCombinations, correlation: float, generator: np.random.Generator
) -> Floats:
    """Measurements (size, 5) on one corpus; only texts on the topics asked about are drawn."""
    rates = generator.lognormal(sigma=settings.spread, size=settings.n_skills)
    rates *= settings.mean_rate / rates.mean()
    sums = np.zeros((len(settings.sizes), 5))
    for _ in range(settings.topics):
        size = generator.binomial(settings.n_texts, settings.topic_rate)
        bits = _texts(rates, size, correlation, generator)
        for row, k in enumerate(settings.sizes):
            order = generator.random((settings.combinations, settings.n_skills)).argsort(axis=1)
            asked = order[:, :k]
            texts = np.bitwise_count(np.bitwise_and.reduce(bits[asked], axis=1)).sum(axis=1)
            composed = generator.random(len(asked)) < settings.single_success**k
            expected = settings.n_texts * settings.topic_rate * rates[asked].prod(axis=1)
            unseen = composed & (texts == 0)
            columns = (texts, texts > 0, expected, composed, unseen)
            sums[row] += [np.sum(column) for column in columns]
    total = settings.topics * settings.combinations
    with np.errstate(invalid="ignore"):
        novel = np.where(sums[:, 3] > 0, sums[:, 4] / sums[:, 3], np.nan)
    return np.concatenate([sums[:, :4] / total, novel[:, None]], axis=1)


def _texts(
    rates: Floats, n_texts: int, correlation: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw which texts show which skill, eight texts a byte: shape (skill, byte)."""
    shared = np.ones(n_texts, dtype=np.float32)
    if correlation > 0:
        shared = generator.gamma(1 / correlation, correlation, n_texts).astype(np.float32)
    drawn = generator.random((len(rates), n_texts), dtype=np.float32)
    return np.packbits(drawn < rates[:, None].astype(np.float32) * shared, axis=1)
