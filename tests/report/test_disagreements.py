"""Where essays and papers disagree: what is declared is whole, what is measured comes from results."""

from pathlib import Path
from typing import Any

import findings
import pytest
from omegaconf import OmegaConf

from ablatlas.report import disagreements
from ablatlas.report.view import ReportError


def written(folder: Path, **changes: Any) -> Path:
    """A file of one disagreement on the shortcut, changed."""
    test = {"study": "residual", "constraint": "optimization", "contrast": "without"}
    speaks = {"RELAXED": "essays", "UNCHANGED": "papers", "TIGHTENED": "papers"}
    entry = {"essays": "One thing.", "paper": "Another.", "test": test, "speaks": speaks} | changes
    (folder / "params").mkdir()
    OmegaConf.save({"dispute": entry}, folder / disagreements.FILE)
    return folder


def test_the_file_is_whole_and_types_no_verdict() -> None:
    assert len(disagreements.read(findings.ROOT)) >= 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "RELAXED"}, "dispute has essays, paper, speaks, test, verdict; expected essays"),
        ({"test": {"study": "residual", "constraint": "taste", "contrast": "without"}}, "a constraint of data"),
        (
            {"test": {"study": "x", "constraint": "data", "contrast": "y", "measure": "z"}},
            "measure is z; expected one of",
        ),
        ({"speaks": {"RELAXED": "me"}}, "expected essays or papers for each of RELAXED"),
    ],
)
def test_what_is_not_whole_is_named(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=said):
        disagreements.read(written(tmp_path, **changes))


@pytest.mark.parametrize(
    ("word", "side"), [("RELAXED", "essays"), ("UNCHANGED", "papers"), ("INCONCLUSIVE", "neither, so far")]
)
def test_the_verdict_is_that_of_the_results(word: str, side: str, tmp_path: Path) -> None:
    found = findings.results(findings.study("residual"))
    found["verdicts"] = [v | {"verdict": word} for v in found["verdicts"]]
    shown = disagreements.section([found], written(tmp_path)).text
    assert f">{word}</strong>" in shown
    assert f">{side}</td>" in shown
    assert "../residual/report.html#ladder-depth" in shown


def test_a_measure_that_is_named_is_the_one_that_is_read(tmp_path: Path) -> None:
    found = findings.results(findings.study("residual"))
    found["verdicts"] = [
        v | {"verdict": "TIGHTENED" if v["measure"] == "time_to_target" else "RELAXED"} for v in found["verdicts"]
    ]
    test = {"study": "residual", "constraint": "optimization", "contrast": "without", "measure": "time_to_target"}
    shown = disagreements.section([found], written(tmp_path, test=test)).text
    assert ">TIGHTENED</strong>" in shown
    assert "time to target" in shown


def test_what_nobody_measured_is_told_so(tmp_path: Path) -> None:
    assert "not yet: no such study here" in disagreements.section([], written(tmp_path)).text
