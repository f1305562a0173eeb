"""A game in the browser: the reader names bad skills, and the worst set of texts answers.

`book/_static/skill_game.js` plays it on a small skill–text graph that the page carries; the best
known adversaries and the theory's curves come in as tables. No kernel and no other host takes part.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skillscale import _checks

Integers = NDArray[np.int64]

_FALLBACK = "The game works on the book's web pages."
_EXAMPLE = 5


@dataclass(frozen=True)
class Level:
    """What is known about one number of wrong texts; entry n - 1 is for n named skills.

    Attributes:
        n_wrong: texts that answer, a fraction θ of all.
        sets: worst known skills, n of them in entry n - 1, for n = 1 … n_skills - 1.
        least: most failures known that each of these skills has at once, whichever texts.
        limit: failure factor of the worst case for many texts.
        bound: failure factor that the theorem allows at this size; nan where it says nothing.
    """

    n_wrong: int
    sets: Sequence[Sequence[int]]
    least: ArrayLike
    limit: ArrayLike
    bound: ArrayLike


@dataclass(frozen=True, repr=False)
class SkillGame:
    """The game for a notebook's last line; its HTML is the same text on every machine.

    Skills are numbered from 0 here and from 1 on the page.

    Attributes:
        graph: skills that each text needs, shape (text, k).
        levels: what to choose among; the middle one is chosen first.
        title: says what is shown, also to readers who cannot see it.

    >>> level = Level(1, [[0]], least=[2], limit=[2.0], bound=[np.nan])
    >>> SkillGame(np.array([[0, 0], [0, 1], [1, 1]]), 2, [level])
    Bad skills: 2 skills, 3 texts of 2. The game works on the book's web pages.
    """

    graph: NDArray[np.integer[Any]]
    n_skills: int
    levels: Sequence[Level]
    title: str = "Bad skills"

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        _check_graph(self.graph, self.n_skills)
        if not self.levels:
            raise ValueError(f"levels must hold at least one level, got {self.levels!r}")
        if not isinstance(self.title, str) or not self.title.strip():
            raise ValueError(f"title must be a text that is not empty, got {self.title!r}")
        for level in self.levels:
            _check_level(level, self.graph, self.n_skills)

    def __repr__(self) -> str:
        """Name the game where no HTML is shown."""
        n_texts, k = self.graph.shape
        return f"{self.title}: {self.n_skills} skills, {n_texts} texts of {k}. {_FALLBACK}"

    def _repr_html_(self) -> str:
        text = json.dumps(self._data(), ensure_ascii=False, separators=(",", ":"))
        data = text.replace("<", "\\u003c")  # nothing in it can close the script element
        return (
            f'<div class="skill-game" role="group" aria-label="{html.escape(self.title)}">'
            f'<script type="application/json">{data}</script>'
            f'<p class="skill-game-fallback">{_FALLBACK} {html.escape(self._example())}</p></div>'
        )

    def _data(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "skills": self.n_skills,
            "graph": self.graph.tolist(),
            "start": len(self.levels) // 2,
            "levels": [self._level(level) for level in self.levels],
        }

    def _level(self, level: Level) -> dict[str, Any]:
        return {
            "wrong": level.n_wrong,
            "sets": [sorted(int(skill) for skill in skills) for skills in level.sets],
            "failures": [self._failures(level, skills) for skills in level.sets],
            "least": np.asarray(level.least).tolist(),
            "limit": _rounded(level.limit),
            "bound": _rounded(level.bound),
        }

    def _failures(self, level: Level, skills: Sequence[int]) -> int:
        _, failures = answer(self.graph, skills, level.n_wrong, self.n_skills)
        return int(failures[list(skills)].sum())

    def _example(self) -> str:
        """Return what a reader without a script can know: one round, played by the adversary."""
        level = self.levels[len(self.levels) // 2]
        skills = level.sets[min(_EXAMPLE, len(level.sets)) - 1]
        n_texts, k = self.graph.shape
        beta = self._failures(level, skills) * self.n_skills / (len(skills) * level.n_wrong * k)
        named = ", ".join(str(skill + 1) for skill in sorted(skills))
        return (
            f"For example, {len(skills)} of {self.n_skills} skills are named ({named}): the worst "
            f"{level.n_wrong} of {n_texts} texts give them β = {beta:.2f} on average."
        )


def answer(
    graph: NDArray[np.integer[Any]], named: Sequence[int], n_wrong: int, n_skills: int
) -> tuple[Integers, Integers]:
    """Return the texts that harm the named skills most on average, and each skill's failures.

    These are the `n_wrong` texts with most places that need a named skill, worst first; of equals,
    the first. No other choice of as many texts gives the named skills more failures in sum.

    Source: derived here; tested on all choices of texts.

    >>> texts, failures = answer(np.array([[0, 1], [1, 2], [0, 0]]), [0], 2, 3)
    >>> texts.tolist(), failures.tolist()
    ([2, 0], [3, 1, 0])
    """
    _check_graph(graph, n_skills)
    _check_skills("named", named, n_skills)
    if _checks.integer("n_wrong", n_wrong, minimum=1) > len(graph):
        raise ValueError(f"n_wrong must be at most {len(graph)}, got {n_wrong}")
    hits = np.isin(graph, np.asarray(named, dtype=np.int64)).sum(axis=1)
    texts = np.argsort(-hits, kind="stable")[:n_wrong]
    return texts, np.bincount(graph[texts].ravel(), minlength=n_skills)


def _check_graph(graph: object, n_skills: int) -> None:
    _checks.integer("n_skills", n_skills, minimum=2)
    if not isinstance(graph, np.ndarray):
        raise ValueError(f"graph must be an array of shape (text, k), got {type(graph).__name__}")
    shape, kind = graph.shape, graph.dtype
    if len(shape) != 2 or 0 in shape or not np.issubdtype(kind, np.integer):
        raise ValueError(
            f"graph must hold integers of shape (text, k), got {kind} of shape {shape}"
        )
    low, high = int(graph.min()), int(graph.max())
    if low < 0 or high >= n_skills:
        raise ValueError(f"graph must hold skills from 0 to {n_skills - 1}, got {low} to {high}")


def _check_skills(name: str, skills: Sequence[int], n_skills: int) -> None:
    given = [_checks.integer(f"{name}: a skill", skill, minimum=0) for skill in skills]
    if len(set(given)) < len(given) or max(given, default=0) >= n_skills:
        raise ValueError(f"{name} must hold different skills below {n_skills}, got {given}")


def _check_level(level: Level, graph: NDArray[np.integer[Any]], n_skills: int) -> None:
    most = n_skills - 1
    sizes = [len(skills) for skills in level.sets]
    if sizes != list(range(1, n_skills)):
        raise ValueError(f"sets must hold 1, 2, … {most} skills, got {sizes}")
    for skills in level.sets:
        _check_skills("sets", skills, n_skills)
    for name, values in (("least", level.least), ("limit", level.limit), ("bound", level.bound)):
        given = np.asarray(values)
        if given.shape != (most,):
            raise ValueError(f"{name} must have shape ({most},), got {given.shape}")
        if not np.issubdtype(given.dtype, np.number):
            raise ValueError(f"{name} must hold numbers, got {given.tolist()}")
        known = given[~np.isnan(given)] if name == "bound" else given
        if known.size:
            _checks.array(name, known, minimum=0)
    least = np.asarray(level.least)
    if not np.issubdtype(least.dtype, np.integer):
        raise ValueError(f"least must hold whole numbers of failures, got {least.dtype}")
    for skills, fewest in zip(level.sets, least.tolist(), strict=True):
        _, failures = answer(graph, skills, level.n_wrong, n_skills)
        # the texts that answer have the greatest sum, so no texts have a greater least
        if fewest * len(skills) > (total := int(failures[list(skills)].sum())):
            raise ValueError(
                f"least must be at most the mean, {total}/{len(skills)} for {len(skills)} skills, "
                f"got {fewest}"
            )


def _rounded(values: ArrayLike) -> list[float | None]:
    """Return four digits of each, so that the text does not depend on a machine's rounding."""
    return [None if np.isnan(value) else float(f"{value:.4g}") for value in np.asarray(values)]
