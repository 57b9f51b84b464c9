"""Anchors: directions that were published, and that a faithful replication finds again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ablatlas.controls.work import results_of
from ablatlas.study import Study

VERSION = 1

Row = dict[str, Any]


def check(study: Study, anchor: Mapping[str, Any], judged: bool = True) -> Row:
    """Whether the study's results, where there are any, have the verdict that was published."""
    told = {
        "study": study.name,
        "ladder": anchor["ladder"],
        "expected": anchor["verdict"],
        "published": anchor["published"],
    }
    found = results_of(study)
    if not found:
        return {**told, "verdict": None, "state": "not run for this version", "judged": False, "passed": True}
    rows = json.loads((study.root / found[0]).read_text(encoding="utf-8"))["verdicts"]
    verdict = next((r["verdict"] for r in rows if (r["ladder"], r["role"]) == (anchor["ladder"], "without")), None)
    return {
        **told,
        "verdict": verdict,
        "state": "run",
        "judged": judged,
        "passed": verdict == anchor["verdict"] or not judged,
    }
