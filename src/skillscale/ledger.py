"""The ledger: every claim of every theory, judged from the stored runs."""

from __future__ import annotations

import html
import math
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from scipy import special

from skillscale import _checks, _html, _notation, _published, claims
from skillscale.claims import Judgement
from skillscale.fits import LEVEL, Estimate


def judged() -> list[Judgement]:
    """Judge every claim of every theory from the stored runs, in the order of the claims.

    Source: derived here; equal to the stored verdicts in `tests/test_ledger.py`.
    """
    return [judgement for theory in claims.theories() for judgement in claims.judge_all(theory)]


def plain(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """Return all that is judged, and all that is measured without a claim, in terms of JSON."""
    measured = (pair for theory in claims.theories() for pair in claims.measure_all(theory))
    return [
        *(judgement.plain() for judgement in judgements),
        *(quantity.plain(found) for quantity, found in measured),
    ]


def counts(judgements: Sequence[Judgement]) -> dict[str, int]:
    """Count claims: judged in all, with an interval, corrected, and per verdict."""
    verdicts = [judgement.verdict for judgement in judgements]
    return {
        "judged": len(judgements),
        "with interval": sum(
            any(math.isfinite(estimate.low) for estimate in judgement.estimates)
            for judgement in judgements
        ),
        "corrected": sum(judgement.claim.corrected is not None for judgement in judgements),
        **{verdict: verdicts.count(verdict) for verdict in claims.VERDICTS},
    }


def false_verdicts(judgements: Sequence[Judgement]) -> dict[str, float]:
    """Say how many verdicts on parts are to be expected to be false.

    Returns:
        How many "parts" there are, and how many of them are "decided"; the number "at most" decided
        falsely, 2.5 % of all parts, were every true value to lie beside an end of its region; and
        the number "expected" if nothing is known of the true values but what was measured: the
        sum, over decided parts, of the probabilities beyond the region's ends by Student's t about
        what was found. Intervals that err or share runs count as right.

    Source: derived here; against simulated verdicts in `tests/test_ledger.py`.
    """
    chances, parts = [], 0
    for judgement in judgements:
        for target, measured in zip(judgement.claim.targets, judgement.estimates, strict=True):
            parts += 1
            verdict = target.verdict(measured)
            if verdict == "inconclusive":
                continue
            low, high = target.region
            inside = _below(high, measured) - _below(low, measured)
            doubt = 1.0 - inside if verdict == "reproduced" else inside
            # runs that all agree leave none
            chances.append(0.0 if measured.low == measured.high else doubt)
    return {
        "parts": parts,
        "decided": len(chances),
        "at most": (1 - LEVEL) / 2 * parts,
        "expected": sum(chances),
    }


def _below(end: float, measured: Estimate) -> float:
    """Return how probably a true value lies below an end, by the interval around what was found."""
    distance = end - measured.value
    half = measured.high - measured.value if distance > 0 else measured.value - measured.low
    if math.isinf(end) or half == 0.0:
        return float(distance > 0)
    freedom = max(measured.n_members - 1, 1)
    return float(
        special.stdtr(freedom, special.stdtrit(freedom, 0.5 + LEVEL / 2) * distance / half)
    )


def meanings() -> dict[str, str]:
    """Return what each verdict means, under names to `glue` it by."""
    return {f"{verdict} means": meaning for verdict, meaning in claims.VERDICTS.items()}


def table(judgements: Sequence[Judgement]) -> claims.ClaimsTable:
    """Return all judged claims as one table, each linked to its chapter."""
    return claims.ClaimsTable(tuple(judgements), of_book=True)


def abstracts(judgements: Sequence[Judgement]) -> Any:
    """Return what the sources' abstracts say, and by which verdicts, as HTML."""
    found = {judgement.claim.id: judgement for judgement in judgements}
    rows = [
        (
            theory.replace("_", " "),
            _notation.html(sentence.says),
            _html.parts(
                [
                    *(_decided(found[name]) for name in sentence.claims),
                    *filter(None, [_notation.html(sentence.because)]),
                ]
            ),
        )
        for theory in claims.theories()
        for sentence in claims.abstract(theory)
    ]
    return _html.table(("Theory", "Sentence, in our words", "Decided by"), rows)


def _decided(judgement: Judgement) -> str:
    claim, style = judgement.claim, judgement.verdict.replace(" ", "-")
    said = html.escape(claim.id.partition(".")[2].replace("_", " "))
    link = f'<a href="{claim.page}.html#{claim.anchors[0]}">{said}</a>'
    return f'<span class="verdict {style}">{judgement.verdict}</span> {link}'


def reasons() -> Any:
    """Return every tolerance with its reason and what would falsify the claim, folded by theory."""
    titles = ("Claim", "Part", "Tolerance", "Reason", "Falsified by")
    of_theory: dict[str, list[tuple[str, ...]]] = {}
    for claim in claims.load().values():
        of_theory.setdefault(claim.theory, []).extend(
            (
                "" if index else html.escape(claim.id),
                _notation.html(target.name),
                _notation.html(f"{target.tolerance:g}"),
                _notation.html(target.tolerance_reason),
                "" if index else _notation.html(claim.falsified_by),
            )
            for index, target in enumerate(claim.targets)
        )
    return _html.folded(
        {name.replace("_", " "): _html.table(titles, rows) for name, rows in of_theory.items()}
    )


def errata() -> Any:
    """Return the claims that correct their source, as HTML."""
    cells = [
        (
            f"<code>{html.escape(name)}</code>",
            _notation.html(claim.corrected["published"]),
            _notation.html(claim.corrected["derived"]),
            f'<a href="{claim.page}.html#{html.escape(claim.corrected["cell"])}">'
            f"{html.escape(claim.page.replace('_', ' '))}</a>",
        )
        for name, claim in claims.load().items()
        if claim.corrected is not None
    ]
    return _html.table(("Claim", "Published", "Derived", "Shown in"), cells)


def withdrawn() -> dict[str, dict[str, str]]:
    """Read the claims that a stored run was judged by and that no longer stand.

    Returns:
        By id, in the order of `withdrawn.toml`: last "verdict", "reason", and "successor", the id
        of the claim that took its place ("" where there is none).

    Source: derived here; `tests/test_ledger.py`.
    """
    source = _published.root() / "withdrawn.toml"
    standing, found = claims.load(), {}
    for entry in tomllib.loads(source.read_text(encoding="utf-8")).get("withdrawn", []):
        fields = {"successor": "", **entry}
        if set(fields) != {"id", "verdict", "reason", "successor"}:
            raise ValueError(f"fields of {source} must be id, verdict, reason, successor: {entry}")
        name = fields.pop("id")
        _checks.choice(f"verdict of {name}", fields["verdict"], tuple(claims.VERDICTS))
        if name in standing or name in found:
            raise ValueError(f"id must be that of a claim withdrawn once, got {name!r} in {source}")
        if fields["successor"]:
            _checks.choice(f"successor of {name}", fields["successor"], tuple(standing))
        found[name] = fields
    return found


def measurements() -> Any:
    """Return what is measured without a claim as HTML."""
    return _html.html(
        {
            "Measurement": quantity.id,
            "Quantity": quantity.quantity,
            "System": quantity.system,
            "Measured": "; ".join(f"{part} {estimate}".strip() for part, estimate in found.items()),
        }
        for theory in claims.theories()
        for quantity, found in claims.measure_all(theory)
    )


def withdrawals() -> Any:
    """Return the claims that no longer stand as HTML."""
    return _html.html(
        {
            "Claim": name,
            "Last verdict": claim["verdict"],
            "Reason": claim["reason"],
            "Successor": claim["successor"] or "none",
        }
        for name, claim in withdrawn().items()
    )


def runs() -> Any:
    """Return the stored runs that claims rest on, as HTML."""
    from skillscale.lab import records

    names = dict.fromkeys(claim.record for claim in claims.load().values())
    stored = {name: records.published(name) for name in names}
    return _html.html(
        {
            "Record": name,
            "Created": str(records.provenance(run, "created"))[:10],
            "Seeds": len(records.provenance(run, "seeds")),
            "Device": records.provenance(run, "device"),
            "Threads": records.provenance(run, "threads"),
            "Seconds": f"{records.provenance(run, 'wall_seconds'):.0f}",
        }
        for name, run in stored.items()
    )


def glue(values: Mapping[str, object]) -> None:
    """Make values of a notebook available to the pages of the book by name.

    Spaces in names become underscores. Does nothing where myst_nb is not installed, so that
    chapters run without the book's tools.
    """
    try:
        import myst_nb
    except ImportError:
        return
    for name, value in values.items():
        myst_nb.glue(name.replace(" ", "_"), value, display=False)
