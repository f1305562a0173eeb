"""A language of texts that need several skills, whose entropy is known exactly."""

from __future__ import annotations

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


class Texts(NamedTuple):
    """Texts of k questions each; all arrays have shape (text, k).

    `skill` and `query` are numbers from 0, `answer` is the answer before any flip, -1 or +1.
    """

    skill: Integers
    query: Integers
    answer: Floats


@dataclass(frozen=True)
class SkillTexts:
    """A skill–text language.

    A text asks k questions. Each names one of S skills, drawn independently from P(s) ∝ (s +
    1)^-(alpha + 1), and a uniform query of n_bits bits; the answer is the skill's own fixed
    function of the query, flipped at the rate ρ = `flip` in (0, 1/2). Each skill answers +1 to half
    of its queries, a random half, so that the skill without the query says nothing. Training texts
    follow the same law under the condition that no two skills of a text are a held-out pair, of
    which there are a share `held_out` of all S (S - 1)/2, rounded up; it is sampled exactly, not by
    rejection. S^k and S · 2^n_bits may not exceed 2^20.

    Source: derived here; tested on the entropy over all flips.
    """

    n_skills: int
    n_bits: int
    k: int
    alpha: float = 0.0
    flip: float = 0.1
    held_out: float = 1 / 3
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _checks.integer("n_skills", self.n_skills, minimum=2)
        _checks.integer("n_bits", self.n_bits, minimum=1)
        _checks.integer("k", self.k, minimum=2)
        _checks.number("alpha", self.alpha, above=-1)
        _checks.number("flip", self.flip, above=0, below=0.5)
        _checks.number("held_out", self.held_out, minimum=0, below=1)
        _checks.integer("seed", self.seed, minimum=0)
        if self.n_skills**self.k > _LARGEST_TABLE:
            raise ValueError(f"n_skills**k must be <= 2**20, got {self.n_skills}**{self.k}")
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
    def pairs(self) -> Integers:
        return np.stack(np.triu_indices(self.n_skills, 1), axis=1)

    @cached_property
    def is_held_out(self) -> NDArray[np.bool_]:
        n_pairs = len(self.pairs)
        chosen = np.zeros(n_pairs, dtype=np.bool_)
        order = Stream(self.seed, "held-out pairs").at(0).permutation(n_pairs)
        chosen[order[: math.ceil(self.held_out * n_pairs - 1e-9)]] = True
        return chosen

    @property
    def entropy(self) -> float:
        """Entropy of a text's answers given its questions, k H(ρ), in nats."""
        return -self.k * (
            self.flip * math.log(self.flip) + (1 - self.flip) * math.log(1 - self.flip)
        )

    def novel(self, skill: Integers) -> NDArray[np.bool_]:
        """Whether texts hold a held-out pair, for the skills (text, k) of texts."""
        first, second = np.triu_indices(self.k, 1)
        return np.asarray(self._apart[skill[:, first], skill[:, second]].any(axis=1))

    def sample(self, n: int, *, generator: np.random.Generator, training: bool = False) -> Texts:
        """Draw n texts, of the training law or of the law without a condition."""
        n = _checks.integer("n", n, minimum=1)
        if training:
            tuples, steps = self._training
            skill = tuples[np.searchsorted(steps, generator.random(n), side="right")]
        else:
            steps = np.cumsum(self.frequency)
            steps[-1] = 1.0
            skill = np.searchsorted(steps, generator.random((n, self.k)), side="right")
        query = generator.integers(2**self.n_bits, size=(n, self.k))
        return Texts(skill, query, self.answers[skill, query])

    def training_frequency(self) -> Floats:
        tuples, steps = self._training
        weight = np.diff(steps, prepend=0.0)
        total = np.bincount(tuples.ravel(), np.repeat(weight, self.k), minlength=self.n_skills)
        return np.asarray(total / self.k)

    @cached_property
    def _apart(self) -> NDArray[np.bool_]:
        apart = np.zeros((self.n_skills, self.n_skills), dtype=np.bool_)
        first, second = self.pairs[self.is_held_out].T
        apart[first, second] = apart[second, first] = True
        return apart

    @cached_property
    def _training(self) -> tuple[Integers, Floats]:
        """Skills of every possible training text, and the cumulated probabilities."""
        grid = np.indices((self.n_skills,) * self.k, dtype=np.int64)
        tuples = grid.reshape(self.k, -1).T
        tuples = tuples[~self.novel(tuples)]
        steps = np.cumsum(self.frequency[tuples].prod(axis=1))
        steps /= steps[-1]
        return tuples, steps


def encode(language: SkillTexts, texts: Texts) -> NDArray[np.float32]:
    """Write texts as vectors: question by question a one-hot skill and the query's bits as ±1.

    >>> one = Texts(np.array([[1, 0]]), np.array([[2, 3]]), np.ones((1, 2)))
    >>> encode(SkillTexts(2, 2, 2), one).tolist()
    [[0.0, 1.0, -1.0, 1.0, 1.0, 0.0, 1.0, 1.0]]
    """
    words = (np.arange(2**language.n_bits)[:, None] >> np.arange(language.n_bits)) & 1
    bits = (2 * words - 1).astype(np.float32)
    one_hot = np.eye(language.n_skills, dtype=np.float32)
    parts = np.concatenate([one_hot[texts.skill], bits[texts.query]], axis=2)
    return parts.reshape(len(parts), -1)


class Score(NamedTuple):
    """What a predictor makes of texts, in sums over them.

    `excess` () sums the texts' excess cross entropies in nats, `wrong` () counts the texts with at
    least one wrong answer. `skill_wrong` (skill,) counts questions answered wrongly and
    `skill_spoiled` (skill,) questions in wrong texts. `pair_wrong` and `pair_spoiled` (pair,) count
    two questions of one text, on different skills, alike: at least one of the two answered wrongly,
    and any answer of the text wrong.
    """

    excess: Floats
    wrong: Integers
    skill_wrong: Integers
    skill_spoiled: Integers
    pair_wrong: Integers
    pair_spoiled: Integers


def score(language: SkillTexts, texts: Texts, log_odds: Floats) -> Score:
    """Score the log odds (text, k) of +1 that a predictor gives to the answers of texts.

    Per answer the cross entropy is (1 - ρ) ln(1 + e^-m) + ρ ln(1 + e^m), the mean over the flip,
    with the margin m of the answer before the flip; the excess is that minus H(ρ). An answer is
    right if m > 0: a tie is wrong, and so are log odds that are not numbers.

    Source: definitions after Arora & Goyal 2023; tested on the sum over all 2^k flips.
    """
    if log_odds.shape != texts.answer.shape:
        raise ValueError(f"log_odds must have shape {texts.answer.shape}, got {log_odds.shape}")
    margin = log_odds * texts.answer
    cost = np.logaddexp(0.0, -margin) + language.flip * margin
    missed = ~(margin > 0)
    spoiled = np.asarray(missed.any(axis=1))
    first, second = np.triu_indices(language.k, 1)
    pair = _numbers(language)[texts.skill[:, first], texts.skill[:, second]]
    either = (missed[:, first] | missed[:, second]) & (pair >= 0)
    n_skills, n_pairs = language.n_skills, len(language.pairs)
    whole = pair[spoiled]
    return Score(
        np.asarray(cost.sum() - len(cost) * language.entropy),
        np.asarray(spoiled.sum()),
        np.bincount(texts.skill[missed], minlength=n_skills),
        np.bincount(texts.skill[spoiled].ravel(), minlength=n_skills),
        np.bincount(pair[either], minlength=n_pairs),
        np.bincount(whole[whole >= 0], minlength=n_pairs),
    )


def asked(language: SkillTexts, texts: Texts) -> tuple[Integers, Integers]:
    """Number of questions (skill,) and of pairs of questions (pair,) that counts are out of."""
    nothing = score(language, texts, np.zeros_like(texts.answer))
    return nothing.skill_wrong, nothing.pair_wrong


def _numbers(language: SkillTexts) -> Integers:
    numbers = np.full((language.n_skills, language.n_skills), -1)
    low, high = language.pairs.T
    numbers[low, high] = numbers[high, low] = np.arange(len(low))
    return numbers
