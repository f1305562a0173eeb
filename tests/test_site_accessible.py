"""Every page is accessible by the rules of axe, in both schemes; apart, for another worker."""

from typing import Any

import pytest
from test_site import DESKTOP, PAGES, Visit, address, site  # noqa: F401

# What axe finds that is not ours to mend: a part of the markup and the rule it breaks.
AXE_KNOWN = {
    ('class="citation-list"', "aria-required-children"),  # docutils' bibliography
}


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(chromium: Any, address: str, page: str) -> None:  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    found = []
    # Half of a page's elements are inside of formulas, all made by MathJax in the text's colour.
    part: Any = {"exclude": [["mjx-container > *"]]}
    with Visit(chromium, address, page, DESKTOP) as visit:
        visit.tab.add_style_tag(content="* { transition: none !important; }")
        # the scheme changes colours and nothing else
        for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            visit.tab.emulate_media(color_scheme=scheme)
            options = {"resultTypes": ["violations"], **rules}
            for violation in Axe().run(visit.tab, part, options).response["violations"]:
                found += [(scheme, violation, node["html"]) for node in violation["nodes"]]
    serious = [
        f"{scheme}: {violation['id']}: {html[:200]}"
        for scheme, violation, html in found
        if violation["impact"] in {"serious", "critical"}
        and not any(rule == violation["id"] and part in html for part, rule in AXE_KNOWN)
    ]
    assert serious == []
