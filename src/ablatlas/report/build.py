"""Executing a report's notebook and putting its files in place: all of them whole, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import papermill
from nbformat import NotebookNode

from ablatlas.record import write_whole
from ablatlas.report import export, heatmap, plots, style
from ablatlas.report.atlas import load as load_atlas
from ablatlas.report.page import body, page
from ablatlas.report.script import SORTING
from ablatlas.report.view import ReportError, load, read, read_controls

ATLAS = "../atlas/index.html"  # the atlas stands beside the reports of its scale
STUDY_FILES = {
    "This page as a notebook": "report.ipynb",
    "Figure as PDF": "figure.pdf",
    "BibTeX": "cite.bib",
    "Numbers for LaTeX": "numbers.tex",
    "Table for LaTeX": "verdicts.tex",
    "The atlas": ATLAS,
}
QUIET: dict[str, Any] = {
    "kernel_name": "python3",
    "progress_bar": False,
    "execution_timeout": 600,  # seconds; a cell that draws longer hangs
    "extra_arguments": ["--log-level=CRITICAL"],  # what goes wrong is raised; the rest is noise on every run
}


def study(name: str, scale: str, results: Path, out: Path, root: Path, controls: Path | None = None) -> None:
    """Write one study's report to the folder `out`: report.html, report.ipynb, figure.svg, .pdf, .png, and its exports.

    controls: what the controls of this version found, None where they were not run.
    Raises ReportError for results that cannot be reported; `out` is then as it was.
    """
    view = load(name, scale, results, root, controls)
    with _folder(out) as made:
        given = {"study": name, "scale": scale, "results": _from(made, results), "root": _from(made, root)}
        given |= {"figure": "figure", "controls": _from(made, controls)}
        notebook = execute(root / "workflow/notebooks/study.py", given, made)
        _write(made / "report.ipynb", nbformat.writes(notebook))
        export.write(view, made)
        title = f"{view.study.title}: an ablation report"
        _write(made / "report.html", page(title, body(notebook), STUDY_FILES))


def atlas(results: list[Path], out: Path, root: Path, controls: Path | None = None) -> None:
    """Write index.html and figure.svg, .pdf, .png of all studies to the folder `out`. Raises ReportError."""
    for path in results:
        read(path)
    read_controls(controls)
    with _folder(out) as made:
        given: dict[str, Any] = {"results": [_from(made, path) for path in results], "figure": "figure"}
        given |= {"controls": _from(made, controls), "root": _from(made, root)}
        notebook = execute(root / "workflow/notebooks/atlas.py", given, made)
        links = {"Figure as PDF": "figure.pdf", "Figure as SVG": "figure.svg"}
        _write(
            made / "index.html",
            page("Ablatlas: the reproducible ablation atlas of deep learning", body(notebook), links, SORTING),
        )


def controls(results: Path, out: Path, root: Path) -> None:
    """Write index.html and figure.svg, .pdf, .png of the controls to the folder `out`. Raises ReportError."""
    read_controls(results)
    with _folder(out) as made:
        given = {"results": _from(made, results), "figure": "figure"}
        notebook = execute(root / "workflow/notebooks/controls.py", given, made)
        links = {"Figure as PDF": "figure.pdf", "The atlas": ATLAS}
        _write(made / "index.html", page("Ablatlas: controls", body(notebook), links))


def figure(name: str, scale: str, results: list[Path], out: Path, root: Path) -> None:
    """Write the one figure of a study, or of the `atlas`, as SVG: to the byte that which stands beside its report.

    Raises ReportError for results that cannot be reported; `out` is then as it was.
    """
    if name == "atlas":
        drawn = heatmap.draw(load_atlas(map(str, results)))
    elif len(results) != 1:
        raise ReportError(f"{name}: found {len(results)} files of results, expected one: only `atlas` takes several")
    else:
        drawn, _ = plots.leading(load(name, scale, results[0], root))
    write_whole(out, style.render(drawn))


def _from(folder: Path, path: Path | None) -> str:
    """`path` as seen from `folder`, and from every folder beside it; empty for none."""
    return "" if path is None else os.path.relpath(path.resolve(), folder.resolve())


def execute(source: Path, parameters: Mapping[str, Any], cwd: Path) -> NotebookNode:
    """A percent notebook, run in the folder `cwd` with `parameters`; nothing in it tells when it ran.

    Raises ReportError for a parameter that the notebook does not declare, and for a cell that fails.
    """
    with tempfile.TemporaryDirectory(prefix="ablatlas-") as folder, _environment(Path(folder)):
        plain, done = Path(folder, "plain.ipynb"), Path(folder, "done.ipynb")
        nbformat.write(_numbered(jupytext.read(source)), plain)
        _check_parameters(source, plain, parameters)
        try:
            papermill.execute_notebook(plain, done, dict(parameters), cwd=cwd, **QUIET)
        except papermill.PapermillExecutionError as error:
            raise ReportError(f"{source.name}: {error.ename}: {error.evalue}") from error
        return _timeless(nbformat.read(done, as_version=4))


def _check_parameters(source: Path, notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Papermill itself only warns of a parameter that nothing reads."""
    known = papermill.inspect_notebook(notebook)
    if unknown := sorted(set(parameters) - set(known)):
        raise ReportError(f"{source.name}: no parameter {', '.join(unknown)}; it declares {', '.join(known)}")


def _numbered(notebook: NotebookNode) -> NotebookNode:
    """Cells named by their place: jupytext draws a random name for each."""
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"
    return notebook


def _timeless(notebook: NotebookNode) -> NotebookNode:
    """Without papermill's clock readings and the random name of the cell that it adds."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    return _numbered(notebook)


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Let the kernel neither read nor write in the user's own Jupyter and IPython folders."""
    places = {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    before = {name: os.environ.get(name) for name in places}
    os.environ.update(places)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` whose files take their places in `out` once all are made; gone if one fails."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        yield Path(folder)
        out.mkdir(exist_ok=True)
        for made in sorted(Path(folder).iterdir()):
            made.replace(out / made.name)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
