"""The sections of a study's report, in pieces that the notebook puts in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ablatlas.report import captions, cite, ladders, panels, style, tables, text
from ablatlas.report import contrasts as others
from ablatlas.report.html import Html, bullets, code, details, figure, inline, join, paragraph
from ablatlas.report.view import View, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELD_OUT = ("val_loss",)


def head(view: View) -> Html:
    """Title, warnings that come before anything else, and the headline."""
    smoke = [paragraph(text.SMOKE, "banner")] if view.study.scale == "smoke" else []
    lead = Html(f'<p class="headline">{inline(text.headline(view))}</p>')
    return join(Html(f"<h1>{inline(view.study.title)}</h1>"), *smoke, lead)


def verdict(view: View) -> Html:
    """The verdict in words, and who made the claim."""
    return join(paragraph(text.verdict_words(view)), bullets(cite.essays(view)))


def main_figure(view: View, stem: str = "") -> Html:
    """The figure of the main ladder; with a `stem` it is also written as svg, pdf and png."""
    main = view.ladders[0] if view.ladders else None
    drawn = ladders.staircase(view, main) if main else ladders.nothing()
    if stem:
        style.save(drawn, Path(stem))
    return _figure(drawn, captions.staircase(view, main) if main else captions.NOTHING)


def _figure(drawn: Figure, words: captions.Words) -> Html:
    return figure(style.render(drawn), words.alt, words.caption)


def other_ladders(view: View) -> Html:
    """The same figure of every other ladder, and survival along evaluated ones."""
    evaluated = [ladder for ladder in view.ladders if view.table("survival", ladder=ladder.name)]
    return join(
        *(_figure(ladders.staircase(view, one), captions.staircase(view, one)) for one in view.ladders[1:]),
        *(_figure(ladders.survival(view, one), captions.survival(view, one)) for one in evaluated),
    )


def curves(view: View) -> Html:
    """Learning curves of the training loss and of each criterion's metric, then of the held-out loss."""
    read = [row["metric"] for row in view.results["criteria"].values()]
    known = {row["metric"] for row in view.table("curves")}
    training = [name for name in dict.fromkeys(["train_loss", *read]) if name in known]
    held_out = [name for name in HELD_OUT if name in known and name not in training]
    groups = [training, held_out] if len(view.study.cells) > 1 else [training + held_out]
    found = [_figure(panels.curves(view, names), captions.curves(view, names)) for names in groups if names]
    return join(*found) if found else paragraph("No learning curve was recorded.")


def mechanism(view: View) -> Html:
    """What the claimed mechanism says should differ."""
    rows = view.table("mechanism")
    along = list(dict.fromkeys(row["name"] for row in rows if row["x"] is not None))
    single = list(dict.fromkeys(row["name"] for row in rows if row["x"] is None))
    found = [_figure(panels.profiles(view, name), captions.profile(view, name)) for name in along]
    if single:
        found.append(_figure(panels.scalars(view, single), captions.scalars(view, single)))
    return join(*found) if found else paragraph("No mechanism variable was recorded.")


def equal(view: View) -> Html:
    """The one path on which the arms differ, as the study's file has it, and what that leaves equal."""
    return join(
        paragraph(f"The arms differ at `{view.study.ablate}` alone; a contrast sets the further paths that it lists."),
        code(_differing(view)),
        bullets(text.equality(view)),
        details("Sizes of every variant in every cell", tables.meters(view)),
        details("The configuration that all arms share", tables.settings(view)),
    )


def _differing(view: View) -> str:
    study = view.study
    lines = [f"ablate: {study.ablate}", "arms:"]
    for variant in study.variants.values():
        if variant.arm == variant.name:
            role = "" if variant.role == variant.name else f"  # {variant.role}"
            lines.append(f"  {variant.name}: {shown(variant.settings[study.ablate])}{role}")
    others = [variant for variant in study.variants.values() if variant.arm != variant.name]
    lines += ["contrasts:"] if others else []
    for variant in others:
        further = {path: value for path, value in variant.settings.items() if path != study.ablate}
        listed = ", ".join(f"{path}: {shown(value)}" for path, value in further.items())
        lines.append(f"  {variant.name}: {{arm: {variant.arm}, set: {{{listed}}}}}  # {variant.role}")
    return "\n".join(lines)


def verdicts(view: View) -> Html:
    """The table of verdicts, and how they would read with another definition of a level reached."""
    return join(tables.verdicts(view), details("Sensitivity", tables.sensitivity(view)))


def contrasts(view: View) -> Html:
    """Every further contrast in words."""
    found = others.sentences(view)
    return bullets(found) if found else paragraph("The study declares no further arm and no contrast.")


def states(view: View) -> Html:
    """How runs ended."""
    return join(paragraph(f"Of all confirmation runs: {tables.states(view.results['states'])}."), tables.levels(view))


def ledger(view: View) -> Html:
    """Everything that was tried before the confirmatory runs, and by which rule rates were chosen."""
    discarded = text.registered(view)
    pilots = (
        [paragraph("Designs tried on tuning seeds before the confirmatory runs, as registered:"), bullets(discarded)]
        if discarded
        else [paragraph("No design was tried and discarded before the confirmatory runs.")]
    )
    return join(
        paragraph(
            "Every variant was tuned on grids of equal size and on seeds that no confirmatory run uses. A variant "
            "leaves the common rate only where its own best beats it by more than two standard errors."
        ),
        tables.ledger(view),
        tables.rules(view),
        tables.chosen(view),
        *pilots,
    )


def beside(view: View) -> Html:
    """Expected and published beside measured."""
    return tables.beside(view)


def limits(view: View) -> Html:
    """What the report does not show."""
    return bullets(text.limits(view))


def registration(view: View) -> Html:
    """The registration, verbatim."""
    return code(json.dumps(view.results["registration"], indent=2, ensure_ascii=False))


def provenance(view: View) -> Html:
    """Where the numbers come from, and how to cite them."""
    return join(
        tables.provenance(view),
        paragraph("To cite this report:"),
        code(cite.report(view)),
        paragraph("To cite the paper:"),
        code(cite.paper(view)),
    )
