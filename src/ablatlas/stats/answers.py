"""Every question that a study asks of its evidence, decided together: the verdicts, the gate and the chain."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ablatlas.stats import ask_chain, ask_edges, ask_frontier, ask_resource, ask_threshold, ask_time
from ablatlas.stats.climb import Climb
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.gate import Gate, gate
from ablatlas.stats.multiplicity import Adjusted
from ablatlas.stats.question import Question, Row, adjust, row
from ablatlas.study import Ladder

VERSION = 2


@dataclass(frozen=True)
class Answers:
    """verdicts: a row a question. gate, chain: None where no resource is climbed, and nothing is timed or followed."""

    verdicts: list[Row]
    gate: Row | None
    chain: Row | None


def answers(evidence: Evidence, climbs: list[Climb]) -> Answers:
    """All questions of a study, each decided in its family."""
    asked = [question for climbed in climbs for question in ask_threshold.ask(evidence, climbed)]
    asked += ask_resource.ask(evidence)
    asked += ask_edges.ask(evidence)
    asked += ask_time.ask(evidence)
    asked += ask_frontier.ask(evidence)
    asked += ask_chain.ask(evidence)
    opened = _gate(evidence)
    change, same = decide(evidence, asked, opened)
    sizes = evidence.study.families
    rows = [
        row(evidence.study, q, sizes.get(q.family, 1) if q.family else 1, *both)
        for q, both in zip(asked, zip(change, same, strict=False), strict=False)
    ]
    return Answers(ask_resource.share(rows), _gate_row(evidence, opened, change[-1]), ask_chain.terms(evidence))


def decide(evidence: Evidence, asked: list[Question], opened: Gate | None) -> tuple[list[Adjusted], list[Adjusted]]:
    """Adjusted tests of change and of equivalence, of every question and last of the gate, which has no equivalence."""
    sizes = evidence.study.families
    families = [*(q.family for q in asked), "primary" if opened else None]
    change = adjust(families, [*(q.p for q in asked), opened.p if opened else None], sizes)
    return change, adjust(families[:-1], [q.p_unchanged for q in asked], sizes)


def _gate(evidence: Evidence) -> Gate | None:
    """The test of `without` against `with` at the reference, for a study with a resource ladder."""
    ladder = _first_resource(evidence)
    if ladder is None or ladder.reference is None:
        return None
    numerator, denominator = (evidence.losses(ladder, arm, [ladder.reference])[0] for arm in ("with", "without"))
    return gate(numerator, denominator, bool(evidence.study.register["paired"]))


def _first_resource(evidence: Evidence) -> Ladder | None:
    return next((ladder for ladder in evidence.study.ladders.values() if ladder.measure == "resource"), None)


def _gate_row(evidence: Evidence, opened: Gate | None, adjusted: Adjusted) -> Row | None:
    ladder = _first_resource(evidence)
    if opened is None or ladder is None or ladder.reference is None:
        return None
    means = {arm: float(evidence.losses(ladder, arm, [ladder.reference])[0].mean()) for arm in ("with", "without")}
    found = {key: value for key, value in asdict(opened).items() if key != "alpha"}
    return {**means, **found, "p_adjusted": adjusted.p, "open": opened.open}
