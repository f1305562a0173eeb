"""Claims and their verdicts as lines, which tests compare, and as tables, which readers see."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from skillscale import _html, _notation
from skillscale.claims.entries import of_theory
from skillscale.claims.rule import Claim, Judgement

_MARKS = {"reproduced": "✓", "inconclusive": "?", "not reproduced": "✗"}


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


def announced(theory: str) -> Any:
    """Return the claims of a theory, their predictions and tolerances, without verdicts."""
    rows = [(_notation.html(claim.statement), _predictions(claim)) for claim in of_theory(theory)]
    return _html.table(("Claim", "Predicted"), rows)


def _predictions(claim: Claim) -> str:
    """Return the predictions of a claim, each with the names of the parts that share it."""
    parts: dict[str, list[str]] = {}
    for target in claim.targets:
        parts.setdefault(str(target), []).append(_notation.html(target.name))
    return _html.parts(
        (f"<em>{'; '.join(names)}</em>: " if any(names) else "") + _notation.html(predicted)
        for predicted, names in parts.items()
    )


def table(judgements: Sequence[Judgement]) -> ClaimsTable:
    """Return claims, measured values and verdicts as a table for the last line of a cell."""
    return ClaimsTable(tuple(judgements))


@dataclass(frozen=True, repr=False)
class ClaimsTable:
    """A table of judgements that a notebook shows as HTML; `of_book` links the chapters."""

    judgements: tuple[Judgement, ...]
    of_book: bool = False

    def __repr__(self) -> str:
        """Return the lines that tests compare."""
        return lines(self.judgements)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        rows = [
            (self._claim(each), self._parts(each), self._verdict(each)) for each in self.judgements
        ]
        return _html.markup(("Claim", "Predicted → measured", "Verdict"), rows)

    def _claim(self, judgement: Judgement) -> str:
        claim = judgement.claim
        # long names break where their words do
        name = f"<code>{html.escape(claim.id).replace('_', '_<wbr>')}</code>"
        place = "".join(f'<span id="{anchor}"></span>' for anchor in claim.anchors)
        if self.of_book:
            name, place = f'<a href="{claim.page}.html#{claim.anchors[0]}">{name}</a>', ""
        quantities = dict.fromkeys(target.quantity for target in claim.targets)
        members = "/".join(
            dict.fromkeys(str(estimate.n_members) for estimate in judgement.estimates)
        )
        measured = _notation.html("; ".join(quantities))
        return (
            f"{place}{_notation.html(claim.statement)}<br>{name}"
            f"<details><summary>What is measured, n = {members}</summary>{measured}</details>"
        )

    def _parts(self, judgement: Judgement) -> str:
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
        return _html.parts(lines)

    def _verdict(self, judgement: Judgement) -> str:
        style = judgement.verdict.replace(" ", "-")
        flag = '<br><span class="corrected">corrected</span>' if judgement.claim.corrected else ""
        return f'<span class="verdict {style}">{judgement.verdict}</span>{flag}'
