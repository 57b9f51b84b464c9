"""From a study's records to its results, as a pure function of frames and ledgers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablatlas.stats import summary
from ablatlas.stats.answers import Row, answers
from ablatlas.stats.checks import Confirmation, check_ledgers, check_provenance, check_runs
from ablatlas.stats.climb import MEASURE, Climb, Ledgers, climb, columns_needed
from ablatlas.stats.tables import tables
from ablatlas.study import CONSTRAINTS

if TYPE_CHECKING:
    from ablatlas.study import Study

VERSION = 1


def measure(study: Study, confirmation: Confirmation, ledgers: Ledgers) -> Row:
    """The results of a study, ready for JSON: no number in it is missing or infinite without being None.

    ledgers: the tuning ledger of every tuned cell, with its path under "file" and what its trainings took under
    "seconds".
    Raises MeasureError where the records do not allow an honest number.
    """
    ladders = [ladder for ladder in study.ladders.values() if ladder.measure == MEASURE]
    check_runs(study, confirmation, columns_needed(ladders))
    check_provenance(confirmation)
    check_ledgers(study, ledgers)
    climbs = [climb(study, ladder, confirmation.runs, ledgers) for ladder in ladders]
    verdicts = answers(study, climbs, confirmation.runs)
    return {
        **_header(study, confirmation, ledgers),
        "criteria": {c.ladder.name: _criterion(c) for c in climbs},
        "verdicts": verdicts,
        "unmeasured": _unmeasured(study, verdicts),
        "tables": tables(study, climbs, confirmation, ledgers),
    }


def _header(study: Study, confirmation: Confirmation, ledgers: Ledgers) -> Row:
    provenance = next(iter(confirmation.provenance.values()))
    return {
        "study": study.name,
        "title": study.title,
        "paper": study.paper,
        "claim": study.claim,
        "scale": study.scale,
        "seeds": {phase: list(seeds) for phase, seeds in study.seeds.items()},
        "digest": study.digest,
        "device": provenance.get("device"),
        "versions": provenance.get("versions"),
        "source": provenance.get("source"),
        "cost": _cost(confirmation, ledgers),
        "registration": study.register,
        "expect": study.expect,
        "states": summary.states(confirmation.runs),
        "tuning": {variant: _tuning(variant, ledgers) for variant in study.variants},
        "ledgers": {cell: _without_trials(ledger) for cell, ledger in ledgers.items()},
    }


def _cost(confirmation: Confirmation, ledgers: Ledgers) -> Row:
    """Runs of both phases and the seconds that they took on one core each, taken-over runs included."""
    return {
        "runs": len(confirmation.runs) + sum(len(ledger["trials"]) for ledger in ledgers.values()),
        "core_seconds": float(confirmation.runs["seconds"].sum()) + sum(e["seconds"] for e in ledgers.values()),
    }


def _criterion(climbed: Climb) -> Row:
    return {"metric": climbed.criterion.metric, "op": climbed.criterion.op, "value": climbed.value}


def _tuning(variant: str, ledgers: Ledgers) -> Row:
    trials = [t for ledger in ledgers.values() for t in ledger["trials"] if t["variant"] == variant]
    return {
        "trials": len(trials),
        "seeds": sorted({t["seed"] for t in trials}),
        "chosen": {cell: ledger["chosen"].get(variant) for cell, ledger in ledgers.items()},
    }


def _without_trials(ledger: Mapping[str, Any]) -> Row:
    """The rule's part of a ledger: what was chosen and why. The trials themselves are a table."""
    return {key: value for key, value in ledger.items() if key != "trials"}


def _unmeasured(study: Study, verdicts: Sequence[Row]) -> list[Row]:
    measured = {v["constraint"] for v in verdicts}
    return [{"constraint": name, "why": _why(study, name)} for name in CONSTRAINTS if name not in measured]


def _why(study: Study, constraint: str) -> str:
    if constraint in study.unmeasured:
        return study.unmeasured[constraint]
    declared = [ladder.measure for ladder in study.ladders.values() if ladder.constraint == constraint]
    if declared:
        return f"no verdict is drawn from a ladder of measure {declared[0]!r}"
    return "the study declares no ladder for it"
