"""What a chapter's stored outputs show, and what axe finds wrong with a part of a page."""

from pathlib import Path
from typing import Any

import nbformat

BOOK = Path(__file__).parents[1] / "book"
GROUNDS = {"light": ("#ffffff", "#222832"), "dark": ("#121212", "#ced6dd")}


def shown(chapter: str) -> str:
    """Return the HTML of a chapter's stored outputs."""
    cells = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("data", {}).get("text/html", "") for output in outputs)


def in_scheme(tab: Any, scheme: str) -> None:
    """Give a page the colours that the book's theme has in a scheme."""
    tab.evaluate("scheme => { document.documentElement.dataset.theme = scheme; }", scheme)
    ground, words = GROUNDS[scheme]
    tab.add_style_tag(
        content=f":root {{ --pst-color-background: {ground}; --pst-color-text-base: {words}; }}"
        f"body {{ background: {ground}; color: {words}; }}"
    )


def serious(tab: Any, **options: Any) -> list[tuple[str, str]]:
    """Return the rules of axe that a page breaks badly, each with where it does."""
    from axe_playwright_python.sync_playwright import Axe

    options["resultTypes"] = ["violations"]  # to list what holds as well takes as long again
    return [
        (violation["id"], node["html"][:200])
        for violation in Axe().run(tab, None, options).response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
