"""Verdict rules, the claims file, and the bond between a claim and the run that judges it."""

import json
import math
import sys
import types
from functools import cache

import pytest

from skillscale import _notation, _published, claims
from skillscale.claims import entries
from skillscale.fits import Estimate
from skillscale.lab import records

ENTRY = """
[[claim]]
id = "slope"
kind = "own"
statement = "The slope is one."
source = "derived here"
predicted = 1.0
quantity = "slope"
relation = "equal"
tolerance = 0.1
tolerance_reason = "a tenth is what the approximation neglects"
falsified_by = "an interval that ends below 0.9 or begins above 1.1"
system = "toy"
record = "toy_run"
"""
PARTS = """
[[claim]]
id = "both"
kind = "paper"
statement = "Two parts."
source = "derived here"
falsified_by = "either"
system = "toy"
record = "toy_run"
all = { tolerance_reason = "a bound is a bound" }
part = [
  { name = "low", predicted = 0.0, quantity = "x", relation = "at most", tolerance = 0.0 },
  { name = "high", predicted = 2.0, quantity = "y", relation = "at least", tolerance = 0.5 },
]
"""


def read(tmp_path, text):
    path = tmp_path / "toy" / "claims.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return entries._read(path)


def target(relation, predicted=1.0, tolerance=0.1):
    return claims.Target("", "own", predicted, "slope", relation, tolerance, "reason")


@pytest.mark.parametrize(
    ("relation", "low", "high", "verdict"),
    [
        ("equal", 0.95, 1.05, "reproduced"),
        ("equal", 0.9, 1.1, "reproduced"),
        ("equal", 0.85, 1.05, "inconclusive"),
        ("equal", 0.5, 1.5, "inconclusive"),
        ("equal", 1.11, 1.2, "not reproduced"),
        ("equal", 0.5, 0.89, "not reproduced"),
        ("at most", -9.0, 1.1, "reproduced"),
        ("at most", 1.0, 1.2, "inconclusive"),
        ("at most", 1.11, 1.2, "not reproduced"),
        ("at least", 0.9, 99.0, "reproduced"),
        ("at least", 0.8, 1.0, "inconclusive"),
        ("at least", 0.1, 0.8, "not reproduced"),
    ],
)
def test_verdict_rules(relation, low, high, verdict):
    assert target(relation).verdict(Estimate((low + high) / 2, low, high)) == verdict


@pytest.mark.parametrize(
    "estimate",
    [
        Estimate(1.0),
        Estimate(1.0, 0.95, math.nan),
        Estimate(1.0, 0.99, 1.01, status="bound_hit"),
        Estimate(1.0, 0.99, 1.01, status="not_converged"),
    ],
)
def test_no_interval_or_a_bad_status_is_inconclusive(estimate):
    assert target("equal").verdict(estimate) == "inconclusive"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (Estimate(-1, -2, -0.5), Estimate(2, 1.9, 2.1), "reproduced"),
        (Estimate(-1, -2, -0.5), Estimate(1, 0.9, 1.1), "partly"),
        (Estimate(1, 0.5, 1.5), Estimate(1, 0.9, 1.1), "not reproduced"),
        (Estimate(0, -0.5, 0.5), Estimate(2, 1.9, 2.1), "inconclusive"),
        (Estimate(0, -0.5, 0.5), Estimate(2, 1, 3), "inconclusive"),
        (Estimate(0, -0.5, 0.5), Estimate(1, 0.9, 1.1), "not reproduced"),
    ],
)
def test_claims_with_parts(tmp_path, low, high, verdict):
    claim = read(tmp_path, PARTS)["toy.both"]
    assert claims.decide(claim, {"low": low, "high": high}).verdict == verdict


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tolerance = 0.1", "tolerance = 0.2"),
        ("predicted = 1.0", "predicted = 1.00000000001"),
        ('quantity = "slope"', 'quantity = "steepness"'),
        ('relation = "equal"', 'relation = "at most"'),
        ('system = "toy"', 'system = "other"'),
        ('record = "toy_run"', 'record = "toy_run_again"'),
    ],
)
def test_what_is_judged_changes_the_fingerprint_and_no_other(tmp_path, old, new):
    before, after = (read(tmp_path, text + PARTS) for text in (ENTRY, ENTRY.replace(old, new)))
    assert before["toy.slope"].fingerprint != after["toy.slope"].fingerprint
    assert before["toy.both"].fingerprint == after["toy.both"].fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The slope is one.", "A better sentence."),
        ("a tenth is what", "one tenth is what"),
        ('id = "slope"', 'id = "slope"\nheadline = true\npage = "toy_evidence"'),
        ('kind = "own"', 'kind = "paper"'),
        ("predicted = 1.0", "predicted = 1.00000000000001"),
    ],
)
def test_prose_and_rounding_do_not(tmp_path, old, new):
    before, after = (read(tmp_path, text)["toy.slope"] for text in (ENTRY, ENTRY.replace(old, new)))
    assert before != after
    assert before.fingerprint == after.fingerprint


def test_every_part_is_bound(tmp_path):
    before = read(tmp_path, PARTS)["toy.both"]
    for old, new in (('"x"', '"z"'), ("0.5 }", "0.4 }"), ("at least", "at most")):
        assert read(tmp_path, PARTS.replace(old, new))["toy.both"].fingerprint != before.fingerprint


def test_shared_texts_stand_once(tmp_path):
    short = ENTRY.replace('"toy"\n', '"@system"\n').replace('"slope"\nrelation', '"@q"\nrelation')
    found = read(tmp_path, '[text]\nsystem = "toy"\nq = "slope"\n' + short)["toy.slope"]
    assert found == read(tmp_path, ENTRY)["toy.slope"]
    with pytest.raises(ValueError, match="a shared text must be one of 'system', got 'q'"):
        read(tmp_path, '[text]\nsystem = "toy"\n' + short)


def test_a_claim_is_the_sources_if_all_its_parts_are(tmp_path):
    own = PARTS.replace('name = "high"', 'name = "high", kind = "own"')
    assert read(tmp_path, PARTS)["toy.both"].kind == "paper"
    mixed = read(tmp_path, own)["toy.both"]
    assert mixed.kind == "own"
    assert [target.kind for target in mixed.targets] == ["paper", "own"]


def test_an_old_id_keeps_its_place_on_the_page(tmp_path):
    claim = read(tmp_path, ENTRY.replace('kind = "own"', 'kind = "own"\nwas = "tilt"'))["toy.slope"]
    judgement = claims.decide(claim, Estimate(1.0))
    shown = claims.table([judgement])._html()
    place = '<span id="claim-toy.slope"></span><span id="claim-toy.tilt"></span>'
    assert f"{place}The slope is one." in shown  # at the top of its row
    linked = claims.ClaimsTable((judgement,), of_book=True)._html()
    assert '<a href="toy.html#claim-toy.slope"><code>toy.slope</code></a>' in linked


def test_a_prediction_may_be_a_function_of_the_theory(tmp_path):
    call = '{ function = "skill_basis.exponents", arguments = { alpha = 0.6 }, item = "T" }'
    claim = read(tmp_path, ENTRY.replace("predicted = 1.0", f"predicted = {call}"))["toy.slope"]
    assert claim.targets[0].predicted == pytest.approx(0.6 / 1.6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "derived here"\n', "", r"toy.slope: missing fields \['source'\]"),
        ('tolerance_reason = "a tenth', 'why = "a tenth', r"unknown fields \['why'\]"),
        ("tolerance = 0.1", "tolerance = -0.1", "tolerance of toy.slope must be a finite number"),
        ("tolerance = 0.1", "tolerance = nan", "tolerance of toy.slope must be a finite number"),
        ("predicted = 1.0", 'predicted = "1"', "predicted of toy.slope must be a finite number"),
        ('relation = "equal"', 'relation = "near"', "relation of toy.slope must be one of"),
        ('kind = "own"', 'kind = "ours"', "kind of toy.slope must be one of"),
        ('kind = "own"', 'kind = "own"\nchapter = "toy"', r"unknown fields \['chapter'\]"),
        (
            "predicted = 1.0",
            'predicted = { function = "skill_basis.nothing" }',
            "function of toy.slope must be 'theory.function'",
        ),
    ],
)
def test_a_malformed_claim_is_named(tmp_path, old, new, message):
    assert old in ENTRY
    with pytest.raises(ValueError, match=message):
        read(tmp_path, ENTRY.replace(old, new))


def test_an_id_stands_once(tmp_path):
    with pytest.raises(ValueError, match="id must be unique"):
        read(tmp_path, ENTRY + ENTRY)
    older = ENTRY.replace('kind = "own"', 'kind = "own"\nwas = "both"')
    with pytest.raises(ValueError, match=r"id must be unique, got 'toy.both' twice"):
        read(tmp_path, older + PARTS)


def test_measured_parts_must_match(tmp_path):
    claim = read(tmp_path, PARTS)["toy.both"]
    with pytest.raises(ValueError, match="measured must hold the parts"):
        claims.decide(claim, Estimate(1.0))


def test_the_table_escapes_html(tmp_path):
    claim = read(tmp_path, ENTRY.replace("The slope is one.", "<script>"))["toy.slope"]
    bundle = claims.table([claims.decide(claim, Estimate(1.0, 0.95, 1.05))])._repr_mimebundle_()
    assert "<script>" not in bundle["text/html"]
    assert bundle["text/plain"] == "toy.slope · 1 ± 0.1 → 1 [0.95, 1.05] · reproduced"


def test_a_judgement_is_plain_data_without_numbers_where_none_are(tmp_path):
    claim = read(tmp_path, PARTS)["toy.both"]
    found = claims.decide(
        claim, {"low": Estimate(-1, -2, -0.5), "high": Estimate(math.inf)}
    ).plain()
    assert {key: found[key] for key in found if key != "parts"} == {
        "id": "toy.both",
        "theory": "toy",
        "page": "toy",
        "kind": "paper",
        "headline": False,
        "verdict": "inconclusive",
    }
    low, high = found["parts"]
    assert low == {
        "name": "low",
        "kind": "paper",
        "predicted": "≤ 0",
        "value": -1,
        "low": -2,
        "high": -0.5,
        "status": "ok",
        "n_members": 1,
        "verdict": "reproduced",
    }
    assert [high[end] for end in ("value", "low", "high")] == [None] * 3
    assert json.loads(json.dumps(found)) == found


class Toy(types.ModuleType):
    """A theory whose readings are those given, and whose record says what was read."""

    def __init__(self, monkeypatch, tmp_path, **readings):
        super().__init__("skillscale.toy.readings")
        self.__dict__.update(readings)
        known = read(tmp_path, ENTRY)
        monkeypatch.setattr("skillscale.claims.entries._of", lambda theory: known)
        monkeypatch.setattr("skillscale.claims.entries.theories", lambda: ["toy"])
        monkeypatch.setitem(sys.modules, "skillscale.toy", types.ModuleType("skillscale.toy"))
        monkeypatch.setitem(sys.modules, self.__name__, self)
        monkeypatch.setattr(records, "published", lambda name: f"the run {name}")


def test_a_claim_is_judged_by_the_reading_of_its_name_on_its_record(tmp_path, monkeypatch):
    runs = []

    def slope(run):
        runs.append(run)
        return Estimate(1.0, 0.95, 1.05)

    Toy(monkeypatch, tmp_path, slope=slope)
    (found,) = claims.judge_all("toy")
    assert found.verdict == "reproduced"
    assert runs == ["the run toy_run"]


def test_what_is_measured_is_read_from_its_run(tmp_path, monkeypatch):
    quantities = [claims.Measurement(f"toy.{name}", "x", "a toy", "toy_run") for name in "ab"]
    Toy(monkeypatch, tmp_path, a=lambda run: estimated(1.0), b=lambda run: {"c": estimated(2.0)})
    monkeypatch.setattr("skillscale.claims.judging.measurements", lambda theory: quantities)
    found = claims.measure_all("toy")
    assert found == [
        (quantities[0], {"": estimated(1.0)}),
        (quantities[1], {"c": estimated(2.0)}),
    ]


def test_a_claim_without_a_reading_is_named(tmp_path, monkeypatch):
    Toy(monkeypatch, tmp_path, other=None)
    with pytest.raises(ValueError, match=r"toy.slope must have one reading, got 0"):
        claims.judge_all("toy")


def test_a_claim_with_two_readings_is_named(tmp_path, monkeypatch):
    toy = Toy(monkeypatch, tmp_path)
    parts = [types.SimpleNamespace(slope=each) for each in (min, max)]
    monkeypatch.setattr("skillscale.claims.judging._readings", lambda theory: [toy, *parts])
    with pytest.raises(ValueError, match=r"toy.slope must have one reading, got 2"):
        claims.judge_all("toy")


@cache
def stamped(path):
    return records.provenance(records.load(path), "claims")


@pytest.mark.parametrize("claim", claims.load().values(), ids=lambda claim: claim.id)
def test_no_claim_was_edited_after_the_run_that_judges_it(claim):
    path = _published.root() / "results" / f"{claim.record}.nc"
    assert stamped(path).get(claim.id) == claim.fingerprint, (
        f"{claim.id} is not the claim that {path.name} was run for: undo the edit, or run "
        "the experiment again under the new wording"
    )


def test_lines_say_what_was_predicted_and_measured(tmp_path):
    claim = read(tmp_path, PARTS)["toy.both"]
    judgement = claims.decide(claim, {"low": Estimate(-1, -2, -0.5), "high": Estimate(2, 1.9, 2.1)})
    assert claims.lines([judgement]) == (
        "toy.both · low ≤ 0 → -1 [-2, -0.5], high ≥ 2 ± 0.5 → 2 [1.9, 2.1] · reproduced"
    )


@pytest.mark.parametrize("claim", claims.load().values(), ids=lambda claim: claim.id)
def test_every_tolerance_has_a_reason(claim):
    for target in claim.targets:
        reason = target.tolerance_reason
        assert len(reason.split()) >= 6 or reason.lower().startswith(("as for ", "as before"))
    assert len(claim.falsified_by.split()) >= 4


def test_announced_claims_carry_predictions_but_no_verdict():
    text = claims.announced("skill_basis").data
    own = [claim for claim in claims.load().values() if claim.theory == "skill_basis"]
    assert text.count("<tr>") == len(own) + 1
    assert all(_notation.html(str(target)) in text for claim in own for target in claim.targets)
    assert "verdict" not in text
    with pytest.raises(ValueError, match="theory must be one that has claims, got 'cooking'"):
        claims.announced("cooking")


def test_the_table_shows_every_part_with_its_own_verdict(tmp_path):
    claim = read(tmp_path, PARTS)["toy.both"]
    judgement = claims.decide(
        claim, {"low": Estimate(-1, -2, -0.5, n_members=7), "high": Estimate(9, 8, 10, n_members=7)}
    )
    (row,) = claims.table([judgement])._html().split("<tr>")[2:]
    assert row.count("<li>") == 2
    assert "<em>low</em>" in row
    assert "≤ 0 → −1 [−2, −0.5]" in row
    assert row.count('aria-label="reproduced"') == 2
    assert "n = 7" in row


MEASURED = """
[[measurement]]
id = "spread"
quantity = "spread of the toy, nats"
system = "a toy, 12 seeds"
record = "toy_run"
"""


def measured(tmp_path, text):
    read(tmp_path, text)
    return entries._read_measurements(tmp_path / "toy" / "claims.toml")


def test_a_measurement_needs_no_prediction(tmp_path):
    (found,) = measured(tmp_path, MEASURED)
    assert found == claims.Measurement(
        "toy.spread", "spread of the toy, nats", "a toy, 12 seeds", "toy_run"
    )
    parts = {"early": estimated(1.0), "late": estimated(math.nan)}
    early, late = found.plain(parts)["parts"]
    assert early == {
        "name": "early", "value": 1.0, "low": 0.5, "high": 1.5, "status": "ok", "n_members": 3,
    }  # fmt: skip
    assert late["value"] is None


def test_a_measurement_may_share_a_text_with_claims(tmp_path):
    text = '[text]\ntoy = "a toy, 9 seeds"\n' + MEASURED.replace("a toy, 12 seeds", "@toy")
    assert measured(tmp_path, text)[0].system == "a toy, 9 seeds"


def estimated(value):
    return Estimate(value, value - 0.5, value + 0.5, n_members=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MEASURED.replace('record = "toy_run"', ""), r"toy.spread: missing fields \['record'\]"),
        (MEASURED + "predicted = 1.0", r"unknown fields \['predicted'\]"),
        (MEASURED + MEASURED, "id must be unique, got 'toy.spread' twice"),
        (
            MEASURED.replace("measurement", "measured"),
            "table of .* must be one of .*, got 'measured'",
        ),
    ],
)
def test_a_malformed_measurement_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        measured(tmp_path, text)


SENTENCE = (
    ENTRY
    + """
headline = true

[[sentence]]
says = "Slopes are one."
claims = ["slope"]
"""
)


def sentences(tmp_path, text):
    read(tmp_path, text)
    return entries._read_abstract(tmp_path / "toy" / "claims.toml")


def test_a_sentence_is_decided_by_headlines_or_says_why_not(tmp_path):
    (found,) = sentences(tmp_path, SENTENCE)
    assert found == claims.Sentence("Slopes are one.", ("toy.slope",), "")
    silent = SENTENCE.replace('claims = ["slope"]', 'because = "too large to run"')
    assert sentences(tmp_path, silent)[0].because == "too large to run"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["slope"]', '["other"]', "must be one of 'toy.slope', got 'toy.other'"),
        ("headline = true", "headline = false", "claim of sentence 'Slopes are one.' of toy"),
        ('claims = ["slope"]', "", "must say why no claim decides it"),
        ("says =", "said =", "missing fields"),
    ],
)
def test_a_malformed_sentence_is_named(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message):
        sentences(tmp_path, SENTENCE.replace(old, new))


@pytest.mark.parametrize("theory", claims.theories())
def test_a_chapter_has_few_headlines_and_each_decides_a_sentence(theory):
    headlines = {claim.id for claim in claims.of_theory(theory) if claim.headline}
    assert 1 <= len(headlines) <= 8
    named = {name for sentence in claims.abstract(theory) for name in sentence.claims}
    assert headlines <= named or not named
