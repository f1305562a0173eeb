"""The list of clusters: its HTML alone, then with its script in Chromium."""

import re
from html.parser import HTMLParser

import numpy as np
import pages
import pytest

from skillscale.lab import records
from skillscale.quanta_discovery.figures.browser import ClusterBrowser

VOCABULARY = ["a", " b", "\n    ", "<script>", ":", 'c"&', "\t\x00", ""]


def browser_of(**settings):
    """Clusters 1 (three samples, ":"), 0 (two), 2 (one, ":" again), 3 (none)."""
    tokens = np.array([[4, 1, 0], [4, 0, 1], [3, 2, 1], [2, 4, 0], [4, 1, 1], [4, 5, 6]])
    arguments = {
        "tokens": tokens,
        "label": np.array([1, 1, 0, 0, 1, 2]),
        "vocabulary": VOCABULARY,
        "coherence": np.array([-0.1, 0.9, np.nan, 0.0]),
    }
    return ClusterBrowser(**arguments | settings)


@pytest.fixture(scope="module")
def published():
    run = records.published("quanta_discovery_clusters")
    first = run.isel(member=0, network=0)
    return ClusterBrowser(
        first.tokens.values, first.label.values, run.vocabulary.values, first.coherence.values
    )


def counts(shown):
    return len(np.unique(shown.label)), len(shown.label)


# The HTML


def test_context_runs_forwards_to_the_marked_token():
    page = browser_of()._repr_html_()
    assert "<li>a b<mark>:</mark></li>" in page
    assert "<li> b⏎    <mark>&lt;script&gt;</mark></li>" in page
    assert "<li>a:<mark>⏎····</mark></li>" in page
    assert repr(browser_of()) == "3 clusters of 6 samples"


def test_largest_comes_first_and_says_what_it_holds():
    cards = re.findall(
        r'<details class="cluster"(.*?)>.*?</span> (.*?)</summary>', browser_of()._repr_html_()
    )
    assert cards == [
        (
            ' data-size="3" data-shared data-cosine="0.9000"',
            "3 of 3 samples (100 %), mean cosine 0.90",
        ),
        (' data-size="2" data-cosine="-0.1000"', "1 of 2 samples (50 %), mean cosine -0.10"),
        (' data-size="1" data-shared', "1 of 1 samples (100 %), no pair"),
    ]


def test_title_shows_the_commonest_context_of_the_commonest_token():
    tokens = np.array([[4, 0, 0, 1], [4, 1, 0, 0], [4, 1, 0, 1], [3, 0, 0, 0]])
    page = ClusterBrowser(tokens, np.zeros(4, int), VOCABULARY, np.ones(1))._repr_html_()
    assert "<summary><span>…a b<mark>:</mark></span> 3 of 4 samples (75 %)" in page


class Tags(HTMLParser):
    """Names of the tags and attributes that a text holds, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.depth, self.words = set(), 0, []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags |= {tag} | {f"{tag} {name}" for name, _ in attrs}
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.words.append(data)


def test_tokens_cannot_leave_their_place():
    found = Tags(
        browser_of(
            vocabulary=["<b>", "</details>", "&lt;", "<!--", "]]>", "'\"", "\r", "\x1b"]
        )._repr_html_()
    )
    assert found.tags <= {
        *("div", "div class", "div role", "div aria-label", "details", "details class"),
        *("details data-size", "details data-cosine", "details data-shared"),
        *("summary", "span", "mark", "ul", "li"),
    }
    assert found.depth == 0
    assert "&lt;" in "".join(found.words)


def test_characters_that_do_not_show_are_made_visible():
    assert "<li>⇥␀c&quot;&amp;<mark>:</mark></li>" in browser_of()._repr_html_()
    empty = browser_of(tokens=np.full((6, 1), 7))._repr_html_()
    assert "<li><mark>∅</mark></li>" in empty
    assert not re.search("[\x00-\x1f]", browser_of()._repr_html_())


def test_samples_are_limited_and_the_rest_counted():
    tokens = np.arange(40)[:, None] % 3
    label = np.zeros(40, int)
    page = ClusterBrowser(tokens, label, VOCABULARY, np.ones(1), 12, 30)._repr_html_()
    seen, folded = page.split("<details><summary>18 more</summary>")
    assert seen.count("<li>") == 12
    assert folded.count("<li>") == 18
    assert folded.endswith("</details><p>10 are not listed.</p></details></div>")
    whole = ClusterBrowser(tokens, label, VOCABULARY, np.ones(1), 40)._repr_html_()
    assert whole.count("<li>") == 40
    assert "more<" not in whole
    assert "not listed" not in whole


def test_published_clusters_are_all_there_in_little_space(published):
    page = published._repr_html_()
    n_clusters, n_samples = counts(published)
    assert len(page.encode()) < 500 * n_samples < 1_000_000
    assert page.count("<li>") == n_samples
    assert page.count('class="cluster"') == n_clusters >= 20
    assert page == published._repr_html_()


# With the script


FILES = ("custom.css", "cluster-browser.js")


@pytest.fixture
def tab(opened, published):
    return opened(published._repr_html_(), *FILES)


def cards(tab):
    """Sizes, cosines and whether open of the clusters that are seen, in their order."""
    return tab.evaluate(
        """() => [...document.querySelectorAll(".cluster")].filter(e => e.checkVisibility())
            .map(e => [Number(e.dataset.size), Number(e.dataset.cosine), e.open])"""
    )


def lines(tab):
    return tab.evaluate(
        """() => [...document.querySelectorAll("li")].filter(e => e.checkVisibility())
            .map(e => e.textContent)"""
    )


def status(tab):
    return tab.get_by_role("status").inner_text()


@pytest.mark.browser
def test_search_shows_the_samples_that_hold_the_text(tab, published):
    words = [published.vocabulary[n] for n in range(len(published.vocabulary))]
    texts = ["".join(words[n] for n in row[::-1]) for row in published.tokens]
    wanted = "return self"
    inside = [i for i, text in enumerate(texts) if wanted in text.lower()]
    assert 5 < len(inside) < len(texts) / 2
    tab.locator("summary").nth(4).click()
    begin = cards(tab)
    tab.get_by_label("Token or text").fill("Return Self")
    n_clusters = len({published.label[i] for i in inside})
    all_clusters, all_samples = counts(published)
    assert status(tab) == (
        f"{n_clusters} of {all_clusters} clusters, {len(inside)} of {all_samples} samples"
    )
    assert len(cards(tab)) == n_clusters
    # every match is seen, folded or not, and nothing else
    assert len(lines(tab)) == len(inside)
    assert all(wanted in line.replace("·", " ").lower() for line in lines(tab))
    tab.get_by_label("Token or text").fill("no such text anywhere")
    assert status(tab) == f"0 of {all_clusters} clusters, 0 of {all_samples} samples"
    assert cards(tab) == []
    tab.get_by_label("Token or text").fill("")
    assert status(tab).startswith(f"{all_clusters} of {all_clusters} clusters, {all_samples}")
    assert cards(tab) == begin  # what was open is open again, what was closed is closed


@pytest.mark.browser
def test_order_follows_the_choice(tab, published):
    sizes = [size for size, _, _ in cards(tab)]
    assert sizes == sorted(sizes, reverse=True)
    first = cards(tab)
    for label, sign in (("Most alike first", -1), ("Least alike first", 1)):
        tab.get_by_label("Order").select_option(label)
        found = [cosine for _, cosine, _ in cards(tab)]
        assert found == sorted(found, key=lambda cosine, sign=sign: sign * cosine)
        assert len(found) == counts(published)[0]
    tab.get_by_label("Order").select_option("Largest first")
    assert cards(tab) == first


@pytest.mark.browser
def test_slider_and_box_narrow_the_list(tab, published):
    slider = tab.get_by_role("slider")
    slider.fill("0.6")
    expected = int((published.coherence >= 0.6).sum())
    n_clusters, _ = counts(published)
    assert 0 < expected < n_clusters
    assert len(cards(tab)) == expected
    assert all(cosine >= 0.6 for _, cosine, _ in cards(tab))
    slider.focus()
    tab.keyboard.press("Home")
    assert len(cards(tab)) == n_clusters
    tab.get_by_role("checkbox").check()
    commonest = {
        c: np.bincount(published.tokens[published.label == c, 0]).argmax()
        for c in np.unique(published.label)
    }
    times = np.bincount(list(commonest.values()))
    assert len(cards(tab)) == sum(times[token] > 1 for token in commonest.values())
    tab.get_by_role("checkbox").uncheck()
    assert len(cards(tab)) == n_clusters


@pytest.mark.browser
def test_reset_brings_back_the_list_as_it_was(tab):
    begin, said = cards(tab), status(tab)
    tab.get_by_label("Token or text").fill("return self")
    tab.get_by_label("Order").select_option("Least alike first")
    tab.get_by_role("slider").fill("0.6")
    tab.get_by_role("checkbox").check()
    assert cards(tab) != begin
    tab.get_by_role("button", name="Reset").click()
    assert cards(tab) == begin
    assert status(tab) == said
    assert tab.get_by_label("Token or text").input_value() == ""
    assert not tab.get_by_role("checkbox").is_checked()


@pytest.mark.browser
def test_cards_open_by_keyboard_and_all_at_once(tab):
    assert not any(is_open for _, _, is_open in cards(tab))
    tab.locator("summary").first.focus()
    tab.keyboard.press("Enter")
    first, *others = (is_open for _, _, is_open in cards(tab))
    assert first
    assert not any(others)
    tab.get_by_role("button", name="Open all").click()
    assert all(is_open for _, _, is_open in cards(tab))
    tab.get_by_role("button", name="Close all").click()
    assert not any(is_open for _, _, is_open in cards(tab))


@pytest.mark.browser
def test_cluster_of_one_passes_the_slider_only_at_its_end(opened):
    tab = opened(browser_of()._repr_html_() + browser_of()._repr_html_(), *FILES)
    assert [size for size, _, _ in cards(tab)] == [3, 2, 1] * 2
    slider = tab.get_by_role("slider").first
    slider.fill("-0.5")
    assert [size for size, _, _ in cards(tab)] == [3, 2, 3, 2, 1]
    labels = tab.evaluate("() => [...document.querySelectorAll('label')].map(e => e.control.id)")
    assert len(set(labels)) == 8  # two lists on one page do not share names


@pytest.mark.browser
def test_without_a_script_the_cards_unfold(opened, published):
    tab = opened(published._repr_html_(), *FILES, java_script_enabled=False)
    assert tab.locator("input, select, button").count() == 0
    tab.locator("summary").first.click()
    assert tab.locator(".cluster li").first.is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_accessible_and_fits_a_phone(opened, published, scheme):
    tab = opened(published._repr_html_(), *FILES, viewport={"width": 360, "height": 800})
    pages.in_scheme(tab, scheme)
    tab.get_by_role("button", name="Open all").click()
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert pages.serious(tab) == []
