"""Every page is accessible by the rules of axe, in both schemes; apart, for another worker."""

from typing import Any

import pages
import pytest
from test_site import DESKTOP, PAGES, Visit, address, site  # noqa: F401

# What axe finds that is not ours to mend: a part of the markup and the rule it breaks.
AXE_KNOWN = {
    ('class="citation-list"', "aria-required-children"),  # docutils' bibliography
}

# Half of a page's elements are inside of formulas, all made by MathJax in the text's colour: one
# letter as wide stands for them, since a formula that scrolls has to be reached.
EMPTY_FORMULAS = """() => {
    const formulas = [...document.querySelectorAll("mjx-container")];
    const widths = formulas.map(formula => formula.scrollWidth);
    formulas.forEach((formula, i) => {
        formula.innerHTML = `<span style="display: inline-block; width: ${widths[i]}px">x</span>`;
    });
}"""

# Code comes in ten thousand pieces, lists in thousands of links: what is named and looks like one
# before it, on the same grounds, becomes plain text of what it stands in.
JOIN_TWINS = """([kinds, attributes]) => {
    const first = new Map(), grounds = new Map();
    const ground = element => {
        if (!element) return "";
        if (!grounds.has(element)) {
            const {backgroundColor, backgroundImage, opacity} = getComputedStyle(element);
            const own = [backgroundColor, backgroundImage, opacity].join(" ");
            grounds.set(element, ground(element.parentElement) + "|" + own);
        }
        return grounds.get(element);
    };
    const isTwin = element => {
        const asked = attributes && [...element.attributes].some(({name}) => name !== "class");
        if (element.childElementCount || asked) return false;
        const {color, fontSize, fontWeight, display} = getComputedStyle(element);
        const name = element.tagName + element.className + " in " + element.parentElement.className;
        const look = [name, color, fontSize, fontWeight, display, ground(element)].join(" ");
        if (!first.has(look)) first.set(look, element);
        return first.get(look) !== element;
    };
    for (let depth = 0; depth < 4; depth++) {
        const twins = [...document.querySelectorAll(kinds)].filter(isTwin);
        twins.forEach(element => element.replaceWith(element.textContent));
    }
}"""


def serious(visit: Visit) -> list[str]:
    """Return what axe finds wrong with a page that is ours to mend, by scheme and rule."""
    tab, contrast, found = visit.tab, "color-contrast", []
    tab.add_style_tag(content="* { transition: none !important; }")
    tab.evaluate(EMPTY_FORMULAS)
    tab.evaluate(JOIN_TWINS, ["span", True])
    found += [("any", *each) for each in pages.serious(tab, rules={contrast: {"enabled": False}})]
    # The scheme changes colours and nothing else.
    tab.evaluate(JOIN_TWINS, ["span, a, em, code, p, li, dt, dd, td, mjx-container", False])
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        found += [(scheme, *each) for each in pages.serious(tab, runOnly=[contrast])]
    return [
        f"{scheme}: {rule}: {html}"
        for scheme, rule, html in found
        if not any(known == rule and part in html for part, known in AXE_KNOWN)
    ]


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(chromium: Any, address: str, page: str) -> None:  # noqa: F811
    with Visit(chromium, address, page, DESKTOP) as visit:
        assert serious(visit) == []


@pytest.mark.browser
def test_what_is_wrong_is_found_among_many_alike(chromium: Any, address: str) -> None:  # noqa: F811
    with Visit(chromium, address, "book/api_theory", DESKTOP) as visit:
        one = "dl:nth-of-type(30) .sig-param .n { color: light-dark(#bbb, #555) !important; }"
        visit.tab.add_style_tag(content=one)
        link = "document.querySelector('article').insertAdjacentHTML('beforeend', '<a href=x></a>')"
        visit.tab.evaluate(link)
        found = [each.split(": <")[0] for each in serious(visit)]
    assert found == ["any: link-name", "light: color-contrast", "dark: color-contrast"]
