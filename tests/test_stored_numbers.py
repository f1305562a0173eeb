"""What nbval's own comparison leaves out: numbers that a chapter reads from stored records."""

import importlib.util
from pathlib import Path
from typing import Any

import nbformat
import pytest

BOOK = Path(__file__).parents[1] / "book"
spec = importlib.util.spec_from_file_location("book_conftest", BOOK / "conftest.py")
assert spec is not None
assert spec.loader is not None
compared = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compared)


def outputs(text: str = "a 0.231 [0.2, 1,451]", **data: str) -> list[Any]:
    written = nbformat.v4.new_output("stream", text=text)
    return [written, nbformat.v4.new_output("execute_result", data={"text/plain": "x"} | data)]


@pytest.mark.parametrize(
    ("changed", "noticed"),
    [
        ("a 0.231 [0.2, 1,451]", False),
        ("a  0.232\n[0.2, 1,452]", False),
        ("a 0.233 [0.2, 1,451]", True),
        ("a 0.231 [0.2, 2,451]", True),
        ("a 0.231 [0.2, 1,454]", True),
        ("a 0.231 [0.4, 1,451]", True),
        ("a -0.231 [0.2, 1,451]", True),
        ("b 0.231 [0.2, 1,451]", True),
        ("a 0.231", True),
        ("a – [0.2, 1,451]", True),
    ],
)
def test_numbers_agree_to_a_unit_of_the_last_digit_and_words_exactly(
    changed: str, noticed: bool
) -> None:
    assert bool(compared.difference(outputs(), outputs(changed))) is noticed
    for kind in ("text/plain", "text/html"):
        one, other = outputs(**{kind: outputs()[0].text}), outputs(**{kind: changed})
        assert bool(compared.difference(one, other)) is noticed


@pytest.mark.parametrize(
    ("printed", "number", "unit"),
    [
        ("0.231", 0.231, 1e-3),
        ("1,451", 1451, 1),
        ("−2.50", -2.5, 0.01),
        ("6.6e-05", 6.6e-5, 1e-6),
        ("3", 3, 1),
    ],
)
def test_printed_numbers_are_read_with_the_unit_of_their_last_digit(
    printed: str, number: float, unit: float
) -> None:
    assert compared.NUMBER.fullmatch(printed)
    assert compared.value(printed) == (number, pytest.approx(unit))


def test_a_missing_or_further_output_is_noticed_but_not_printing_in_two_steps() -> None:
    assert compared.difference(outputs(), outputs()[:1])
    assert compared.difference(outputs()[:1], outputs())
    steps = [nbformat.v4.new_output("stream", text=text) for text in ("a 0.231 [0.", "2, 1,451]")]
    assert compared.difference(outputs()[:1], steps) == ""


def test_pictures_and_the_style_of_tables_are_left_out() -> None:
    picture = {"image/png": "…", "text/plain": "<Figure size 1 x 2>"}
    other = {"image/png": "…", "text/plain": "<Figure size 3 x 4>"}
    assert compared.difference(outputs(**picture), outputs(**other)) == ""
    table = "<style>td {{ width: {}px }}</style><td>1</td>"
    one, two = (outputs(**{"text/html": table.format(width)}) for width in (1, 9))
    assert compared.difference(one, two) == ""


@pytest.mark.parametrize(
    ("cells", "live"),
    [
        (["run = published('a')", "print(run)"], [False, False]),
        (["run = Study.live().run()", "print(run)"], [True, True]),
        (["few = Study.live()", "run = few.run()", "x"], [True, True, False]),
        (["live = published('a')", "live", "run = Study.live()"], [False, False, True]),
        (["run = Study.live().run()", "run = published('a')", "run"], [True, False, False]),
        (["run = Study.live().run()", "[run for run in stored]"], [True, False]),
        (["run = Study.live().run()", "for run in stored:\n    print(run)"], [True, False]),
        (["run = Study.live().run()", "def f(run):\n    return run", "f(1)"], [True, False, False]),
        (["run = Study.live().run()", "def f():\n    return run", "f()"], [True, True, True]),
        (["torch.manual_seed(0)", "x = 1"], [True, False]),
    ],
)
def test_what_rests_on_live_runs_is_followed_through_names(
    cells: list[str], live: list[bool]
) -> None:
    assert compared.rests_on_live_runs(cells) == live


def test_most_exempt_cells_rest_on_records_alone() -> None:
    of_records = of_live_runs = 0
    for path in BOOK.glob("*.ipynb"):
        live = compared.live_cells(path)
        for cell in nbformat.read(path, as_version=4).cells:
            if "nbval-ignore-output" in cell.metadata.get("tags", []):
                of_live_runs += live[cell.id]
                of_records += not live[cell.id]
    assert of_records > 3 * of_live_runs


@pytest.mark.parametrize("word", ["58e751f0", "3rd", "12ab"])
def test_what_goes_on_in_letters_is_a_word(word: str) -> None:
    assert compared.NUMBER.findall(f"commit {word}, seen") == []
