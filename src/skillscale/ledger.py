"""The ledger: every claim of every chapter, collected from the executed chapters themselves."""

from __future__ import annotations

import html
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skillscale import _tables, claims
from skillscale.fits import Estimate

Row = Mapping[str, Any]


def collect(folder: str | Path) -> list[dict[str, Any]]:
    """Read the rows that `claims.table` left in the outputs of the notebooks of `folder`.

    Args:
        folder: Folder of executed chapters.

    Returns:
        One mapping per claim and part, in the order of `claims.toml`.

    Raises:
        ValueError: If a claim is judged twice, or a row belongs to no claim or to an older wording
            of one (the chapter must be executed again).

    Source: derived here; `tests/test_ledger.py`.
    """
    rows = [
        row
        for path in sorted(Path(folder).glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
        for row in output.get("data", {}).get(claims.MIMETYPE, ())
    ]
    known = claims.load()
    for row in rows:
        if row["id"] not in known or known[row["id"]].fingerprint != row["fingerprint"]:
            raise ValueError(
                f"{row['id']} was judged by another wording: execute its chapter again"
            )
    seen = Counter((row["id"], row["part"]) for row in rows)
    twice = [name for (name, _), count in seen.items() if count > 1]
    if twice:
        raise ValueError(f"claims are judged once each, got {sorted(set(twice))} more than once")
    order = list(known)
    return sorted(rows, key=lambda row: order.index(row["id"]))


def rejudge(rows: Sequence[Row]) -> list[claims.Judgement]:
    """Judge stored measured values again by today's rules and predictions.

    Args:
        rows: Rows as `collect` returns them.

    Raises:
        ValueError: If the parts of a claim are incomplete.

    Source: derived here; the stored verdicts equal it in `tests/test_ledger.py`.
    """
    known = claims.load()
    by_claim: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        value, low, high = (
            math.nan if row[end] is None else float(row[end]) for end in ("value", "low", "high")
        )
        by_claim.setdefault(row["id"], {})[row["part"]] = Estimate(
            value, low, high, row["status"], row["n_members"]
        )
    return [claims.decide(known[name], parts) for name, parts in by_claim.items()]


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Count claims: judged in all, with an interval, and per verdict.

    >>> counts([])["judged"]
    0
    """
    verdicts = {row["id"]: row["verdict"] for row in rows}
    return {
        "judged": len(verdicts),
        "with interval": len({row["id"] for row in rows if row["low"] is not None}),
        "corrected": sum(claims.load()[name].corrected is not None for name in verdicts),
        **{verdict: list(verdicts.values()).count(verdict) for verdict in claims.VERDICTS},
    }


def table(rows: Sequence[Row]) -> claims.ClaimsTable:
    """Return all judged claims as one table, each linked to its chapter."""
    return claims.ClaimsTable(tuple(rejudge(rows)), of_book=True)


def reasons() -> Any:
    """Return every tolerance with its reason and what would falsify the claim, as HTML.

    Claims are folded by chapter.
    """
    chapters: dict[str, list[dict[str, str]]] = {}
    for claim in claims.load().values():
        chapters.setdefault(claim.chapter, []).extend(
            {
                "Claim": "" if index else claim.id,
                "Part": target.name,
                "Tolerance": f"{target.tolerance:g}",
                "Reason": target.tolerance_reason,
                "Falsified by": "" if index else claim.falsified_by,
            }
            for index, target in enumerate(claim.targets)
        )
    return _tables.folded(
        {chapter.replace("_", " "): _tables.html(rows) for chapter, rows in chapters.items()}
    )


def errata(rows: Sequence[Row]) -> Any:
    """Return the judged claims that correct their source, as HTML."""
    known = claims.load()
    corrected = {row["id"]: known[row["id"]].corrected for row in rows}
    cells = [
        (
            f"<code>{html.escape(name)}</code>",
            html.escape(entry["published"]),
            html.escape(entry["derived"]),
            f'<a href="{known[name].chapter}.html#{html.escape(entry["cell"])}">'
            f"{html.escape(known[name].chapter.replace('_', ' '))}</a>",
        )
        for name, entry in corrected.items()
        if entry is not None
    ]
    return _tables.table(("Claim", "Published", "Derived", "Shown in"), cells)


def withdrawn() -> Any:
    """Return the claims that were judged once and no longer stand, as HTML."""
    return _tables.html(
        {
            "Claim": claim.id,
            "Last verdict": claim.verdict,
            "Reason": claim.reason,
            "Successor": claim.successor or "none",
        }
        for claim in claims.withdrawn().values()
    )


def runs() -> Any:
    """Return the stored runs that claims rest on, as HTML."""
    from skillscale.lab import records

    names = dict.fromkeys(claim.record for claim in claims.load().values())
    stored = {name: records.published(name) for name in names}
    return _tables.html(
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

    >>> glue({})
    """
    try:
        import myst_nb
    except ImportError:
        return
    for name, value in values.items():
        myst_nb.glue(name.replace(" ", "_"), value, display=False)
