"""What a claim is, and the one rule by which a measured estimate gives it a verdict.

A claim says what is predicted, for which system, with what tolerance and why. The target region is
[p - tolerance, p + tolerance] for "equal", (-∞, p + tolerance] for "at most" and
[p - tolerance, ∞) for "at least". `VERDICTS` says what follows for an estimate and for a claim
with several parts. An estimate without an interval, or with a status other than "ok", decides
nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skillscale.fits import Estimate

# What each verdict means; the pages of the book quote it.
VERDICTS = {
    "reproduced": "the 95 % interval over independent runs lies within the prediction and its "
    "tolerance; of several parts, each does",
    "partly": "of several parts, some are reproduced and some lie outside",
    "inconclusive": "neither: an interval that reaches across an end of the region, or none",
    "not reproduced": "the interval lies outside altogether; of several parts, at least one does "
    "and none is reproduced",
}
KINDS = ("paper", "own")
RELATIONS = ("equal", "at most", "at least")
_SIGNS = {"equal": "", "at most": "≤ ", "at least": "≥ "}


@dataclass(frozen=True)
class Target:
    """What one part of a claim predicts."""

    name: str  #: of the part; empty where the claim has a single one
    kind: str  #: "paper" for a statement of the source, "own" for what is ours
    predicted: float
    quantity: str  #: what is measured, with its unit
    relation: str  #: "equal", "at most" or "at least"
    tolerance: float  #: allowed distance, absolute, in the unit of the quantity
    tolerance_reason: str  #: why it is that large, independent of the result

    @property
    def region(self) -> tuple[float, float]:
        """Return the ends between which a measured value agrees."""
        low = -math.inf if self.relation == "at most" else self.predicted - self.tolerance
        high = math.inf if self.relation == "at least" else self.predicted + self.tolerance
        return low, high

    def verdict(self, estimate: Estimate) -> str:
        """Return "reproduced", "not reproduced" or "inconclusive" for a measured estimate.

        >>> Target("", "own", 1.0, "slope", "equal", 0.1, "…").verdict(Estimate(1.0, 0.95, 1.05))
        'reproduced'
        """
        low, high = self.region
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
    """What is claimed of a theory; an entry of its `claims.toml`."""

    id: str  #: "theory.name"
    was: str  #: an older id by which it is still found; may be empty
    theory: str
    page: str  #: of the book, that shows it
    headline: bool  #: whether the chapter shows it among its few
    statement: str  #: one sentence for the reader
    source: str  #: paper with equation or figure, or "derived here"
    falsified_by: str  #: the outcome that would count against it
    system: str  #: what was run
    record: str  #: name of the stored run, `results/<record>.nc`
    targets: tuple[Target, ...]  #: one per part
    #: published and derived value and the cell that shows it, where the source is wrong
    corrected: Mapping[str, str] | None

    @property
    def kind(self) -> str:
        """Return "paper" if all parts are statements of the source, else "own"."""
        return "own" if "own" in {target.kind for target in self.targets} else "paper"

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 over what is judged.

        Prediction, quantity, relation and tolerance of every part, with system and record, but not
        the prose around them. A prediction counts to twelve digits, since processors round.
        """
        parts = [
            [f"{target.predicted:.12g}", target.quantity, target.relation, target.tolerance]
            for target in self.targets
        ]
        judged = json.dumps([self.system, self.record, parts], ensure_ascii=False)
        return hashlib.sha256(judged.encode()).hexdigest()

    @property
    def anchors(self) -> list[str]:
        """Return the names of its place on its page, by the id and by an older one."""
        return [f"claim-{name}" for name in (self.id, self.was) if name]


@dataclass(frozen=True)
class Judgement:
    """A claim with what was measured and the verdict, one of `VERDICTS`, that follows."""

    claim: Claim
    estimates: tuple[Estimate, ...]  #: one per target of the claim and in its order
    verdict: str

    def plain(self) -> dict[str, Any]:
        """Return what was claimed and found in terms of JSON, without numbers where none are."""
        return {
            "id": self.claim.id,
            "theory": self.claim.theory,
            "page": self.claim.page,
            "kind": self.claim.kind,
            "headline": self.claim.headline,
            "verdict": self.verdict,
            "parts": [
                {
                    "name": target.name,
                    "kind": target.kind,
                    "predicted": str(target),
                    **_plain(estimate),
                    "verdict": target.verdict(estimate),
                }
                for target, estimate in zip(self.claim.targets, self.estimates, strict=True)
            ],
        }


@dataclass(frozen=True)
class Measurement:
    """A quantity that a run measures and of which nothing is claimed: no verdict follows."""

    id: str  #: "theory.name"
    quantity: str  #: what is measured, with its unit
    system: str  #: what was run
    record: str  #: name of the stored run, `results/<record>.nc`

    def plain(self, measured: Mapping[str, Estimate]) -> dict[str, Any]:
        """Return what is measured, by part, in terms of JSON, without numbers where none are."""
        parts = [{"name": name, **_plain(estimate)} for name, estimate in measured.items()]
        return {"id": self.id, "parts": parts}


@dataclass(frozen=True)
class Sentence:
    """A sentence of a source's abstract, in our words, and the claims that decide it here."""

    says: str
    claims: tuple[str, ...]  #: ids "theory.name"
    because: str  #: what no run decides, or what verdicts say of it; may be empty where claims do


def decide(claim: Claim, measured: Estimate | Mapping[str, Estimate]) -> Judgement:
    """Judge a claim by what was measured: the estimate, or one by name for a claim with parts.

    Source: rules of the module's docstring; `tests/test_claims.py`.
    """
    by_part = {"": measured} if isinstance(measured, Estimate) else dict(measured)
    names = [target.name for target in claim.targets]
    if set(by_part) != set(names):
        raise ValueError(f"measured must hold the parts {names} of {claim.id}, got {list(by_part)}")
    estimates = tuple(by_part[name] for name in names)
    found = {t.verdict(e) for t, e in zip(claim.targets, estimates, strict=True)}
    if "not reproduced" in found:
        verdict = "partly" if "reproduced" in found else "not reproduced"
    else:
        verdict = "inconclusive" if "inconclusive" in found else "reproduced"
    return Judgement(claim, estimates, verdict)


def _plain(estimate: Estimate) -> dict[str, Any]:
    ends = {end: getattr(estimate, end) for end in ("value", "low", "high")}
    # JSON holds no nan
    finite = {end: number if math.isfinite(number) else None for end, number in ends.items()}
    return {**finite, "status": estimate.status, "n_members": estimate.n_members}
