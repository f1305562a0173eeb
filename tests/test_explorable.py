"""Plots with sliders: a page computes what sympy and numpy compute.

Node runs the page's script on its formulas; without it those tests are skipped.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pages
import pytest
import sympy as sp

from skillscale import frequencies
from skillscale.domino import theory as domino
from skillscale.drawing.explorable import Panel, explorable, linked
from skillscale.geometry import theory as geometry
from skillscale.quantization import theory as quantization
from skillscale.resource import theory as resource
from skillscale.skill_basis import theory as skill_basis
from skillscale.slingshot import theory as slingshot

T, A, B, J, K = sp.symbols("T a b j k", positive=True)
TIME = (T, 0.0, 5.0, "linear", "time")
UNIT = (0.0, 1.0, "linear", "left")
RATE = {A: (0.1, 2.0, 1.0, 0.1, "rate")}
# Sums of 100 terms and powers, each rounded to 2e-16: agreement to 12 digits.
TOLERANCE = 1e-12

EVALUATE = """
const [script, question] = [process.argv[1], require("fs").readFileSync(0, "utf8")];
const { table, places, points } = JSON.parse(question), formulas = require(script).computing(table);
const names = points[0].map((_, i) => (i ? `p${i - 1}` : "x"));
const known = names.map((name, i) => [name, Float64Array.from(points, (point) => point[i])]);
const values = places.map(formulas(Object.fromEntries(known)));
// a value is an array, or a number where it does not depend on the point
console.log(JSON.stringify(values.map((value) => points.map((_, i) => value[i] ?? value))));
"""


def node(plot: dict[str, Any], places: list[int], points: Any) -> Any:
    """Values of formulas of a plot, as the page's script computes them, shape (place, point)."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no Node found: the formulas are not computed")
    script = str(pages.BOOK / "_static" / "explorable.js")
    points = np.asarray(points).tolist()
    question = json.dumps({"table": plot["formulas"], "places": places, "points": points})
    answer = subprocess.run(
        [program, "-e", EVALUATE, script],
        input=question,
        capture_output=True,
        text=True,
        check=True,
    )
    return np.array(json.loads(answer.stdout), dtype=float)


def written_out(plot: dict[str, Any], place: int) -> Any:
    """A formula with the entries that it refers to in their places."""
    entry = plot["formulas"][place]
    if not isinstance(entry, list):
        return entry
    if entry[0] == "sum":
        return [*entry[:4], written_out(plot, entry[4])]
    return [entry[0], *(written_out(plot, part) for part in entry[1:])]


@cache
def stored(chapter: str, place: int = 0) -> dict[str, Any]:
    """What a plot in a chapter's stored outputs holds; plots that share sliders count each."""
    pattern = r'<div class="explorable".*?<script[^>]*>(.*?)</script>'
    found = re.findall(pattern, pages.shown(chapter))
    plots = [plot for text in found for plot in plots_of(json.loads(text))]
    return plots[place]


def plots_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [data | panel for panel in data.get("panels", [{}])]


def along(axis: dict[str, Any], count: int = 9) -> Any:
    space = np.geomspace if axis["log"] else np.linspace
    return space(axis["low"], axis["high"], count)


# Formulas


@pytest.mark.parametrize(
    "formula",
    [
        sp.exp(-A * T) + sp.sqrt(B / 3),
        T ** (-A) * sp.log(T + B) + sp.pi,
        sp.Min(A, T * B, sp.Rational(1, 7)) + sp.Max(T, B) ** 2,
        sp.Piecewise((T**2, T < A), (A * B, True)),
        sp.Sum(K ** (-A) * sp.exp(-T * K ** (-A)), (K, 1, 40)),
        sp.Sum(K ** (-A), (K, 1, 9)) / sp.Sum(K ** (-B), (K, 2, 5)) * sp.Sum(T * K, (K, 1, 3)),
        # sums in sums, twice with the same indices; the innermost total is the same for all terms
        sp.Sum(sp.Sum(sp.exp(-T * K * J), (K, 1, 3)) / sp.Sum(K**-A, (K, 1, 4)) * J, (J, 1, 3))
        / sp.Sum(sp.Sum(sp.exp(-B * K * J), (K, 1, 3)) * J, (J, 1, 3)),
        # the same index inside and outside, and the symbol of the axis as an index
        sp.Sum(K * sp.Sum(K**-A, (K, 1, 3)) + sp.Sum(T**-K, (T, 1, 3)), (K, 1, 4)) * T,
        sp.Piecewise((1, (T > A) & (T <= B)), (2, (T < 1) | (B >= 2)), (3, True)),
        (1 + A * T) ** 7 / (1 + A * T) + sp.sin(1 + A * T) * sp.tanh(1 + A * T),
    ],
)
def test_a_page_computes_sympys_values(formula: Any) -> None:
    sliders = {A: (0.1, 3, 1, 0.1, "a"), B: (0.1, 3, 1, "log", "b")}
    data = json.loads(explorable({"f": formula}, x=TIME, y=UNIT, sliders=sliders, title="t").text)
    points = np.random.default_rng(1).uniform(0.2, 2.5, (6, 3))
    (found,) = node(data, [data["curves"][0]["y"]], points)
    expected = [
        float(formula.subs(dict(zip((T, A, B), map(float, point), strict=True))).doit().evalf(20))
        for point in points
    ]
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_odd_names_do_no_harm() -> None:
    odd, other = sp.Symbol("n0"), sp.Symbol("N_{0}, Σ")
    sliders = {other: (1, 2, 1, 0.5, "other")}
    plot = explorable(
        {"f": odd + other}, x=(odd, 0, 1, "linear", "x"), y=UNIT, sliders=sliders, title="t"
    )
    data = json.loads(plot.text)
    assert node(data, [data["curves"][0]["y"]], [[2, 5]]) == 7


def test_what_formulas_share_stands_in_the_table_once() -> None:
    norm = sp.Sum(K**-A, (K, 1, 9))
    curves = {"f": sp.exp(-T * norm), "g": (sp.exp(-B * norm), norm)}
    plot = explorable(
        curves, x=TIME, y=UNIT, sliders=RATE, parameter=(B, 0, 5, "linear"), title="t"
    )
    data = json.loads(plot.text)
    table = [json.dumps(entry) for entry in data["formulas"]]
    assert len(set(table)) == len(table)
    assert sum("sum" in entry for entry in table) == 1
    f, g = data["curves"]
    assert f["y"] == g["x"]


GOOD: dict[str, Any] = {
    "curves": {"f": sp.exp(-A * T)},
    "x": TIME,
    "y": UNIT,
    "sliders": RATE,
    "title": "t",
}


# Plots that share sliders


DECAY = Panel({"f": sp.exp(-A * T)}, TIME, UNIT, "Decay")
HALF = Panel({"g": (B, sp.exp(-A * B)), "h": A * T}, TIME, UNIT, "Twice", (B, 0.1, 2, "log"))


def test_panels_hold_what_single_plots_hold() -> None:
    data = json.loads(linked([DECAY, HALF], sliders=RATE, title="both").text)
    for panel, shown in zip((DECAY, HALF), data["panels"], strict=True):
        alone = explorable(
            panel.curves,
            x=panel.x,
            y=panel.y,
            sliders=RATE,
            title=panel.title,
            parameter=panel.parameter,
        )
        single = json.loads(alone.text)
        assert single.pop("sliders") == data["sliders"]
        for plot, table in ((single, single), (shown, data)):
            for curve in plot["curves"]:
                curve |= {axis: written_out(table, curve[axis]) for axis in "xy" if axis in curve}
        del single["formulas"]
        assert single == shown


def test_a_common_parameter_serves_panels_without_their_own() -> None:
    pair = Panel({"f": (B, A * B)}, (None, 0, 1, "linear", "x"), UNIT, "Pair")
    shared = (B, 0.5, 1, "linear")
    data = json.loads(linked([pair, HALF], sliders=RATE, title="t", parameter=shared).text)
    lows = [panel["parameter"]["low"] for panel in data["panels"]]
    assert lows == [0.5, 0.1]


# Measured points


MEASURED = {"seeds": (np.array([1.0, 2.5]), [0.4, 0.12345678]), "mean": ([1.75], [0.25])}


def test_points_are_kept_to_four_digits_and_change_no_formula() -> None:
    (first, second) = json.loads(
        linked([DECAY, replace(DECAY, points=MEASURED)], sliders=RATE, title="t").text
    )["panels"]
    assert second.pop("points") == [
        {"label": "seeds", "x": [1.0, 2.5], "y": [0.4, 0.1235]},
        {"label": "mean", "x": [1.75], "y": [0.25]},
    ]
    assert first == second


def test_a_point_on_the_edge_of_an_axis_is_inside() -> None:
    third = 1 / 3  # rounds to less than itself, out of the axis
    edge = replace(DECAY, y=(third, 1.0, "linear", "y"), points={"p": ([1.0], [third])})
    (panel,) = json.loads(linked([edge], sliders=RATE, title="t").text)["panels"]
    (entry,) = panel["points"]
    assert entry["y"] == [0.3333]


FILES = ("custom.css", "explorable.js")
PLACES = """() => [...document.querySelectorAll(".explorable-panel")]
    .map(panel => { const box = panel.getBoundingClientRect(); return [box.left, box.top]; })"""
DRAWN = """async () => {
    for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
    return [...document.querySelectorAll(".explorable-curve")].map(e => e.getAttribute("d"));
}"""


@pytest.mark.browser
def test_one_slider_redraws_all_panels_side_by_side_or_stacked(opened: Any) -> None:
    plot = linked([DECAY, HALF], sliders=RATE, title="both")
    viewport = {"width": 1000, "height": 800}
    tab = opened(plot._repr_html_(), *FILES, viewport=viewport)
    assert tab.get_by_role("slider").count() == 1
    begin = tab.evaluate(DRAWN)
    assert len(begin) == 3
    assert all(curve.count("L") > 20 and "NaN" not in curve for curve in begin)
    tab.get_by_role("slider").fill("2")
    assert all(now != was for now, was in zip(tab.evaluate(DRAWN), begin, strict=True))
    tab.get_by_role("button").click()
    assert tab.evaluate(DRAWN) == begin
    (left, top), (next_left, next_top) = tab.evaluate(PLACES)
    assert next_left > left
    assert next_top == top
    tab.set_viewport_size({"width": 360, "height": 800})
    (left, top), (next_left, next_top) = tab.evaluate(PLACES)
    assert next_left == left
    assert next_top > top
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
def test_readouts_are_printed_follow_the_sliders_and_say_where_they_are_none(opened: Any) -> None:
    readouts = {"half of it": A / 2, "its root": sp.sqrt(A - 1)}
    plot = explorable(**GOOD, readouts=readouts)
    tab = opened(plot._repr_html_(), *FILES)
    tab.evaluate(DRAWN)
    half, root = tab.get_by_label("half of it"), tab.get_by_label("its root")
    assert (half.inner_text(), root.inner_text()) == ("0.5", "0")
    tab.get_by_role("slider").fill("2")
    tab.evaluate(DRAWN)
    assert (half.inner_text(), root.inner_text()) == ("1", "1")
    tab.get_by_role("slider").fill("0.1")
    tab.evaluate(DRAWN)
    assert (half.inner_text(), root.inner_text()) == ("0.05", "–")


@pytest.mark.browser
def test_the_fallback_stays_where_a_plot_cannot_be_drawn(chromium: Any) -> None:
    page = explorable(**GOOD)._repr_html_().replace('"formulas"', '"formula"')
    tab = chromium.new_page()
    script = (pages.BOOK / "_static" / "explorable.js").read_text()
    tab.set_content(f"<main>{page}</main><script>{script}</script>")
    assert tab.locator(".explorable-fallback").is_visible()
    assert tab.get_by_role("slider").count() == 0
    tab.close()


MARKED = """() => [...document.querySelectorAll(".explorable-panel > svg")].map(plot => {
    const box = plot.getBoundingClientRect();
    return [...plot.querySelectorAll(".explorable-point")].map(mark => {
        const own = mark.getBoundingClientRect();
        return [(own.left + own.right) / 2 - box.left, (own.top + own.bottom) / 2 - box.top,
                box.width, box.height, mark.getAttribute("fill"), mark.getAttribute("d")];
    });
})"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1000, 360])
def test_points_stand_at_their_values_and_no_slider_moves_them(opened: Any, width: int) -> None:
    curve = {"f": 1 / (1 + A * T)}
    axes = (T, 1.0, 100.0, "log", "x"), (0.0, 1.0, "linear", "y")
    points = {"seeds": ([1, 10, 100], [0, 0.5, 1]), "mean": ([10], [0.25])}
    plot = linked([DECAY, Panel(curve, *axes, "Points", points=points)], sliders=RATE, title="t")
    viewport = {"width": width, "height": 800}
    tab = opened(plot._repr_html_(), *FILES, viewport=viewport)
    bare, marked = tab.evaluate(MARKED)
    assert bare == []
    left, right, top, bottom = 58, 14, 12, 46  # the margins of a plot
    for found, (x, y) in zip(marked, [(0, 0), (0.5, 0.5), (1, 1), (0.5, 0.25)], strict=True):
        wide, high = found[2] - left - right, found[3] - top - bottom
        # the markers' outlines are symmetric, and laid out to fractions of a pixel
        assert found[0] == pytest.approx(left + x * wide, abs=1)
        assert found[1] == pytest.approx(top + (1 - y) * high, abs=1)
    assert len({(fill, shape) for *_, fill, shape in marked}) == 2
    legend = tab.locator(".explorable-legend").nth(1).locator("li").all_inner_texts()
    assert legend == ["f", "seeds", "mean"]
    tab.get_by_role("slider").fill("2")
    tab.evaluate(DRAWN)
    assert tab.evaluate(MARKED) == [bare, marked]


# Chapters


def test_domino_draws_the_theory() -> None:
    data = stored("domino")
    waste, alpha = 0.02, 1.3
    points = [[v, waste, alpha] for v in along(data["parameter"])]
    p = frequencies.power_law(8, alpha)
    end = domino.completion_time(p, rate=1.0, N0=waste)[-1]
    given = node(data, [curve["x"] for curve in data["curves"]], points)
    learned = node(data, [curve["y"] for curve in data["curves"]], points)
    assert np.ptp(given, axis=0).max() == 0
    expected = 1 - domino.unlearned(given[0] * end, p, rate=1.0, N0=waste)
    # The theory's clock is found by Newton steps, to 1e-13 of itself.
    np.testing.assert_allclose(learned.T, expected, rtol=1e-10)


@pytest.mark.parametrize(("waste", "alpha"), [(1e-4, 0.4), (0.02, 1.0), (5.0, 1.7)])
def test_domino_draws_the_loss_and_its_exponent(waste: float, alpha: float) -> None:
    losses, slopes = stored("domino", 1), stored("domino", 2)
    points = [[v, waste, alpha] for v in along(losses["parameter"], 400)]
    p = frequencies.power_law(300, alpha)
    given, loss = node(losses, [losses["curves"][0][axis] for axis in "xy"], points)
    again, local = node(slopes, [slopes["curves"][0][axis] for axis in "xy"], points)
    np.testing.assert_array_equal(again, given)
    given, loss, local = (values[loss > 1e-8] for values in (given, loss, local))
    expected = domino.unlearned(given, p, rate=1.0, N0=waste) ** 2 @ p
    np.testing.assert_allclose(loss, expected, rtol=1e-8)
    differences = -np.diff(np.log(loss)) / np.diff(np.log(given))
    # neighbours among 400 points: second order in 4 % of the clock
    np.testing.assert_allclose((local[1:] + local[:-1]) / 2, differences, rtol=0.01)
    lines = node(slopes, [curve["y"] for curve in slopes["curves"][1:]], points[:1])
    assert lines[0] == domino.exponents(alpha, "domino")["T"]
    assert lines[1] == pytest.approx(domino.exponents(alpha, "parallel")["T"])


@pytest.mark.parametrize(("noise", "alpha"), [(1e-5, 0.4), (0.003, 1.0), (1.0, 1.7)])
def test_geometry_draws_the_theory(noise: float, alpha: float) -> None:
    skills, shares = stored("geometry", 0), stored("geometry", 1)
    points = [[v, noise, alpha] for v in along(skills["parameter"], 30)]
    p = frequencies.power_law(6, alpha)
    setting = {"lr": 1e-4, "dim": 1000, "noise": noise}
    end = geometry.completion_time(p, **setting)[-1]
    passed = node(skills, [curve["x"] for curve in skills["curves"]], points)
    learned = node(skills, [curve["y"] for curve in skills["curves"]], points)
    assert np.ptp(passed, axis=0).max() == 0
    expected = 1 - geometry.sign_descent(passed[0] * end, p, **setting)
    # the time is a sum of 32 terms, right to 3e-4, but for the end, which is an exact integral
    np.testing.assert_allclose(learned.T, expected, atol=2e-3)
    found = node(shares, [curve["y"] for curve in shares["curves"]], points)
    clock = np.log(10) / p[-1] * np.array(points)[:, :1]
    w = p * np.exp(-p * clock)
    norm = np.sqrt((w**2).sum(-1, keepdims=True) + 1000 * noise**2 / 4)
    np.testing.assert_allclose(found.T, 1 - np.arccos(w / norm) / np.pi, atol=1e-7)


def test_skill_basis_draws_the_theory() -> None:
    data = stored("skill_basis")
    alpha, gap = 0.8, 5.5
    times = along(data["x"])
    found = node(data, [curve["y"] for curve in data["curves"]], [[t, alpha, gap] for t in times])
    ranks = np.arange(1, 101.0)
    rates = ranks ** -(alpha + 1)
    strength = skill_basis.strength_time(times, rates[:, None], R0=np.exp(-gap), eta=0.5)
    shown = [int(curve["label"].split()[1]) - 1 for curve in data["curves"][:-1]]
    np.testing.assert_allclose(found[:-1], strength[shown], rtol=TOLERANCE)
    loss = (rates[:, None] * (1 - strength) ** 2).sum(0) / rates.sum()
    # Where nearly all is learned, 1 - R/S keeps fewer digits: absolute.
    np.testing.assert_allclose(found[-1], loss, atol=TOLERANCE)


@pytest.mark.parametrize("ratio", [1.5, 30.0, 900.0])
def test_skill_basis_draws_unequal_layers(ratio: float) -> None:
    data = stored("skill_basis", 1)
    gap = 5.5
    times = along(data["x"])
    found = node(data, [curve["y"] for curve in data["curves"]], [[t, ratio, gap] for t in times])
    start = np.exp(-gap)
    for curve, imbalance in zip(found, (start * (ratio - 1 / ratio), 0.0), strict=True):
        expected = skill_basis.unbalanced_strength_time(
            times, 1.0, R0=start, imbalance=imbalance, eta=0.5
        )
        np.testing.assert_allclose(curve, expected, rtol=TOLERANCE)


@pytest.mark.parametrize("k", [1, 2, 12])
@pytest.mark.parametrize(("theta", "size"), [(0.001, 1), (0.1, 4), (0.5, 4)])
def test_slingshot_draws_the_theory(theta: float, size: int, k: int) -> None:
    data = stored("slingshot")
    fractions = along(data["x"])
    points = [[a, theta, k, size, 0.25] for a in fractions]
    found = node(data, [curve["y"] for curve in data["curves"]], points)
    wrong = min(1 - 1e-9, theta * size)
    np.testing.assert_allclose(found[0], slingshot.exact_curve(fractions, wrong, k), rtol=TOLERANCE)
    # near an end at q = 1 the logarithms of 1 - q lose digits
    explicit = slingshot.explicit_bound(fractions, wrong, k)
    np.testing.assert_allclose(found[1], explicit, rtol=1e-7)
    np.testing.assert_allclose(found[2], 1 / fractions, rtol=TOLERANCE)
    assert (found[:2] <= found[2] * (1 + TOLERANCE)).all()


@pytest.mark.parametrize("k", [1, 12])
@pytest.mark.parametrize("limit", [0.05, 0.9])
@pytest.mark.parametrize(("theta", "size"), [(0.001, 1), (0.1, 2), (0.5, 1)])
def test_slingshot_draws_the_ladder_from_the_first_halving_to_the_last(
    theta: float, size: int, k: int, limit: float
) -> None:
    data = stored("slingshot", 1)
    (curve,) = data["curves"]
    drawn = along(data["parameter"], 241)
    points = [[v, theta, k, size, limit] for v in drawn]
    halvings, certified = node(data, [curve["x"], curve["y"]], points)
    share = np.minimum(drawn**4, 0.998)
    np.testing.assert_allclose(certified, 1 - share, rtol=TOLERANCE)
    for bad, steps in zip(share, halvings, strict=True):
        if bad < 0.998:  # from there the curve runs along the axis to its beginning
            wrong = size * theta / 2**steps
            assert wrong * slingshot.exact_curve(bad, wrong, k) == pytest.approx(limit, rel=1e-9)
    assert halvings.min() <= data["x"]["low"]
    assert halvings.max() >= data["x"]["high"]
    assert np.abs(np.diff(certified)).max() < 0.04  # neighbours are joined by straight lines


# What is shown


def test_html_is_the_same_whatever_the_seed_of_hashes() -> None:
    program = (
        "import sympy as sp; from skillscale.drawing.explorable import explorable\n"
        "x, a, b = sp.symbols('x a b', positive=True)\n"
        "print(explorable({'f': sp.Min(a * x, b, a + b, x**2) * (a + b + x)}, "
        "x=(x, 1, 2, 'log', 'x'), y=(0, 1, 'linear', 'y'), "
        "sliders={a: (1, 2, 1, 0.5, 'a'), b: (1, 2, 1, 'log', 'b')}, title='t')._repr_html_())"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(shown) == 1


def test_labels_cannot_leave_their_place() -> None:
    title = '"><b>&'
    sliders = {A: (0.1, 2, 1, 0.1, "</script><b>")}
    plot = explorable({"<!-- f": T * A}, x=TIME, y=UNIT, sliders=sliders, title=title)
    shown = plot._repr_html_()
    assert "<b>" not in shown
    assert "<!--" not in shown
    assert shown.count("</script>") == 1
    (text,) = re.findall(r"<script[^>]*>(.*)</script>", shown)
    assert json.loads(text)["sliders"][0]["label"] == "</script><b>"
    assert "web pages" in shown
    assert "web pages" in repr(plot)


@pytest.mark.parametrize(("alpha", "size"), [(0.1, 2.7), (0.4, 2.7), (1.2, 6.0)])
def test_quantization_draws_the_theory(alpha: float, size: float) -> None:
    plot, read = (stored("quantization", place) for place in (0, 1))
    losses, slopes = plot["curves"], read["curves"]
    exact = {"n_skills": round(10**size)}
    n = np.array([1, 4, 10, 40])
    sliders = [alpha, size, 1, 40]
    found = node(plot, [curve["y"] for curve in losses[:2]], [[m, *sliders] for m in n])
    # Sums replaced by midpoint integrals: 5 % at n = 1, 0.6 % from n = 4 on; K rounded to a whole.
    for curve, size_of in zip(found, (exact, {}), strict=True):
        ratio = curve / quantization.loss(n, alpha, **size_of)
        np.testing.assert_allclose(ratio, 1, rtol=0.05)
        np.testing.assert_allclose(ratio[1:], 1, rtol=0.01)
    (local,) = node(read, [slopes[0]["y"]], [[m, *sliders] for m in n[1:]])
    expected = quantization.local_exponent(n[1:], alpha, **exact)
    np.testing.assert_allclose(local, expected, atol=0.012)
    window, exponent = node(read, [slopes[2]["x"], slopes[2]["y"]], [[v, *sliders] for v in (0, 1)])
    np.testing.assert_allclose(window, [1, 40])
    expected = quantization.apparent_exponent(alpha, n_min=1, n_max=40, **exact)
    np.testing.assert_allclose(exponent, expected, atol=0.02)
    for shown in (plot, read):
        (readout,) = shown["readouts"]
        assert node(shown, [readout["value"]], [[0, *sliders]]) == exponent[0]


@pytest.mark.parametrize(("alpha", "size"), [(0.05, 1.0), (0.4, 3.0), (1.2, 5.0)])
def test_quanta_discovery_draws_how_often_quanta_are_met(alpha: float, size: float) -> None:
    data = stored("quanta_discovery")
    once, twice = data["curves"]
    ranks = np.array([1, 10, 100, 10_000])
    found = node(data, [once["y"], twice["y"]], [[k, alpha, size] for k in ranks])
    mass = frequencies.tail_mass(alpha, ranks - 1) - frequencies.tail_mass(alpha, ranks)
    met = 10**size * mass
    # The normalisation is six terms and an integral: right to a thousandth of met, which moves
    # neither probability by more than that.
    np.testing.assert_allclose(found, [-np.expm1(-met), 1 - (1 + met) * np.exp(-met)], atol=1e-3)


@pytest.mark.parametrize(
    ("beta", "own", "N", "g", "cost"),
    [(0.9, 0.5, 100.0, 1.0, 1.0), (0.05, 0.1, 900.0, 2.0, 0.2), (0.95, 0.7, 12.0, 0.5, 5.0)],
)
def test_resource_draws_the_theory(
    beta: float, own: float, N: float, g: float, cost: float
) -> None:
    split, best, law = (stored("resource", place) for place in range(3))
    sliders = [beta, own, N, g, cost]
    problem = {"costs": [cost, 1.0], "exponent": [g, 1.0]}
    curves = {curve["label"]: curve for curve in split["curves"]}

    shares = np.array([0.1, 0.5, 0.8])
    names = ["total", "subtask 1", "subtask 2"]
    found = node(split, [curves[name]["y"] for name in names], [[s, *sliders] for s in shares])
    parts = [beta * cost * (N * shares) ** -g, (1 - beta) / (N * (1 - shares))]
    np.testing.assert_allclose(found, [sum(parts), *parts], rtol=TOLERANCE)
    lines = node(
        split, [curves[f"{whose} share"]["x"] for whose in ("your", "best")], [[1, *sliders]]
    )
    expected = float(resource.allocate([beta, 1 - beta], N=N, **problem)[0] / N)
    # three Newton steps: right to 3e-8 over the range of the sliders
    np.testing.assert_allclose(lines[:, 0], [own, expected], atol=1e-7)

    points = [[v, *sliders] for v in along(best["parameter"], 5)]
    weights, shares = node(best, [best["curves"][0][axis] for axis in "xy"], points)
    expected = [
        resource.allocate([weight, 1 - weight], N=N, **problem)[0] / N for weight in weights
    ]
    # the theory's multiplier is found to 1e-13 in its logarithm, weights near 1 lose digits
    np.testing.assert_allclose(shares, expected, rtol=1e-8)

    points = [[v, *sliders] for v in along(law["parameter"], 5)]
    sizes, losses = node(law, [law["curves"][0][axis] for axis in "xy"], points)
    expected = resource.composite_loss([beta, 1 - beta], N=sizes, **problem)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    assert sizes[0] < law["x"]["low"]
    assert sizes[-1] >= law["x"]["high"]
    points = [[n, *sliders] for n in along(law["x"], 5)]
    (kept,) = node(law, [law["curves"][1]["y"]], points)
    sizes = np.array(points)[:, 0]
    expected = beta * cost * (sizes * own) ** -g + (1 - beta) / (sizes * (1 - own))
    np.testing.assert_allclose(kept, expected, rtol=TOLERANCE)
    assert [len(entry["x"]) for entry in best["points"]] == [4, 4]
    assert all("at g = c₁ = 1" in entry["label"] for entry in best["points"])
