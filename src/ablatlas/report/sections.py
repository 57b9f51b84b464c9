"""The sections of a study's report, in pieces that the notebook puts in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ablatlas.report import cite, figures, style, tables, text
from ablatlas.report.html import Html, bullets, code, details, figure, inline, join, paragraph
from ablatlas.report.numbers import number
from ablatlas.report.view import View, shown

if TYPE_CHECKING:
    from ablatlas.study import Ladder

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
    if view.main_ladder is None:
        return paragraph("This scale climbs no ladder, so there is nothing to draw.")
    drawn = figures.ladder(view, view.main_ladder)
    if stem:
        style.save(drawn, Path(stem))
    return figure(style.render(drawn), _ladder_alt(view, view.main_ladder), _ladder_caption(view, view.main_ladder))


def other_ladders(view: View) -> Html:
    """The same figure of every other ladder, and survival along evaluated ones."""
    others = [ladder for ladder in view.study.ladders.values() if ladder != view.main_ladder]
    more = [
        figure(style.render(figures.ladder(view, one)), _ladder_alt(view, one), _ladder_caption(view, one))
        for one in others
    ]
    evaluated = [ladder for ladder in view.study.ladders.values() if view.table("survival", ladder=ladder.name)]
    return join(*more, *(_survival(view, ladder) for ladder in evaluated))


def _survival(view: View, ladder: Ladder) -> Html:
    alt = f"Survival along {ladder.name}: " + "; ".join(
        f"{name}: " + ", ".join(f"{r['level']:g}: {r['surviving']:.0%}" for r in _rows(view, "survival", ladder, name))
        for name in view.roles
    )
    caption = (
        f"How far along {text.words(ladder.name)} runs last: Kaplan–Meier estimate of the share without a failure up to "
        "and at each level, Wilson 95 % intervals; below, runs at risk. Coinciding curves are moved apart slightly. "
        + " ".join(_log_ranks(view, ladder))
    )
    return figure(style.render(figures.survival(view, ladder)), alt, caption)


def _log_ranks(view: View, ladder: Ladder) -> list[str]:
    return [
        f"Log-rank {v['numerator']} against {v['denominator']}: χ² = {number(v['log_rank']['chi2'])}, "
        f"p {text.equals(v['log_rank']['p'])}."
        for v in view.verdicts
        if v["ladder"] == ladder.name and v["log_rank"]
    ]


def _rows(view: View, name: str, ladder: Ladder, variant: str) -> list:
    return view.table(name, ladder=ladder.name, variant=variant)


def _ladder_alt(view: View, ladder: Ladder) -> str:
    solved = (
        f"{name}: " + ", ".join(f"{r['solved']}/{r['n']} at {r['level']:g}" for r in _rows(view, "levels", ladder, name))
        for name in view.roles
    )
    return f"Runs solved along {ladder.name}, with brackets and the metric behind it. " + "; ".join(solved) + "."


def _ladder_caption(view: View, ladder: Ladder) -> str:
    criterion = view.results["criteria"][ladder.name]
    axis = f"{ladder.path}" if ladder.path else "read along one evaluation of each run"
    metric = text.words(criterion["metric"])
    return (
        f"(a) Share of runs that are solved ({metric} {criterion['op']} {number(criterion['value'])}) at each level of "
        f"{text.words(ladder.name)} ({axis}), Wilson 95 % intervals; coinciding curves are moved apart slightly. "
        "(b) Exact brackets: each bar holds the level at which half of the runs are solved; an arrow is an open end. "
        f"(c) The same runs' {metric}, mean over seeds and t interval (95 %); runs that did not finish score the cap."
    )


def curves(view: View) -> Html:
    """Learning curves of each criterion's metric, then held-out loss."""
    read = [row["metric"] for row in view.results["criteria"].values()]
    known = dict.fromkeys(row["metric"] for row in view.table("curves"))
    training = [name for name in dict.fromkeys(["train_loss", *read]) if name in known]
    held_out = [name for name in HELD_OUT if name in known and name not in training]
    return join(*(_curves(view, names) for names in (training, held_out) if names))


def _curves(view: View, names: list[str]) -> Html:
    said = text.listed(text.words(name) for name in names)
    last = max(row["step"] for row in view.table("curves"))
    alt = f"Learning curves of {said} over {last} steps, a panel for each cell; the final values are in the levels table."
    caption = f"{text.sentence(said)[:-1]} during training: mean over seeds, band: 95 % t interval, capped like a score."
    return figure(style.render(figures.curves(view, names)), alt, caption)


def mechanism(view: View) -> Html:
    """What the claimed mechanism says should differ."""
    rows = view.table("mechanism")
    along = dict.fromkeys(row["name"] for row in rows if row["x"] is not None)
    single = [name for name in dict.fromkeys(row["name"] for row in rows) if name not in along]
    parts = [_profile(view, name) for name in along] + ([_scalars(view, single)] if single else [])
    return join(*parts) if parts else paragraph("No mechanism variable was recorded.")


def _profile(view: View, name: str) -> Html:
    ends = {x: [row for row in view.table("mechanism", name=name) if row["x"] == x] for x in (0.0, 1.0)}
    alt = f"{text.sentence(text.words(name))[:-1]} along depth, first and last layer. " + "; ".join(
        f"{a['variant']} in {a['cell']}: {number(a['mean'])} and {number(b['mean'])}"
        for a, b in zip(ends[0.0], ends[1.0], strict=False)
    )
    caption = (
        f"{text.sentence(text.words(name))[:-1]} along the network at the last evaluation at which it was finite: "
        "geometric mean over seeds and its 95 % interval."
    )
    return figure(style.render(figures.profiles(view, name)), alt, caption)


def _scalars(view: View, names: list[str]) -> Html:
    values = "; ".join(
        f"{text.words(row['name'])}, {row['variant']} in {row['cell']}: {number(row['mean'])}"
        for name in names
        for row in view.table("mechanism", name=name)
    )
    caption = f"{text.sentence(text.listed(map(text.words, names)))[:-1]} at the last evaluation: mean over seeds, 95 % t interval."
    return figure(style.render(figures.scalars(view, names)), values, caption)


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
    found = text.contrasts(view)
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
    rules = [tables.rules(view)] if "ledgers" in view.results else []
    return join(
        paragraph(
            "Every variant was tuned on grids of equal size and on seeds that no confirmatory run uses. A variant leaves "
            "the common rate only where its own best beats it by more than two standard errors."
        ),
        tables.ledger(view),
        *rules,
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
