"""The file of all controls: whole whether they pass or not; the command that fails says what did."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablatlas.controls import anchors, nulls, results, strict, twice
from ablatlas.controls.__main__ import main
from ablatlas.controls.results import failures
from ablatlas.controls.work import load as load_work
from ablatlas.record import write_whole
from ablatlas.study import Study, load

Row = dict[str, Any]
ANCHOR = {"ladder": "depth", "verdict": "RELAXED", "published": "so they say"}


def whole(**changes: Any) -> Row:
    aa = {"draws": 200, "excluding_one": 0.045, "false_verdicts": 0.0, "passed": True}
    null = [{"null": "an extra draw", "passed": True}]
    sections: Row = {"aa": aa, "null": null, "dose": [], "synthetic": [], "uniform": [], "twice": [], "anchors": []}
    found = sections | changes
    return {"passed": not failures(found), "digest": "0" * 12, "scale": "laptop", **found}


def test_all_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "controls.json"
    file.write_text(json.dumps(whole()), encoding="utf-8")
    assert main(["check", "--results", str(file)]) == 0
    assert capsys.readouterr().out == "all controls passed at scale laptop (000000000000)\n"


def test_what_failed_is_told_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    penalty = {
        "study": "penalty_plus",
        "ladder": "width",
        "label": "closing",
        "shared": False,
        "expected": "persistent",
    }
    found = whole(uniform=[penalty | {"passed": False}], null=[{"null": "other names", "passed": False}])
    assert found["passed"] is False
    file = tmp_path / "controls.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    assert main(["check", "--results", str(file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "null: other names",
        "uniform: penalty_plus, width: closing, shared False, where persistent is true",
    ]


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--results", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_every_control_is_collected_whether_it_passes_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At smoke scale chance fails nothing, but what must be exact does: here no dose has an answer."""
    work = replace(load_work("smoke"), root=tmp_path)
    draws = {"value": None, "low": 1.5, "high": 2.0, "verdict": "RELAXED", "reason": None}
    row = {"measure": "resource", "kind": "steep", "seeds": 5, "simulations": 9, "coverage": 0.1, "passed": False}
    files: dict[Path, Any] = {one.results: {"verdicts": [], "chain": None} for one in work.measured.values()}
    files |= {block.file: [draws] for block in work.blocks()}
    files |= {file: [row | {"false_relaxed": 0.5, "power": None}] for file in work.synthetic().values()}
    files |= {file: [{"study": "x", "variant": "with", "seed": 1000, "same": False}] for file in work.twice().values()}
    for file, content in files.items():
        write_whole(tmp_path / file, json.dumps(content).encode())
    monkeypatch.setattr(strict, "intervals", lambda study, published: {})
    monkeypatch.setattr(results, "load", lambda name, scale, root: load(name, scale))
    monkeypatch.setattr(anchors, "results_of", lambda study: [])
    monkeypatch.setattr(nulls, "bits", lambda records: {"null": "an extra draw", "passed": True})

    found = results.collect(work)
    assert set(found) == {"passed", "digest", "scale", *results.LINES}
    assert (found["passed"], found["digest"]) == (False, work.digest)
    assert found["aa"]["draws"] == work.draws
    assert found["aa"]["false_verdicts"] == 1
    assert len(found["synthetic"]) == len(work.synthetic())
    assert [one["study"] for one in found["anchors"]] == list(work.anchors)
    failed = [line.split(":")[1].split(",")[0].strip() for line in failures(found) if line.startswith("dose")]
    assert failed == ["C", "C", "W", "W"]
    assert {line.split(":")[0] for line in failures(found)} == {"dose", "uniform"}  # no axis at all was penalised


# --- anchors ---


@pytest.mark.parametrize(
    ("verdict", "judged", "passed"),
    [("RELAXED", True, True), ("INCONCLUSIVE", True, False), ("INCONCLUSIVE", False, True)],
)
def test_an_anchor_holds_where_the_study_was_run(
    verdict: str, judged: bool, passed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.json"
    rows = [{"ladder": "depth", "role": "strong", "verdict": "TIGHTENED"}, {"ladder": "depth", "role": "without"}]
    rows[1]["verdict"] = verdict
    file.write_text(json.dumps({"verdicts": rows}), encoding="utf-8")
    monkeypatch.setattr(anchors, "results_of", lambda study: [file])
    found = anchors.check(load("residual"), ANCHOR, judged)
    assert (found["verdict"], found["passed"]) == (verdict, passed)


def test_an_anchor_whose_study_was_not_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "results_of", lambda study: [])
    found = anchors.check(load("residual"), ANCHOR)
    assert (found["state"], found["verdict"], found["passed"]) == ("not run for this version", None, True)


# --- the same seed twice ---


def test_two_processes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter([{"with": "a", "without": "b"}, {"with": "a", "without": "c"}])

    def ask(study: Study) -> dict[str, str]:
        return next(asked)

    monkeypatch.setattr(twice, "_ask", ask)
    found = twice.compare(load("residual", "smoke"))
    assert [(one["variant"], one["same"]) for one in found] == [("with", True), ("without", False)]


def test_a_fresh_process_tells_its_bits(capsys: pytest.CaptureFixture[str]) -> None:
    study = load("penalty_plus", "smoke")
    assert main(["fingerprints", study.name, "--scale", "smoke"]) == 0
    here = json.loads(capsys.readouterr().out)
    assert here == twice._ask(study)
    assert here["with"] == here["without"]  # a penalty on what is judged changes no parameter
