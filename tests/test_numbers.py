"""Every number in the text of a page in `book/numbers.toml` has a source.

So none goes stale or is mistyped unseen. A measured number is not typed: `{value}` reads it from
the stored verdicts. A decimal, a percentage or a number of three digits and more that is typed
stands in that file, under its page; smaller numbers, words and alternative texts are not seen:

* `settings` are chosen, not found: each stands in the code of the page, or in its claims;
* `derived` names the cell of the page that prints it and whose output is compared, or, after "=",
  an expression with the page's `theory` whose value rounds to it;
* `published` says whose it is and where.
"""

import importlib
import importlib.util
import json
import random
import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skillscale import claims

BOOK = Path(__file__).parents[1] / "book"
SOURCES = tomllib.loads((BOOK / "numbers.toml").read_text(encoding="utf-8"))
PAGES = sorted(SOURCES)

# The level of every interval, `fits.LEVEL`, and what it leaves out on each side.
CONVENTIONS = {"95%", "2.5%"}
NO_PROSE = re.compile(
    r"\\(?!%)[a-zA-Z]+|^[`:]{3,}.*?$|^:[a-z]+: .*?$|\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)"
    r"|^\([\w-]+\)=$|arXiv:\S+"
    r"|(?:Figs?|Figures?|Secs?|Sections?|Eqs?|Tables?|Theorems?|Thm|Corollary|Cor|Python)\.?"
    r"[\s\u00a0]+[A-Z]?\d[\d.]*",
    re.MULTILINE,
)
THOUSANDS = re.compile(r"(?<=\d)(?:,|[ \u00a0\u2009\u202f]|\\,|\{,\})(?=\d{3}(?!\d))")
NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)([\s\u00a0\u202f]?\\?%)?(?!\w*\.\d)")
YEAR = re.compile(r"(?:19|20)\d\d")


def numbers(text: str) -> Iterator[tuple[str, int]]:
    """Yield decimals, percentages and numbers of three digits and more, and where they begin."""
    for found in NUMBER.finditer(text):
        digits, percent = found.groups()
        number = digits + ("%" if percent else "")
        counts = percent or "." in digits or len(digits) >= 3
        if counts and number not in CONVENTIONS and not YEAR.fullmatch(digits):
            yield number, found.start()


@cache
def cells(page: str) -> dict[str, dict[str, Any]]:
    notebook = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))
    return {cell["id"]: cell for cell in notebook["cells"]}


def prose(page: str) -> Iterator[str]:
    """Yield texts and captions of a page, without code, links and references."""
    for cell in cells(page).values():
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
        else:
            text = cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")
        yield THOUSANDS.sub("", NO_PROSE.sub(" ", text))


def chosen(page: str) -> set[float]:
    """Return the numbers in the code and in the claims of a page."""
    code = ["".join(cell["source"]) for cell in cells(page).values() if cell["cell_type"] == "code"]
    if page in claims.theories():
        code += [
            f"{claim.system} {claim.statement} {target} {target.quantity} {target.tolerance_reason}"
            for claim in claims.of_theory(page)
            for target in claim.targets
        ]
        code += [f"{each.system} {each.quantity}" for each in claims.measurements(page)]
    plain = THOUSANDS.sub("", "\n".join(code).replace("_", ""))
    return {float(each) for each in re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?|\.\d+", plain)}


def printed(page: str, name: str) -> str:
    """Return what a cell prints, where its output is compared."""
    cell = cells(page)[name]
    assert "nbval-ignore-output" not in cell["metadata"].get("tags", ()), f"{name} is not compared"
    outputs = cell["outputs"]
    texts = (each.get("text", each.get("data", {}).get("text/plain", "")) for each in outputs)
    return THOUSANDS.sub("", "".join("".join(text) for text in texts))


def evaluated(page: str, expression: str) -> float:
    theory = importlib.import_module(f"skillscale.{page}.theory")
    return float(eval(expression, {"theory": theory, "np": np}))


def known(page: str) -> set[str]:
    listed = SOURCES.get(page, {})
    return {*listed.get("settings", ()), *listed.get("derived", ()), *listed.get("published", ())}


@pytest.mark.parametrize("page", PAGES)
def test_every_typed_number_has_a_source(page: str) -> None:
    loose = [
        f"{number}: …{text[max(0, place - 40) : place + 30]}…"
        for text in prose(page)
        for number, place in numbers(text)
        if number not in known(page)
    ]
    assert loose == []


@pytest.mark.parametrize("page", sorted(SOURCES))
def test_no_source_is_idle_or_invented(page: str) -> None:
    listed = SOURCES[page]
    typed = {number for text in prose(page) for number, _ in numbers(text)}
    assert known(page) - typed == set(), "no longer in the text"
    at_hand = chosen(page)
    values = {name: float(name.rstrip("%")) for name in listed.get("settings", ())}
    assert [
        name
        for name, value in values.items()
        if not {value, value / 100 if "%" in name else value} & at_hand
    ] == []
    for number, cell in listed.get("derived", {}).items():
        digits = number.rstrip("%")
        if cell.startswith("="):
            value = evaluated(page, cell[1:]) * (100 if "%" in number else 1)
            assert f"{value:.{len(digits.partition('.')[2])}f}" == digits, f"{number} is {value}"
        else:
            found = {each.rstrip("%") for each, _ in numbers(printed(page, cell))}
            assert digits in found, f"{cell} does not print {number}"
    assert all(len(source) > 10 for source in listed.get("published", {}).values())
    kinds = [listed.get(kind, ()) for kind in ("settings", "derived", "published")]
    assert sum(map(len, kinds)) == len(known(page)), "one source for each"


def test_a_number_moved_in_its_last_place_is_noticed() -> None:
    """Of 300 that are not settings, each moved by three units, the tests above see 95 %.

    The moved one has no source, or the one that stood there is missed, since it stood there alone.
    Of settings, which stand in the code too and often near each other, fewer are seen.
    """
    rng = random.Random(0)
    found = [
        (page, number)
        for page in PAGES
        for text in prose(page)
        for number, _ in numbers(text)
        if number not in SOURCES.get(page, {}).get("settings", ())
    ]
    often = Counter(found)
    caught = 0
    for page, number in rng.choices(found, k=300):
        digits = number.rstrip("%")
        places = len(digits.partition(".")[2])
        moved = abs(float(digits) + rng.choice((-3, 3)) * 10.0**-places)
        strange = f"{moved:.{places}f}{'%' if '%' in number else ''}" not in known(page)
        caught += strange or often[page, number] == 1
    assert caught >= 285


EXTENSION = BOOK / "_ext" / "skillscale_book.py"


def book(path: Path = EXTENSION) -> Any:
    spec = importlib.util.spec_from_file_location("book_ext", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_measured_number_is_read_from_the_stored_verdicts() -> None:
    extension = book()
    (name, part), found = next(
        (key, found) for key, found in extension.stored().items() if key[1] and found["low"]
    )
    number, title, place = extension.measured(f"{name}[{part}]:.3f")
    assert number == f"{found['value']:.3f}".replace("-", "−")
    assert f"{found['low']:.4g} to {found['high']:.4g}" in title
    assert place == f"{found['page']}.html#claim-{name}"
    assert extension.measured(f"{name}[{part}] low:.1f")[0].strip("−") == f"{abs(found['low']):.1f}"


def test_a_copy_of_the_book_elsewhere_reads_the_same_verdicts(tmp_path: Path) -> None:
    assert book(shutil.copy2(EXTENSION, tmp_path)).stored() == book().stored()


def test_every_measured_number_in_the_text_is_stored() -> None:
    extension = book()
    asked = [
        found
        for path in sorted(BOOK.glob("*.ipynb")) + sorted(BOOK.glob("*.md"))
        for found in re.findall(r"\{value\}`([^`]+)`", path.read_text(encoding="utf-8"))
    ]
    assert asked
    for each in asked:
        extension.measured(each)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domino.nothing:.2f", "must name what was measured"),
        ("domino.rare_parity_waits:.2f", r"parts: \['delay', 'competition'\]"),
        ("domino.rare_parity_waits", "must read 'theory.name"),
        ("domino.rare_parity_waits[delay]:.2q", "format"),
    ],
)
def test_a_measured_number_that_is_not_there_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        book().measured(text)


def test_what_could_not_be_measured_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    extension = book()
    nothing = {("toy.slope", ""): {"value": 1.0, "low": None, "high": None, "page": "toy"}}
    monkeypatch.setattr(extension, "stored", lambda: nothing)
    assert extension.measured("toy.slope:.1f")[0] == "1.0"
    with pytest.raises(ValueError, match=r"must name what has a number, got 'toy\.slope low:\.1f'"):
        extension.measured("toy.slope low:.1f")
