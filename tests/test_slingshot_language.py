import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from skillscale.lab.ensembles import MLPEnsemble
from skillscale.lab.randomness import Stream
from skillscale.slingshot import experiments, readings
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


def sets_of(row):
    return {
        found
        for size in (2, 3)
        for each in itertools.combinations(row.tolist(), size)
        if len(found := tuple(sorted(set(each)))) == size
    }


def test_held_out_sets_never_meet_in_training():
    marks = dict(zip(LANGUAGE.sets, LANGUAGE.is_held_out.tolist(), strict=True))
    pairs = {each for each, mark in marks.items() if mark == 1 and len(each) == 2}
    assert len(pairs) == math.ceil(0.3 * 28)
    for each, mark in marks.items():
        if len(each) == 3:
            assert (mark == -1) == bool(pairs & set(itertools.combinations(each, 2)))
    triples = [mark for each, mark in marks.items() if len(each) == 3 and mark >= 0]
    assert sum(triples) == math.ceil(0.3 * len(triples))
    rows = np.unique(sampled(20_000, training=True).skill, axis=0)
    # the rarest of the other sets is expected more than ten times
    assert set().union(*map(sets_of, rows)) == {each for each, mark in marks.items() if mark == 0}


def test_sets_are_named_by_their_skills_in_any_order():
    skill = sampled(300).skill
    for row, places in zip(skill, LANGUAGE.met(skill), strict=True):
        assert {LANGUAGE.sets[place] for place in places if place >= 0} == sets_of(row)
        groups = [g for size in (2, 3) for g in itertools.combinations(row.tolist(), size)]
        assert [len(set(group)) == len(group) for group in groups] == (places >= 0).tolist()


def test_every_skill_keeps_its_frequency_in_training():
    tuples, chances = LANGUAGE.training
    expected = np.bincount(tuples.ravel(), np.repeat(chances, 3)) / 3
    np.testing.assert_allclose(expected, LANGUAGE.frequency, rtol=2e-9)
    for training in (True, False):
        skill = sampled(200_000, training=training).skill
        # standard errors below 0.0015
        np.testing.assert_allclose(
            np.bincount(skill.ravel()) / skill.size, LANGUAGE.frequency, atol=0.006
        )
    # nearest to the law: an exponential tilt of it, a sum of one number per skill
    tilt = np.log(chances / LANGUAGE.frequency[tuples].prod(axis=1))
    uses = np.stack([np.bincount(row, minlength=8) for row in tuples])
    assert np.abs(tilt - uses @ np.linalg.lstsq(uses, tilt, rcond=None)[0]).max() < 1e-9


def test_without_held_out_sets_training_follows_the_law():
    tuples, chances = replace(LANGUAGE, held_out=0.0).training
    assert len(tuples) == 8**3
    np.testing.assert_allclose(chances, LANGUAGE.frequency[tuples].prod(axis=1))


def test_composed_answers_say_whether_two_agree():
    language = replace(LANGUAGE, k=5, n_skills=6, composed=2)
    texts = sampled(200, language)
    single, agree = np.split(texts.answer, [5], axis=1)
    np.testing.assert_array_equal(single, language.answers[texts.skill, texts.query])
    for place in range(2):
        same = single[:, 2 * place] == single[:, 2 * place + 1]
        np.testing.assert_array_equal(agree[:, place], np.where(same, 1, -1))
    assert language.entropy == pytest.approx(LANGUAGE.entropy * 7 / 3)


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
    assert (other.is_held_out != LANGUAGE.is_held_out)[:28].any()
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
    questions, sets, composed = made.asked(LANGUAGE, texts)
    assert composed.sum() == 0
    perfect = experiments.score(LANGUAGE, texts, texts.answer * math.log(0.8 / 0.2))
    assert perfect.excess == pytest.approx(0, abs=1e-9)
    for counts in perfect[1:]:
        assert counts.sum() == 0
    ignorant = experiments.score(LANGUAGE, texts, np.zeros((4000, 3)))
    assert ignorant.excess == pytest.approx(4000 * (3 * math.log(2) - LANGUAGE.entropy), rel=1e-12)
    assert ignorant.wrong == 4000
    np.testing.assert_array_equal(questions, np.bincount(texts.skill.ravel(), minlength=8))
    np.testing.assert_array_equal(ignorant.skill_spoiled, questions)
    np.testing.assert_array_equal(ignorant.set_wrong, sets)


def test_a_predictor_without_one_skill_fails_where_that_skill_is_asked():
    texts = sampled()
    log_odds = np.where(texts.skill == 2, -1, 1) * texts.answer
    found = experiments.score(LANGUAGE, texts, log_odds)
    questions, sets, _ = made.asked(LANGUAGE, texts)
    np.testing.assert_array_equal(found.skill_wrong, np.where(np.arange(8) == 2, questions, 0))
    holds = (texts.skill == 2).any(axis=1)
    assert found.wrong == holds.sum()
    concerned = [2 in each for each in LANGUAGE.sets]
    np.testing.assert_array_equal(found.set_wrong, np.where(concerned, sets, 0))
    assert found.skill_spoiled.sum() == 3 * holds.sum()


def test_sets_and_composed_answers_are_counted_as_by_a_loop():
    language = replace(LANGUAGE, k=4, composed=2)
    texts = sampled(300, language)
    log_odds = np.random.default_rng(3).normal(size=(300, 6))
    missed = log_odds * texts.answer <= 0
    found = experiments.score(language, texts, log_odds)
    place = {each: i for i, each in enumerate(language.sets)}
    wrong, asked = np.zeros((2, len(place)), dtype=int)
    composed_wrong, composed = np.zeros((2, 28), dtype=int)
    for row, errors in zip(texts.skill.tolist(), missed, strict=True):
        for size in (2, 3):
            for group in itertools.combinations(range(4), size):
                each = tuple(sorted(row[i] for i in group))
                if len(set(each)) == size:
                    asked[place[each]] += 1
                    wrong[place[each]] += errors[list(group)].any()
        for first in (0, 2):
            each = tuple(sorted(row[first : first + 2]))
            if each[0] != each[1]:
                composed[place[each]] += 1
                composed_wrong[place[each]] += errors[4 + first // 2]
    assert found.wrong == missed.any(axis=1).sum()
    np.testing.assert_array_equal(found.set_wrong, wrong)
    np.testing.assert_array_equal(found.composed_wrong, composed_wrong)
    for counted, expected in zip(made.asked(language, texts)[1:], (asked, composed), strict=True):
        np.testing.assert_array_equal(counted, expected)


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


@pytest.mark.parametrize("settings", [SMALL, replace(SMALL, composed=1, depth=2)])
def test_ensemble_equals_plain_networks(settings):
    found = settings.run()
    for i, width in enumerate(settings.widths):
        for j, seed in enumerate(settings.seeds):
            for m, steps in enumerate(settings.lengths):
                free, familiar = plain_run(settings, width, seed, steps)
                cell = found.isel(width=i, member=j, step=m)
                np.testing.assert_allclose(
                    cell.excess * 300, [free.excess, familiar.excess], rtol=2e-3
                )
                for name in ("wrong", "skill_wrong", "skill_spoiled"):
                    both = np.stack([getattr(free, name), getattr(familiar, name)])
                    np.testing.assert_array_equal(cell[name], both)
                met = settings.language(seed).is_held_out == 0
                for name in ("set_wrong", "composed_wrong"):
                    counts = getattr(familiar, name), getattr(free, name)
                    expected = np.where(met[: len(counts[0])], *counts)
                    np.testing.assert_array_equal(cell[name], expected)


def plain_run(settings, width, seed, steps):
    language = settings.language(seed)
    n_inputs, n_outputs = 3 * (6 + 2), 3 + settings.composed
    network = MLPEnsemble(
        n_inputs, [width], seeds=[seed], n_outputs=n_outputs, depth=settings.depth
    ).member(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.lr)
    stream = Stream(seed, "training texts")
    for step in range(steps):
        generator = stream.at(step)
        texts = language.sample(SMALL.batch_size, generator=generator, training=True)
        flips = generator.random((SMALL.batch_size, n_outputs)) < language.flip
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
    ignorance = 3 * (math.log(2) - 0.3250829733914482)  # H(0.1)
    per_text = found.excess.sel(kind="any")
    assert per_text[0] > 0.8 * ignorance
    assert per_text[1] < 0.2 * ignorance
    theta = (found.wrong / found.texts).sel(kind="any")
    assert theta[1] < 0.5 * theta[0]
    assert found.held_out.values.tolist().count(1) == 1
    assert found.held_out.values.tolist()[3] == -1
    assert found.texts.values.tolist() == [settings.n_test] * 2
    assert (found.questions.sum("skill") == 3 * settings.n_test).all()
    assert (found.set_questions > 0).all()
    # a wrong answer costs at least ln 2 - H(flip)
    assert (theta <= per_text / (ignorance / 3) + 1e-3).all()


@pytest.mark.parametrize(
    ("task", "chance"),
    [("pairs", 1 - 0.9**2), ("triples", 1 - 0.9**3), ("composed answers", 2 * 0.9 * 0.1)],
)
def test_failures_of_tuples_are_read_against_single_skills(task, chance):
    """Single skills fail at 0.1, tuples by the product law, held-out ones 1.3 times as often."""
    run = replace(SMALL, composed=1, n_test=2000).run()
    rate = chance * xr.where(run.held_out == 1, 1.3, 1.0)
    of_pairs = rate.isel(set=slice(run.sizes["pair"])).rename(set="pair").drop_vars("pair")
    planted = run.assign(
        skill_wrong=(0.1 * run.questions).broadcast_like(run.skill_wrong),
        set_wrong=(run.set_questions * rate).broadcast_like(run.set_wrong),
        composed_wrong=(run.composed_questions * of_pairs).broadcast_like(run.composed_wrong),
    )
    failed, expected = readings.tuple_failures(planted, task)
    for group, ratio in (("seen", 1.0), ("held-out", 1.3)):
        assert failed[group].dims == ("width", "member", "step")
        np.testing.assert_allclose(failed[group] / expected[group], ratio)


def test_pairs_of_known_skills_are_told_from_the_others():
    """Half of the skills fail in 2 %, the rest in 40 %; held-out pairs of known ones twice."""
    run = replace(SMALL, n_skills=8, held_out=0.4, n_test=2000).run()
    single = xr.where(run.skill < run.sizes["skill"] // 2, 0.02, 0.4)
    sets = [[int(skill) for skill in each.split()] for each in run["set"].values]
    law = xr.DataArray([1 - np.prod(1 - single.values[each]) for each in sets], dims="set")
    known = xr.DataArray([single.values[each].max() < 0.03 for each in sets], dims="set")
    rate = law * xr.where((run.held_out == 1) & known, 2.0, 1.0)
    planted = run.assign(
        skill_wrong=(run.questions * single).broadcast_like(run.skill_wrong),
        set_wrong=(run.set_questions * rate).broadcast_like(run.set_wrong),
        excess=0 * run.excess + 0.2,
    )
    for estimate in readings.unseen_pairs_of_known_skills(planted).values():
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((2.0, 2.0, 2.0))
    failed, expected = readings.tuple_failures(planted, "pairs", worst=readings.KNOWN)
    np.testing.assert_allclose(failed["held-out"], 2 * expected["held-out"])
    np.testing.assert_allclose(failed["seen"], expected["seen"])


def test_rates_are_slopes_in_seen_tuples_and_single_skills():
    """Failures of single skills x, of seen tuples x², of held-out ones x³, at all of 4 sizes."""
    run = replace(SMALL, composed=1, n_test=2000, lengths=(1, 2, 3, 4)).run()
    x = xr.DataArray([0.4, 0.3, 0.2, 0.1], dims="step")
    held_out = run.held_out == 1
    power = xr.where(held_out, x**3, x**2)
    of_pairs = power.isel(set=slice(run.sizes["pair"])).rename(set="pair").drop_vars("pair")
    planted = run.assign(
        skill_wrong=(run.questions * x).broadcast_like(run.skill_wrong),
        set_wrong=(run.set_questions * power).broadcast_like(run.set_wrong),
        composed_wrong=(run.composed_questions * of_pairs).broadcast_like(run.composed_wrong),
        excess=0 * run.excess + 0.2,
    )
    found = readings.unseen_tuples_improve_as_fast_as_skills(planted)
    assert {name: each.value for name, each in found.items()} == pytest.approx(
        {
            f"{task}, {against}": value
            for task in ("pairs", "triples")
            for against, value in (("in seen ones", 1.5), ("in single skills", 3.0))
        }
    )
    composed = readings.composing_carries_over_to_unseen_pairs(planted)
    assert composed["in seen ones"].value == pytest.approx(1.5)
    assert composed["in single skills"].value == pytest.approx(3.0)
    assert composed["failures"].value == pytest.approx(0.25)  # the mean of x
