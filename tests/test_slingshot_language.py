import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.randomness import Stream
from skillscale.slingshot import experiments
from skillscale.slingshot.experiments import texts as made

LANGUAGE = experiments.SkillTexts(8, 2, 3, flip=0.2, held_out=0.3, seed=5)
SMALL = experiments.KnownEntropy(
    n_skills=6,
    n_bits=2,
    k=3,
    widths=(4, 9),
    lengths=(2, 5),
    batch_size=8,
    n_test=300,
    seeds=(3, 4),
)


def sampled(n=4000, language=LANGUAGE, **options):
    return language.sample(n, generator=np.random.default_rng(1), **options)


def test_held_out_pairs_never_meet_in_training():
    assert LANGUAGE.is_held_out.sum() == math.ceil(0.3 * 28)
    texts = sampled(20_000, training=True)
    met = {
        tuple(sorted(pair))
        for row in np.unique(texts.skill, axis=0)
        for pair in itertools.combinations(row.tolist(), 2)
    }
    held_out = {tuple(pair) for pair in LANGUAGE.pairs[LANGUAGE.is_held_out].tolist()}
    assert not met & held_out
    assert not LANGUAGE.novel(texts.skill).any()
    # the rarest of the other pairs is expected more than ten times
    assert met >= {tuple(pair) for pair in LANGUAGE.pairs.tolist()} - held_out


def test_training_law_is_the_law_under_a_condition():
    """Against rejection: unconditioned texts without a held-out pair."""
    free = sampled(400_000)
    kept = free.skill[~LANGUAGE.novel(free.skill)]
    expected = np.bincount(kept.ravel(), minlength=8) / kept.size
    drawn = np.bincount(sampled(200_000, training=True).skill.ravel(), minlength=8) / 600_000
    # standard errors below 0.0015
    np.testing.assert_allclose(LANGUAGE.training_frequency(), expected, atol=0.006)
    np.testing.assert_allclose(drawn, LANGUAGE.training_frequency(), atol=0.006)
    np.testing.assert_allclose(
        np.bincount(free.skill.ravel(), minlength=8) / free.skill.size,
        LANGUAGE.frequency,
        atol=0.003,
    )


def test_what_is_no_number_is_never_right():
    texts = sampled(20)
    with np.errstate(invalid="ignore"):
        found = experiments.score(LANGUAGE, texts, np.full(texts.answer.shape, np.nan))
    assert found.wrong == 20
    assert np.isnan(found.excess)


def test_skills_are_balanced_and_their_own():
    assert set(LANGUAGE.answers.ravel()) == {-1.0, 1.0}
    np.testing.assert_array_equal(LANGUAGE.answers.sum(axis=1), 0)
    other = replace(LANGUAGE, seed=6)
    assert (other.answers != LANGUAGE.answers).any()
    assert (other.is_held_out != LANGUAGE.is_held_out).any()
    texts = sampled()
    np.testing.assert_array_equal(texts.answer, LANGUAGE.answers[texts.skill, texts.query])


def test_excess_equals_the_sum_over_all_flips():
    """Cross entropy and entropy of a text from the 2^k probabilities of its answers."""
    texts = sampled(6)
    log_odds = np.random.default_rng(2).normal(size=(6, 3))
    total, entropy = 0.0, 0.0
    for flips in itertools.product((0, 1), repeat=3):
        probability = np.prod([0.2 if flip else 0.8 for flip in flips])
        answers = texts.answer * np.where(flips, -1, 1)
        log_model = -np.log1p(np.exp(-answers * log_odds)).sum(axis=1)
        total += probability * (-log_model).sum()
        entropy -= probability * math.log(probability)
    assert LANGUAGE.entropy == pytest.approx(entropy, rel=1e-12)
    found = experiments.score(LANGUAGE, texts, log_odds).excess.sum()
    assert found == pytest.approx(total - 6 * entropy, rel=1e-10)


def test_planted_predictors():
    texts = sampled()
    questions, pairs = made.asked(LANGUAGE, texts)
    perfect = experiments.score(LANGUAGE, texts, texts.answer * math.log(0.8 / 0.2))
    assert perfect.excess == pytest.approx(0, abs=1e-9)
    for counts in perfect[1:]:
        assert counts.sum() == 0
    ignorant = experiments.score(LANGUAGE, texts, np.zeros((4000, 3)))
    assert ignorant.excess == pytest.approx(4000 * (3 * math.log(2) - LANGUAGE.entropy), rel=1e-12)
    assert ignorant.wrong == 4000
    np.testing.assert_array_equal(questions, np.bincount(texts.skill.ravel(), minlength=8))
    np.testing.assert_array_equal(ignorant.skill_spoiled, questions)
    np.testing.assert_array_equal(ignorant.pair_spoiled, pairs)


def test_a_predictor_without_one_skill_fails_where_that_skill_is_asked():
    texts = sampled()
    log_odds = np.where(texts.skill == 2, -1, 1) * texts.answer
    found = experiments.score(LANGUAGE, texts, log_odds)
    questions, pairs = made.asked(LANGUAGE, texts)
    np.testing.assert_array_equal(found.skill_wrong, np.where(np.arange(8) == 2, questions, 0))
    holds = (texts.skill == 2).any(axis=1)
    assert found.wrong == holds.sum()
    concerned = (LANGUAGE.pairs == 2).any(axis=1)
    np.testing.assert_array_equal(found.pair_wrong, np.where(concerned, pairs, 0))
    assert (found.pair_spoiled >= found.pair_wrong).all()
    assert found.skill_spoiled.sum() == 3 * holds.sum()


def test_pairs_are_counted_as_by_a_loop():
    texts = sampled(300)
    log_odds = np.random.default_rng(3).normal(size=(300, 3))
    missed = log_odds * texts.answer <= 0
    found = experiments.score(LANGUAGE, texts, log_odds)
    place = {tuple(pair): i for i, pair in enumerate(LANGUAGE.pairs.tolist())}
    wrong, spoiled, asked = (np.zeros(28, dtype=int) for _ in range(3))
    for row, errors in zip(texts.skill.tolist(), missed, strict=True):
        for i, j in itertools.combinations(range(3), 2):
            if row[i] == row[j]:
                continue
            pair = place[tuple(sorted((row[i], row[j])))]
            asked[pair] += 1
            wrong[pair] += errors[i] or errors[j]
            spoiled[pair] += errors.any()
    np.testing.assert_array_equal(found.pair_wrong, wrong)
    np.testing.assert_array_equal(found.pair_spoiled, spoiled)
    np.testing.assert_array_equal(made.asked(LANGUAGE, texts)[1], asked)


def test_flips_have_their_rate_and_leave_questions_alone():
    batch = experiments.training_texts([LANGUAGE], 20_000, seeds=[0])(3)
    clean = LANGUAGE.sample(
        20_000, generator=Stream(0, "training texts").at(3), training=True
    ).answer
    flipped = (batch.target[0].numpy() != clean).mean()
    assert flipped == pytest.approx(0.2, abs=0.008)  # five standard errors of 6e4 flips
    source = experiments.training_texts([LANGUAGE], 9, seeds=[0], copies=2)
    assert torch.equal(source(3).target, source(3).target)
    assert not torch.equal(source(3).target, source(4).target)
    assert torch.equal(source(3).bits[0], source(3).bits[1])


def test_ensemble_equals_plain_networks():
    found = SMALL.run()
    for i, width in enumerate(SMALL.widths):
        for j, seed in enumerate(SMALL.seeds):
            for m, steps in enumerate(SMALL.lengths):
                free, familiar = plain_run(width, seed, steps)
                cell = found.isel(width=i, member=j, step=m)
                np.testing.assert_allclose(
                    cell.excess * 300, [free.excess, familiar.excess], rtol=2e-3
                )
                for name in ("wrong", "skill_wrong", "skill_spoiled"):
                    both = np.stack([getattr(free, name), getattr(familiar, name)])
                    np.testing.assert_array_equal(cell[name], both)
                held_out = SMALL.language(seed).is_held_out
                for name in ("pair_wrong", "pair_spoiled"):
                    of_pairs = np.where(held_out, getattr(free, name), getattr(familiar, name))
                    np.testing.assert_array_equal(cell[name], of_pairs)


def plain_run(width, seed, steps):
    language = SMALL.language(seed)
    n_inputs = 3 * (6 + 2)
    network = MLPEnsemble(n_inputs, [width], seeds=[seed], n_outputs=3).member(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=SMALL.lr)
    stream = Stream(seed, "training texts")
    for step in range(steps):
        generator = stream.at(step)
        texts = language.sample(SMALL.batch_size, generator=generator, training=True)
        flips = generator.random((SMALL.batch_size, 3)) < language.flip
        target = torch.from_numpy(texts.answer * np.where(flips, -1, 1)).float()
        logits = network(torch.from_numpy(made.encode(language, texts)))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, (target + 1) / 2, reduction="sum"
        )
        optimizer.param_groups[0]["lr"] = SMALL.lr * (1 - step / steps)
        optimizer.zero_grad()
        (loss / SMALL.batch_size).backward()
        optimizer.step()
    scores = []
    for place, training in enumerate((False, True)):
        generator = Stream(seed, "test texts").at(place)
        test = language.sample(SMALL.n_test, generator=generator, training=training)
        with torch.no_grad():
            log_odds = network(torch.from_numpy(made.encode(language, test))).double().numpy()
        scores.append(experiments.score(language, test, log_odds))
    return scores


def test_networks_learn_and_the_record_is_whole():
    """After 600 steps on three skills a network is close to the entropy; after one it is not."""
    settings = replace(SMALL, n_skills=3, held_out=0.3, widths=(48,), lengths=(1, 600), seeds=(0,))
    found = settings.run().isel(width=0, member=0)
    ignorance = 3 * (math.log(2) - 0.3250829733914482)
    per_text = found.excess.sel(kind="any")
    assert per_text[0] > 0.8 * ignorance
    assert per_text[1] < 0.2 * ignorance
    theta = (found.wrong / found.texts).sel(kind="any")
    assert theta[1] < 0.5 * theta[0]
    assert found.held_out.values.sum() == 1
    assert found.texts.values.tolist() == [settings.n_test] * 2
    assert (found.questions.sum("skill") == 3 * settings.n_test).all()
    assert (found.pair_questions > 0).all()
    # a wrong answer costs at least ln 2 - H(flip)
    assert (theta <= per_text / (ignorance / 3) + 1e-3).all()
