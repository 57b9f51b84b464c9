"""How to cite a report, and the paper whose innovation it ablates."""

from ablatlas import __version__, references
from ablatlas.report.view import View


def report(view: View) -> str:
    """A BibTeX entry of the report; its digest says which configurations, seeds and statistics it stands for."""
    study = view.study
    return "\n".join(
        [
            f"@techreport{{ablatlas-{study.name}-{study.digest},",
            "  author = {{Ablatlas}},",
            f"  title = {{{study.title}: an ablation report}},",
            "  institution = {Ablatlas, the reproducible ablation atlas of deep learning},",
            f"  number = {{{study.digest}}},",
            f"  note = {{Scale {study.scale}, version {__version__}}},",
            "}",
        ]
    )


def paper(view: View) -> str:
    """The paper's own entry, as it stands in the bibliography."""
    text = (view.study.root / "params" / "references.bib").read_text(encoding="utf-8")
    return next(entry[0] for entry in references.ENTRY.finditer(text) if entry["key"] == view.study.paper)


def essays(view: View) -> list[str]:
    """The essays that make the claim, each as a line of prose."""
    source = view.study.claim["source"]
    known = references.read(view.study.root)
    return [f"{key}: {references.cite(known[key])}" for key in ([source] if isinstance(source, str) else source)]
