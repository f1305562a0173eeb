"""Claims written down before the run that judges them, their verdicts, and the tables of both."""

from skillscale.claims.entries import (
    abstract,
    fingerprints,
    load,
    measurements,
    of_theory,
    theories,
)
from skillscale.claims.judging import judge_all, measure_all
from skillscale.claims.rule import VERDICTS, Claim, Judgement, Measurement, Sentence, Target, decide
from skillscale.claims.tables import ClaimsTable, announced, lines, table

__all__ = [
    "VERDICTS",
    "Claim",
    "ClaimsTable",
    "Judgement",
    "Measurement",
    "Sentence",
    "Target",
    "abstract",
    "announced",
    "decide",
    "fingerprints",
    "judge_all",
    "lines",
    "load",
    "measure_all",
    "measurements",
    "of_theory",
    "table",
    "theories",
]
