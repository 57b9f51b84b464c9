"""The controls' page, and what it makes of every report."""

import json
from pathlib import Path

import findings
import known
import pytest

from ablatlas.report import banners, controls, controls_figures, sections, style
from ablatlas.report.__main__ import main
from ablatlas.report.view import ReportError, View, read_controls


def under(found: dict | None) -> str:
    """The head of a report under some controls."""
    study = findings.study("residual")
    return sections.head(View(study, findings.results(study), found)).text


def test_a_failed_control_is_a_banner_on_every_report() -> None:
    assert 'class="banner">Controls failed (c0ffee012345): dose.' in under(known.failed())


def test_passed_controls_are_a_quiet_line() -> None:
    assert 'class="quiet">Controls passed (c0ffee012345).' in under(known.controls())
    assert 'class="quiet">Controls (A/A, null, dose): not run for this version.' in under(None)


@pytest.mark.parametrize("kind", banners.CONTROLS)
def test_the_kind_that_failed_is_named(kind: str) -> None:
    found = known.controls(passed=False)
    entry = found[kind] if isinstance(found[kind], dict) else found[kind][0]
    entry["passed"] = False
    assert banners.failures(found) == [kind]
    assert banners.CONTROLS[kind] in banners.controls_line(found)


def test_a_changed_registration_is_a_banner_with_what_it_was() -> None:
    changes = [{"key": "delta", "then": 1.2, "now": 1.1}, {"key": "ladders.rates", "then": None, "now": "edges"}]
    shown = sections.head(findings.view("residual", registration_changes=changes)).text
    assert '<div class="banner"><p>The registration was changed' in shown
    assert "<code>delta</code>: 1.2 then, 1.1 now" in shown
    assert "<code>ladders.rates</code>: nothing then, edges now" in shown
    assert "registration was changed" not in sections.head(findings.view("residual")).text


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_what_is_no_file_of_controls_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "controls.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=r"controls\.json"):
        read_controls(path)


def test_the_page_is_whole_and_says_what_failed(tmp_path: Path) -> None:
    path, out = tmp_path / "controls.json", tmp_path / "reports" / "controls"
    path.write_text(json.dumps(known.failed()), encoding="utf-8")
    assert main(["controls", "--results", str(path), "--out", str(out)]) == 0
    assert {made.name for made in out.iterdir()} == {"index.html", "figure.svg", "figure.pdf", "figure.png"}
    page = (out / "index.html").read_text(encoding="utf-8")
    for words in ("Controls failed", "4.5 % (2.1 to 8.4 %, Clopper–Pearson)", "half the data", "1.8 to 2.2", "shared",
                  "conservative", "not run for this version", "Plain networks get worse."):  # fmt: skip
        assert words in page


@pytest.mark.parametrize("kind", banners.CONTROLS)
def test_a_kind_that_was_not_run_says_so(kind: str) -> None:
    found = known.controls()
    del found[kind]
    shown = {"aa": controls.aa, "dose": controls.doses, "synthetic": controls.synthetic}
    part = shown[kind](found) if kind in shown else controls.listed(found, kind)
    assert "Not run." in part.text
    assert "not run" in controls.head(found).text


def test_what_was_not_judged_did_not_pass() -> None:
    found = known.controls()
    for row in found["uniform"]:
        row["judged"] = False
    assert "not judged" in controls.listed(found, "uniform").text


def test_the_caterpillar_tells_draws_that_leave_1_out() -> None:
    own = known.controls()["aa"]
    out = [row for row in own["intervals"] if controls_figures.leaves_out(row)]
    assert 0 < len(out) < 20
    drawn = style.render(controls_figures.caterpillar(own)).decode()
    assert drawn.count("stroke: #d55e00; stroke-width: 1.6") == len(out)


def test_shares_stand_without_a_caterpillar() -> None:
    found = known.controls()
    found["aa"].pop("intervals")
    assert "Of 200 draws, 4.5 %" in controls.aa(found).text
