"""Pieces of HTML that a notebook shows and a page contains: text, tables, figures. Nothing is fetched."""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

PAGE = 504.0  # points: a drawing of this width takes the page's whole width


@dataclass(frozen=True, repr=False)
class Html:
    """A piece of a page; a notebook displays it, `text` is its source."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Html of {len(self.text)} characters>"


@dataclass(frozen=True)
class Column:
    """A table's column: its heading, and whether it holds numbers (set flush right)."""

    name: str
    numeric: bool = False


def paragraph(text: str, kind: str = "") -> Html:
    """One paragraph of text; what stands between backquotes is code."""
    return Html(f"<p{_class(kind)}>{inline(text)}</p>")


def inline(text: str) -> str:
    """Text as HTML; what stands between backquotes is code, and `[words](#place)` leads to a place of the page."""
    linked = re.sub(r"\[([^\]]+)\]\((#[\w=.-]+)\)", r'<a href="\2">\1</a>', escape(text))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked)


def bullets(items: Iterable[str]) -> Html:
    """A list of texts; what stands between backquotes is code."""
    return Html("<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>")


def code(text: str) -> Html:
    """Verbatim text."""
    return Html(f'<pre tabindex="0">{escape(text)}</pre>')


def details(summary: str, *parts: Html) -> Html:
    """Parts that a reader may open; print shows them."""
    inside = "".join(part.text for part in parts)
    return Html(f"<details><summary>{escape(summary)}</summary>{inside}</details>")


def link(words: str, to: str) -> Html:
    """A link to a file of the same set of pages."""
    return Html(f'<a href="{escape(to)}">{escape(words)}</a>')


def join(*parts: Html) -> Html:
    """Parts one after another."""
    return Html("\n".join(part.text for part in parts))


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str | Html]], kind: str = "") -> Html:
    """A table whose first column names its rows; cells are plain texts or pieces of HTML.

    kind: `stacked` sets each row as a list under its name where a page is narrow.
    """
    head = "".join(f'<th scope="col"{_number(c)}>{escape(c.name)}</th>' for c in columns)
    body = "".join(f"<tr>{_row(columns, row)}</tr>" for row in rows)
    return Html(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table{_class(kind)}>'
        f"<caption><span>{escape(caption)}</span></caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(columns: Sequence[Column], row: Sequence[str | Html]) -> str:
    cells = [cell.text if isinstance(cell, Html) else escape(cell) for cell in row]
    first, *rest = zip(columns, cells, strict=True)
    return f'<th scope="row"{_number(first[0])}>{first[1]}</th>' + "".join(
        f'<td{_number(column)} data-name="{escape(column.name)}">{cell}</td>' for column, cell in rest
    )


def _number(column: Column) -> str:
    return _class("number" if column.numeric else "")


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def at(place: str, what: str | Html) -> Html:
    """Words, or parts of a page, that a link can lead to."""
    if isinstance(what, Html):
        return Html(f'<div id="{escape(place)}">{what.text}</div>')
    return Html(f'<span id="{escape(place)}">{inline(what)}</span>')


def figure(svg: bytes, alt: str, caption: str, place: str = "") -> Html:
    """A drawing inside the page itself, with a text for those who cannot see it. place: where links lead to it."""
    named = f' id="{escape(place)}"' if place else ""
    data = base64.b64encode(svg).decode()
    share = f"--share: {_points(svg) / PAGE:.3f}"
    return Html(
        f'<figure{named}><div class="scroll" tabindex="0" role="region" aria-label="{escape(alt)}">'
        f'<img alt="{escape(alt)}" style="{share}" src="data:image/svg+xml;base64,{data}"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _points(svg: bytes) -> float:
    """The width that a drawing declares, in points."""
    found = re.search(rb'<svg[^>]* width="([0-9.]+)pt"', svg)
    return float(found[1]) if found else PAGE
