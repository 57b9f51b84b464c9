"""The sections of the controls' page: every comparison whose answer is known, and whether it was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ablatlas.report import banners, numbers, style
from ablatlas.report import controls_figures as drawn
from ablatlas.report.banners import CONTROLS, entries
from ablatlas.report.captions import Words
from ablatlas.report.html import Column, Html, figure, inline, join, paragraph, table
from ablatlas.report.outcomes import closure
from ablatlas.report.tables import Cells, columns
from ablatlas.report.view import Row, read_controls
from ablatlas.report.words import words

ASKED = {
    "aa": "one arm against itself, on fresh seeds of its own: intervals leave 1 out, and verdicts fall, as rarely as "
    "chance allows",
    "null": "a change that cannot matter: an extra keyed draw, permuted or renamed units",
    "dose": "a change whose effect is known: twice the data, steps, work or seconds",
    "synthetic": "simulated arms through the same code, their truth known",
    "uniform": "a penalty on the loss everywhere: a constant is persistent, a factor shared",
    "twice": "the same seeds run twice give the same bits",
    "anchors": "published directions that a faithful replication matches",
}


def load(results: str | Path) -> Row:
    """What the controls found. Raises ReportError."""
    found = read_controls(results)
    assert found is not None
    return found


def head(found: Row) -> Html:
    """Title, and whether the controls passed."""
    where = ", ".join(str(found[key]) for key in ("scale", "device") if found.get(key))
    lead = "Before a verdict is believed, the same pipeline is asked questions whose answers are known."
    return join(
        Html("<h1>Controls</h1>"),
        banners.controls(found),
        paragraph(f"{lead} {f'Scale and device: {where}.' if where else ''}", "headline"),
        summary(found),
    )


def summary(found: Row) -> Html:
    """A row a kind of control."""
    rows: list[Cells] = []
    for name, label in CONTROLS.items():
        own = entries(found, name)
        failed = dict.fromkeys(subject(name, entry) for entry in own if not entry["passed"])
        said = "failed" if failed else "passed" if any(map(judged, own)) else "not judged" if own else "not run"
        count = f"{own[0]['draws']} draws" if name == "aa" and own else str(len(own))
        rows.append([label, ASKED[name], count, _mark(said), ", ".join(failed) or numbers.MISSING])
    return table("Every kind of control.", columns(("control", "what is asked", "asked", "answer", "failed")), rows)


def judged(row: Row) -> bool:
    """Whether an entry could have failed: at a small scale chance has not averaged out."""
    return bool(row.get("judged", True))


def subject(name: str, row: Row) -> str:
    """What an entry of a kind is about, in a few words."""
    keys = {"null": ("null",), "dose": ("dose", "measure"), "synthetic": ("measure", "kind", "seeds")}
    parts = keys.get(name, ("study", "ladder", "variant"))
    return " ".join(words(str(row[key])) for key in parts if row.get(key) is not None) or CONTROLS[name]


def _mark(said: str) -> Html:
    kind = {"passed": "relaxed", "failed": "tightened"}.get(said, "inconclusive")
    return Html(f'<strong class="{kind}">{inline(said)}</strong>')


def _answer(row: Row) -> Html:
    return _mark("not judged" if not judged(row) else "passed" if row["passed"] else "failed")


def _figure(plot: Figure, said: Words) -> Html:
    return figure(style.render(plot), said.alt, said.caption)


def aa(found: Row, stem: str = "") -> Html:
    """A/A: every draw's interval, and the share that leaves 1 out; with a `stem` also written as svg, pdf and png."""
    own = entries(found, "aa")
    plot = drawn.caterpillar(own[0]) if own and own[0].get("intervals") else drawn.nothing()
    if stem:
        style.save(plot, Path(stem))
    if not own:
        return paragraph("Not run.")
    said = paragraph(drawn.shares(own[0]) + _reach(own[0]))
    shown = [_figure(plot, drawn.caterpillar_caption(own[0]))] if own[0].get("intervals") else []
    return join(said, *shown)


def _reach(own: Row) -> str:
    """What so many draws can show at all, and how the verdicts fell."""
    rejects = own.get("rejects")
    so = f" So many draws reject a true rate nine times in ten only from {100 * rejects:.0f} % on." if rejects else ""
    ends = ", ".join(f"{count} {word}" for word, count in (own.get("verdicts") or {}).items())
    return so + (f" Verdicts: {ends}." if ends else "")


def doses(found: Row) -> Html:
    """Known answers beside what was measured, and which verdicts fired that were not to."""
    rows = entries(found, "dose")
    if not rows:
        return paragraph("Not run.")
    names = ("dose", "ratio", "known answer", "measured", "fired although it must not", "fired", "answer")
    body: list[Cells] = [
        [
            drawn.dose_name(row),
            words(row["measure"]),
            _known(row),
            numbers.ratio({key: row[key] for key in ("value", "low", "high")}),
            ", ".join(map(words, row["astray"])) or "nothing",
            ", ".join(map(words, row["fired"])) or numbers.MISSING,
            _answer(row),
        ]
        for row in rows
    ]
    made = table("Doses: changes whose effect is known.", columns(names, ("known answer", "measured")), body)
    return join(_figure(drawn.doses(rows), drawn.doses_caption(rows)), made)


def _known(row: Row) -> str:
    """A known answer: a ratio, or the ends between which it must lie."""
    answer = row["answer"]
    return numbers.interval(*answer) if isinstance(answer, Sequence) else f"{numbers.number(answer)}×"


def synthetic(found: Row) -> Html:
    """Simulated arms: coverage, false verdicts and power by kind and n."""
    rows = entries(found, "synthetic")
    if not rows:
        return paragraph("Not run.")
    names = ("measure", "kind", "n", "effect", "coverage", "false RELAXED", "false TIGHTENED", "power", "simulations")
    body: list[Cells] = [
        [
            words(row["measure"]),
            row["kind"],
            str(row["seeds"]),
            row["label"] or (f"{numbers.number(row['rho'])}×" if row["rho"] else numbers.MISSING),
            *(_share(row[key]) for key in ("coverage", "false_relaxed", "false_tightened", "power")),
            numbers.number(row["simulations"]),
            Html(_answer(row).text + ("<br>conservative" if row["conservative"] else "")),
        ]
        for row in rows
    ]
    caption = (
        "Synthetic ground truth. Of closure, power is the share of right labels, false RELAXED and TIGHTENED those of "
        "false labels of closing and of widening. Conservative: coverage above 98 %."
    )
    made = table(caption, columns((*names, "answer"), names[2:]), body)
    return join(_figure(drawn.synthetic(rows), drawn.synthetic_caption(rows)), made)


def _share(value: float | None) -> str:
    return numbers.MISSING if value is None else f"{100 * value:.1f} %"


Cell = Callable[[Row], "str | Html"]
# The kinds that are told by a table alone: heading, and how a row fills it.
TABLES: dict[str, tuple[tuple[str, Cell], ...]] = {
    "null": (
        ("change", lambda row: row["null"]),
        ("equal runs", lambda row: f"{row['equal']}/{row['runs']}" if row.get("runs") else numbers.MISSING),
        ("ρ", lambda row: numbers.MISSING if row["value"] is None else numbers.ratio(row)),
        ("answer", _answer),
    ),
    "uniform": (
        ("penalty", lambda row: words(row["study"])),
        ("axis", lambda row: words(row["ladder"] or "none")),
        ("closure", lambda row: closure(row) or numbers.MISSING),
        ("the loss's own fall", lambda row: numbers.number(row["fall"], 2)),
        ("expected", lambda row: row["expected"]),
        ("answer", _answer),
    ),
    "twice": (
        ("study", lambda row: words(row["study"])),
        ("variant", lambda row: words(row["variant"])),
        ("bits", lambda row: "equal" if row["same"] else "different"),
    ),
    "anchors": (
        ("study", lambda row: words(row["study"])),
        ("ladder", lambda row: words(row["ladder"])),
        ("published", lambda row: row["published"]),
        ("so expected", lambda row: row["expected"]),
        ("measured", lambda row: row["verdict"] or row["state"]),
        ("answer", _answer),
    ),
}


def listed(found: Row, name: str) -> Html:
    """A kind of control as a table."""
    rows = entries(found, name)
    if not rows:
        return paragraph("Not run.")
    made = TABLES[name]
    body = [[fill(row) for _, fill in made] for row in rows]
    heading = f"{CONTROLS[name][:1].upper()}{CONTROLS[name][1:]}: {ASKED[name]}."
    return table(heading, [Column(label) for label, _ in made], body)
