"""Reading what `measure` needs: a study's confirmation records, tuning ledgers and clock, as frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablatlas import record
from ablatlas.stats.checks import Clock, Confirmation, Ledgers, MeasureError

if TYPE_CHECKING:
    from ablatlas.record import Record
    from ablatlas.study import Study

IDENTITY = ["arm", "cell", "seed", "rate", "state"]
# Curves are judged on validation data, and outcomes on test data under the same names.
HELD_OUT = {name: f"val_{name}" for name in ("loss", "error", "accuracy")}


def collect(study: Study, published: bool = True) -> tuple[Confirmation, Ledgers, Clock | None]:
    """The confirmation runs of all cells, the ledgers and curves of the tuned ones, and the clock where there is one.

    published: whether published records stand in for the working ones where they exist.
    Raises MeasureError for a record that is missing, and RecordError for one that cannot be read.
    """
    paths = {cell: study.record(cell, published=published) for cell in study.cells}
    records = {cell: _read(study.root, path) for cell, path in paths.items()}
    tuned = {cell: study.tuning_record(cell, published=published) for cell in study.tune.cells}
    tunings = {cell: _read(study.root, path) for cell, path in tuned.items()}
    ledgers = {cell: _ledger(found, str(tuned[cell])) for cell, found in tunings.items()}
    confirmation = Confirmation(
        runs=pd.concat([_runs(found) for found in records.values()], ignore_index=True),
        curves=pd.concat([_curves(found) for found in records.values()], ignore_index=True),
        tuning=pd.concat([pd.DataFrame(), *map(_curves, tunings.values())], ignore_index=True),
        files={cell: str(path) for cell, path in paths.items()},
        provenance={cell: found.provenance for cell, found in records.items()},
    )
    return confirmation, ledgers, _clock(study, published) if study.timed else None


def _read(root: Path, path: Path) -> Record:
    if not (root / path).is_file():
        raise MeasureError(f"{path}: no such record; train the cell first")
    return record.read(root / path)


def _ledger(found: Record, path: str) -> dict[str, Any]:
    if not found.ledger:
        raise MeasureError(f"{path}: the record holds no tuning ledger")
    keys = [run["key"] for run in found.run]
    return {**found.ledger, "file": path, "seconds": sum(row["seconds"] for row in found.meters), "keys": keys}


def _clock(study: Study, published: bool) -> Clock:
    """The clock apart, or the runs of every cell where they are timed themselves."""
    base = _timed(study, study.clock_record(published=published))
    further = [cell for cell in study.cells if cell != "base"] if study.alone else []
    return replace(base, cells={cell: _timed(study, study.record(cell, published=published)) for cell in further})


def _timed(study: Study, path: Path) -> Clock:
    found = _read(study.root, path)
    variants = [run["arm"] for run in found.run]
    blocks = found.frame("curve")
    return Clock(
        blocks=blocks.assign(variant=[variants[run] for run in blocks["run"]]).drop(columns="run"),
        meters={variants[row["run"]]: {k: v for k, v in row.items() if k != "run"} for row in found.meters},
        provenance=found.provenance,
        file=str(path),
        keys=[run["key"] for run in found.run],
    )


def _runs(found: Record) -> pd.DataFrame:
    """A row a run; the hash of the final parameters gives way to their number, which has the same name."""
    runs = found.frame("run").join(found.frame("outcome").set_index("run").drop(columns="parameters", errors="ignore"))
    return runs.join(found.frame("meters").set_index("run"))


def _curves(found: Record) -> pd.DataFrame:
    curve = found.frame("curve").rename(columns=HELD_OUT)
    return curve.join(found.frame("run")[IDENTITY], on="run")
