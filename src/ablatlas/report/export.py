"""What a paper takes from a report: a macro for every number, tables, a bibliography, all in LaTeX's own terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ablatlas.report import cite, forest, numbers, style
from ablatlas.report.outcomes import p_words, size
from ablatlas.report.view import CONSTRAINTS, Row, View
from ablatlas.report.words import measure
from ablatlas.stats.atlas import hours

FILES = ("numbers.tex", "verdicts.tex", "cite.bib", "forest.pdf")
# What the reports print and plain LaTeX does not know, or takes for a command.
SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}",
    "×": r"\ensuremath{\times}", "−": r"\ensuremath{-}", "–": "--", "—": "---", "ρ": r"\ensuremath{\rho}",
    "β": r"\ensuremath{\beta}", "…": r"\ldots{}", "“": "``", "”": "''",
}  # fmt: skip
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
DIGITS = dict(enumerate(("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")))


def latex(text: str) -> str:
    """Printed text in LaTeX."""
    parts = re.split("([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    return "".join(
        f"\\ensuremath{{^{{{part.translate(POWERS)}}}}}" if k % 2 else "".join(SIGNS.get(c, c) for c in part)
        for k, part in enumerate(parts)
    )


def macro(*words: str) -> str:
    """A name that LaTeX takes for a command: letters alone, each word capitalized, digits spelled out."""
    found = re.findall("[A-Za-z]+|[0-9]", " ".join(words))
    return "\\Abl" + "".join(DIGITS[int(word)] if word.isdigit() else word[:1].upper() + word[1:] for word in found)


def write(view: View, folder: Path) -> None:
    """Write numbers.tex, verdicts.tex, cite.bib and forest.pdf to `folder`."""
    (folder / "numbers.tex").write_text(macros(view), encoding="utf-8")
    (folder / "verdicts.tex").write_text(verdicts(view), encoding="utf-8")
    (folder / "cite.bib").write_text(f"{cite.report(view)}\n\n{cite.paper(view)}\n", encoding="utf-8")
    (folder / "forest.pdf").write_bytes(style.render(forest.draw(view), "pdf"))


def macros(view: View) -> str:
    """A command for every number that the report quotes, named by study, constraint, ladder, contrast and quantity.

    Each is followed by the digests of its runs. Raises ValueError for a name that two numbers would share.
    """
    found: dict[str, str] = {}
    for name, value, source in _quoted(view):
        if name in found:
            raise ValueError(f"{view.study.name}: two numbers would be called {name}")
        found[name] = f"\\newcommand{{{name}}}{{{latex(value)}}} % {source}"
    head = f"% {view.study.title}, report {view.study.digest}: inputs of a paper, made with the report. Do not edit."
    return "\n".join([head, *found.values()]) + "\n"


def _quoted(view: View) -> Iterator[tuple[str, str, str]]:
    """(command, printed value, where it comes from)."""
    results, name = view.results, view.study.name
    whole = f"results {results['digest']}"
    yield macro(name, "digest"), results["digest"], whole
    yield macro(name, "scale"), results["scale"], whole
    yield macro(name, "seeds"), str(len(results["seeds"]["confirmation"])), whole
    if results.get("cost"):
        yield macro(name, "runs"), numbers.number(results["cost"]["runs"]), whole
        yield macro(name, "core hours"), f"{hours(results):.2f}", whole
    for verdict in view.verdicts:
        own = (name, verdict["constraint"], verdict["ladder"] or verdict["measure"], verdict["contrast"])
        source = _source(verdict)
        yield macro(*own, "rho"), numbers.ratio(verdict["rho"]), source
        yield macro(*own, "level"), numbers.percent(verdict["level"]), source
        yield macro(*own, "verdict"), verdict["verdict"], source
        yield macro(*own, "size"), size(verdict), source
        yield macro(*own, "p"), p_words(verdict).replace(numbers.MISSING, "not tested"), source


def _source(verdict: Row) -> str:
    digests = sorted({key.split("-s")[0] for key in verdict["runs"]})
    return f"{len(verdict['runs'])} runs: {', '.join(digests)}" if digests else "counted, or read from the clock"


def verdicts(view: View) -> str:
    """A tabular of the verdicts on the plain ablation, to be set inside a table."""
    rows = [
        (
            CONSTRAINTS[v["constraint"]],
            measure(v),
            numbers.ratio(v["rho"]),
            size(v),
            p_words(v),
            v["reason"] or v["verdict"],
        )
        for v in view.verdicts
        if v["role"] == "without"
    ]
    heads = ("constraint", "measure", "ρ", "n", "p", "verdict")
    lines = [" & ".join(map(latex, row)) + r" \\" for row in (heads, *rows)]
    return "\n".join(
        [r"\begin{tabular}{llllll}", r"\hline", lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}", ""]
    )
