"""Claims beside verdicts: what the essays say, cell by cell, and how many cells were found to be what."""

from __future__ import annotations

from ablatlas.report import answer, numbers, tables, text
from ablatlas.report.atlas_map import report, title
from ablatlas.report.html import Column, Html, join, link, table
from ablatlas.report.view import CONSTRAINTS, Row, Rows, headline, term, why_not
from ablatlas.report.words import CLAIMED, sentence
from ablatlas.stats.atlas import NOT_MEASURED, VERDICTS, claimed, confusion


def section(studies: Rows) -> Html:
    """What the essays say beside what was measured, claim by claim, and the count of both."""
    names = ("study", "the essays say", "constraint", "measured", "ρ", "p, across the atlas", "so it is", "supports it")
    columns = [Column(name, name in ("ρ", "p, across the atlas")) for name in names]
    rows = [
        [
            link(title(results), report(results)),
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
    """Counts of claimed against measured; implied cells stand apart."""
    columns = [Column("the essays"), *(Column(name, True) for name in (*VERDICTS, NOT_MEASURED))]
    counts = confusion(studies, list(CONSTRAINTS))
    rows = [[CLAIMED[claim], *map(str, found.values())] for claim, found in counts.items() if claim != "implied"]
    rows.append([f"{CLAIMED['implied']} (apart)", *map(str, counts["implied"].values())])
    caption = "Number of cells, claimed against measured. Implied cells are no evidence on how claims fare."
    return table(caption, columns, rows)
