"""A language of texts that need several skills, whose entropy is known exactly."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skillscale import _checks
from skillscale.frequencies import power_law
from skillscale.lab.randomness import Stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LARGEST_TABLE = 2**20
_SIZES = (2, 3)  # of the sets of skills that are counted
_CLOSE = 1e-9  # of a skill's frequency in training to that of the law, relatively
_LEAST = 1e-250  # probability of a text, far from what a float rounds to 0


class Texts(NamedTuple):
    """Texts of k questions each.

    `skill` and `query` (text, k) are numbers from 0; `answer` (text, k + composed), -1 or +1, holds
    the answers before any flip, the composed ones last.
    """

    skill: Integers
    query: Integers
    answer: Floats


@dataclass(frozen=True)
class SkillTexts:
    """A skill–text language.

    A text asks k >= 3 questions. Each names one of S >= 3 skills, drawn independently from P(s) ∝
    (s + 1)^-(alpha + 1), and a uniform query of n_bits bits; the answer is the skill's own fixed
    function of the query, flipped at the rate ρ = `flip` in (0, 1/2). Each skill answers +1 to half
    of its queries, a random half, so that the skill without the query says nothing. `composed`
    further answers are functions of functions: the c-th says whether the answers to the questions
    2c and 2c + 1 agree, their product, flipped by itself.

    A share `held_out` of all pairs of skills, rounded up, never meets in a training text, nor do
    the three skills of as large a share of the triples without such a pair. Among the laws of texts
    without these, that of training is the nearest to the law above, in Kullback–Leibler divergence,
    in which every skill is as frequent as there: P(s1) … P(sk) c(s1) … c(sk), with c by iterative
    scaling. It is sampled exactly. S^k and S · 2^n_bits may not exceed 2^20.

    Source: derived here; tested on the entropy over all flips.
    """

    n_skills: int
    n_bits: int
    k: int
    alpha: float = 0.0
    flip: float = 0.1
    held_out: float = 1 / 3
    composed: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_skills", self.n_skills, minimum=3)
        _checks.integer("n_bits", self.n_bits, minimum=1)
        _checks.integer("k", self.k, minimum=3)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("flip", self.flip, above=0, below=0.5)
        _checks.number("held_out", self.held_out, minimum=0, below=1)
        _checks.integer("composed", self.composed, minimum=0, maximum=self.k // 2)
        _checks.integer("seed", self.seed, minimum=0)
        if self.n_skills**self.k > _LARGEST_TABLE:
            raise ValueError(f"n_skills**k must be <= 2**20, got {self.n_skills}**{self.k}")
        if self.frequency[-1] ** self.k < _LEAST:
            raise ValueError(
                f"alpha must leave every text a probability >= {_LEAST:g}, got {self.alpha!r}"
            )
        if self.n_skills * 2**self.n_bits > _LARGEST_TABLE:
            raise ValueError(
                f"n_skills * 2**n_bits must be <= 2**20, got {self.n_skills} * 2**{self.n_bits}"
            )

    @cached_property
    def frequency(self) -> Floats:
        return power_law(self.n_skills, self.alpha)

    @cached_property
    def answers(self) -> Floats:
        """Answer of each skill to each query, -1 or +1, shape (n_skills, 2**n_bits)."""
        generator = Stream(self.seed, "skills of a language").at(0)
        half = 2**self.n_bits // 2
        balanced = np.tile(np.repeat([-1.0, 1.0], half), (self.n_skills, 1))
        return np.asarray(generator.permuted(balanced, axis=1))

    @cached_property
    def sets(self) -> list[tuple[int, ...]]:
        """All pairs of skills and then all triples, in order."""
        skills = range(self.n_skills)
        return [each for size in _SIZES for each in itertools.combinations(skills, size)]

    @property
    def n_pairs(self) -> int:
        return math.comb(self.n_skills, 2)

    @cached_property
    def is_held_out(self) -> NDArray[np.int8]:
        """Of each set 1 if it is held out, 0 if it may be met, -1 if only a pair within it is."""
        generator = Stream(self.seed, "held-out pairs").at(0)
        found = np.zeros(len(self.sets), dtype=np.int8)
        pairs = np.arange(self.n_pairs)
        found[_share(pairs, self.held_out, generator)] = 1
        apart = {self.sets[pair] for pair in np.flatnonzero(found)}
        for number in range(self.n_pairs, len(found)):
            if apart & set(itertools.combinations(self.sets[number], 2)):
                found[number] = -1
        triples = self.n_pairs + np.flatnonzero(found[self.n_pairs :] == 0)
        found[_share(triples, self.held_out, generator)] = 1
        return found

    @property
    def entropy(self) -> float:
        """Entropy of a text's answers given its questions, (k + composed) H(ρ), in nats."""
        return -(self.k + self.composed) * (
            self.flip * math.log(self.flip) + (1 - self.flip) * math.log(1 - self.flip)
        )

    def met(self, skill: Integers) -> Integers:
        """Return the places in `sets` of each two and each three skills of texts (text, k).

        One column for every two and every three questions; -1 where a skill is asked for twice.
        """
        columns = []
        for size, table in zip(_SIZES, self._places, strict=True):
            chosen = np.array(list(itertools.combinations(range(self.k), size)))
            columns.append(table[tuple(skill[:, place] for place in chosen.T)])
        return np.concatenate(columns, axis=1)

    def sample(self, n: int, *, generator: np.random.Generator, training: bool = False) -> Texts:
        """Draw n texts, of the training law or of the law without a condition."""
        n = _checks.integer("n", n, minimum=1)
        if training:
            tuples, chances = self.training
            steps = np.cumsum(chances)
            steps[-1] = 1.0
            skill = tuples[np.searchsorted(steps, generator.random(n), side="right")]
        else:
            steps = np.cumsum(self.frequency)
            steps[-1] = 1.0
            skill = np.searchsorted(steps, generator.random((n, self.k)), side="right")
        query = generator.integers(2**self.n_bits, size=(n, self.k))
        single = self.answers[skill, query]
        agree = single[:, : 2 * self.composed : 2] * single[:, 1 : 2 * self.composed : 2]
        return Texts(skill, query, np.concatenate([single, agree], axis=1))

    @cached_property
    def training(self) -> tuple[Integers, Floats]:
        """Skills (text, k) of every possible training text, and its probability (text,)."""
        grid = np.indices((self.n_skills,) * self.k, dtype=np.int64)
        tuples = grid.reshape(self.k, -1).T
        met = self.met(tuples)
        tuples = tuples[~((self.is_held_out[met] == 1) & (met >= 0)).any(axis=1)]
        weight = self.frequency.copy()
        # ends: texts of one skill over and over are never held out, so that such a law exists
        while True:
            chances = weight[tuples].prod(axis=1)
            chances /= chances.sum()
            counted = np.bincount(tuples.ravel(), np.repeat(chances, self.k))
            ratio = self.k * self.frequency / counted
            if np.abs(ratio - 1).max() < _CLOSE:
                return tuples, chances
            weight *= ratio ** (1 / self.k)  # each text has k factors: the divergence only falls

    @cached_property
    def _places(self) -> list[Integers]:
        """Per size of a set, the places in `sets` of skills in any order; -1 for no set."""
        tables = []
        for size in _SIZES:
            table = np.full((self.n_skills,) * size, -1)
            numbers = [i for i, each in enumerate(self.sets) if len(each) == size]
            members = np.array([self.sets[i] for i in numbers])
            for order in itertools.permutations(range(size)):
                table[tuple(members[:, order].T)] = numbers
            tables.append(table)
        return tables


def _share(places: Integers, share: float, generator: np.random.Generator) -> Integers:
    """Choose a share of places at random, rounded up."""
    return generator.permutation(places)[: math.ceil(share * len(places) - 1e-9)]


def encode(language: SkillTexts, texts: Texts) -> NDArray[np.float32]:
    """Write texts as vectors: question by question a one-hot skill and the query's bits as ±1.

    >>> one = Texts(np.array([[1, 0, 2]]), np.array([[2, 3, 0]]), np.ones((1, 3)))
    >>> encode(SkillTexts(3, 2, 3), one)[0, :10].tolist()
    [0.0, 1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    """
    words = (np.arange(2**language.n_bits)[:, None] >> np.arange(language.n_bits)) & 1
    bits = (2 * words - 1).astype(np.float32)
    one_hot = np.eye(language.n_skills, dtype=np.float32)
    parts = np.concatenate([one_hot[texts.skill], bits[texts.query]], axis=2)
    return parts.reshape(len(parts), -1)


class Score(NamedTuple):
    """What a predictor makes of texts, in sums over them.

    `excess` () sums the texts' excess cross entropies in nats, `wrong` () counts the texts with at
    least one wrong answer, composed ones included. `skill_wrong` (skill,) counts questions answered
    wrongly and `skill_spoiled` (skill,) questions in wrong texts. `set_wrong` (set,) counts two or
    three questions of one text, on different skills, of which at least one is answered wrongly;
    `composed_wrong` (pair,) wrong composed answers on different skills.
    """

    excess: Floats
    wrong: Integers
    skill_wrong: Integers
    skill_spoiled: Integers
    set_wrong: Integers
    composed_wrong: Integers


def score(language: SkillTexts, texts: Texts, log_odds: Floats) -> Score:
    """Score the log odds (text, k + composed) of +1 that a predictor gives to the answers of texts.

    Per answer the cross entropy is (1 - ρ) ln(1 + e^-m) + ρ ln(1 + e^m), the mean over the flip,
    with the margin m of the answer before the flip; the excess is that minus H(ρ). An answer is
    right if m > 0: a tie is wrong, and so are log odds that are not numbers.

    Source: definitions after Arora & Goyal 2023; tested on the sum over all flips.
    """
    if log_odds.shape != texts.answer.shape:
        raise ValueError(f"log_odds must have shape {texts.answer.shape}, got {log_odds.shape}")
    margin = log_odds * texts.answer
    cost = np.logaddexp(0.0, -margin) + language.flip * margin
    missed = ~(margin > 0)
    spoiled = np.asarray(missed.any(axis=1))
    single, agree = np.split(missed, [language.k], axis=1)
    met = language.met(texts.skill)
    groups = [g for size in _SIZES for g in itertools.combinations(range(language.k), size)]
    either = np.stack([single[:, group].any(axis=1) for group in groups], axis=1) & (met >= 0)
    neighbours = [groups.index((2 * place, 2 * place + 1)) for place in range(language.composed)]
    pair = met[:, neighbours]
    n_skills = language.n_skills
    return Score(
        np.asarray(cost.sum() - len(cost) * language.entropy),
        np.asarray(spoiled.sum()),
        np.bincount(texts.skill[single], minlength=n_skills),
        np.bincount(texts.skill[spoiled].ravel(), minlength=n_skills),
        np.bincount(met[either], minlength=len(language.sets)),
        np.bincount(pair[agree & (pair >= 0)], minlength=language.n_pairs),
    )


def asked(language: SkillTexts, texts: Texts) -> tuple[Integers, Integers, Integers]:
    """Number of questions (skill,), sets (set,) and composed answers (pair,) counts are out of."""
    nothing = score(language, texts, np.zeros_like(texts.answer))
    return nothing.skill_wrong, nothing.set_wrong, nothing.composed_wrong
