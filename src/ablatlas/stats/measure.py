"""From a study's records to its results, as a pure function of frames, ledgers and a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ablatlas.declaration.registered import registered
from ablatlas.stats import ask_edges, ask_threshold, summary
from ablatlas.stats.answers import answers
from ablatlas.stats.checks import Clock, Confirmation, Ledgers, check_clock, check_ledgers, check_provenance, check_runs
from ablatlas.stats.climb import Climb, columns_needed
from ablatlas.stats.evidence import Evidence
from ablatlas.stats.question import Row
from ablatlas.stats.registration import changes
from ablatlas.stats.tables import clock_rows, tables
from ablatlas.study import CONSTRAINTS

if TYPE_CHECKING:
    from ablatlas.study import Study

VERSION = 2


def measure(study: Study, confirmation: Confirmation, ledgers: Ledgers, clock: Clock | None = None) -> Row:
    """The results of a study, ready for JSON: no number in it is missing or infinite without being None.

    ledgers: the tuning ledger of every tuned cell, with its path under "file", what its trainings took under
    "seconds" and their keys under "keys". clock: what the clock saw, of a study that has one.
    Raises MeasureError where the records do not allow an honest number.
    """
    check(study, confirmation, ledgers, clock)
    evidence = Evidence(study, confirmation, ledgers, clock)
    climbs = ask_threshold.climbs(evidence)
    found = answers(evidence, climbs)
    changed = _registration_changes(study, confirmation)
    verdicts = [row | {"exploratory": row["exploratory"] or bool(changed)} for row in found.verdicts]
    return {
        **_header(study, confirmation, ledgers),
        "registration_changes": changed,
        "criteria": {c.ladder.name: _criterion(c) for c in [*climbs, *ask_edges.climbs(evidence)]},
        "gate": found.gate,
        "verdicts": verdicts,
        "chain": found.chain,
        "clock": clock_rows(clock) if clock else None,
        "unmeasured": _unmeasured(study, verdicts),
        "records": _records(confirmation, ledgers, clock),
        "tables": tables(evidence, climbs),
    }


def check(study: Study, confirmation: Confirmation, ledgers: Ledgers, clock: Clock | None = None) -> None:
    """Refuse what allows no honest number: holes, several machines, unequal tuning. Raises MeasureError."""
    check_runs(study, confirmation, columns_needed(study.ladders.values()))
    check_provenance(confirmation, clock)
    check_ledgers(study, ledgers)
    if clock:
        check_clock(study, clock)


def _registration_changes(study: Study, confirmation: Confirmation) -> list[Row]:
    """What today's file registers otherwise than the records say that it was when they were made."""
    today = registered(study)
    found = [row for then in confirmation.provenance.values() for row in changes(then.get("registration"), today)]
    return [row for i, row in enumerate(found) if row not in found[:i]]


def _header(study: Study, confirmation: Confirmation, ledgers: Ledgers) -> Row:
    provenance = next(iter(confirmation.provenance.values()))
    return {
        "study": study.name,
        "title": study.title,
        "paper": study.paper,
        "claim": study.claim,
        "scale": study.scale,
        "subset": study.subset,
        "seeds": {phase: list(seeds) for phase, seeds in study.seeds.items()},
        "digest": study.digest,
        "device": provenance.get("device"),
        "versions": provenance.get("versions"),
        "source": provenance.get("source"),
        "cost": _cost(confirmation, ledgers),
        "registration": registered(study),
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
    """What was chosen and why. The trials themselves are a table, their keys stand with the records."""
    return {key: value for key, value in ledger.items() if key not in ("trials", "keys")}


def _records(confirmation: Confirmation, ledgers: Ledgers, clock: Clock | None) -> list[Row]:
    """Every record that a number can come from: its phase, cell and file, and the keys of its runs."""
    keys = confirmation.runs.groupby("cell", sort=False)["key"].agg(list)
    found = [_record("confirmation", cell, file, keys[cell]) for cell, file in confirmation.files.items()]
    found += [_record("tuning", cell, ledger["file"], ledger["keys"]) for cell, ledger in ledgers.items()]
    apart = clock is not None and clock.file not in confirmation.files.values()
    return [*found, *([_record("clock", "base", clock.file, clock.keys)] if clock and apart else [])]


def _record(phase: str, cell: str, file: str, runs: Sequence[str]) -> Row:
    return {"phase": phase, "cell": cell, "file": file, "runs": list(runs)}


def _unmeasured(study: Study, verdicts: Sequence[Row]) -> list[Row]:
    measured = {v["constraint"] for v in verdicts}
    return [{"constraint": name, "why": _why(study, name)} for name in CONSTRAINTS if name not in measured]


def _why(study: Study, constraint: str) -> str:
    if constraint in study.unmeasured:
        return study.unmeasured[constraint]
    if constraint in ("efficiency", "energy") and not study.timed:
        return "the study has no clock"
    return "the study declares no ladder for it"
