"""The sections of a study's report, in pieces that the notebook puts in order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ablatlas.report import (
    answer,
    banners,
    cite,
    described,
    forest,
    limits,
    panels,
    plots,
    questions,
    runs,
    style,
    tables,
    text,
    trace,
    waterfall,
)
from ablatlas.report import contrasts as others
from ablatlas.report.captions import Words
from ablatlas.report.html import Html, at, bullets, code, details, figure, inline, join, paragraph
from ablatlas.report.view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELD_OUT = ("val_loss",)


def head(view: View) -> Html:
    """Title, warnings that come before anything else, and the headline."""
    lead = Html(f'<p class="headline">{inline(text.headline(view))}</p>')
    return join(Html(f"<h1>{inline(view.study.title)}</h1>"), banners.banners(view), lead)


def answers(view: View) -> Html:
    """The one table that answers the question, and the forest plot beside it."""
    drawn = [_figure(forest.draw(view), forest.caption(view))] if view.verdicts else []
    return join(paragraph(answer.summary(view)), answer.answers(view), *drawn)


def asked(view: View) -> Html:
    """Three questions that a reader asks first, answered."""
    return questions.section(view)


def traced(view: View) -> Html:
    """From every verdict to the records and runs behind it."""
    return trace.section(view)


def verdict(view: View) -> Html:
    """The primaries' verdicts in words, the other measures', and who made the claim."""
    said = [paragraph(told) for told in text.verdict_words(view)]
    gate = [paragraph(told)] if (told := text.gate(view.results)) else []
    further = text.others(view)
    aside = [
        paragraph("Further measures and net terms, beside the registered primaries and never merged with them:"),
        bullets(further),
    ]
    return join(*gate, *said, *(aside if further else []), bullets(cite.essays(view)))


def main_figure(view: View, stem: str = "") -> Html:
    """The figure of the main ladder; with a `stem` it is also written as svg, pdf and png."""
    ladder = view.ladders[0] if view.ladders else None
    drawn, words = plots.leading(view)
    if stem:
        style.save(drawn, Path(stem))
    return _figure(drawn, words, f"ladder-{ladder.name}" if ladder else "")


def _figure(drawn: Figure, words: Words, place: str = "") -> Html:
    return figure(style.render(drawn), words.alt, words.caption, place)


def _figures(drawn: Iterable[tuple[Figure, Words]]) -> list[Html]:
    return [_figure(*one) for one in drawn]


def other_ladders(view: View) -> Html:
    """The figure of every other ladder, and survival along evaluated ones."""
    rest = [ladder for ladder in view.ladders[1:] if plots.drawable(view, ladder)]
    found = [_figure(*plots.main(view, one), f"ladder-{one.name}") for one in rest]
    found += [drawn for one in view.ladders for drawn in _figures(plots.beside(view, one))]
    further = join(*found) if found else paragraph("The study climbs no further ladder.")
    return join(further, described.descriptive(view))


def chain(view: View) -> Html:
    """From steps to joules, and the clock that net terms are read from."""
    if not waterfall.found(view):
        return paragraph("The chain was not measured: no target was followed in time, or nothing was counted.")
    timed = described.clock(view)
    rest = [timed] if timed else [paragraph("Nothing was timed.")]
    return join(_figure(waterfall.draw(view), waterfall.caption(view), "chain"), *rest)


def curves(view: View) -> Html:
    """Learning curves along the main ladder: training loss and each criterion's metric, then the held-out loss."""
    read = [row["metric"] for row in view.results["criteria"].values()]
    known = {row["metric"] for row in view.table("curves")}
    training = [name for name in dict.fromkeys(["train_loss", *read]) if name in known]
    held_out = [name for name in HELD_OUT if name in known and name not in training]
    groups = [training, held_out] if len(view.leading) > 1 else [training + held_out]
    found = [_figure(panels.curves(view, names), panels.curves_caption(view, names)) for names in groups if names]
    return join(*found) if found else paragraph("No learning curve was recorded.")


def mechanism(view: View) -> Html:
    """What the claimed mechanism says should differ, along the main ladder."""
    rows = [row for row in view.table("mechanism") if row["cell"] in view.leading]
    along = list(dict.fromkeys(row["name"] for row in rows if row["x"] is not None))
    single = list(dict.fromkeys(row["name"] for row in rows if row["x"] is None))
    found = [_figure(panels.profiles(view, name), panels.profiles_caption(view, name)) for name in along]
    if single:
        found.append(_figure(panels.scalars(view, single), panels.scalars_caption(view, single)))
    return join(*found) if found else paragraph("No mechanism variable was recorded.")


def equal(view: View) -> Html:
    """The one path on which the arms differ, as the study's file has it, and what that leaves equal."""
    return join(
        at(
            "equal",
            paragraph(
                f"The arms differ at `{view.study.ablate}` alone; a contrast sets the further paths that it lists."
            ),
        ),
        code(limits.difference(view)),
        bullets(limits.equality(view)),
        details("Sizes of every variant in every cell", runs.meters(view)),
        details("The configuration that all arms share", runs.settings(view)),
    )


def verdicts(view: View) -> Html:
    """The table of verdicts, and how they would read in other ways."""
    return join(tables.verdicts(view), details("Sensitivity", tables.sensitivity(view)))


def contrasts(view: View) -> Html:
    """Every further contrast in words."""
    if view.study.subset == "claimed":
        return paragraph("Further arms and contrasts were not asked for: the published report has them.")
    found = others.sentences(view)
    return bullets(found) if found else paragraph("The study declares no further arm and no contrast.")


def states(view: View) -> Html:
    """How runs ended."""
    levels = [runs.levels(view)] if view.table("levels") else []
    return join(paragraph(f"Of all confirmation runs: {runs.states(view.results['states'])}."), *levels)


def ledger(view: View) -> Html:
    """Everything that was tried before the confirmatory runs, and by which rule rates were chosen, if any were."""
    discarded = limits.registered(view)
    pilots = (
        [paragraph("Designs tried on tuning seeds before the confirmatory runs, as registered:"), bullets(discarded)]
        if discarded
        else [paragraph("No design was tried and discarded before the confirmatory runs.")]
    )
    return join(*(_tuning(view) if view.study.tuned_cells else [paragraph(questions.untuned(view))]), *pilots)


def _tuning(view: View) -> list[Html]:
    rule = (
        "Every variant was tuned on grids of equal size and on seeds that no confirmatory run uses. A variant "
        "leaves the common rate only where its own best beats it by more than two standard errors."
    )
    return [paragraph(rule), at("ledger", runs.ledgers(view)), runs.rules(view), runs.chosen(view)]


def beside(view: View) -> Html:
    """Expected and published beside measured."""
    return tables.beside(view)


def not_shown(view: View) -> Html:
    """What the report does not show."""
    return bullets(limits.limits(view))


def registration(view: View) -> Html:
    """The registration, verbatim."""
    return code(json.dumps(view.results["registration"], indent=2, ensure_ascii=False))


def provenance(view: View) -> Html:
    """Where the numbers come from, and how to cite them."""
    return join(
        runs.provenance(view),
        paragraph("To cite this report:"),
        code(cite.report(view)),
        paragraph("To cite the paper:"),
        code(cite.paper(view)),
    )
