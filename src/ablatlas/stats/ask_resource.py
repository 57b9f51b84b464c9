"""What resource ladders are asked: how many times more the denominator needs, and whether that closes the gap."""

from __future__ import annotations

import math
from dataclasses import replace

from ablatlas.stats.closure import Closure
from ablatlas.stats.contrasts import Contrast, family, primary
from ablatlas.stats.curve import Curve
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.needs import Undecided
from ablatlas.stats.question import NO_CLOSURE, Question, Row, bounds, ratio_row
from ablatlas.stats.resource import Resource
from ablatlas.stats.threshold import ALPHA
from ablatlas.study import Ladder

VERSION = 1

MEASURE = "resource"


def ask(evidence: Evidence) -> list[Question]:
    """A question for every contrast on every resource ladder."""
    ladders = [ladder for ladder in evidence.study.ladders.values() if ladder.measure == MEASURE]
    return [_question(evidence, ladder, contrast) for ladder in ladders for contrast in evidence.contrasts(ladder)]


def curve(evidence: Evidence, ladder: Ladder, variant: str, levels: tuple[float, ...]) -> Curve:
    """One variant along a ladder."""
    return Curve(tuple(map(float, levels)), evidence.losses(ladder, variant, levels))


def _question(evidence: Evidence, ladder: Ladder, contrast: Contrast) -> Question:
    """A contrast on a ladder, less the rungs whose rates stand at an edge, unless the reference does."""
    study = evidence.study
    sides = (contrast.numerator, contrast.denominator)
    dropped = evidence.edges(ladder, sides)
    kept = tuple(level for level in ladder.levels if level not in dropped or level == ladder.reference)
    numerator, denominator = (curve(evidence, ladder, side, kept) for side in sides)
    register = study.register
    compared = Resource(
        numerator, denominator, float(ladder.reference or 0), float(register["delta"]), bool(register["paired"])
    )
    blocked = Undecided("edge", None, f"a wider rate grid at {ladder.name} {ladder.reference:g}")
    obstacle = Undecided(compared.reason, None, "") if compared.reason else None
    return Question(
        contrast=contrast,
        constraint=ladder.constraint,
        measure=MEASURE,
        compared=compared,
        undecided=compared.undecided,
        details=lambda size, level: _details(compared, level),
        ladder=ladder.name,
        reference=ladder.reference,
        primary=primary(study, ladder.name),
        family=family(study, contrast, ladder.name),
        blocked=blocked if ladder.reference in dropped else obstacle and compared.undecided(1, ALPHA),
        dropped=dropped,
        runs=evidence.keys((ladder.cell(level) for level in kept), contrast),
    )


def _details(compared: Resource, level: float) -> Row:
    alpha = 1 - level
    return {
        "beta": ratio_row(compared.beta(alpha)),
        "closure": _closure(compared.closure(ALPHA)),
        "second": _second(compared),
        "targets": [_target(compared, rung) for rung in compared.levels],
        "fits": [{"fit": fit.name, **_within(fit.ratio)} for fit in compared.fits],
        "disagree": compared.disagree(ALPHA),
        "correlation": compared.correlation,
        "flat_p": compared.flat_p,
    }


def _closure(found: Closure) -> Row:
    """A closure as JSON holds it; whether it is shared is for all ladders together to say."""
    if found.label == "undefined":
        return {**NO_CLOSURE, "label": "undefined", "shared": False, "fall": found.fall, "question": False}
    return {
        "value": found.value,
        "low": found.low if math.isfinite(found.low) else None,
        "high": found.high if math.isfinite(found.high) else None,
        "label": found.label,
        "shared": found.holds_fall,
        "fall": found.fall,
        "question": found.question,
    }


def _second(compared: Resource) -> Row | None:
    """The same ratio at the rung below the reference: another scale, printed without a verdict."""
    lower = [level for level in compared.levels if level < compared.reference]
    return {"reference": lower[-1], **ratio_row(compared.at(lower[-1]).ratio(ALPHA))} if lower else None


def _target(compared: Resource, rung: float) -> Row:
    """The ratio where the target is what the numerator reaches at `rung`."""
    other = replace(compared, reference=rung)
    target = float(other.numerator.means[other.numerator.rung(rung)])
    return {"level": rung, "target": target, **ratio_row(other.ratio(ALPHA))}


def _within(ratio: float) -> Row:
    """A crossing that may lie outside of the ladder."""
    known = 0 < ratio < math.inf
    return {"value": ratio if known else None, "censored": None if known else bounds(ratio, ratio)["censored"]}


def share(rows: list[Row]) -> list[Row]:
    """Rows whose closure is `shared`: those of a contrast whose closures all hold the loss's own fall."""
    alike: dict[str, list[bool]] = {}
    for row in rows:
        if row["measure"] == MEASURE and row["closure"]["label"] not in (None, "undefined"):
            alike.setdefault(row["contrast"], []).append(bool(row["closure"]["shared"]))
    return [
        row | {"closure": row["closure"] | {"shared": all(alike[row["contrast"]])}}
        if row["measure"] == MEASURE and row["closure"]["label"] not in (None, "undefined")
        else row
        for row in rows
    ]
