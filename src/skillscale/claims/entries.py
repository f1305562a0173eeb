"""The claims of every theory, read from the `claims.toml` beside it and checked."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from skillscale import _checks
from skillscale.claims.rule import KINDS, RELATIONS, Claim, Measurement, Sentence, Target

_NEEDED = ("id", "statement", "source", "falsified_by", "system", "record")
_OPTIONAL = {"kind", "was", "headline", "page", "corrected", "all", "part"}
_MEASURED = ("id", "quantity", "system", "record")
_TABLES = ("text", "claim", "measurement", "sentence")
_TARGET = ("predicted", "quantity", "relation", "tolerance", "tolerance_reason")
_PACKAGE = Path(__file__).parents[1]


def load() -> dict[str, Claim]:
    """Return claims by id, "theory.name", in the order of the theories' names and of their files.

    They stand in the file `claims.toml` of a theory. It may name a text that stands more than once
    in its table `text`; "@name" stands for it. What all parts of a claim share may stand once,
    under `all`.

    Source: derived here; `tests/test_claims.py`.
    """
    return dict(_all())


def theories() -> list[str]:
    """Return the names of the theories that have claims.

    >>> "domino" in theories()
    True
    """
    return sorted(path.parent.name for path in _PACKAGE.glob("*/claims.toml"))


def of_theory(theory: str) -> list[Claim]:
    """Return the claims of a theory."""
    if theory not in theories():
        raise ValueError(f"theory must be one that has claims, got {theory!r}")
    return list(_of(theory).values())


def measurements(theory: str) -> list[Measurement]:
    """Return the measurements of a theory, tables `measurement` beside its claims.

    Source: derived here; `tests/test_claims.py`.
    """
    of_theory(theory)
    return _read_measurements(_PACKAGE / theory / "claims.toml")


def abstract(theory: str) -> list[Sentence]:
    """Return the sentences of the abstract behind a theory, tables `sentence` beside its claims.

    Source: derived here; `tests/test_claims.py`.
    """
    of_theory(theory)
    return _read_abstract(_PACKAGE / theory / "claims.toml")


def fingerprints(record: str) -> dict[str, str]:
    """Return id and fingerprint of every claim that the stored run `record` judges.

    >>> fingerprints("no_such_record")
    {}
    """
    return {claim.id: claim.fingerprint for claim in load().values() if claim.record == record}


@cache
def _of(theory: str) -> dict[str, Claim]:
    return _read(_PACKAGE / theory / "claims.toml")


@cache
def _all() -> dict[str, Claim]:
    return {name: claim for theory in theories() for name, claim in _of(theory).items()}


def _entries(path: Path, table: str) -> list[dict[str, Any]]:
    """Return the entries of a table, with shared texts in place of their names."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in document:
        _checks.choice(f"table of {path}", name, _TABLES)
    texts = document.get("text", {})
    return [_expanded(entry, texts) for entry in document.get(table, [])]


def _read(path: Path) -> dict[str, Claim]:
    claims: dict[str, Claim] = {}
    names: set[str] = set()
    for entry in _entries(path, "claim"):
        claim = _parse(path.parent.name, entry)
        for name in filter(None, (claim.id, claim.was)):
            if name in names:
                raise ValueError(f"id must be unique, got {name!r} twice in {path}")
            names.add(name)
        claims[claim.id] = claim
    return claims


def _read_measurements(path: Path) -> list[Measurement]:
    theory, names = path.parent.name, {""} | set(_read(path))
    measurements = []
    for entry in _entries(path, "measurement"):
        name = f"{theory}.{entry.get('id', 'without id')}"
        _demand(name, entry, _MEASURED, set(_MEASURED))
        if name in names:
            raise ValueError(f"id must be unique, got {name!r} twice in {path}")
        names.add(name)
        measurements.append(Measurement(**{**entry, "id": name}))
    return measurements


def _read_abstract(path: Path) -> list[Sentence]:
    theory = path.parent.name
    headlines = tuple(claim.id for claim in _read(path).values() if claim.headline)
    sentences = []
    for entry in _entries(path, "sentence"):
        where = f"sentence {entry.get('says', 'without words')!r} of {theory}"
        _demand(where, entry, ("says",), {"says", "claims", "because"})
        names = tuple(f"{theory}.{name}" for name in entry.get("claims", ()))
        for name in names:
            _checks.choice(f"claim of {where}", name, headlines)
        if not names and not entry.get("because"):
            raise ValueError(f"because of {where} must say why no claim decides it, got none")
        sentences.append(Sentence(entry["says"], names, entry.get("because", "")))
    return sentences


def _expanded(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(inner, texts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expanded(inner, texts) for inner in value]
    if isinstance(value, str) and value.startswith("@"):
        return texts[_checks.choice("a shared text", value[1:], tuple(texts))]
    return value


def _parse(theory: str, entry: dict[str, Any]) -> Claim:
    name = f"{theory}.{entry.get('id', 'without id')}"
    parts = [{**entry.get("all", {}), **part} for part in entry.get("part", [])]
    needed = (*_NEEDED, *(() if parts else _TARGET))
    _demand(name, entry, needed, {*needed, *_OPTIONAL})
    kind = entry.get("kind", "own")
    corrected = entry.get("corrected")
    if corrected is not None:
        _demand(f"{name} corrected", corrected, ("published", "derived", "cell"), None)
    for part in parts:
        _demand(f"{name} part", part, ("name", *_TARGET), {"name", "kind", *_TARGET})
    return Claim(
        id=name,
        was=f"{theory}.{entry['was']}" if "was" in entry else "",
        theory=theory,
        page=entry.get("page", theory),
        headline=entry.get("headline", False),
        **{field: entry[field] for field in _NEEDED if field != "id"},
        targets=tuple(_target(name, {"kind": kind, **part}) for part in parts or [entry]),
        corrected=corrected,
    )


def _target(name: str, entry: Mapping[str, Any]) -> Target:
    predicted = _checks.number(f"predicted of {name}", _predicted(name, entry["predicted"]))
    return Target(
        name=entry.get("name", ""),
        kind=_checks.choice(f"kind of {name}", entry["kind"], KINDS),
        predicted=predicted,
        quantity=entry["quantity"],
        relation=_checks.choice(f"relation of {name}", entry["relation"], RELATIONS),
        tolerance=_checks.number(f"tolerance of {name}", entry["tolerance"], minimum=0.0),
        tolerance_reason=entry["tolerance_reason"],
    )


def _predicted(name: str, value: Any) -> Any:
    """Return a predicted number, calling the theory function where the claim names one."""
    if not isinstance(value, dict):
        return value
    _demand(f"{name} predicted", value, ("function",), {"function", "arguments", "item"})
    module, _, function = value["function"].partition(".")
    try:
        predict = getattr(importlib.import_module(f"skillscale.{module}.theory"), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"function of {name} must be 'theory.function', got {value['function']!r}"
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
