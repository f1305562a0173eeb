"""Combinations of skills that a corpus holds, when the skills of a text share their rate."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from skillscale.lab.settings import Count, Counts, Fraction, NonNegative, Seeds, Share, real
from skillscale.lab.sweep import Coords, Experiment, Found, Grid
from skillscale.slingshot.experiments.graphs import columns

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SkillCombinations(Experiment):
    """How often a corpus holds random combinations of skills and a topic.

    In a text skill s occurs with probability min(1, g p_s), all skills given g independently; g is
    a Gamma variable of mean 1 and variance ρ, drawn per text. A **parrot** succeeds on a
    combination if some text of the corpus holds it; a **composer**, who never looked, with
    probability c^k.

    Over (member, correlation, size): `count`, mean number of texts that hold a combination; `seen`,
    the fraction of combinations in at least one text, which is the parrot's success; `independent`,
    the expected number of texts for ρ = 0, from the rates of the skills asked for; `composed`, the
    composer's success; `novel`, the fraction of its successes that no text holds (nan without any).
    """

    n_skills: Count = 40
    mean_rate: Fraction = 0.06  #: mean probability that a text shows a skill
    spread: NonNegative = 0.4  #: standard deviation of the log of the skills' rates
    topic_rate: Share = 0.02  #: probability of each topic
    topics: Count = 20  #: that are asked about
    n_texts: Count = 2_000_000  #: texts in the corpus
    sizes: Counts = (1, 2, 3, 4, 5, 6)  #: skills k in a combination
    combinations: Count = 100  #: asked for, per topic and size
    #: variances ρ of the factor that all skills of a text share
    correlations: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    #: c of the composer on one skill
    single_success: Annotated[float, real(minimum=0, maximum=1)] = 0.8
    seeds: Seeds = (0,)  #: one corpus per correlation each

    about = {
        "count": ("texts per combination", "texts that hold a combination"),
        "seen": ("1", "combinations that some text holds"),
        "independent": ("texts per combination", "expected texts without correlation"),
        "composed": ("1", "success of the composer"),
        "novel": ("1", "composer's successes that no text holds"),
        "correlation": ("1", "variance of the shared factor"),
        "size": ("skills", ""),
    }

    def together(self) -> None:
        if not self.sizes or not all(1 <= size <= self.n_skills for size in self.sizes):
            raise ValueError(f"sizes must lie in 1 … {self.n_skills}, got {self.sizes!r}")
        if not self.correlations or not all(0 <= rho < np.inf for rho in self.correlations):
            raise ValueError(f"correlations must be >= 0, got {self.correlations!r}")

    def grid(self) -> Grid:
        return {"member": self.seeds, "correlation": self.correlations}

    def coords(self) -> Coords:
        return {"size": self.sizes}

    def measure(self, member: int, correlation: float) -> Found:
        generator = np.random.default_rng([member, round(1e6 * correlation)])
        names = ("count", "seen", "independent", "composed", "novel")
        return columns("size", names, _corpus(self, correlation, generator))


SkillCombinations.records = {
    "slingshot_skill_combinations": {
        "live": SkillCombinations(n_texts=500_000, topics=8, seeds=(0, 1)),
        "standard": SkillCombinations(seeds=tuple(range(200, 212))),
    }
}


def _corpus(of: SkillCombinations, correlation: float, generator: np.random.Generator) -> Floats:
    """Measurements (size, 5) on one corpus; only texts on the topics asked about are drawn."""
    rates = generator.lognormal(sigma=of.spread, size=of.n_skills)
    rates *= of.mean_rate / rates.mean()
    sums = np.zeros((len(of.sizes), 5))
    for _ in range(of.topics):
        size = generator.binomial(of.n_texts, of.topic_rate)
        bits = _texts(rates, size, correlation, generator)
        for row, k in enumerate(of.sizes):
            order = generator.random((of.combinations, of.n_skills)).argsort(axis=1)
            asked = order[:, :k]
            texts = np.bitwise_count(np.bitwise_and.reduce(bits[asked], axis=1)).sum(axis=1)
            composed = generator.random(len(asked)) < of.single_success**k
            expected = of.n_texts * of.topic_rate * rates[asked].prod(axis=1)
            unseen = composed & (texts == 0)
            found = (texts, texts > 0, expected, composed, unseen)
            sums[row] += [np.sum(each) for each in found]
    total = of.topics * of.combinations
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
