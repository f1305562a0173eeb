"""What a reader sees of claims is words and mathematics, whatever is typed in claims."""

import html
import math
import re
from pathlib import Path

import nbformat
import pytest

from skillscale import _notation, _published, claims, ledger
from skillscale.fits import Estimate

BOOK = _published.root() / "book"
CHAPTERS = list(dict.fromkeys(claim.theory for claim in claims.load().values()))
ASCII = {
    "power": r"\^",
    "star": r"\w\*|\*\w",
    "Greek": r"\b(alpha|beta|gamma|delta|epsilon|eps|eta|theta|lambda|mu|rho|sigma|tau)\b",
    "root": r"sqrt",
    "index": r"(?<![\w.])[^\W\d]_\w",
    "number below": r"(?<![\w.])[A-KM-Za-z]\d(?![^\W²³])",
    "ten to the": r"\d[eE][+-]?\d",
    "comparison": r"[<>]=|->|\+-",
    "minus": r" - |(?<![\w)])-[\w(]|(?<![\w.])[^\W\d]-\d",
    "prime": r"(?<!\w)[a-z]'(?!s\b)",
}
CODED = r"\b(nan|NaN|bound_hit|not_converged|too_few_points)\b"


def seen(markup: str) -> str:
    """Text of HTML, without names in typewriter; a tag separates what stands beside it."""
    prose = re.sub(r"<code>.*?</code>", " ", markup)
    return html.unescape(re.sub(r"<(?!/?a\b)[^>]*>", " ", prose))


def ascii_in(markup: str) -> dict[str, list[str]]:
    text = seen(markup)
    found = {kind: [hit[0] for hit in re.finditer(p, text)] for kind, p in ASCII.items()}
    return {kind: hits for kind, hits in found.items() if hits}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("C^-(alpha/(alpha+2))", "C<sup>−α/(α+2)</sup>"),
        ("N^-(a + b)", "N<sup>−(a + b)</sup>"),
        ("(4/N)^(1/3), N^-4/3)", "(4/N)<sup>1/3</sup>, N<sup>−4/3</sup>)"),
        ("10^6. P(k)^-q, 2^m", "10<sup>6</sup>. P(k)<sup>−q</sup>, 2<sup>m</sup>"),
        ("A N^-alpha_N", "A N<sup>−α<sub>N</sub></sup>"),
        ("c* = C(m-2, 1)", "c<sup>∗</sup> = C(m−2, 1)"),
        ("1 - sqrt(1 - d/D_c)", "1 − √(1 − d/D<sub>c</sub>)"),
        (
            "R0, x1² and L2 at 2.8e-05",
            "R<sub>0</sub>, x<sub>1</sub>² and L2 at 2.8 × 10<sup>−5</sup>",
        ),
        ("1e+06 > x >= 1", "10<sup>6</sup> &gt; x ≥ 1"),
        ("one-skill half-times, 1-5", "one-skill half-times, 1-5"),
        ("the skill's f'(u), p p'", "the skill's f′(u), p p′"),
        ("quantization.count_vs_width_alpha", "quantization.count_vs_width_alpha"),
        ("beta * <script>alert(1)</script>", "β * &lt;script&gt;alert(1)&lt;/script&gt;"),
        ("x_<b> ^(<i>)", "x_&lt;b&gt; <sup>&lt;i&gt;</sup>"),
    ],
)
def test_typed_mathematics_is_shown_as_mathematics(typed: str, shown: str) -> None:
    assert _notation.html(typed) == shown


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_announced_claims_show_no_typed_mathematics_and_name_their_parts(chapter: str) -> None:
    table = claims.announced(chapter).data
    assert ascii_in(table) == {}
    rows = table.split("<tr>")[2:]
    own = [claim for claim in claims.load().values() if claim.theory == chapter]
    for row, claim in zip(rows, own, strict=True):
        assert all(_notation.html(target.name) in row for target in claim.targets)


@pytest.mark.parametrize("claim", claims.load().values(), ids=lambda claim: claim.id)
def test_judged_claims_show_no_typed_mathematics(claim: claims.Claim) -> None:
    values = [Estimate(-1e-6, -2e-6, 1e7), Estimate(math.nan, status="bound_hit")]
    for estimate in values:
        measured = {target.name: estimate for target in claim.targets}
        shown = claims.table([claims.decide(claim, measured)])._repr_mimebundle_()["text/html"]
        assert ascii_in(shown) == {}
        assert not re.search(CODED, seen(shown))


def test_the_ledger_shows_no_typed_mathematics() -> None:
    unmeasured = [
        claims.decide(claim, {target.name: Estimate(math.nan) for target in claim.targets})
        for claim in claims.load().values()
    ]
    for table in (
        ledger.table(unmeasured)._html(),
        ledger.reasons().data,
        ledger.errata().data,
    ):
        assert ascii_in(table) == {}
        assert not re.search(CODED, seen(table))


def test_a_prediction_shared_by_parts_stands_once_with_their_names() -> None:
    text = claims.announced("skill_basis").data
    first = claims.load()["skill_basis.loss_is_power_law_at_alpha_03"]
    time, _, skills = (_notation.html(str(target)) for target in first.targets)
    assert f"<li><em>T; D</em>: {time}</li><li><em>N</em>: {skills}</li>" in text


@pytest.mark.parametrize("path", sorted(BOOK.glob("*.ipynb")), ids=lambda path: path.stem)
def test_stored_outputs_say_in_words_what_is_missing(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            table = data.get("text/html", "")
            assert not re.search(r"(?<![\\A-Za-z])eps", data.get("text/latex", "")), cell.source
            for text in (output.get("text", ""), data.get("text/plain", ""), seen(table)):
                coded = re.findall(CODED, text)
                assert not coded, cell.source
            if 'data-title="Predicted' in table or 'data-title="Falsified by"' in table:
                assert ascii_in(table) == {}
