"""Networks that learn a skill–text language of known entropy: what does their excess loss say?

Two assumptions stand between loss and skills: that the fraction of wrong texts is proportional to
the excess cross entropy, and that skills carry over to pairs never seen together.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, Batches
from skillscale.lab.randomness import Stream
from skillscale.lab.settings import Count, Positive, Seeds, Sizes
from skillscale.lab.sweep import Coords, Experiment, Found, Grid, Sweep
from skillscale.lab.training import train
from skillscale.slingshot.experiments.texts import Score, SkillTexts, Texts, asked, encode, score

KINDS = ("any", "familiar")

_CHUNK = 2048


@dataclass(frozen=True)
class KnownEntropy(Experiment):
    """Train networks of several sizes on texts without the held-out sets; test them on all texts.

    A network with hidden layers of ReLU reads all k questions of a text at once and gives the
    log odds of all answers. No weight is shared between questions and every neuron sees all of
    them: that skills carry over from one text to the next is nothing the architecture imposes.
    Every network is trained anew for each length; Adam's rate falls linearly to 0 at the last step.

    Over (width, member, step): `excess` (kind), mean excess cross entropy per text in nats, and the
    counts `wrong` (kind), `skill_wrong`, `skill_spoiled` (kind, skill), `set_wrong` (set) and
    `composed_wrong` (pair) that `Score` defines; the first sets are the pairs. Test texts of kind
    "any" follow the law without condition, those of kind "familiar" the law of the training texts.
    Sets met in training are counted in familiar texts, the others in texts of any kind. Counts are
    out of `texts` (kind), `questions` (member, kind, skill), `set_questions` (member, set) or
    `composed_questions` (member, pair). `held_out` (member, set) is `SkillTexts.is_held_out` and
    `frequency` (skill) the skills' law.

    Source: setting of Arora & Goyal 2023; language, networks and training are ours.
    """

    n_skills: int = 16
    n_bits: int = 3  #: of a query
    k: int = 4  #: questions per text
    alpha: float = 0.0  #: of the skills' power law, 0 for Zipf's law
    flip: float = 0.1  #: rate of flipped answers
    held_out: float = 0.15  #: share of the pairs and of the triples that no training text holds
    composed: int = 0  #: further answers per text, each computed from two questions
    depth: Count = 1  #: hidden layers
    widths: Sizes = (16, 32, 64, 128)  #: hidden neurons a layer
    lengths: Sizes = (250, 500, 1000, 2000, 4000)  #: training steps
    batch_size: Count = 128  #: fresh training texts per step
    lr: Positive = 0.01  #: Adam's rate at the first step
    n_test: Count = 40_000  #: test texts of either kind
    seeds: Seeds = tuple(range(12))  #: one language, its texts and one network a width each

    order = ("width", "member", "step", "kind", "skill", "set", "pair")
    about = {
        "excess": ("nats", "excess cross entropy per text"),
        "wrong": ("texts", "texts with a wrong answer"),
        "skill_wrong": ("questions", "questions answered wrongly"),
        "skill_spoiled": ("questions", "questions in wrong texts"),
        "set_wrong": ("sets of questions", "pairs and triples with a wrong answer"),
        "composed_wrong": ("composed answers", "composed answers that are wrong"),
        "texts": ("texts", ""),
        "questions": ("questions", ""),
        "set_questions": ("sets of questions", ""),
        "composed_questions": ("composed answers", ""),
        "held_out": ("1", "held out"),
        "frequency": ("1", ""),
        "width": ("neurons", ""),
        "step": ("Adam steps", "length of training"),
    }

    def together(self) -> None:
        self.language(0)

    def language(self, seed: int) -> SkillTexts:
        return SkillTexts(
            self.n_skills,
            self.n_bits,
            self.k,
            self.alpha,
            self.flip,
            self.held_out,
            self.composed,
            seed,
        )

    def grid(self) -> Grid:
        return {"step": self.lengths}

    def coords(self) -> Coords:
        language = self.language(0)
        sets = [" ".join(map(str, each)) for each in language.sets]
        return {
            "width": self.widths,
            "kind": list(KINDS),
            "skill": range(self.n_skills),
            "set": sets,
            "pair": sets[: language.n_pairs],
        }

    def collect(self, sweep: Sweep) -> xr.Dataset:
        found = super().collect(sweep)
        languages, tests = _languages(self)
        held_out = np.stack([each.is_held_out for each in languages])
        each_kind = [
            [asked(language, texts) for texts in kinds]
            for language, kinds in zip(languages, tests, strict=True)
        ]
        questions, sets, composed = (
            np.array([[counts[part] for counts in kinds] for kinds in each_kind])
            for part in range(3)
        )
        return found.assign(
            texts=("kind", np.full(len(KINDS), self.n_test)),
            questions=(("member", "kind", "skill"), questions.astype(np.int32)),
            set_questions=(("member", "set"), _where_met(languages, sets)),
            composed_questions=(("member", "pair"), _where_met(languages, composed)),
            held_out=(("member", "set"), held_out),
            frequency=("skill", languages[0].frequency.astype(np.float32)),
        )

    def measure(self, step: int) -> Found:
        languages, tests = _languages(self)
        copies = len(self.widths)
        inputs = torch.stack(
            [
                torch.from_numpy(np.concatenate([encode(language, kind) for kind in kinds]))
                for language, kinds in zip(languages, tests, strict=True)
            ]
        )
        members = itertools.product(self.widths, self.seeds)
        widths, seeds = zip(*members, strict=True)
        model = MLPEnsemble(
            inputs.shape[-1],
            widths,
            seeds=seeds,
            n_outputs=self.k + self.composed,
            depth=self.depth,
        )
        train(
            model,
            training_texts(languages, self.batch_size, seeds=self.seeds, copies=copies),
            optimizer=Adam(self.lr),
            steps=step,
            loss=text_loss,
            schedule=lambda now: 1 - now / step,
            measure=lambda model, _: {},
            at=[step],
        )
        with torch.no_grad():
            chunks = torch.split(inputs, _CHUNK, dim=1)
            parts = [model(part.repeat(copies, 1, 1)) for part in chunks]
        log_odds = torch.cat(parts, dim=1).double().numpy()
        scores = [
            score(languages[i % len(tests)], texts, part)
            for i, member in enumerate(log_odds)
            for texts, part in zip(tests[i % len(tests)], np.split(member, len(KINDS)), strict=True)
        ]
        shape = copies, len(self.seeds), len(KINDS)
        counts = {
            name: np.stack(values).reshape(*shape, *np.shape(values[0]))
            for name, values in zip(Score._fields, zip(*scores, strict=True), strict=True)
        }
        grid = ("width", "member")
        rate = records.significant(counts["excess"] / self.n_test)
        found: dict[str, Any] = {"excess": ((*grid, "kind"), rate)}
        for name, last in ("wrong", ()), ("skill_wrong", ("skill",)), ("skill_spoiled", ("skill",)):
            found[name] = (*grid, "kind", *last), counts[name].astype(np.int32)
        for name, place in ("set_wrong", "set"), ("composed_wrong", "pair"):
            found[name] = (*grid, place), _where_met(languages, counts[name])
        return found


KnownEntropy.records = {
    "slingshot_known_entropy": {
        "live": KnownEntropy(widths=(16, 64), lengths=(200, 800), n_test=4000, seeds=(0, 1)),
        "standard": KnownEntropy(seeds=tuple(range(220, 244))),
    },
    "slingshot_composed_answers": {
        "standard": KnownEntropy(
            composed=2,
            depth=2,
            widths=(32, 64, 128),
            lengths=(350, 500, 700, 1000, 1400, 2000),
            n_test=20_000,
            seeds=tuple(range(300, 348)),
        )
    },
}


@lru_cache(maxsize=1)
def _languages(of: KnownEntropy) -> tuple[list[SkillTexts], list[tuple[Texts, Texts]]]:
    languages = [of.language(seed) for seed in of.seeds]
    return languages, [_tests(language, of.n_test) for language in languages]


def _tests(language: SkillTexts, n: int) -> tuple[Texts, Texts]:
    stream = Stream(language.seed, "test texts")
    return (
        language.sample(n, generator=stream.at(0)),
        language.sample(n, generator=stream.at(1), training=True),
    )


def _where_met(languages: Sequence[SkillTexts], counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return counts (…, member, kind, set) in texts of the kind in which a set is counted."""
    met = np.stack([each.is_held_out == 0 for each in languages])[:, : counts.shape[-1]]
    return np.where(met, counts[..., 1, :], counts[..., 0, :]).astype(np.int32)


def training_texts(
    languages: Sequence[SkillTexts], batch_size: int, *, seeds: Sequence[int], copies: int = 1
) -> Batches:
    """Return a source of fresh training texts with flipped answers, one language per member.

    `bits` (member, text, input) are the encoded texts and `target` (member, text, answer) holds -1
    or +1; with `copies`, members are repeated, one block after the other.
    """
    streams = [Stream(seed, "training texts") for seed in seeds]

    def batch(step: int) -> Batch:
        inputs, targets = [], []
        for language, stream in zip(languages, streams, strict=True):
            generator = stream.at(step)
            texts = language.sample(batch_size, generator=generator, training=True)
            flipped = generator.random(texts.answer.shape) < language.flip
            inputs.append(encode(language, texts))
            targets.append(np.where(flipped, -texts.answer, texts.answer).astype(np.float32))
        bits, target = torch.from_numpy(np.stack(inputs)), torch.from_numpy(np.stack(targets))
        skill = torch.zeros(copies * len(inputs), batch_size, dtype=torch.int64)
        return Batch(bits.repeat(copies, 1, 1), skill, target.repeat(copies, 1, 1))

    return batch


def text_loss(outputs: Tensor, batch: Batch) -> Tensor:
    """Return each member's mean cross entropy of a text's answers in nats, shape (member,)."""
    return functional.softplus(-batch.target * outputs).sum(-1).mean(-1)
