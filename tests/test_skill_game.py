"""The game of bad skills: its tables in Python, then the game itself in Chromium."""

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pages
import pytest

from skillscale.slingshot import theory
from skillscale.slingshot.experiments import graphs
from skillscale.slingshot.figures.game import Level, SkillGame, answer

N_SKILLS, N_TEXTS, K = 8, 40, 3
SIZES = np.arange(1, N_SKILLS)
GRAPH = graphs.random_graph(N_SKILLS, N_TEXTS, K, generator=np.random.default_rng(3))


def level_of(n_wrong):
    """The truly worst sets: of all sets of skills, the one whose worst texts harm it most."""
    sets = [
        max(itertools.combinations(range(N_SKILLS), size), key=lambda named: total(named, n_wrong))
        for size in SIZES.tolist()
    ]
    least = [answer(GRAPH, named, n_wrong, N_SKILLS)[1][list(named)].min() for named in sets]
    at = (SIZES / N_SKILLS, n_wrong / N_TEXTS, K)
    bound = theory.finite_curve(*at, n_skills=N_SKILLS, n_texts=N_TEXTS)
    return Level(n_wrong, sets, least, theory.exact_curve(*at), bound)


def total(named, n_wrong):
    return answer(GRAPH, named, n_wrong, N_SKILLS)[1][list(named)].sum()


LEVELS = [level_of(n_wrong) for n_wrong in (4, 8, 20)]


def game_of(**settings):
    return SkillGame(**{"graph": GRAPH, "n_skills": N_SKILLS, "levels": LEVELS} | settings)


def data_of(game):
    (text,) = re.findall(r"<script[^>]*>(.*?)</script>", game._repr_html_(), re.DOTALL)
    return json.loads(text)


def random_sets(count, seed):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, N_SKILLS + 1, size=count)
    return [sorted(generator.permutation(N_SKILLS)[:size].tolist()) for size in sizes]


def clicked(data, named, n_wrong):
    """What the page does, in plain Python: the wrong texts and each skill's failures."""
    hits = [sum(skill in named for skill in text) for text in data["graph"]]
    wrong = sorted(range(len(hits)), key=lambda text: (-hits[text], text))[:n_wrong]
    failures = [0] * data["skills"]
    for text in wrong:
        for skill in data["graph"][text]:
            failures[skill] += 1
    return wrong, failures


# The tables


@pytest.mark.parametrize("n_wrong", [1, 2, 3, 6])
def test_no_other_texts_harm_the_named_skills_more(n_wrong):
    graph = graphs.random_graph(4, 7, 3, generator=np.random.default_rng(1))
    for size in (1, 2, 3):
        for named in map(list, itertools.combinations(range(4), size)):
            texts, failures = answer(graph, named, n_wrong, 4)
            sums = {
                choice: np.isin(graph[list(choice)], named).sum()
                for choice in itertools.combinations(range(7), n_wrong)
            }
            assert failures[named].sum() == max(sums.values())
            assert sums[tuple(sorted(texts.tolist()))] == max(sums.values())


def test_of_equals_the_first_text_answers():
    graph = np.array([[1, 1], [0, 1], [1, 0], [0, 0], [0, 1]])
    assert answer(graph, [0], 3, 2)[0].tolist() == [3, 1, 2]
    assert answer(graph, [], 3, 2)[0].tolist() == [0, 1, 2]


def test_a_click_agrees_with_the_experiments_on_random_sets():
    data = data_of(game_of())
    for named in random_sets(60, seed=4):
        for level in data["levels"]:
            wrong, failures = clicked(data, named, level["wrong"])
            texts, found = answer(GRAPH, named, level["wrong"], N_SKILLS)
            assert wrong == texts.tolist()
            assert failures == found.tolist() == graphs.failures(GRAPH, texts, N_SKILLS).tolist()


def test_stored_sets_have_the_stored_failures():
    data = data_of(game_of())
    for level in data["levels"]:
        for named, failures in zip(level["sets"], level["failures"], strict=True):
            _, found = clicked(data, named, level["wrong"])
            assert failures == sum(found[skill] for skill in named)


def test_curves_are_kept_to_four_digits_and_markov_stands_alone_as_null():
    data = data_of(game_of())
    for level, given in zip(data["levels"], LEVELS, strict=True):
        np.testing.assert_allclose(level["limit"], given.limit, rtol=5e-4)
        bound = np.array(level["bound"], dtype=float)
        np.testing.assert_allclose(bound, given.bound, rtol=5e-4)
    assert any(None in level["bound"] for level in data["levels"])
    assert data["start"] == 1


# What the chapter stores


@pytest.fixture(scope="module")
def stored():
    pattern = r'<div class="skill-game".*?<script[^>]*>(.*?)</script>'
    (text,) = re.findall(pattern, pages.shown("slingshot"))
    return json.loads(text)


def test_no_stored_set_of_the_chapter_beats_the_linear_program(stored):
    graph, n_skills = np.array(stored["graph"]), stored["skills"]
    for level in stored["levels"]:
        for named, least in zip(level["sets"], level["least"], strict=True):
            ceiling = graphs.certificate(graph, np.array(named), level["wrong"], n_skills)
            # the linear program is solved to 1e-7; whole texts and exchanges lose little
            assert ceiling - 2.5 < least <= ceiling + 1e-6


def test_stored_failures_of_the_chapter_are_those_of_a_click(stored):
    for level in stored["levels"]:
        for named, failures in zip(level["sets"], level["failures"], strict=True):
            _, found = clicked(stored, named, level["wrong"])
            assert sum(found[skill] for skill in named) == failures


def test_no_exchange_of_one_skill_improves_a_stored_set_of_the_chapter(stored):
    graph, n_skills = np.array(stored["graph"]), stored["skills"]
    needs = np.stack([np.bincount(text, minlength=n_skills) for text in graph])
    for level in stored["levels"]:
        for named, best in zip(level["sets"], level["failures"], strict=True):
            others = [skill for skill in range(n_skills) if skill not in named]
            hits = needs[:, named].sum(axis=1)
            for old, new in itertools.product(named, others):
                changed = np.sort(hits - needs[:, old] + needs[:, new])
                assert changed[-level["wrong"] :].sum() <= best


def test_tables_of_the_chapter_are_the_theorys(stored):
    n_texts, k = np.shape(stored["graph"])
    fractions = np.arange(1, stored["skills"]) / stored["skills"]
    sizes = {"n_skills": stored["skills"], "n_texts": n_texts, "failure_probability": 0.01}
    for level in stored["levels"]:
        theta = level["wrong"] / n_texts
        bound = theory.finite_curve(fractions, theta, k, **sizes)
        # kept to four digits
        np.testing.assert_allclose(
            level["limit"], theory.exact_curve(fractions, theta, k), rtol=5.1e-4
        )
        np.testing.assert_allclose(np.array(level["bound"], dtype=float), bound, rtol=5.1e-4)
        mean = np.array(level["failures"]) / np.arange(1, stored["skills"])
        beta = mean * stored["skills"] / (level["wrong"] * k)
        assert not (beta >= bound).any()  # false where there is none


# The HTML


def test_text_is_short_and_the_same_again():
    page = game_of()._repr_html_()
    assert page == game_of()._repr_html_()
    generator = np.random.default_rng(0)
    graph = graphs.random_graph(24, 300, 6, generator=generator)
    sets = [list(range(size)) for size in range(1, 24)]
    curve = np.linspace(7.123456, 1, 23)
    levels = [Level(n_wrong, sets, [0] * 23, curve, curve) for n_wrong in (15, 30, 60)]
    assert len(SkillGame(graph, 24, levels)._repr_html_()) < 12_000


def test_a_title_cannot_leave_its_place():
    page = game_of(title='</script><b onclick="x">')._repr_html_()
    assert page.count("</script>") == 1
    assert "<b" not in page
    assert data_of(game_of(title="</script><b>"))["title"] == "</script><b>"


def test_words_stand_where_the_script_does_not_run():
    game = game_of(title="Game")
    assert repr(game) == "Game: 8 skills, 40 texts of 3. The game works on the book's web pages."
    named = LEVELS[1].sets[4]
    beta = total(named, 8) * N_SKILLS / (5 * 8 * K)
    line = f"5 of 8 skills are named ({', '.join(str(skill + 1) for skill in named)}): "
    assert line + f"the worst 8 of 40 texts give them β = {beta:.2f} on" in game._repr_html_()


LEVEL = LEVELS[1]


# With the script


FILES = ("custom.css", "skill_game.css", "skill_game.js")


@pytest.fixture
def tab(opened):
    return opened(game_of()._repr_html_(), *FILES)


SHOWN = """() => {
    const texts = query => [...document.querySelectorAll(query)].map(e => e.textContent);
    const height = e => Number(e.querySelector(".skill-game-fill").getAttribute("height"));
    const squares = [...document.querySelectorAll(".skill-game-texts > g")];
    return {
        wrong: squares.flatMap((e, i) => e.matches(".skill-game-wrong") ? [i] : []),
        filled: squares.map(height),
        beta: texts(".skill-game-beta"),
        table: texts(".skill-game-line dd:not(.skill-game-bar)"),
        names: texts(".skill-game-line dt"),
        named: [...document.querySelectorAll(".skill-game-skills button")]
            .flatMap((e, i) => e.getAttribute("aria-pressed") === "true" ? [i] : []),
    };
}"""


def name_skills(tab, named):
    tab.evaluate(
        """named => document.querySelectorAll(".skill-game-skills button").forEach((e, i) => {
            if ((e.getAttribute("aria-pressed") === "true") !== named.includes(i)) e.click();
        })""",
        named,
    )


def status(tab):
    """The summary, once the page has paused for it."""
    tab.wait_for_timeout(500)
    return tab.get_by_role("status").inner_text()


@pytest.mark.browser
def test_the_page_answers_as_python_does(tab):
    for place, level in enumerate(LEVELS):
        tab.get_by_role("group", name="Fraction").get_by_role("button").nth(place).click()
        average = level.n_wrong * K / N_SKILLS
        for named in random_sets(20, seed=place):
            name_skills(tab, named)
            shown = tab.evaluate(SHOWN)
            texts, failures = answer(GRAPH, named, level.n_wrong, N_SKILLS)
            assert shown["named"] == named
            assert shown["wrong"] == sorted(texts.tolist())
            hits = graphs.hits(GRAPH, np.array(named), N_SKILLS)
            np.testing.assert_allclose(shown["filled"], 10 * hits / K)
            assert [float(text) for text in shown["beta"]] == pytest.approx(
                failures / average, abs=0.0501
            )
            mine = failures[named]
            expected = [mine.mean() / average, mine.min() / average]
            if (at := len(named) - 1) < N_SKILLS - 1:
                bound = level.bound[at]
                assert ("Markov" in shown["names"][5]) == np.isnan(bound)
                expected += [total(level.sets[at], level.n_wrong) / len(named) / average]
                expected += [level.least[at] / average, level.limit[at]]
                expected += [N_SKILLS / len(named) if np.isnan(bound) else bound]
            else:
                assert shown["table"][2:] == ["–"] * 4
            # two digits, of numbers kept to four
            found = [float(text) for text in shown["table"] if text != "–"]
            assert found == pytest.approx(expected, abs=0.0061)


@pytest.mark.browser
def test_summary_says_the_score_once_the_reader_pauses(tab):
    assert status(tab).startswith("No skill is named yet.")
    tab.evaluate(
        """() => {
            window.said = [];
            const line = document.querySelector("[role=status]");
            new MutationObserver(() => window.said.push(line.textContent))
                .observe(line, { childList: true });
        }"""
    )
    named = [0, 3, 5]
    name_skills(tab, named)
    mine, best = total(named, 8), total(LEVEL.sets[2], 8)
    assert status(tab) == (
        "You named 3 of 8 skills (a = 0.38). The worst 8 of 40 texts give them "
        f"β = {mine / 9:.2f} on average and "
        f"{answer(GRAPH, named, 8, N_SKILLS)[1][named].min() / 3:.2f} at least: "
        f"on average {100 * mine // best} % of what the best known adversary reaches."
    )
    assert len(tab.evaluate("() => window.said")) == 1  # not once a click
    picture = tab.locator(".skill-game-texts").get_attribute("aria-label")
    assert picture == (
        f"40 texts, 8 of them wrong: {mine} of the 24 skills that these need are named"
    )
    tab.get_by_role("button", name="adversary").click()
    assert tab.evaluate(SHOWN)["named"] == sorted(LEVEL.sets[2])
    assert status(tab).endswith("as much on average as the best known adversary reaches.")
    name_skills(tab, list(range(N_SKILLS)))
    assert status(tab) == "You named all 8 skills: β = 1 on average, whichever texts are wrong."
    tab.get_by_role("button", name="Clear").click()
    assert tab.evaluate(SHOWN)["named"] == tab.evaluate(SHOWN)["wrong"] == []
    assert status(tab).startswith("No skill is named yet.")


@pytest.mark.browser
def test_a_set_better_than_the_stored_one_is_praised(opened):
    weakest = min(range(N_SKILLS), key=lambda skill: total([skill], 8))
    poor = replace(LEVEL, sets=[[weakest], *LEVEL.sets[1:]], least=[0] * 7)
    tab = opened(game_of(levels=[poor])._repr_html_(), *FILES)
    name_skills(tab, list(LEVEL.sets[0]))
    assert status(tab).endswith(": more than the best known adversary reaches on average.")


@pytest.mark.browser
def test_what_few_texts_can_exceed_is_not_called_their_limit(opened, stored):
    """The chapter's graph lets a reader pass the curve for many texts."""
    level = stored["levels"][0]
    size = max(range(1, 24), key=lambda n: level["failures"][n - 1] / n / level["limit"][n - 1])
    levels = [
        Level(own["wrong"], own["sets"], own["least"], own["limit"], np.array(own["bound"], float))
        for own in stored["levels"]
    ]
    game = game_of(graph=np.array(stored["graph"]), n_skills=24, levels=levels)
    tab = opened(game._repr_html_(), *FILES)
    tab.get_by_role("group", name="Fraction").get_by_role("button").first.click()
    name_skills(tab, level["sets"][size - 1])
    shown = tab.evaluate(SHOWN)
    assert float(shown["table"][0]) > float(shown["table"][4])
    assert shown["names"][4] == "limit for endlessly many texts; these 300 may exceed it"


@pytest.mark.browser
def test_the_keyboard_plays(tab):
    tab.get_by_role("button", name="Skill 1 ").focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate(SHOWN)["named"] == [0, 1]
    assert tab.get_by_role("button", name="Skill 2 ", pressed=True).count() == 1
    tab.keyboard.press("Enter")
    assert tab.evaluate(SHOWN)["named"] == [0]
    theta = tab.get_by_role("group", name="Fraction").get_by_role("button")
    assert [button.get_attribute("aria-pressed") for button in theta.all()] == [
        "false",
        "true",
        "false",
    ]
    theta.nth(0).focus()
    tab.keyboard.press("Enter")
    assert theta.nth(0).get_attribute("aria-pressed") == "true"
    assert len(tab.evaluate(SHOWN)["wrong"]) == 4


@pytest.mark.browser
def test_without_a_script_one_round_is_told(opened):
    tab = opened(game_of()._repr_html_(), *FILES, java_script_enabled=False)
    assert tab.locator("button").count() == 0
    assert tab.locator(".skill-game-fallback").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1280)])
def test_is_accessible_and_fits(opened, scheme, width):
    tab = opened(game_of()._repr_html_(), *FILES, viewport={"width": width, "height": 800})
    pages.in_scheme(tab, scheme)
    name_skills(tab, [0, 2])
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= width
    assert pages.serious(tab) == []


@pytest.mark.browser
def test_what_is_chosen_shows_where_the_system_sets_the_colours(opened):
    """As in a high-contrast mode, which takes all grounds from buttons and bars."""
    tab = opened(game_of()._repr_html_(), *FILES, forced_colors="active")
    name_skills(tab, [0, 2])
    ground = "e => getComputedStyle(e).backgroundColor"
    for buttons in (".skill-game-levels", ".skill-game-skills"):
        chosen, other = (
            tab.locator(f"{buttons} button[aria-pressed={state}]").first.evaluate(ground)
            for state in ("true", "false")
        )
        assert chosen != other
    bar = tab.locator(".skill-game-mean .skill-game-bar span")
    assert bar.evaluate(ground) != tab.locator(".skill-game").evaluate(ground)
