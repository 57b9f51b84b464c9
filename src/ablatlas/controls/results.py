"""What all controls found, in one file: whether they pass, and of each kind its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablatlas import record
from ablatlas.controls import aa, anchors, doses, nulls, penalties, strict
from ablatlas.controls.work import Work
from ablatlas.study import load

VERSION = 1

Row = dict[str, Any]


def collect(work: Work, published: bool = True) -> Row:
    """The results of all controls, from the files that their jobs have written.

    Raises OSError where one is missing, and MeasureError where a record cannot be measured.
    """
    found = {name: _read(work, one.results) for name, one in work.measured.items()}
    exact = {name: strict.intervals(work.studies[name], published) for name in ("dose_data", "dose_steps", nulls.STUDY)}
    draws = aa.check([row for block in work.blocks() for row in _read(work, block.file)])
    sections = {
        "aa": {**draws, "judged": work.judged, "passed": draws["passed"] or not work.judged},
        "null": _nulls(work, exact[nulls.STUDY], published),
        "dose": [
            row
            for name, dose in doses.DOSES.items()
            for row in doses.check(name, found[dose.study], exact.get(dose.study, {}), work.judged)
        ],
        "synthetic": [
            {**row, "judged": work.judged, "passed": row["passed"] or not work.judged}
            for file in work.synthetic().values()
            for row in _read(work, file)
        ],
        "uniform": [row for name in penalties.PENALTIES for row in penalties.check(name, found[name], work.judged)],
        "twice": [
            {**row, "judged": False, "passed": True} for file in work.twice().values() for row in _read(work, file)
        ],
        "anchors": [
            anchors.check(load(name, work.scale, root=work.root), anchor, work.judged)
            for name, anchor in work.anchors.items()
        ],
    }
    return {"passed": not failures(sections), "digest": work.digest, "scale": work.scale, **sections}


def failures(found: Mapping[str, Any]) -> list[str]:
    """One line for each control that failed."""
    sections = {name: [rows] if isinstance(rows, dict) else rows for name, rows in found.items() if name in LINES}
    failed = ((name, row) for name, rows in sections.items() for row in rows if not row["passed"])
    return [f"{name}: {LINES[name].format_map(row)}" for name, row in failed]


LINES = {
    "aa": "{excluding_one:.1%} of {draws} intervals exclude 1, {false_verdicts:.1%} of the draws end in a verdict",
    "null": "{null}",
    "dose": "{dose}, {measure}: {value} ({low} to {high}) where {answer} was built in; fired, and must not: {astray}",
    "synthetic": "{measure}, {kind}, n = {seeds}: coverage {coverage}, false RELAXED {false_relaxed}, power {power}",
    "uniform": "{study}, {ladder}: {label}, shared {shared}, where {expected} is true",
    "twice": "{study}, {variant}",
    "anchors": "{study}, {ladder}: {verdict} where {expected} was published",
}


def _nulls(work: Work, exact: Mapping[tuple[str, str], Any], published: bool) -> list[Row]:
    study = work.studies[nulls.STUDY]
    records = (record.read(work.root / study.record(cell, published)) for cell in study.cells)
    return [nulls.bits(records), nulls.names(exact.get((nulls.RENAMED, nulls.LADDER)), work.judged)]


def _read(work: Work, path: Path) -> Any:
    return json.loads((work.root / path).read_text(encoding="utf-8"))
