"""The file of claims: read and checked, each entry under a fingerprint."""

from __future__ import annotations

import hashlib
import importlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skillscale import _checks, _published
from skillscale.claims.rule import RELATIONS, Claim, Target

_TEXTS = ("id", "chapter", "statement", "source", "falsified_by", "profile", "system", "record")
_TARGET = ("predicted", "quantity", "relation", "tolerance", "tolerance_reason")


def load(path: str | Path | None = None) -> dict[str, Claim]:
    """Read the claims file.

    Args:
        path: A claims file; by default the one of this version of the book.

    Returns:
        Claims by id, in the order of the file.

    Raises:
        ValueError: If an entry lacks a field, has an unknown one, a value out of range, or an id
            that stands twice; the message names the entry and the field.

    Source: derived here; `tests/test_claims.py`.
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


def of_theory(theory: str) -> list[Claim]:
    """Return the claims of a theory.

    Raises:
        ValueError: If no claim belongs to `theory`.
    """
    own = [claim for claim in load().values() if claim.chapter == theory]
    if not own:
        raise ValueError(f"theory must be one that has claims, got {theory!r}")
    return own


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
    relation = _checks.choice(f"relation of {name}", entry["relation"], RELATIONS)
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
