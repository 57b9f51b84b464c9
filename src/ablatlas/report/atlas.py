"""The sections of the atlas: the headline figure, the studies, and claims beside verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ablatlas.report import answer, banners, heatmap, numbers, runs, style, tables, text
from ablatlas.report.html import Column, Html, bullets, figure, inline, join, link, paragraph, table
from ablatlas.report.outcomes import closure
from ablatlas.report.view import CONSTRAINTS, HARD, Row, Rows, headline, read, read_controls, term, why_not
from ablatlas.report.words import MARKS, listed, sentence
from ablatlas.stats.atlas import claimed, with_discoveries

CLAIMS: dict[bool | str, str] = {True: "claimed", False: "not claimed"}
OUTCOMES = (*MARKS, "not measured")


def load(paths: Iterable[str]) -> Rows:
    """Results of all studies, in the order of their names. Raises ReportError."""
    return with_discoveries(sorted((read(Path(path)) for path in paths), key=lambda results: results["study"]))


def head(studies: Rows, controls: str = "") -> Html:
    """Title, warnings that come before anything else, and what the page is. controls: their file, if they were run."""
    smoke = [paragraph(banners.SMOKE, "banner")] if any(r["scale"] == "smoke" for r in studies) else []
    warnings = [*smoke, banners.controls(read_controls(controls))]
    count = f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}"
    lead = (
        f"Each breakthrough of deep learning, trained with and without its key innovation: which of seven constraints "
        f"did it relax? {count}, {_scales(studies)}."
    )
    return join(Html("<h1>The ablation atlas</h1>"), *warnings, paragraph(lead, "headline"))


def _scales(studies: Rows) -> str:
    return "scale " + listed(sorted({results["scale"] for results in studies}))


def main_figure(studies: Rows, stem: str = "") -> Html:
    """The heat map; with a `stem` it is also written as svg, pdf and png."""
    drawn = heatmap.draw(studies)
    if stem:
        style.save(drawn, Path(stem))
    alt = "Studies by constraints. " + " ".join(_spoken(results) for results in studies)
    caption = (
        "Measured verdicts beside claims. Colour: log₂ ρ, what the innovation is worth; "
        "mark: the verdict; outline: what the essays claim; hatched: the gap does not close with an ample supply. Grey "
        "cells carry the reason as a note."
    )
    return figure(style.render(drawn), alt, caption)


def _spoken(results: Row) -> str:
    cells = (f"{label} {_plain(results, name)}" for name, label in CONSTRAINTS.items())
    return f"{results.get('title', results['study'])}: {', '.join(cells)}."


def _plain(results: Row, constraint: str) -> str:
    verdict = headline(results, constraint)
    claim = {True: " (claimed)", "implied": " (implied)", False: ""}[claimed(results, constraint)]
    return (verdict["verdict"] if verdict else "not measured") + claim


def reading() -> Html:
    """How to read the figure."""
    return bullets(
        [
            "ρ is how much more the network without the innovation needs of a resource (examples, parameters, steps, "
            "FLOPs) for the same loss, or how many times farther the one with it gets along a ladder (deeper, longer, "
            "…) before half of its runs fail; > or < means that only a bound is known.",
            "▲ RELAXED: ρ is beyond the registered margin, as a rule 1.1, by an exact test corrected for the number "
            "of tests. ▼ TIGHTENED: below its inverse. = UNCHANGED: shown to lie between. ? INCONCLUSIVE: not "
            "decided, with the reason.",
            "A solid outline marks what the essays claim, a dashed one what they only imply. Implied cells are "
            "kept out of the count of claims.",
            "A hatched cell holds a ratio along a resource of which an ample supply does not close the gap, or closes "
            "it no more than along every axis: an exchange rate, not evidence for that constraint.",
            "A grey cell was not measured; the note says why. It is not evidence of anything.",
        ]
    )


def studies_table(studies: Rows) -> Html:
    """Every study with its verdicts, linked to its report."""
    columns = [Column("study"), *(Column(_grouped(name, label)) for name, label in CONSTRAINTS.items())]
    rows = [[link(_title(r), _report(r)), *(_cell(r, name) for name in CONSTRAINTS)] for r in studies]
    return table("Studies by constraints; each name leads to its report.", columns, rows)


def _title(results: Row) -> str:
    return str(results.get("title", results["study"]))


def _report(results: Row) -> str:
    return f"../{results['study']}/report.html"


def _grouped(name: str, label: str) -> str:
    return f"{label} ({'hard' if name in HARD else 'leverage'})"


def _cell(results: Row, constraint: str) -> Html:
    verdict = headline(results, constraint)
    if verdict is None:
        return Html(f"not measured: {inline(why_not(results, constraint))}{_said(results, constraint)}")
    shape = f"<br>{inline(closure(verdict['closure']))}" if verdict["closure"]["label"] else ""
    return Html(f"{tables.word(verdict).text}<br>{numbers.ratio(verdict['rho'])}{shape}{_said(results, constraint)}")


def _said(results: Row, constraint: str) -> str:
    claim = claimed(results, constraint)
    return "" if claim is False else f"<br>{CLAIMS.get(claim, claim)}"


def claims(studies: Rows) -> Html:
    """What the essays say beside what was measured, claim by claim, and the count of both."""
    names = ("study", "the essays say", "constraint", "measured", "ρ", "p, across the atlas", "so it is", "supports it")
    columns = [Column(name, name in ("ρ", "p, across the atlas")) for name in names]
    rows = [
        [
            link(_title(results), _report(results)),
            f"{sentence(results['claim'].get('text', ''))} ({', '.join(text.sources(results['claim']))})",
            label + ("" if claimed(results, name) is True else " (implied)"),
            *_measured(results, name),
        ]
        for results in studies
        for name, label in CONSTRAINTS.items()
        if claimed(results, name)
    ]
    caption = (
        "Claims beside verdicts. The verdict rests on p as Holm adjusted it within its study; beside it p as Benjamini "
        "and Hochberg adjust it across all that was tested in the atlas."
    )
    return join(table(caption, columns, rows), _confusion(studies))


def _measured(results: Row, constraint: str) -> list[str | Html]:
    verdict = headline(results, constraint)
    if verdict is None:
        return [f"not measured: {why_not(results, constraint)}", *[numbers.MISSING] * 4]
    supported = {True: "yes", False: "no", None: numbers.MISSING}[verdict["supported"]]
    role = answer.binding(verdict, term(results, answer.GROSS.get(constraint, "")))
    across = numbers.MISSING if verdict.get("p_bh") is None else numbers.p_value(verdict["p_bh"])
    return [tables.word(verdict), numbers.ratio(verdict["rho"]), across, role, supported]


def _confusion(studies: Rows) -> Html:
    """Counts of claimed against measured; implied cells stand in neither row."""
    columns = [Column(""), *(Column(name, True) for name in OUTCOMES)]
    rows = [[label, *(str(_count(studies, claim, name)) for name in OUTCOMES)] for claim, label in CLAIMS.items()]
    return table("Number of cells, claimed against measured; implied cells are left out.", columns, rows)


def _count(studies: Rows, claim: bool | str, outcome: str) -> int:
    cells = [(results, name) for results in studies for name in CONSTRAINTS if claimed(results, name) is claim]
    return sum((v["verdict"] if (v := headline(*cell)) else "not measured") == outcome for cell in cells)


def cost(studies: Rows) -> Html:
    """Runs of every study, how they ended, and what they cost."""
    names = ("study", "scale", "device", "confirmation runs", "tuning trials", "core-hours", "digest")
    rows = [
        [
            _title(results),
            results["scale"],
            results.get("device") or "not recorded",
            runs.states(results["states"]),
            str(sum(row["trials"] for row in results["tuning"].values())),
            _hours(results),
            results["digest"],
        ]
        for results in studies
    ]
    return table("Runs and cost.", [Column(name, name in ("tuning trials", "core-hours")) for name in names], rows)


def _hours(results: Row) -> str:
    cost = results.get("cost")
    return "not recorded" if not cost else f"{cost['core_seconds'] / 3600:.2f}"
