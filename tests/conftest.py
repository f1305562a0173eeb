"""What all tests share: one thread, property tests that repeat themselves, and a browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TQDM_DISABLE"):
    os.environ[_variable] = "1"  # before torch is imported: it reads them once

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# No deadline, since workers share the cores; the same examples on every machine.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")

# Begun first, so that no worker is left with one of them at the end.
LONGEST = ("site", "site_accessible", "ledger", "derivations", "build", "odd_arguments", "sweep")

STATIC = Path(__file__).parents[1] / "book" / "_static"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium, started once: a process cannot run two of Playwright's drivers.

    Without it, tests are skipped, or fail if SKILLSCALE_REQUIRE_BROWSER is set.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "no Chromium found: no page is opened in a browser"
        if os.environ.get("SKILLSCALE_REQUIRE_BROWSER"):
            pytest.fail(message + ", but SKILLSCALE_REQUIRE_BROWSER asks for it")
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open HTML as part of a page, with styles and scripts of the book by their file names.

    Further arguments set up the browser. A page may raise no error and ask for nothing.
    """
    contexts, complaints = [], []

    def open_page(html: str, *files: str, **settings: Any) -> Any:
        contexts.append(chromium.new_context(**settings))
        tab = contexts[-1].new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: complaints.append(request.url))
        style, script = (
            "".join((STATIC / name).read_text() for name in files if name.endswith(kind))
            for kind in (".css", ".js")
        )
        tab.set_content(
            f'<html lang="en" data-theme="light"><title>t</title><style>{style}</style>'
            f'<main class="bd-article"><h1>t</h1>{html}</main><script>{script}</script></html>'
        )
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
