"""Claims written down before the run that judges them, their verdicts, and the tables of both.

A claim in `claims.toml` says what is predicted, for which system, with what tolerance and why. A
measured estimate then gets a verdict by one rule. With the target region
[p - tolerance, p + tolerance] for "equal", (-∞, p + tolerance] for "at most" and
[p - tolerance, ∞) for "at least":

* reproduced: the 95 % interval lies within the region;
* not reproduced: the interval is disjoint from it;
* inconclusive: anything else, and every estimate without an interval or with a status other
  than "ok";
* partly: for a claim with parts of which some are reproduced and some are not.
"""

from __future__ import annotations

import hashlib
import html
import importlib
import json
import math
import pkgutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from skillscale import _checks, _notation, _published, _tables
from skillscale.fits import Estimate

MIMETYPE = "application/vnd.skillscale.claims+json"
VERDICTS = ("reproduced", "partly", "inconclusive", "not reproduced")
_MARKS = {"reproduced": "✓", "inconclusive": "?", "not reproduced": "✗"}
_RELATIONS = ("equal", "at most", "at least")
_SIGNS = {"equal": "", "at most": "≤ ", "at least": "≥ "}
_TEXTS = ("id", "chapter", "statement", "source", "falsified_by", "profile", "system", "record")
_TARGET = ("predicted", "quantity", "relation", "tolerance", "tolerance_reason")


@dataclass(frozen=True)
class Target:
    """What one part of a claim predicts.

    Attributes:
        name: Name of the part; empty where the claim has a single one.
        predicted: The predicted number.
        quantity: What is measured, with its unit.
        relation: "equal", "at most" or "at least".
        tolerance: Allowed distance, absolute, in the unit of the quantity.
        tolerance_reason: Why it is that large, independent of the result.
    """

    name: str
    predicted: float
    quantity: str
    relation: str
    tolerance: float
    tolerance_reason: str

    def verdict(self, estimate: Estimate) -> str:
        """Return "reproduced", "not reproduced" or "inconclusive" for a measured estimate.

        >>> Target("", 1.0, "slope", "equal", 0.1, "…").verdict(Estimate(1.0, 0.95, 1.05))
        'reproduced'
        """
        low = -math.inf if self.relation == "at most" else self.predicted - self.tolerance
        high = math.inf if self.relation == "at least" else self.predicted + self.tolerance
        if estimate.status != "ok" or math.isnan(estimate.low) or math.isnan(estimate.high):
            return "inconclusive"
        if low <= estimate.low and estimate.high <= high:
            return "reproduced"
        return "not reproduced" if estimate.high < low or high < estimate.low else "inconclusive"

    def __str__(self) -> str:
        """Return the prediction with its relation, e.g. "≤ 0.1" or "1 ± 0.2"."""
        margin = f" ± {self.tolerance:.4g}" if self.tolerance else ""
        return f"{_SIGNS[self.relation]}{self.predicted:.4g}{margin}"


@dataclass(frozen=True)
class Claim:
    """One entry of `claims.toml`.

    Attributes:
        id: "chapter.name".
        chapter: The chapter that judges it.
        statement: One sentence for the reader.
        source: Paper with equation or figure, or "derived here".
        falsified_by: The outcome that would count against it.
        profile: Size of the judged run: LIVE, STANDARD or PAPER.
        system: What was run.
        record: Name of the stored run, `results/<record>.nc`.
        targets: What is predicted, one target per part.
        corrected: Published and derived value and the cell that shows it, where the source's
            number or formula is wrong; else None.
        fingerprint: SHA-256 over the entry as written.
    """

    id: str
    chapter: str
    statement: str
    source: str
    falsified_by: str
    profile: str
    system: str
    record: str
    targets: tuple[Target, ...]
    corrected: Mapping[str, str] | None
    fingerprint: str


@dataclass(frozen=True)
class Judgement:
    """A claim with what was measured and the verdict that follows.

    Attributes:
        claim: The claim.
        estimates: Measured estimates, one per target of the claim and in its order.
        verdict: One of `VERDICTS`.
    """

    claim: Claim
    estimates: tuple[Estimate, ...]
    verdict: str

    def rows(self) -> list[dict[str, Any]]:
        """Return one plain mapping per part: what the ledger stores and re-judges."""
        return [
            {
                "id": self.claim.id,
                "part": target.name,
                "chapter": self.claim.chapter,
                "fingerprint": self.claim.fingerprint,
                "predicted": str(target),
                **{end: _finite(getattr(estimate, end)) for end in ("value", "low", "high")},
                "status": estimate.status,
                "n_members": estimate.n_members,
                "part_verdict": target.verdict(estimate),
                "verdict": self.verdict,
            }
            for target, estimate in zip(self.claim.targets, self.estimates, strict=True)
        ]


def load(path: str | Path | None = None) -> dict[str, Claim]:
    """Read the claims file.

    Args:
        path: A claims file; by default the one of this version of the book.

    Returns:
        Claims by id, in the order of the file.

    Raises:
        ValueError: If an entry lacks a field, has an unknown one, a value out of range, or an id
            that stands twice; the message names the entry and the field.

    Source: rules of the module's docstring; `tests/test_claims.py`.
    """
    source = Path(path) if path is not None else _published.root() / "claims.toml"
    claims: dict[str, Claim] = {}
    for entry in tomllib.loads(source.read_text(encoding="utf-8")).get("claim", []):
        claim = _parse(entry)
        if claim.id in claims:
            raise ValueError(f"id must be unique, got {claim.id!r} twice in {source}")
        claims[claim.id] = claim
    return claims


def fingerprints(record: str) -> dict[str, str]:
    """Return id and fingerprint of every claim that the stored run `record` judges.

    >>> fingerprints("no_such_record")
    {}
    """
    return {claim.id: claim.fingerprint for claim in load().values() if claim.record == record}


def judge_all(theory: str) -> list[Judgement]:
    """Judge every claim of a theory by what its reading finds in its stored run.

    The reading of the claim "theory.name" is the function `name` of the theory's `readings`, a
    module or a package of modules: record in, estimate out, or one estimate per part by name.

    Args:
        theory: A theory that has claims, e.g. "domino".

    Returns:
        Judgements in the order of the claims.

    Raises:
        ValueError: If no claim belongs to `theory`, a claim has no reading or two, or the parts of
            an estimate do not match those of the claim.

    Source: derived here; equal to the stored verdicts in `tests/test_ledger.py`.
    """
    from skillscale.lab import records

    own = of_theory(theory)
    modules = _readings(theory)
    runs = {name: records.published(name) for name in {claim.record for claim in own}}
    found = []
    for claim in own:
        name = claim.id.partition(".")[2]
        readings = {getattr(module, name) for module in modules if hasattr(module, name)}
        if len(readings) != 1:
            raise ValueError(f"{claim.id} must have one reading, got {len(readings)}")
        found.append(decide(claim, readings.pop()(runs[claim.record])))
    return found


def of_theory(theory: str) -> list[Claim]:
    """Return the claims of a theory.

    Raises:
        ValueError: If no claim belongs to `theory`.
    """
    own = [claim for claim in load().values() if claim.chapter == theory]
    if not own:
        raise ValueError(f"theory must be one that has claims, got {theory!r}")
    return own


def _readings(theory: str) -> list[ModuleType]:
    """Return the module with the readings of a theory, or the modules of a package of them."""
    whole = importlib.import_module(f"skillscale.{theory}.readings")
    parts = pkgutil.iter_modules(getattr(whole, "__path__", ()))
    return [importlib.import_module(f"{whole.__name__}.{part.name}") for part in parts] or [whole]


def judge(claim_id: str, measured: Estimate | Mapping[str, Estimate]) -> Judgement:
    """Judge a claim by what was measured.

    Args:
        claim_id: Id of a claim in `claims.toml`.
        measured: The estimate, or one per part by name for a claim with parts.

    Raises:
        ValueError: If there is no such claim or the parts do not match.

    Source: rules of the module's docstring; `tests/test_claims.py`.
    """
    claims = load()
    if claim_id not in claims:
        raise ValueError(f"claim_id must be one of {', '.join(claims)}, got {claim_id!r}")
    return decide(claims[claim_id], measured)


def decide(claim: Claim, measured: Estimate | Mapping[str, Estimate]) -> Judgement:
    """Judge the given claim; see `judge`."""
    by_part = {"": measured} if isinstance(measured, Estimate) else dict(measured)
    names = [target.name for target in claim.targets]
    if set(by_part) != set(names):
        raise ValueError(f"measured must hold the parts {names} of {claim.id}, got {list(by_part)}")
    estimates = tuple(by_part[name] for name in names)
    found = {t.verdict(e) for t, e in zip(claim.targets, estimates, strict=True)}
    if len(found) == 1:
        verdict = found.pop()
    else:
        verdict = "partly" if {"reproduced", "not reproduced"} <= found else "inconclusive"
    return Judgement(claim, estimates, verdict)


def lines(judgements: Sequence[Judgement]) -> str:
    """Return `id · predicted → measured · verdict`, a line per claim, which tests compare."""
    return "\n".join(
        f"{judgement.claim.id} · "
        + ", ".join(
            f"{target.name} {target} → {estimate}".strip()
            for target, estimate in zip(judgement.claim.targets, judgement.estimates, strict=True)
        )
        + f" · {judgement.verdict}"
        for judgement in judgements
    )


def announced(chapter: str) -> Any:
    """Return what a chapter claims, with predictions and tolerances, as a table without verdicts.

    Raises:
        ValueError: If no claim belongs to `chapter`.
    """
    own = [claim for claim in load().values() if claim.chapter == chapter]
    if not own:
        raise ValueError(f"chapter must be one that has claims, got {chapter!r}")
    rows = [(_notation.html(claim.statement), _predictions(claim)) for claim in own]
    return _tables.table(("Claim", "Predicted"), rows)


def _predictions(claim: Claim) -> str:
    """Return the predictions of a claim, each with the names of the parts that share it."""
    parts: dict[str, list[str]] = {}
    for target in claim.targets:
        parts.setdefault(str(target), []).append(_notation.html(target.name))
    return _tables.parts(
        (f"<em>{'; '.join(names)}</em>: " if any(names) else "") + _notation.html(predicted)
        for predicted, names in parts.items()
    )


def table(judgements: Sequence[Judgement]) -> ClaimsTable:
    """Return claims, measured values and verdicts as a table for the last line of a cell."""
    return ClaimsTable(tuple(judgements))


@dataclass(frozen=True, repr=False)
class ClaimsTable:
    """A table of judgements that a notebook shows as HTML.

    Attributes:
        judgements: What the table shows.
        of_book: False in a chapter, where the output carries its rows as data, from which the
            ledger is collected; True for the ledger's own table, which links the chapters instead.
    """

    judgements: tuple[Judgement, ...]
    of_book: bool = False

    def __repr__(self) -> str:
        """Return the lines that tests compare."""
        return lines(self.judgements)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self._html()}
        if self.of_book:
            return bundle
        return {**bundle, MIMETYPE: [row for item in self.judgements for row in item.rows()]}

    def _html(self) -> str:
        rows = [
            (self._claim(each), self._parts(each), self._verdict(each)) for each in self.judgements
        ]
        return _tables.markup(("Claim", "Predicted → measured", "Verdict"), rows)

    def _claim(self, judgement: Judgement) -> str:
        """Return statement, id, what is measured and the number of runs."""
        claim = judgement.claim
        name = f"<code>{html.escape(claim.id)}</code>"
        if self.of_book:
            name = f'<a href="{html.escape(claim.chapter)}.html">{name}</a>'
        quantities = dict.fromkeys(
            target.quantity for target in claim.targets if target.quantity != "the same"
        )
        members = "/".join(
            dict.fromkeys(str(estimate.n_members) for estimate in judgement.estimates)
        )
        measured = _notation.html("; ".join(quantities))
        return (
            f"{_notation.html(claim.statement)}<br>{name}"
            f"<details><summary>What is measured, n = {members}</summary>{measured}</details>"
        )

    def _parts(self, judgement: Judgement) -> str:
        """Return prediction and measurement of each part, on a line of its own."""
        lines = []
        for target, estimate in zip(judgement.claim.targets, judgement.estimates, strict=True):
            verdict = target.verdict(estimate)
            mark = (
                f'<span class="part-mark {verdict.replace(" ", "-")}" role="img" '
                f'aria-label="{verdict}">{_MARKS[verdict]}</span> '
            )
            part = f"<em>{_notation.html(target.name)}</em>: {mark}" if target.name else ""
            note = f", {estimate.note}" if estimate.note else ""
            lines.append(part + _notation.html(f"{target} → {estimate}{note}"))
        return _tables.parts(lines)

    def _verdict(self, judgement: Judgement) -> str:
        style = judgement.verdict.replace(" ", "-")
        flag = '<br><span class="corrected">corrected</span>' if judgement.claim.corrected else ""
        return f'<span class="verdict {style}">{judgement.verdict}</span>{flag}'


def _finite(number: float) -> float | None:
    """Return None for what JSON cannot hold."""
    return number if math.isfinite(number) else None


def _parse(entry: Mapping[str, Any]) -> Claim:
    name = entry.get("id", "without id")
    parts = entry.get("part", [])
    allowed = {*_TEXTS, "part", "corrected", *(() if parts else _TARGET)}
    _demand(name, entry, (*_TEXTS, *(() if parts else _TARGET)), allowed)
    if not str(name).startswith(f"{entry['chapter']}."):
        raise ValueError(
            f"id must be 'chapter.name' with chapter {entry['chapter']!r}, got {name!r}"
        )
    _checks.choice("profile", entry["profile"], ("LIVE", "STANDARD", "PAPER"))
    corrected = entry.get("corrected")
    if corrected is not None:
        _demand(f"{name} corrected", corrected, ("published", "derived", "cell"), None)
    for part in parts:
        _demand(f"{name} part", part, ("name", *_TARGET), {"name", *_TARGET})
    canonical = json.dumps(entry, sort_keys=True, ensure_ascii=False)
    return Claim(
        **{field: entry[field] for field in _TEXTS},
        targets=tuple(_target(name, part) for part in parts or [entry]),
        corrected=corrected,
        fingerprint=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _target(name: str, entry: Mapping[str, Any]) -> Target:
    relation = _checks.choice(f"relation of {name}", entry["relation"], _RELATIONS)
    tolerance = _checks.number(f"tolerance of {name}", entry["tolerance"], minimum=0.0)
    predicted = _checks.number(f"predicted of {name}", _predicted(name, entry["predicted"]))
    return Target(
        name=entry.get("name", ""),
        predicted=predicted,
        quantity=entry["quantity"],
        relation=relation,
        tolerance=tolerance,
        tolerance_reason=entry["tolerance_reason"],
    )


def _predicted(name: str, value: Any) -> Any:
    """Return a predicted number, calling the theory function where the claim names one."""
    if not isinstance(value, dict):
        return value
    _demand(f"{name} predicted", value, ("function",), {"function", "arguments", "item"})
    module, _, function = value["function"].partition(".")
    try:
        predict = getattr(importlib.import_module(f"skillscale.theory.{module}"), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"function of {name} must be 'module.function' in theory, got {value['function']!r}"
        ) from error
    result = predict(**value.get("arguments", {}))
    result = result[value["item"]] if "item" in value else result
    return result.item() if hasattr(result, "item") else result


def _demand(
    name: object, entry: Mapping[str, Any], required: Sequence[str], allowed: set[str] | None
) -> None:
    missing = [field for field in required if field not in entry or entry[field] == ""]
    unknown = sorted(set(entry) - (allowed if allowed is not None else set(required)))
    if missing or unknown:
        raise ValueError(f"claim {name}: missing fields {missing}, unknown fields {unknown}")
