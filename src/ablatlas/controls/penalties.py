"""A penalty on the loss that has nothing to do with any resource: closure must not take it for one.

A constant that is added stays put along every axis, and a constant factor closes along every axis by the loss's own
fall, which is what `shared` means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION = 1

PENALTIES = {"penalty_plus": "persistent", "penalty_times": "shared"}
Row = dict[str, Any]


def check(study: str, results: Mapping[str, Any], judged: bool = True) -> list[Row]:
    """A row for each of the study's axes."""
    expected = PENALTIES[study]
    rows = [row for row in results["verdicts"] if row["measure"] == "resource" and row["role"] == "without"]
    return [_axis(study, expected, row, judged) for row in rows] or [_nothing(study, expected)]


def _axis(study: str, expected: str, row: Row, judged: bool) -> Row:
    closure = row["closure"]
    shared = closure["shared"] is True
    found = shared if expected == "shared" else closure["label"] == expected and not shared
    kept = {key: closure[key] for key in ("value", "low", "high", "label", "shared", "fall")}
    told = {"study": study, "constraint": row["constraint"], "ladder": row["ladder"], "expected": expected}
    return {**told, **kept, "judged": judged, "passed": found or not judged}


def _nothing(study: str, expected: str) -> Row:
    empty = dict.fromkeys(("constraint", "ladder", "value", "low", "high", "label", "shared", "fall"))
    return {"study": study, "expected": expected, **empty, "judged": True, "passed": False}
