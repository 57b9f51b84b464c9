"""Whole pages, through the notebooks: complete, self-contained, readable by all, and there whole or not at all."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import findings
import nbformat
import pytest

from ablatlas.report import build, sections, trace
from ablatlas.report.__main__ import main
from ablatlas.report.view import ReportError

FIGURE = {"figure.svg", "figure.pdf", "figure.png"}
EXPORTS = {"numbers.tex", "verdicts.tex", "cite.bib", "forest.pdf"}
SECTIONS = ["Verdict", "Other ladders", "From steps to joules", "Learning curves", "Mechanism", "What was held equal",
            "Other contrasts", "Run states", "Tuning",
            "Expected, published, measured", "Limits", "Runs behind the numbers", "Registration",
            "Provenance and how to cite"]  # fmt: skip


class Page(HTMLParser):
    """The tags of a page with their attributes, and the text of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self.open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open = tag

    def handle_data(self, data: str) -> None:
        if self.open in ("h1", "h2", "h3") and data.strip():
            self.headings.append((self.open, data.strip()))


def stored(folder: Path, name: str, scale: str = "laptop", **changes: Any) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(findings.results(findings.study(name, scale)) | changes), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One study's report, in a folder that held something else before."""
    folder = tmp_path_factory.mktemp("study")
    out = folder / "reports" / "forget_gate"
    out.mkdir(parents=True)
    (out / "kept.txt").write_text("not ours", encoding="utf-8")
    results = str(stored(folder, "forget_gate"))
    assert main(["study", "forget_gate", "--results", results, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of two studies."""
    folder = tmp_path_factory.mktemp("atlas")
    results = [str(stored(folder, name)) for name in ("residual", "forget_gate")]
    out = folder / "reports" / "atlas"
    assert main(["atlas", "--results", *results, "--out", str(out)]) == 0
    return out


@pytest.fixture(params=["report", "atlas"])
def page(request: pytest.FixtureRequest) -> str:
    """The text of either page."""
    out: Path = request.getfixturevalue(request.param)
    return next(out.glob("*.html")).read_text(encoding="utf-8")


def test_a_report_is_whole(report: Path) -> None:
    assert {path.name for path in report.iterdir()} == {"report.html", "report.ipynb", "kept.txt", *FIGURE, *EXPORTS}
    assert [path.name for path in report.parent.iterdir()] == ["forget_gate"]
    assert all(path.stat().st_size for path in report.iterdir())


def test_an_atlas_is_whole(atlas: Path) -> None:
    assert {path.name for path in atlas.iterdir()} == {"index.html", *FIGURE}


def test_sections_come_in_order(report: Path) -> None:
    found = Page((report / "report.html").read_text(encoding="utf-8")).headings
    assert found == [("h1", findings.study("forget_gate").title), *(("h2", name) for name in SECTIONS)]


def test_pages_fetch_nothing(page: str) -> None:
    tags = Page(page).tags
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in tags}
    sources = [value for _, attributes in tags for key, value in attributes.items() if key in ("src", "srcset")]
    assert sources
    assert all(value and value.startswith("data:") for value in sources)
    assert not re.search(r"@import|url\(", page)


def test_only_the_atlas_runs_something_and_it_stands_in_the_page(report: Path, atlas: Path) -> None:
    for file, count in ((report / "report.html", 0), (atlas / "index.html", 1)):
        scripts = [attributes for tag, attributes in Page(file.read_text(encoding="utf-8")).tags if tag == "script"]
        assert scripts == [{}] * count


def test_links_within_a_page_lead_somewhere(page: str) -> None:
    tags = Page(page).tags
    places = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(places) == len(set(places))
    inside = {
        str(attributes["href"])[1:] for tag, attributes in tags if tag == "a" and str(attributes["href"])[0] == "#"
    }
    assert inside <= set(places)


def test_cells_of_the_atlas_lead_to_evidence_in_the_report(report: Path, atlas: Path) -> None:
    places = {a.get("id") for _, a in Page((report / "report.html").read_text(encoding="utf-8")).tags}
    links = [str(a["href"]) for tag, a in Page((atlas / "index.html").read_text(encoding="utf-8")).tags if tag == "a"]
    found = {link.partition("#")[2] for link in links if link.startswith("../forget_gate/report.html#")}
    assert "ladder-length" in found
    assert found <= places


def test_every_verdict_of_a_report_leads_to_its_runs(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    for verdict in findings.results(findings.study("forget_gate"))["verdicts"]:
        assert page.count(f'href="#{trace.place(verdict)}"') >= 1
    assert "0f3a-s0…s9-sequential-2.13.0+cpu-cpu-t1" in page


def test_a_page_answers_the_three_questions(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    for question in ("tune the ablated arm?", "would an A/A pass?", "differs between the arms?"):
        assert page.count(question) == 1
    assert "as many as <code>with</code>, on the same grids" in page
    assert "An A/A was not run for this version." in page
    assert "<code>model.forget</code>: <code>" in page


def test_links_stay_among_the_pages(page: str) -> None:
    links = [str(attributes["href"]) for tag, attributes in Page(page).tags if tag == "a"]
    assert links
    assert not [link for link in links if re.match(r"[a-z]+:|/", link)]


def test_every_picture_is_described(page: str) -> None:
    pictures = [attributes for tag, attributes in Page(page).tags if tag == "img"]
    assert pictures
    assert all(len(attributes.get("alt") or "") > 40 for attributes in pictures)


def test_every_table_names_itself_and_its_rows(page: str) -> None:
    tags = [tag for tag, _ in Page(page).tags]
    assert tags.count("table") == tags.count("caption") > 0
    assert all(attributes.get("scope") for tag, attributes in Page(page).tags if tag == "th")


def test_pages_say_their_language_and_fit_a_phone(page: str) -> None:
    tags = Page(page).tags
    assert ("html", {"lang": "en"}) in tags
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in tags


def test_no_code_and_no_local_path_is_shown(report: Path, page: str) -> None:
    assert "sections." not in page
    assert "import" not in re.sub(r"import\w", "", page)
    assert str(report.parents[1]) not in page


def test_the_notebook_tells_neither_when_nor_where_it_ran(report: Path) -> None:
    notebook = nbformat.read(report / "report.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert "papermill" not in notebook.metadata
    assert not [cell for cell in notebook.cells if {"papermill", "execution"} & set(cell.metadata)]
    assert str(report.parents[1]) not in (report / "report.ipynb").read_text(encoding="utf-8")
    assert [cell.id for cell in notebook.cells] == [f"cell-{k}" for k in range(len(notebook.cells))]


def test_the_atlas_links_every_report(atlas: Path) -> None:
    page = (atlas / "index.html").read_text(encoding="utf-8")
    for name in ("residual", "forget_gate"):
        assert f'href="../{name}/report.html"' in page


def test_a_smoke_report_is_never_a_claim() -> None:
    study = findings.study("residual", "smoke")
    from ablatlas.report.view import View

    shown = sections.head(View(study, findings.results(study))).text
    assert 'class="banner">Smoke scale: this run proves the plumbing. Nothing on this page is ever a claim.' in shown


def test_a_parameter_that_the_notebook_does_not_declare_fails(tmp_path: Path) -> None:
    notebook = findings.ROOT / "workflow" / "notebooks" / "study.py"
    with pytest.raises(ReportError, match="no parameter stduy; it declares study, scale, results, root, figure"):
        build.execute(notebook, {"stduy": "residual"}, tmp_path)


def test_wrong_results_are_one_line_and_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = str(stored(tmp_path, "residual", digest="000000000000"))
    out = tmp_path / "reports" / "residual"
    assert main(["study", "residual", "--results", results, "--out", str(out)]) == 2
    assert capsys.readouterr().err.startswith("error: results of residual: digest is 000000000000")
    assert not out.parent.exists()


@pytest.mark.parametrize("failure", [ReportError("a cell failed"), KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_build_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def drawn_and_stopped(source: Path, parameters: dict[str, Any], cwd: Path) -> nbformat.NotebookNode:
        (cwd / "figure.svg").write_text("new", encoding="utf-8")
        raise failure

    out = tmp_path / "reports" / "residual"
    out.mkdir(parents=True)
    (out / "figure.svg").write_text("old", encoding="utf-8")
    monkeypatch.setattr(build, "execute", drawn_and_stopped)
    with pytest.raises(type(failure)):
        build.study("residual", "laptop", stored(tmp_path, "residual"), out, findings.ROOT)
    assert [path.name for path in out.parent.iterdir()] == ["residual"]
    assert (out / "figure.svg").read_text(encoding="utf-8") == "old"
