"""The sections of the atlas: the headline figure, the studies, and claims beside verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ablatlas import references
from ablatlas.report import (
    atlas_claims,
    atlas_figures,
    atlas_map,
    banners,
    disagreements,
    heatmap,
    runs,
    style,
)
from ablatlas.report import controls as controls_page
from ablatlas.report.atlas_map import title
from ablatlas.report.html import Column, Html, bullets, figure, join, paragraph, table
from ablatlas.report.view import CONSTRAINTS, Row, Rows, headline, read, read_controls, why_not
from ablatlas.report.words import capitalized, listed
from ablatlas.stats import atlas as across
from ablatlas.stats.atlas import claimed, with_discoveries


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


def years(studies: Rows, root: str | Path = ".") -> dict[str, str]:
    """The year of each study's paper, as the bibliography has it."""
    known = references.read(Path(root))
    return {results["study"]: known[results["paper"]]["year"] for results in studies}


def studies_table(studies: Rows, root: str | Path = ".") -> Html:
    """Every study with its verdicts, each leading to its evidence; it sorts and filters."""
    return atlas_map.draw(studies, years(studies, root))


def forests(studies: Rows) -> Html:
    """A forest plot for each constraint along which something was measured."""
    return join(*(_forest(studies, name) for name in CONSTRAINTS))


def _forest(studies: Rows, constraint: str) -> Html:
    if not atlas_figures.rows(studies, constraint):
        why = listed(sorted({why_not(results, constraint) for results in studies}))
        return paragraph(f"{capitalized(CONSTRAINTS[constraint])}: not measured ({why}).")
    words = atlas_figures.forest_caption(studies, constraint)
    drawn = atlas_figures.forest(studies, constraint)
    return figure(style.render(drawn), words.alt, words.caption, f"forest-{constraint}")


def timeline(studies: Rows, root: str | Path = ".") -> Html:
    """The studies along the years in which their papers appeared."""
    found = years(studies, root)
    words = atlas_figures.timeline_caption(studies, found)
    return figure(style.render(atlas_figures.timeline(studies, found)), words.alt, words.caption, "timeline")


def disputed(studies: Rows, root: str | Path = ".") -> Html:
    """Where the essays and the papers disagree, and what was measured."""
    return disagreements.section(studies, Path(root))


def controlled(controls: str = "") -> Html:
    """Every kind of control with its answer, and the way to their page."""
    found = read_controls(controls)
    if found is None:
        return paragraph(banners.NOT_RUN)
    return controls_page.summary(found)


def claims(studies: Rows) -> Html:
    """What the essays say beside what was measured, claim by claim, and the count of both."""
    return atlas_claims.section(studies)


def cost(studies: Rows) -> Html:
    """Runs of every study, how they ended, and what they cost."""
    names = ("study", "scale", "device", "confirmation runs", "tuning trials", "core-hours", "digest")
    rows = [
        [
            title(results),
            results["scale"],
            results.get("device") or "not recorded",
            runs.states(results["states"]),
            str(sum(row["trials"] for row in results["tuning"].values())),
            f"{across.hours(results):.2f}",
            results["digest"],
        ]
        for results in studies
    ]
    total = across.cost(studies)
    rows.append(["all", *[""] * 4, f"{total['core_hours']:.2f}", f"{total['runs']:,} runs"])
    columns = [Column(name, name in ("tuning trials", "core-hours")) for name in names]
    return table("Runs and cost: core-hours of tuning and confirmation, as the records measured them.", columns, rows)
