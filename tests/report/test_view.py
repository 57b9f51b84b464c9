"""Results that cannot be reported honestly are refused, with what was found and expected."""

import json
from pathlib import Path
from typing import Any

import findings
import pytest

from ablatlas.report.view import ReportError, View, load, read


def stored(folder: Path, **changes: Any) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps(findings.results(findings.study("residual")) | changes), encoding="utf-8")
    return path


def test_a_results_file_is_loaded_beside_its_study(tmp_path: Path) -> None:
    view = load("residual", "laptop", stored(tmp_path), findings.ROOT)
    assert view.ladders[0].name == "depth"
    assert {ladder.name for ladder in view.ladders} == set(view.study.ladders)
    assert view.roles["with"] == "with"


def test_a_measure_that_reports_do_not_know_is_named(tmp_path: Path) -> None:
    verdicts = [{"contrast": "without", "constraint": "compute", "measure": "taste"}]
    with pytest.raises(ReportError, match=r"measure 'taste'.*expected one of threshold"):
        read(stored(tmp_path, verdicts=verdicts))


def test_a_constraint_that_reports_do_not_know_is_named(tmp_path: Path) -> None:
    verdicts = [{"contrast": "without", "constraint": "taste", "measure": "threshold"}]
    with pytest.raises(ReportError, match=r"constraint 'taste'.*expected one of data"):
        read(stored(tmp_path, verdicts=verdicts))


def test_results_of_another_study_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="results of study residual, expected layernorm"):
        load("layernorm", "laptop", stored(tmp_path), findings.ROOT)


@pytest.mark.parametrize(("key", "value"), [("scale", "smoke"), ("digest", "000000000000")])
def test_results_of_another_scale_or_version_are_refused(key: str, value: str) -> None:
    study = findings.study("residual")
    with pytest.raises(ReportError, match=f"{key} is {value}"):
        View(study, findings.results(study) | {key: value})


def test_what_is_no_results_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="not a results file"):
        read(tmp_path / "missing.json")
    (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ReportError, match="no study, scale"):
        read(tmp_path / "empty.json")
