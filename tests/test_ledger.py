"""The ledger judges every claim from the stored runs, and pages and the stored table show it."""

import dataclasses
import json
import math
import re
import sys
from functools import cache

import numpy as np
import pytest

from skillscale import _published, claims, ledger
from skillscale.fits import Estimate
from skillscale.lab import records

ROOT = _published.root()
BOOK = ROOT / "book"
judged = cache(ledger.judged)


def test_every_claim_is_judged_once_in_the_order_of_the_claims():
    assert [judgement.claim.id for judgement in judged()] == list(claims.load())


def alike(stored, found):
    """Whether two plain values are the same, numbers to nine digits: processors round."""
    if isinstance(stored, dict):
        return stored.keys() == found.keys() and all(
            alike(stored[key], found[key]) for key in stored
        )
    if isinstance(stored, list):
        return len(stored) == len(found) and all(map(alike, stored, found))
    if isinstance(stored, float) and isinstance(found, float):
        return math.isclose(stored, found, rel_tol=1e-9, abs_tol=1e-12)
    return stored == found


def test_what_is_judged_now_equals_the_stored_table():
    """Readings and rule may be rewritten; a change of what they find is meant and committed."""
    stored = json.loads((ROOT / "results" / "verdicts.json").read_text(encoding="utf-8"))
    found = ledger.plain(judged())
    changed = [new["id"] for old, new in zip(stored, found, strict=True) if not alike(old, new)]
    assert changed == [], "if meant, run `make verdicts` and commit what it writes"


CHAPTERS = sorted({claim.theory for claim in claims.load().values()})


def outputs(chapter):
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [(cell, output) for cell in cells for output in cell.get("outputs", ())]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_stored_tables_show_what_is_judged(chapter):
    """A reader sees the table, and nbval compares the lines."""
    table = claims.table([each for each in judged() if each.claim.theory == chapter])
    bundle = table._repr_mimebundle_()
    (shown,) = [
        output["data"] for cell, output in outputs(chapter) if "claims.table(" in source(cell)
    ]
    assert "".join(shown["text/html"]) == bundle["text/html"]
    assert "".join(shown["text/plain"]) == bundle["text/plain"]
    (printed,) = [output for cell, output in outputs(chapter) if "claims.lines(" in source(cell)]
    assert "".join(printed["text"]) == bundle["text/plain"] + "\n"


def test_every_link_of_the_ledger_reaches_its_claim():
    shown = ledger.table(judged())._html()
    links = re.findall(r'href="([a-z_]+)\.html#(claim-[a-z0-9_.]+)"', shown)
    assert len(links) == len(judged())
    for page, anchor in links:
        tables = "".join(
            "".join(output.get("data", {}).get("text/html", ())) for _, output in outputs(page)
        )
        assert tables.count(f'id="{anchor}"') == 1


def source(cell):
    return "".join(cell["source"])


# Where a verdict does not count the record's seeds: how many of what it counts instead.
OTHER_UNITS = {
    8: {  # networks that learned every skill in time: two of ten did not, so the status is censored
        "skill_basis.transformer_onset_follows_frequency_on_disjoint_bits",
        "skill_basis.transformer_skills_decouple_on_disjoint_bits",
    },
    5: {
        "quanta_discovery.envelope_slope_follows_the_loss_exponent"
    },  # networks of the sizes that the envelope is held against
    160: {  # seeds on which rules are compared; the rates were tuned on the other forty
        "geometry.tuning_shrinks_the_leads_over_adam",
        "geometry.lion_leads_adam_early_at_published_rates",
        "geometry.ademamix_leads_adam_late_at_published_rates",
        "geometry.ademamix_leads_adam_late_at_tuned_rates",
    },
    240: {
        "resource.chinchilla_exponent_in_parameters_is_one_third",
        "resource.chinchilla_exponent_follows_from_the_shapes_of_the_models",
    },  # runs
}


def test_every_member_of_a_record_is_judged():
    units = {name: count for count, names in OTHER_UNITS.items() for name in names}
    known, found, expected = claims.load(), {}, {}
    n_seeds = {
        record: len(records.provenance(records.published(record), "seeds"))
        for record in {claim.record for claim in known.values()}
    }
    for judgement in judged():
        claim = judgement.claim
        found[claim.id] = {estimate.n_members for estimate in judgement.estimates}
        expected[claim.id] = {units.get(claim.id, n_seeds[claim.record])}
    assert found == expected


def test_no_claim_that_a_run_was_judged_by_vanishes():
    listed = {**claims.load(), **ledger.withdrawn()}
    gone = {
        f"{name} ({path.name})"
        for path in sorted((_published.root() / "results").glob("*.nc"))
        for name in records.provenance(records.load(path), "claims")
        if name not in listed
    }
    assert gone == set(), "a claim that no longer stands is listed in withdrawn.toml"


def listing(monkeypatch, tmp_path, **changes):
    entry = {
        "id": "slingshot.old",
        "verdict": "not reproduced",
        "reason": "The quantity could not be measured.",
        "successor": "slingshot.exact_curve_is_reached",
        **changes,
    }
    lines = [f'{field} = "{value}"' for field, value in entry.items() if value is not None]
    path = tmp_path / "withdrawn.toml"
    path.write_text("\n".join(["[[withdrawn]]", *lines]), encoding="utf-8")
    monkeypatch.setattr("skillscale._published.root", lambda: tmp_path)
    return ledger.withdrawn()


def test_a_withdrawn_claim_keeps_its_verdict_and_successor(tmp_path, monkeypatch):
    listed = listing(monkeypatch, tmp_path)
    assert listed["slingshot.old"]["verdict"] == "not reproduced"
    assert listing(monkeypatch, tmp_path, successor=None)["slingshot.old"]["successor"] == ""
    monkeypatch.setattr(ledger, "withdrawn", lambda: listed)
    shown = ledger.withdrawals().data
    for text in ("slingshot.old", "not reproduced", "could not be measured", "curve_is_reached"):
        assert text in shown


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reason": None}, "must be id, verdict, reason, successor"),
        ({"verdict": "failed"}, "verdict of slingshot.old must be one of"),
        (
            {"id": "slingshot.exact_curve_is_reached"},
            "must be that of a claim withdrawn once",
        ),
        ({"successor": "slingshot.nothing"}, "successor of slingshot.old must be one of"),
        ({"why": "so"}, "must be id, verdict, reason, successor"),
    ],
)
def test_a_malformed_withdrawal_is_named(monkeypatch, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        listing(monkeypatch, tmp_path, **changes)


def test_claims_are_counted_by_verdict():
    counted = ledger.counts(judged())
    assert counted["judged"] == len(claims.load())
    assert sum(counted[verdict] for verdict in claims.VERDICTS) == counted["judged"]
    for theory in CHAPTERS:
        of_theory = [each for each in judged() if each.claim.theory == theory]
        assert ledger.counts(of_theory)["with interval"] > 0


def test_false_verdicts_are_as_many_as_simulated_ones():
    """True values spread evenly far beyond the region, measured with a known normal error."""
    simulated, false = judged_by_chance(np.random.default_rng(0).uniform(-2.2, 2.2, 15_000))
    said = ledger.false_verdicts(simulated)
    assert said["parts"] == len(simulated)
    assert said["decided"] == sum(each.verdict != "inconclusive" for each in simulated)
    assert abs(said["expected"] - false) < 4 * np.sqrt(false)
    assert 10 < false < said["at most"]


def test_beside_an_end_as_many_verdicts_are_false_as_the_most_that_is_said():
    simulated, false = judged_by_chance(np.tile([1 - 1e-9, 1 - 1e-9, 1 + 1e-9, 1 + 1e-9], 2500))
    said = ledger.false_verdicts(simulated)
    assert abs(said["at most"] - false) < 4 * np.sqrt(false)
    assert said["decided"] < 0.1 * said["parts"]  # about half of these are false


def test_the_chance_of_a_false_verdict_is_students_towards_the_end():
    """With two degrees of freedom P(t < x) = 1/2 + x / (2 √(2 + x²)), and 0.975 at x = 4.3027."""
    target = claims.Target("", "own", 3.0, "x", "at most", 0.0, "…")
    claim = dataclasses.replace(next(iter(claims.load().values())), targets=(target,))
    found = claims.decide(claim, Estimate(0.0, -1.0, 2.0, n_members=3))
    x = 4.302653 * 3 / 2
    chance = 0.5 - x / (2 * math.sqrt(2 + x**2))
    assert ledger.false_verdicts([found])["expected"] == pytest.approx(chance, rel=1e-5)


def judged_by_chance(truths):
    """Judge a measured value with the normal error 0.3 for each; count the false verdicts."""
    simulated, false = [], 0
    values = np.random.default_rng(1).normal(truths, 0.3)
    for i, (truth, value) in enumerate(zip(truths, values, strict=True)):
        target = claims.Target("", "own", 0.0, "x", ("equal", "at most")[i % 2], 1.0, "…")
        claim = dataclasses.replace(next(iter(claims.load().values())), targets=(target,))
        estimate = Estimate(value, value - 0.588, value + 0.588, n_members=10_000)
        found = claims.decide(claim, estimate)
        simulated.append(found)
        inside = target.region[0] <= truth <= target.region[1]
        false += found.verdict == ("not reproduced" if inside else "reproduced")
    return simulated, false


def test_runs_that_all_agree_leave_no_doubt():
    target = claims.Target("", "own", 0.0, "violations", "at most", 0.0, "…")
    claim = dataclasses.replace(next(iter(claims.load().values())), targets=(target,))
    agreed = claims.decide(claim, Estimate(0.0, 0.0, 0.0))
    assert ledger.false_verdicts([agreed]) == {
        "parts": 1,
        "decided": 1,
        "at most": pytest.approx(0.025),
        "expected": 0.0,
    }


def test_glue_does_nothing_where_the_books_tools_are_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    ledger.glue({"judged": 7})
    assert capsys.readouterr().out == ""


def test_glue_names_values_for_pages(monkeypatch):
    glued = {}
    fake = type(sys)("myst_nb")
    fake.glue = lambda name, value, display: glued.update({name: value})
    monkeypatch.setitem(sys.modules, "myst_nb", fake)
    ledger.glue({"not reproduced": 2})
    assert glued == {"not_reproduced": 2}


def test_a_corrected_claim_links_to_a_figure_of_its_chapter():
    corrected = {name: claim for name, claim in claims.load().items() if claim.corrected}
    assert corrected
    table = ledger.errata().data
    for name, claim in corrected.items():
        cell = claim.corrected["cell"]
        assert f'href="{claim.page}.html#{cell}"' in table
        assert name in table
        chapter = json.loads((BOOK / f"{claim.theory}.ipynb").read_text(encoding="utf-8"))
        figures = [part["metadata"].get("mystnb", {}).get("figure") for part in chapter["cells"]]
        assert cell in [figure["name"] for figure in figures if figure]
