"""The atlas as a table that sorts and filters: studies × seven constraints, each cell leading to its evidence."""

from __future__ import annotations

from html import escape

from ablatlas.report import heatmap, numbers, trace
from ablatlas.report.html import Html, inline, join
from ablatlas.report.view import CONSTRAINTS, HARD, Row, Rows, headline, why_not
from ablatlas.report.words import CLAIMED, MARKS
from ablatlas.stats.atlas import NOT_MEASURED, VERDICTS, claimed, outcome

CAPTION = (
    "Verdicts by study and constraint. A cell leads to its evidence in the study's report; its colour is ρ, orange "
    "below 1 and blue above; solid outline: claimed by the essays, dashed: implied."
)


def draw(studies: Rows, years: dict[str, str]) -> Html:
    """The table and its form. years: of each study's paper."""
    names = ["study", "year", *(f"{label} ({'hard' if name in HARD else 'leverage'})" for name, label in _columns())]
    head = "".join(f'<th scope="col" aria-sort="none">{escape(name)}</th>' for name in names)
    body = "".join(_row(results, years[results["study"]], names[2:]) for results in studies)
    table = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(CAPTION)}"><table class="map stacked">'
        f"<caption><span>{escape(CAPTION)}</span></caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return join(_form(len(studies)), Html(table))


def _columns() -> list[tuple[str, str]]:
    return list(CONSTRAINTS.items())


def _form(count: int) -> Html:
    """Hidden until the script that serves it runs."""
    verdicts = _options(*((word, f"{MARKS[word]} {word}") for word in VERDICTS), (NOT_MEASURED, NOT_MEASURED))
    claims = _options(*((word, word) for word in CLAIMED.values()))
    return Html(
        '<form class="filters" hidden aria-label="Sort and filter the table">'
        '<label>study <input type="search" name="text"></label>'
        f'<label>verdict <select name="verdict">{verdicts}</select></label>'
        f'<label>the essays <select name="claim">{claims}</select></label>'
        '<label>sort by <select name="by"></select></label>'
        '<label>largest first <input type="checkbox" name="down"></label>'
        f'<output role="status">{count} of {count} studies</output></form>'
    )


def _options(*pairs: tuple[str, str]) -> str:
    return "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in (("", "any"), *pairs))


def title(results: Row) -> str:
    """A study's name as it is printed."""
    return str(results.get("title", results["study"]))


def report(results: Row, place: str = "") -> str:
    """The address of a study's report, seen from the atlas. place: of what in it."""
    return f"../{results['study']}/report.html" + (f"#{place}" if place else "")


def _row(results: Row, year: str, labels: list[str]) -> str:
    name = title(results)
    link = f'<a href="{escape(report(results))}">{escape(name)}</a>'
    cells = (_cell(results, *pair) for pair in zip(CONSTRAINTS, labels, strict=True))
    return (
        f'<tr><th scope="row" data-sort="{escape(name.lower())}">{link}</th>'
        f'<td class="number" data-name="year" data-sort="{escape(year)}">{escape(year)}</td>{"".join(cells)}</tr>'
    )


def _cell(results: Row, constraint: str, label: str) -> str:
    verdict, claim = headline(results, constraint), CLAIMED[claimed(results, constraint)]
    color = heatmap.color(verdict)
    size = "" if verdict is None else heatmap.size(verdict)
    kinds = ["dark"] if heatmap.dark(color) else []
    kinds += [claim] if claim != CLAIMED[False] else []
    return (
        f'<td class="{" ".join(kinds)}" style="background:{heatmap.hexed(color)}" data-name="{escape(label)}" '
        f'data-sort="{size}" data-verdict="{outcome(results, constraint)}" data-claim="{claim}">'
        f"{_said(results, constraint, verdict)}{'' if claim == CLAIMED[False] else f'<br>{claim}'}</td>"
    )


def _said(results: Row, constraint: str, verdict: Row | None) -> str:
    if verdict is None:
        return f'<a href="{escape(report(results))}">{NOT_MEASURED}</a>: {inline(why_not(results, constraint))}'
    word = f"{MARKS[verdict['verdict']]} {verdict['verdict']}"
    lines = [
        f'<a href="{escape(report(results, trace.evidence(verdict)))}"><strong class="mark">{word}</strong></a>',
        *([inline(verdict["reason"])] if verdict["reason"] else []),
        numbers.ratio(verdict["rho"]),
        *([] if heatmap.closes(verdict) else ["gap not closing"]),
        *(["exploratory"] if verdict["exploratory"] else []),
    ]
    return "<br>".join(lines)
