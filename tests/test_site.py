"""The pages as a reader gets them: built from the stored outputs, then opened in Chromium.

Without Chromium the browser tests are skipped; SKILLSCALE_REQUIRE_BROWSER makes that a failure.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [TOC["root"]] + [entry["file"] for part in TOC["parts"] for entry in part["chapters"]]
EXPLORABLES = [
    page
    for page in PAGES
    if (chapter := ROOT / f"{page}.ipynb").exists() and "explorable-fallback" in chapter.read_text()
]
DESKTOP, PHONE = 1280, 360
WIDTHS = [390, 800, 1280]  # below 992 pixels the sidebars are menus


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built from the outputs stored in book/, once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    html = folder / "site" / "_build" / "html"
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits, and finds them
        if not html.is_dir():
            options = ["--quiet", "-W", "-n", "--keep-going", "--path-output", str(folder / "site")]
            built = subprocess.run(
                [str(Path(sys.executable).with_name("jupyter-book")), "build", *options, str(ROOT)],
                capture_output=True,
                text=True,
                check=False,
                env={key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"},
            )
            if built.returncode:
                shutil.rmtree(html, ignore_errors=True)
                pytest.fail(built.stderr[-5000:])
    return html


# What can be read from the files


class Page(HTMLParser):
    """Collects what a page links to, loads and names."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.names |= {values[key] for key in ("id", "name") if key in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in {"script", "img", "iframe", "source", "video", "audio", "embed"}:
            self.loads += [values["src"]] if "src" in values else []
        if tag == "link" and values.get("rel") in {
            "stylesheet",
            "preload",
            "modulepreload",
            "icon",
        }:
            self.loads.append(values["href"])


def html_files(site: Path) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


def is_foreign(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme not in {"", "data"} or bool(parts.netloc)


def test_every_page_is_built(site: Path) -> None:
    assert [page for page in PAGES if not (site / f"{page}.html").exists()] == []
    assert (site / "index.html").exists()


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    for path in html_files(site):
        assert [address for address in Page(path).loads if is_foreign(address)] == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text()), path.name


@pytest.mark.parametrize(
    ("tag", "n_foreign"),
    [
        ('<script src="https://cdn.example/x.js"></script>', 1),
        ('<script src="//cdn.example/x.js"></script>', 1),
        ('<link rel="stylesheet" href="http://cdn.example/x.css">', 1),
        ('<script src="../_static/x.js"></script>', 0),
    ],
)
def test_a_foreign_tag_is_seen(tmp_path: Path, tag: str, n_foreign: int) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<html><body>{tag}</body></html>")
    assert len([address for address in Page(path).loads if is_foreign(address)]) == n_foreign


def test_internal_links_lead_somewhere(site: Path) -> None:
    pages = {path: Page(path) for path in html_files(site)}
    broken = []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            if is_foreign(link):
                continue
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].names
            ):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_launch_buttons_open_this_repository(site: Path) -> None:
    repository = urlsplit(CONFIG["repository"]["url"]).path.strip("/")
    branch = CONFIG["repository"]["branch"]
    colab, binder = (CONFIG["launch_buttons"][key] for key in ("colab_url", "binderhub_url"))
    for page in PAGES:
        path = f"{page}.ipynb"
        if (ROOT / path).exists():
            links = Page(site / f"{page}.html").links
            assert f"{colab}/github/{repository}/blob/{branch}/{path}" in links
            assert f"{binder}/v2/gh/{repository}/{branch}?urlpath=lab/tree/{path}" in links


def words(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_a_work_has_one_name_in_the_text_and_in_the_bibliography(site: Path) -> None:
    entry = r'id="([^"]+)" role="doc-biblioentry">\s*<span class="label">(.*?)</span>\s*<p>'
    entries = re.findall(entry, (site / "book" / "bibliography.html").read_text(), re.DOTALL)
    link = r'href="[^"]*bibliography\.html#([^"]+)"[^>]*>(.*?)</a>'
    pages = "".join((site / f"{page}.html").read_text() for page in PAGES)
    cited = {(place, words(name)) for place, name in re.findall(link, pages, re.DOTALL)}
    assert cited == {(place, words(label).strip("[]")) for place, label in entries} != set()


def test_a_shared_link_shows_the_books_name_and_picture(site: Path) -> None:
    front = (ROOT / "book" / "_static" / "front.png").read_bytes()
    for page in PAGES:
        html = (site / f"{page}.html").read_text()
        shared = dict(re.findall(r'<meta property="og:([a-z_:]+)" content="([^"]+)"', html))
        assert shared["site_name"] == CONFIG["title"], page
        address = shared["image"].removeprefix(CONFIG["sphinx"]["config"]["ogp_site_url"])
        assert (site / address).read_bytes() == front, page
        assert "Project name not set" not in html, page


def test_the_front_page_opens_with_its_picture_and_leads_to_the_first_theory(site: Path) -> None:
    html = (site / f"{TOC['root']}.html").read_text()
    article = html[html.index("<article") : html.index("</article>")]
    beginning = article[: article.index("<h2")]
    (figure,) = re.findall(r"<figure.*?</figure>", beginning, re.DOTALL)
    (picture,) = re.findall(r'<img alt="[^"]{20,}" src="([^"]+)"', figure)
    front = ROOT / "book" / "_static" / "front.png"
    assert (site / "book" / picture).read_bytes() == front.read_bytes()
    assert "<figcaption>" in figure
    (following,) = re.findall(r'class="right-next"\s+href="([^"]+)"', html)
    assert f"book/{following}" == f"{PAGES[1]}.html"


# What takes a browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing: a request is not news."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Visit:
    """A page opened in Chromium, with what it asked for and complained about."""

    def __init__(self, chromium: Any, address: str, page: str, width: int) -> None:
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.address = address
        self.context = chromium.new_context(viewport={"width": width, "height": 800})
        self.context.route("**/*", self.guard)
        self.tab = self.context.new_page()
        self.tab.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.tab.on("console", self.listen)
        self.tab.on("response", self.check)
        self.status = self.tab.goto(f"{address}/{page}.html", wait_until="load").status
        self.tab.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")
        self.tab.evaluate("() => document.fonts.ready.then(() => true)")

    def guard(self, route: Any) -> None:
        if urljoin(route.request.url, "/") == self.address + "/":
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def listen(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def check(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.context.close()


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Visit]:
    """A page at a width, open while tests of it follow each other: to set one takes seconds."""
    with Visit(chromium, address, *request.param) as visit:
        yield visit


def visited(pages: list[str], widths: list[int]) -> pytest.MarkDecorator:
    places = [(page, width) for page in pages for width in widths]
    names = [f"{page}-{width}" for page, width in places]
    return pytest.mark.parametrize("visit", places, ids=names, indirect=True, scope="module")


@pytest.mark.browser
@visited(PAGES, [DESKTOP, PHONE])
def test_page_in_browser(visit: Visit) -> None:
    assert visit.status == 200
    assert visit.foreign == []
    assert visit.complaints == []
    look = visit.tab.evaluate(
        """() => {
            const root = document.documentElement, article = document.querySelector("article");
            return {
                overflow: root.scrollWidth - root.clientWidth,
                maths: document.querySelectorAll(".math").length,
                rendered: article.querySelectorAll("mjx-container").length,
                wrong: [...article.querySelectorAll("mjx-merror")].map(e => e.textContent),
                raw: /\\\\\\(|\\\\\\[|\\$\\$/.test([...article.querySelectorAll("p, li, td")]
                    .map(e => e.innerText).join(" ")),
                images: [...article.querySelectorAll("img")]
                    .filter(e => !e.alt || !e.naturalWidth).map(e => e.src),
            };
        }"""
    )
    assert look["overflow"] <= 0
    assert look["rendered"] > 0 or look["maths"] == 0
    assert look["wrong"] == []
    assert not look["raw"]
    assert look["images"] == []


@pytest.mark.browser
def test_the_front_address_leads_to_the_introduction(chromium: Any, address: str) -> None:
    tab = chromium.new_page()
    tab.goto(f"{address}/index.html")
    tab.wait_for_url(f"{address}/{TOC['root']}.html")
    tab.close()


def has_focus(button: Any) -> bool:
    return bool(button.evaluate("button => button === document.activeElement"))


def opens_and_closes(tab: Any, button: Any, link: Any) -> None:
    """A menu over the page shows the link at a click and hides it at Escape."""
    assert not link.is_visible()
    button.click()
    link.wait_for(state="visible")
    tab.keyboard.press("Escape")
    link.wait_for(state="hidden")


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_menu_leads_to_a_chapter(chromium: Any, address: str, width: int) -> None:
    with Visit(chromium, address, "book/intro", width) as visit:
        button = visit.tab.locator(".primary-toggle:visible")
        chapter = visit.tab.get_by_role("link", name="Theory 3: the resource model", exact=True)
        if width < 992:  # a menu over the page
            opens_and_closes(visit.tab, button, chapter)
        else:  # a sidebar that folds
            assert chapter.is_visible()
            button.click()
            chapter.wait_for(state="hidden")
        assert has_focus(button)
        visit.tab.keyboard.press("Enter")
        chapter.wait_for(state="visible")
        chapter.click()
        visit.tab.wait_for_url(f"{address}/book/resource.html", wait_until="commit")
        assert visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_contents_lead_to_a_section(chromium: Any, address: str, width: int) -> None:
    with Visit(chromium, address, "book/intro", width) as visit:
        button = visit.tab.locator(".secondary-toggle:visible")
        section = visit.tab.get_by_role("link", name="What a verdict means", exact=True)
        if width < 992:
            opens_and_closes(visit.tab, button, section)
            assert has_focus(button)
            visit.tab.keyboard.press("Enter")
        section.click()
        visit.tab.wait_for_url(f"{address}/book/intro.html#what-a-verdict-means")
        visit.tab.wait_for_function(
            """() => {
                const heading = document.querySelector("#what-a-verdict-means h2");
                const box = heading.getBoundingClientRect();
                return !document.querySelector("dialog[open]")
                    && heading.contains(document.elementFromPoint(box.left + 1, box.top + 9));
            }"""
        )
        assert visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_theme_switches(chromium: Any, address: str, width: int) -> None:
    with Visit(chromium, address, "book/intro", width) as visit:
        button = visit.tab.locator(".theme-switch-button:visible")
        grounds = []
        for _ in range(3):
            button.press("Enter")
            assert has_focus(button)
            grounds.append(
                visit.tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
            )
        assert len(set(grounds)) == 2  # dark, light, and as the system has it
        assert visit.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_search_finds_a_chapter(chromium: Any, address: str, width: int) -> None:
    with Visit(chromium, address, "book/intro", width) as visit:
        button = visit.tab.get_by_role("button", name="Search", exact=True)
        field = visit.tab.get_by_role("searchbox")
        button.click()
        field.wait_for(state="visible")
        visit.tab.keyboard.press("Escape")
        field.wait_for(state="hidden")
        assert has_focus(button)
        visit.tab.keyboard.press("Enter")
        field.fill("slingshot")
        field.press("Enter")
        visit.tab.wait_for_url(f"{address}/search.html?q=slingshot", wait_until="commit")
        results = visit.tab.locator("#search-results")
        results.get_by_role("link", name="Theory 5: slingshot generalization").first.wait_for()
        assert visit.complaints == []


# What has the focus, and whether the element before it looked different when it had it.
NEXT_STOP = """() => {
    const look = element => {
        const {outlineStyle, outline, boxShadow} = getComputedStyle(element);
        const shadow = /rgba\\(0, 0, 0, 0\\)/.test(boxShadow) ? "none" : boxShadow;
        return (outlineStyle === "none" ? "none" : outline) + " " + shadow;
    };
    const before = window.lastStop, element = document.activeElement;
    window.lastStop = {element, look: look(element)};
    return {
        end: element === document.body,
        unseen: before && before.look === look(before.element)
            ? before.element.outerHTML.slice(0, 200) : null,
        formula: element.matches("mjx-container"),
        scrolls: element.scrollWidth > element.clientWidth,
    };
}"""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("page", "width"), [("book/skill_basis", DESKTOP), ("book/slingshot", PHONE)]
)
def test_tab_stops_show_themselves_and_are_no_formulas(
    chromium: Any, address: str, page: str, width: int
) -> None:
    stops: list[dict[str, Any]] = []
    with Visit(chromium, address, page, width) as visit:
        visit.tab.add_style_tag(content="* { transition: none !important; }")
        while not stops or not stops[-1]["end"]:
            visit.tab.keyboard.press("Tab")
            stops.append(visit.tab.evaluate(NEXT_STOP))
            assert len(stops) < 1000
    assert len(stops) > 100
    assert [stop["unseen"] for stop in stops if stop["unseen"]] == []
    # A formula wider than its column must be reached, to be scrolled.
    assert [stop for stop in stops if stop["formula"] and not stop["scrolls"]] == []
    if width == DESKTOP:
        assert not any(stop["formula"] for stop in stops)


def move_every_slider(tab: Any, box: Any) -> None:
    """Move each slider of a plot by keyboard and to its end; the curves follow, and come back."""
    drawn = """async box => {
        for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
        const curves = [...box.querySelectorAll(".explorable-curve")];
        return curves.map(path => path.getAttribute("d")).join(" ");
    }"""
    begin = box.evaluate(drawn)
    assert begin.count("L") > 20
    assert "NaN" not in begin
    for slider in box.get_by_role("slider").all():
        assert slider.get_attribute("aria-valuetext")
        slider.focus()
        was, said = box.evaluate(drawn), slider.get_attribute("aria-valuetext")
        tab.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") != said
        assert box.evaluate(drawn) != was
        tab.keyboard.press("ArrowLeft")
        slider.fill(slider.get_attribute("max") or "")
        assert box.evaluate(drawn) != was
    box.get_by_role("button").click()
    assert box.evaluate(drawn) == begin


@pytest.mark.browser
@visited(EXPLORABLES, [DESKTOP, PHONE])
def test_sliders_redraw_the_curves(visit: Visit) -> None:
    boxes = visit.tab.locator(".explorable").all()
    assert boxes
    assert visit.tab.locator(".explorable-fallback").count() == 0
    for box in boxes:
        move_every_slider(visit.tab, box)
    assert visit.complaints == []


@pytest.mark.browser
@visited(EXPLORABLES, [DESKTOP])
def test_axes_follow_the_width(visit: Visit) -> None:
    for width in (320, 768):
        visit.tab.set_viewport_size({"width": width, "height": 800})
        visit.tab.wait_for_function(
            """() => {
                const fits = plot => {
                    const words = [...plot.querySelectorAll("text")];
                    const box = plot.getBoundingClientRect();
                    return plot.viewBox.baseVal.width === Math.round(box.width)
                        && words.map(e => e.getBoundingClientRect())
                            .every(e => e.left >= box.left - 1 && e.right <= box.right + 1);
                };
                const plots = document.querySelectorAll(
                    ".explorable > svg, .explorable-panel > svg");
                return plots.length > 0 && [...plots].every(fits);
            }""",
            timeout=5000,
        )


@pytest.mark.browser
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_worst_texts_answer_named_skills(chromium: Any, address: str, width: int) -> None:
    with Visit(chromium, address, "book/slingshot", width) as visit:
        (game,) = visit.tab.locator(".skill-game").all()
        assert visit.tab.locator(".skill-game-fallback").count() == 0
        skills = game.get_by_role("group", name="Skills").get_by_role("button")
        for place in (2, 7, 11):
            skills.nth(place).focus()
            visit.tab.keyboard.press("Enter")
        assert game.get_by_role("button", pressed=True).count() == 3 + 1  # and one fraction
        line = game.get_by_role("status").filter(has_text="You named 3 of 24 skills (a = 0.13)")
        line.wait_for(timeout=5000)
        assert re.search(
            r"The worst 30 of 300 texts give them β = \d\.\d\d on average and \d\.\d\d at least: "
            r"on average \d+ % of what the best known adversary reaches\.",
            line.inner_text(),
        )
        wrong = game.locator(".skill-game-texts > .skill-game-wrong")
        assert wrong.count() == 30
        game.get_by_role("group", name="Fraction").get_by_role("button", name="5 %").click()
        assert wrong.count() == 15
        game.get_by_role("button", name="adversary").click()
        as_much = "as much on average as the best known adversary reaches"
        game.get_by_role("status").filter(has_text=as_much).wait_for(timeout=5000)
        assert visit.complaints == []
        assert visit.foreign == []
