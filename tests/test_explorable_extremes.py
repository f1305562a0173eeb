"""Every plot with sliders of every chapter, in Chromium: at all extremes, and under a policy."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from pages import BOOK, shown

CHAPTERS = sorted(
    path.stem for path in BOOK.glob("*.ipynb") if 'class=\\"explorable\\"' in path.read_text()
)
FILES = ("custom.css", "explorable.js")
# Pixels of a curve that lie within the axes: less is no line to see.
VISIBLE = 20

# Sets all sliders to all combinations of their ends, and one to its ends while the others are at
# their start; returns, for each drawing, where they stood, the curves' lengths within the axes,
# and what is printed.
DRAWINGS = """async () => {
    const inside = (axes, [x, y]) => x >= axes.x && x <= axes.x + axes.width
        && y >= axes.y && y <= axes.y + axes.height;
    const length = (axes, path) => path.split("M").slice(1).reduce((sum, part) => {
        const points = part.split("L").map(point => point.split(" ").map(Number));
        for (let i = 1; i < points.length; i++)
            if (inside(axes, points[i - 1]) && inside(axes, points[i])) sum += Math.hypot(
                points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]);
        return sum;
    }, 0);
    const shown = plot => {
        const clip = plot.querySelector("clipPath rect");
        const axes = Object.fromEntries(
            ["x", "y", "width", "height"].map(name => [name, Number(clip.getAttribute(name))]));
        const curves = [...plot.querySelectorAll(".explorable-curve")];
        const legend = [...plot.nextSibling.querySelectorAll("li")];
        return curves.map((curve, i) =>
            [legend[i].textContent, length(axes, curve.getAttribute("d"))]);
    };
    const ends = count => Array.from({ length: 2 ** count }, (_, i) =>
        Array.from({ length: count }, (_, j) => 2 * ((i >> j) & 1)));
    const single = count => Array.from({ length: 2 * count }, (_, i) =>
        Array.from({ length: count }, (_, j) => j === i >> 1 ? 2 * (i & 1) : 1));
    const drawings = [];
    for (const box of document.querySelectorAll(".explorable")) {
        const sliders = [...box.querySelectorAll("input")];
        const places = sliders.map(slider => [slider.min, slider.value, slider.max]);
        for (const choice of [...single(sliders.length), ...ends(sliders.length)]) {
            sliders.forEach((slider, j) => {
                slider.value = places[j][choice[j]];
                slider.dispatchEvent(new Event("input"));
            });
            await new Promise(requestAnimationFrame);
            drawings.push({
                sliders: [...box.querySelectorAll("label")]
                    .map(label => `${label.textContent} ${label.nextSibling.textContent}`),
                curves: [...box.querySelectorAll("svg[role=img]")].flatMap(shown),
                readouts: [...box.querySelectorAll("output")].map(output => output.textContent),
            });
        }
    }
    return drawings;
}"""


def widgets(chapter: str) -> str:
    """The plots with sliders in a chapter's stored outputs."""
    return "".join(re.findall(r'<div class="explorable".*?</div>', shown(chapter), re.DOTALL))


def test_chapters_with_plots_are_found() -> None:
    assert {"domino", "quantization", "resource", "slingshot"} < set(CHAPTERS)


@pytest.mark.browser
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_all_curves_and_numbers_are_seen_at_all_extremes(opened: Any, chapter: str) -> None:
    tab = opened(widgets(chapter), *FILES, viewport={"width": 1280, "height": 800})
    drawings = tab.evaluate(DRAWINGS)
    assert len(drawings) >= 8 * tab.locator(".explorable").count() > 0
    unseen = [
        (label, drawing["sliders"])
        for drawing in drawings
        for label, length in drawing["curves"]
        if length < VISIBLE
    ]
    assert unseen == []
    unread = [
        drawing["sliders"]
        for drawing in drawings
        if not all(re.fullmatch(r"−?[\d.]+", text) for text in drawing["readouts"])
    ]
    assert unread == []


@pytest.mark.browser
def test_plots_work_where_no_text_may_be_compiled(chromium: Any) -> None:
    """As on a host whose pages run only scripts in files."""
    policy = "default-src 'none'; script-src 'self'; style-src 'self'"
    files = {f"/{name}": (BOOK / "_static" / name).read_text() for name in FILES}
    files["/"] = (
        '<!doctype html><html lang="en"><title>t</title><link rel="stylesheet" href="custom.css">'
        f'<main class="bd-article">{widgets("resource")}</main>'
        '<script src="explorable.js"></script>'
    )
    kinds = {"css": "text/css", "js": "text/javascript"}

    def served(route: Any) -> None:
        path = urlsplit(route.request.url).path
        kind = kinds.get(path.rpartition(".")[2], "text/html; charset=utf-8")
        headers = {"Content-Security-Policy": policy, "Content-Type": kind}
        route.fulfill(body=files.get(path, ""), headers=headers)

    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.route("**/*", served)
    tab.goto("http://book.example/")
    curves = tab.locator(".explorable-curve").all()
    assert curves
    assert all((curve.get_attribute("d") or "").count("L") > 20 for curve in curves)
    assert tab.locator(".explorable-fallback").count() == 0
    context.close()
    assert complaints == []
