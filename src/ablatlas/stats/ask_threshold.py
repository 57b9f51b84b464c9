"""What threshold ladders are asked: how much harder a level the numerator still solves."""

from __future__ import annotations

from dataclasses import asdict, replace

from ablatlas.stats import needs, threshold
from ablatlas.stats.climb import Climb, climb
from ablatlas.stats.contrasts import Contrast, family, primary
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.question import NOTHING, Question, Row, bounds, ratio_row
from ablatlas.stats.survival import log_rank

VERSION = 1

MEASURE = "threshold"
SHARES = (0.25, 0.75)  # sensitivity: T as the level that these shares of the runs solve


def climbs(evidence: Evidence) -> list[Climb]:
    """The study's threshold ladders as they ran."""
    ladders = [ladder for ladder in evidence.study.ladders.values() if ladder.measure == MEASURE]
    return [climb(evidence.study, ladder, evidence.runs, evidence.ledgers) for ladder in ladders]


def ask(evidence: Evidence, climbed: Climb) -> list[Question]:
    """A question for every contrast on a ladder."""
    return [_question(evidence, climbed, contrast) for contrast in evidence.contrasts(climbed.ladder)]


def _question(evidence: Evidence, climbed: Climb, contrast: Contrast) -> Question:
    """What a contrast asks of a ladder, less the levels that say nothing about it."""
    study, ladder = evidence.study, climbed.ladder
    sides = (contrast.numerator, contrast.denominator)
    dropped = tuple(level for level in climbed.levels if any(level in climbed.edges[side] for side in sides))
    numerator, denominator = (climbed.staircase(side).without(dropped) for side in sides)
    comparison = threshold.Comparison(numerator, denominator, float(study.register["delta"]))
    return Question(
        contrast=contrast,
        constraint=ladder.constraint,
        measure=MEASURE,
        compared=comparison,
        undecided=lambda family_size, alpha: needs.undecided(comparison, family_size, alpha),
        details=lambda size, level: _details(climbed, contrast, comparison, size, level),
        ladder=ladder.name,
        reference=ladder.reference,
        primary=primary(study, ladder.name),
        family=family(study, contrast, ladder.name),
        dropped=dropped,
        runs=evidence.keys((ladder.cell(level) for level in ladder.levels if level not in dropped), contrast),
    )


def _details(climbed: Climb, contrast: Contrast, comparison: threshold.Comparison, size: int, level: float) -> Row:
    floor = needs.floor(comparison.n, size, threshold.ALPHA)
    tested = comparison.n >= threshold.FEWEST
    pair = comparison.brackets(1 - level) if tested else (None, None)
    names = (contrast.numerator, contrast.denominator)
    return {
        "brackets": {name: _bracket(bracket) for name, bracket in zip(names, pair, strict=True)},
        "sensitivity": [_sensitivity(comparison, share) for share in SHARES],
        "floor": {**asdict(floor), "text": floor.text},
        "log_rank": _log_rank(climbed, contrast) if tested else None,
    }


def _bracket(bracket: threshold.Bracket | None) -> Row:
    if bracket is None:
        return {key: None for key in NOTHING if key != "value"}
    return bounds(bracket.low, bracket.high)


def _sensitivity(comparison: threshold.Comparison, share: float) -> Row:
    """The same contrast for another definition of T: printed, never a verdict.

    Below `n_needed` seeds no test of such a share can reject on both sides, so `observed` stands beside: the
    ratio between the levels where the shares themselves cross, without a test.
    """
    other = replace(comparison, share=share)
    tested = comparison.n >= threshold.FEWEST
    estimate = ratio_row(other.ratio(threshold.ALPHA)) if tested else {**NOTHING, "text": "no interval: too few seeds"}
    return {
        "share": share,
        **estimate,
        "p": other.p if tested else None,
        "n_needed": needs.fewest(share, threshold.ALPHA),
        "observed": ratio_row(other.observed),
    }


def _log_rank(climbed: Climb, contrast: Contrast) -> Row | None:
    if not climbed.ladder.evaluated:
        return None
    result = log_rank(climbed.failures(contrast.numerator), climbed.failures(contrast.denominator))
    return asdict(result) if result else None
