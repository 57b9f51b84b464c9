"""What ladders of rates are asked: how many times as wide a range of learning rates the numerator bears."""

from __future__ import annotations

from ablatlas.stats import threshold
from ablatlas.stats.climb import Climb, climb
from ablatlas.stats.contrasts import Contrast, family, primary
from ablatlas.stats.edges import Block, Edges, edge, nearest
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.question import NOTHING, Question, Row, bounds

VERSION = 1

MEASURE = "edges"


def climbs(evidence: Evidence) -> list[Climb]:
    """The study's ladders of rates as they ran."""
    ladders = [ladder for ladder in evidence.study.ladders.values() if ladder.measure == MEASURE]
    return [climb(evidence.study, ladder, evidence.runs, evidence.ledgers) for ladder in ladders]


def ask(evidence: Evidence) -> list[Question]:
    """A question for every contrast on every ladder of rates."""
    return [
        _question(evidence, climbed, contrast)
        for climbed in climbs(evidence)
        for contrast in evidence.contrasts(climbed.ladder)
    ]


def block(evidence: Evidence, climbed: Climb, variant: str) -> Block:
    """A variant over the rates, around the one that tuning chose for it on the base cell."""
    stairs = climbed.staircase(variant)
    chosen = float(evidence.ledgers["base"]["chosen"][variant])
    return Block(stairs.levels, stairs.solved, stairs.n, nearest(chosen, stairs.levels))


def _question(evidence: Evidence, climbed: Climb, contrast: Contrast) -> Question:
    study, ladder = evidence.study, climbed.ladder
    blocks = {side: block(evidence, climbed, side) for side in (contrast.numerator, contrast.denominator)}
    numerator, denominator = blocks.values()
    compared = Edges(numerator, denominator, float(study.register["delta"]))
    return Question(
        contrast=contrast,
        constraint=ladder.constraint,
        measure=MEASURE,
        compared=compared,
        undecided=compared.undecided,
        details=lambda size, level: _details(blocks, 1 - level),
        ladder=ladder.name,
        primary=primary(study, ladder.name),
        family=family(study, contrast, ladder.name),
        runs=evidence.keys((cell for _, cell in ladder.rungs), contrast),
    )


def _details(blocks: dict[str, Block], alpha: float) -> Row:
    """The bracket of each variant's range, and those of its two edges, as rates."""
    return {
        "brackets": {name: _range(one, alpha) for name, one in blocks.items()},
        "rates": {name: _edges(one, alpha) for name, one in blocks.items()},
    }


def _range(one: Block, alpha: float) -> Row:
    if one.n < threshold.FEWEST:
        return {key: None for key in NOTHING if key != "value"}
    found = one.bracket(alpha)
    return bounds(found.low, found.high)


def _edges(one: Block, alpha: float) -> Row:
    """From where to where the block surely reaches (inner), and at most reaches (outer); null where unknown."""
    upper, lower = edge(one.upper, alpha), edge(one.lower, alpha)
    ends = bounds(upper.low, upper.high), bounds(lower.low, lower.high)
    return {
        "inside": one.inside,
        "inner": [_rate(ends[1]["low"]), ends[0]["low"]],
        "outer": [_rate(ends[1]["high"]), ends[0]["high"]],
    }


def _rate(level: float | None) -> float | None:
    """A level of 1 / rate as a rate."""
    return None if level is None else 1 / level
