"""Nulls: what must change nothing. An extra draw leaves every bit; other names of parameters leave the ratio at 1."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ablatlas.record import Record
from ablatlas.stats.ratio import Ratio

VERSION = 1

STUDY, LADDER, RENAMED = "null_draw", "examples", "renamed"
Row = dict[str, Any]


def bits(records: Iterable[Record]) -> Row:
    """Whether `without`, which draws once more at every step, ends in the same parameters as `with`, run by run."""
    prints = [_fingerprints(found) for found in records]
    compared = [(cell["with", seed], cell["without", seed]) for cell in prints for arm, seed in cell if arm == "with"]
    equal = sum(a == b for a, b in compared)
    return {
        "null": "an extra draw",
        "judged": True,
        "runs": len(compared),
        "equal": equal,
        "value": None,
        "low": None,
        "high": None,
        "passed": bool(compared) and equal == len(compared),
    }


def _fingerprints(found: Record) -> dict[tuple[str, int], str]:
    return {(run["arm"], run["seed"]): row["parameters"] for run, row in zip(found.run, found.outcome, strict=True)}


def names(ratio: Ratio | None, judged: bool = True) -> Row:
    """Whether the ratio of the renamed arm, at 99.9 %, may be 1. An interval with an open end is none."""
    found = ratio or Ratio(None, 0.0, math.inf)
    holds = 0 < found.low <= 1 <= found.high < math.inf
    return {
        "null": "other names",
        "judged": judged,
        "runs": None,
        "equal": None,
        "value": found.value,
        "low": found.low or None,
        "high": found.high if math.isfinite(found.high) else None,
        "passed": holds or not judged,
    }
