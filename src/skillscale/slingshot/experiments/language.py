"""Networks that learn a skill–text language of known entropy: what does their excess loss say?

Between the loss and the skills stand two assumptions: that the fraction of wrong texts is
proportional to the excess cross entropy, and that skills carry over to pairs never seen together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.nn import functional

from skillscale import _checks
from skillscale.lab import records
from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.optimizers import Adam
from skillscale.lab.parity import Batch, Batches
from skillscale.lab.streams import Stream
from skillscale.lab.training import train
from skillscale.slingshot.experiments.texts import Score, SkillTexts, Texts, asked, encode, score

KINDS = ("any", "familiar")

_CHUNK = 2048


@dataclass(frozen=True)
class KnownEntropy:
    """Settings of `known_entropy`.

    Attributes:
        n_skills: number of skills.
        n_bits: bits of a query.
        k: questions per text.
        alpha: exponent of the skills' power law, 0 for Zipf's law.
        flip: rate of flipped answers.
        held_out: share of the pairs of skills that no training text holds.
        widths: hidden neurons of the networks, increasing.
        lengths: numbers of training steps, increasing; every network is trained anew for each.
        batch_size: fresh training texts per step.
        lr: Adam's rate at the first step; it falls linearly to 0 at the last.
        n_test: test texts of either kind, drawn with and without the condition on pairs.
        seeds: one language, its texts and one network of every width per seed.
    """

    n_skills: int = 16
    n_bits: int = 3
    k: int = 4
    alpha: float = 0.0
    flip: float = 0.1
    held_out: float = 1 / 3
    widths: tuple[int, ...] = (16, 32, 64, 128)
    lengths: tuple[int, ...] = (250, 500, 1000, 2000, 4000)
    batch_size: int = 128
    lr: float = 0.01
    n_test: int = 40_000
    seeds: tuple[int, ...] = tuple(range(12))

    def __post_init__(self) -> None:
        """Check the ranges; those of the language by making one."""
        self.language(0)
        for name in ("widths", "lengths"):
            values = getattr(self, name)
            _checks.increasing(name, values)
            for value in values:
                _checks.integer(name, value, minimum=1)
        _checks.integer("batch_size", self.batch_size, minimum=1)
        _checks.number("lr", self.lr, above=0)
        _checks.integer("n_test", self.n_test, minimum=1)
        _checks.seeds("seeds", self.seeds)

    def language(self, seed: int) -> SkillTexts:
        """Return the language of a seed."""
        return SkillTexts(
            self.n_skills, self.n_bits, self.k, self.alpha, self.flip, self.held_out, seed
        )


LIVE = {
    "known_entropy": KnownEntropy(widths=(16, 64), lengths=(200, 800), n_test=4000, seeds=(0, 1))
}
STANDARD = {"known_entropy": KnownEntropy(seeds=tuple(range(200, 212)))}


def training_texts(
    languages: Sequence[SkillTexts], batch_size: int, *, seeds: Sequence[int], copies: int = 1
) -> Batches:
    """Return a source of fresh training texts with flipped answers, one language per member.

    Args:
        languages: languages of the same sizes.
        batch_size: texts per step and language.
        seeds: one seed of the texts per language.
        copies: how often the members are repeated, one block after the other.

    Returns:
        A callable from a step to a `Batch`: `bits` (member, text, input) the encoded texts and
        `target` (member, text, k) the answers, -1 or +1.

    >>> source = training_texts([SkillTexts(4, 2, 3)], 8, seeds=[0], copies=2)
    >>> source(0).target.shape
    torch.Size([2, 8, 3])
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


def known_entropy(settings: KnownEntropy, *, progress: bool = False) -> xr.Dataset:
    """Train networks of several sizes on texts without the held-out pairs; test them on all texts.

    A network with one hidden layer of ReLU reads all k questions of a text at once and gives the
    log odds of the k answers. No weight is shared between questions and every neuron sees all of
    them: that skills carry over from one text to the next is nothing the architecture imposes.

    Args:
        settings: language, networks, training and seeds.
        progress: show a bar.

    Returns:
        Dataset over (width, member, step): `excess` (…, kind), mean excess cross entropy per text
        in nats, and the counts `wrong` (…, kind), `skill_wrong`, `skill_spoiled` (…, kind, skill),
        `pair_wrong` and `pair_spoiled` (…, pair) that `Score` defines. Test texts of kind "any"
        follow the law without condition, those of kind "familiar" the law of the training texts.
        Pairs met in training are counted in familiar texts, held-out pairs in the others. Counts
        are out of `texts` (kind), `questions` (member, kind, skill) or `pair_questions`
        (member, pair). `held_out` (member, pair) marks the held-out pairs, `frequency` (skill) is
        the skills' law, `training_frequency` (member, skill) theirs in training.

    Raises:
        FloatingPointError: If members diverge.

    Source: the setting follows Arora & Goyal 2023; language, networks and training are ours. Equal
    to plain loops in `tests/test_slingshot_language.py`.

    >>> small = KnownEntropy(widths=(4,), lengths=(1, 2), n_test=50, batch_size=4, seeds=(0,))
    >>> dict(known_entropy(small)["excess"].sizes)
    {'width': 1, 'member': 1, 'step': 2, 'kind': 2}
    """
    languages = [settings.language(seed) for seed in settings.seeds]
    copies = len(settings.widths)
    tests = [_tests(language, settings.n_test) for language in languages]
    inputs = torch.stack(
        [
            torch.from_numpy(np.concatenate([encode(language, kind) for kind in kinds]))
            for language, kinds in zip(languages, tests, strict=True)
        ]
    )

    def measure(model: MLPEnsemble, step: int) -> dict[str, Tensor]:
        parts = [model(part.repeat(copies, 1, 1)) for part in torch.split(inputs, _CHUNK, dim=1)]
        log_odds = torch.cat(parts, dim=1).double().numpy()
        scores = [
            score(languages[i % len(tests)], texts, part)
            for i, member in enumerate(log_odds)
            for texts, part in zip(tests[i % len(tests)], np.split(member, len(KINDS)), strict=True)
        ]
        stacked = map(np.stack, zip(*scores, strict=True))
        return {
            name: torch.from_numpy(values.reshape(len(log_odds), len(KINDS), *values.shape[1:]))
            for name, values in zip(Score._fields, stacked, strict=True)
        }

    members = [(width, seed) for width in settings.widths for seed in settings.seeds]
    batches = training_texts(
        languages, settings.batch_size, seeds=settings.seeds, copies=len(settings.widths)
    )
    runs = []
    for steps in settings.lengths:
        model = MLPEnsemble(
            inputs.shape[-1],
            [width for width, _ in members],
            seeds=[seed for _, seed in members],
            n_outputs=settings.k,
        )
        run = train(
            model,
            batches,
            optimizer=Adam(settings.lr),
            steps=steps,
            loss=text_loss,
            schedule=partial(_falling, steps=steps),
            measure=measure,
            at=[steps],
            progress=progress,
        )
        runs.append({name: values[0] for name, values in run.items()})
    counts = {
        name: torch.stack([run[name] for run in runs], dim=1)
        .reshape(copies, len(tests), len(runs), *runs[0][name].shape[1:])
        .numpy()
        for name in Score._fields
    }
    return _dataset(settings, languages, tests, counts)


def _tests(language: SkillTexts, n: int) -> tuple[Texts, Texts]:
    """Test texts of either kind, in the order of `KINDS`."""
    stream = Stream(language.seed, "test texts")
    return (
        language.sample(n, generator=stream.at(0)),
        language.sample(n, generator=stream.at(1), training=True),
    )


def _falling(step: int, *, steps: int) -> float:
    """Factor on the learning rate: 1 at the first step, 0 at the last."""
    return 1 - step / steps


def _dataset(
    settings: KnownEntropy,
    languages: Sequence[SkillTexts],
    tests: Sequence[tuple[Texts, Texts]],
    counts: dict[str, Any],
) -> xr.Dataset:
    """Name and describe what was counted."""
    held_out = np.stack([each.is_held_out for each in languages])
    out_of = [
        [asked(language, texts) for texts in kinds]
        for language, kinds in zip(languages, tests, strict=True)
    ]
    questions = np.asarray([[skills for skills, _ in kinds] for kinds in out_of], dtype=np.int32)
    pairs = np.asarray([[pairs for _, pairs in kinds] for kinds in out_of], dtype=np.int32)
    pairs = np.where(held_out, pairs[:, 0], pairs[:, 1])
    for name in ("pair_wrong", "pair_spoiled"):
        novel, familiar = counts[name][..., 0, :], counts[name][..., 1, :]
        counts[name] = np.where(held_out[None, :, None], novel, familiar)
    grid = ("width", "member", "step")
    described = {
        "wrong": (("kind",), "texts", "texts with a wrong answer"),
        "skill_wrong": (("kind", "skill"), "questions", "questions answered wrongly"),
        "skill_spoiled": (("kind", "skill"), "questions", "questions in wrong texts"),
        "pair_wrong": (("pair",), "pairs of questions", "pairs with a wrong answer"),
        "pair_spoiled": (("pair",), "pairs of questions", "pairs in wrong texts"),
    }
    excess = {"units": "nats", "long_name": "excess cross entropy per text"}
    training = records.significant(np.stack([each.training_frequency() for each in languages]))
    names = [f"{first} {second}" for first, second in languages[0].pairs]
    return xr.Dataset(
        {
            "excess": (
                (*grid, "kind"),
                records.significant(counts["excess"] / settings.n_test),
                excess,
            ),
            **{
                name: (
                    (*grid, *last),
                    counts[name].astype(np.int32),
                    {"units": units, "long_name": label},
                )
                for name, (last, units, label) in described.items()
            },
            "texts": ("kind", np.full(len(KINDS), settings.n_test), {"units": "texts"}),
            "questions": (("member", "kind", "skill"), questions, {"units": "questions"}),
            "pair_questions": (("member", "pair"), pairs, {"units": "pairs of questions"}),
            "held_out": (
                ("member", "pair"),
                held_out.astype(np.int8),
                {"units": "1", "long_name": "held out"},
            ),
            "frequency": ("skill", languages[0].frequency.astype(np.float32), {"units": "1"}),
            "training_frequency": (("member", "skill"), training, {"units": "1"}),
        },
        coords={
            "width": ("width", np.asarray(settings.widths), {"units": "neurons"}),
            "seed": ("member", np.asarray(settings.seeds)),
            "step": (
                "step",
                np.asarray(settings.lengths),
                {"units": "Adam steps", "long_name": "length of training"},
            ),
            "kind": list(KINDS),
            "skill": np.arange(settings.n_skills),
            "pair": names,
        },
    )
