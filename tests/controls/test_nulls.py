"""Nulls: equal bits, and a ratio of 1 for other names."""

import math
from pathlib import Path

import pytest
from invented import worked

from ablatlas import record
from ablatlas.controls import nulls, strict
from ablatlas.record import Record
from ablatlas.stats.ratio import Ratio


def test_the_control_passes_where_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = worked(nulls.STUDY, tmp_path, monkeypatch)
    found = nulls.bits(record.read(study.root / study.record(cell)) for cell in study.cells)
    assert found["passed"]
    assert found["runs"] == len(study.cells) * len(study.seeds["confirmation"])
    names = nulls.names(strict.intervals(study)[nulls.RENAMED, nulls.LADDER])
    assert names["passed"], names


def test_one_other_bit_fails() -> None:
    one = Record(
        run=[{"arm": arm, "seed": seed} for arm in ("with", "without") for seed in (0, 1)],
        outcome=[{"parameters": bits} for bits in ("a", "b", "a", "c")],
    )
    found = nulls.bits([one])
    assert (found["runs"], found["equal"], found["passed"]) == (2, 1, False)
    assert not nulls.bits([])["passed"]


@pytest.mark.parametrize(
    ("ratio", "passed"),
    [
        (Ratio(1.1, 0.8, 1.4), True),
        (Ratio(1.5, 1.2, 1.9), False),
        (Ratio(1.1, 0.8, math.inf), False),  # open, and so no evidence
        (Ratio(None, 0.0, math.inf), False),
        (None, False),
    ],
)
def test_other_names_leave_the_ratio_at_one(ratio: Ratio | None, passed: bool) -> None:
    assert nulls.names(ratio)["passed"] is passed
    assert nulls.names(ratio, judged=False)["passed"]
