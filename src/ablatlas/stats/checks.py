"""What is refused before anything is measured: a frame with a hole in it gives no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablatlas.stats.solving import UNSCORED, finite

if TYPE_CHECKING:
    from ablatlas.study import Study


class MeasureError(ValueError):
    """Records that cannot be measured; the message names the file, and what was found and expected."""


Ledgers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Clock:
    """What the clock saw. blocks: one row a block (variant, block, steps, seconds, joules); meters: by variant.

    cells: the same of further cells, where runs are timed themselves.
    """

    blocks: pd.DataFrame
    meters: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]
    file: str
    keys: Sequence[str] = ()  # of its runs
    cells: Mapping[str, Clock] = field(default_factory=dict)

    def at(self, cell: str) -> Clock:
        """What was seen in one cell, `base` or a further one."""
        return self if cell == "base" else self.cells[cell]


@dataclass(frozen=True)
class Confirmation:
    """The confirmation runs of a study.

    runs: one row a run: key, seed, arm, cell, rate, state, and its outcome and meter columns.
    curves: one row an evaluation: arm, cell, seed, rate, state, step, flops, and the metrics.
    tuning: the curves of the tuning runs, likewise.
    files, provenance: the record's path, and what it says of its origin, by cell.
    """

    runs: pd.DataFrame
    curves: pd.DataFrame
    tuning: pd.DataFrame
    files: Mapping[str, str]
    provenance: Mapping[str, Mapping[str, Any]]


def check_runs(study: Study, confirmation: Confirmation, needed: Mapping[str, Iterable[str]]) -> None:
    """Refuse runs that are doubled, missing, lost, or finished without a number.

    needed: the outcome columns that verdicts read, by cell.
    Raises MeasureError.
    """
    for cell in study.cells:
        if cell not in confirmation.files:
            raise MeasureError(f"{study.name}: no confirmation record of cell {cell!r}")
        runs, file = confirmation.runs[confirmation.runs["cell"] == cell], confirmation.files[cell]
        _check_grid(study, cell, runs, file)
        _check_states(runs, file)
        for column in needed.get(cell, ()):
            _check_numbers(runs, column, file)


def check_provenance(confirmation: Confirmation, clock: Clock | None = None) -> None:
    """Refuse records of different torch versions, devices or thread counts. Raises MeasureError."""
    found = {confirmation.files[cell]: machine(p) for cell, p in confirmation.provenance.items()}
    found |= {clock.file: machine(clock.provenance)} if clock else {}
    first = next(iter(found))
    for file, here in found.items():
        if here != found[first]:
            raise MeasureError(
                f"{file}: made with {here}, but {first} with {found[first]}: "
                "the runs of one study must share torch, device and threads"
            )


def check_clock(study: Study, clock: Clock) -> None:
    """Refuse a clock that lacks a variant, or has not as many blocks of each. Raises MeasureError."""
    blocks = Counter(clock.blocks["variant"])
    _check_equal({variant: blocks[variant] for variant in study.variants}, "numbers of blocks", clock.file)


def machine(provenance: Mapping[str, Any]) -> dict[str, object]:
    """What must be equal for two runs to be compared."""
    versions = provenance.get("versions") or {}
    return {"torch": versions.get("torch")} | {key: provenance.get(key) for key in ("device", "threads")}


def check_ledgers(study: Study, ledgers: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse tuning that is missing, or was not the same for every variant. Raises MeasureError."""
    for cell in study.tune.cells:
        if cell not in ledgers:
            raise MeasureError(f"{study.name}: no tuning ledger of cell {cell!r}")
        ledger = ledgers[cell]
        trials = Counter(trial["variant"] for trial in ledger["trials"])
        variants = study.variants_of(cell)
        grids = {variant: len(ledger["grids"].get(variant, ())) for variant in variants}
        _check_equal(grids, "rate grids", ledger["file"])
        _check_equal({v: trials[v] for v in variants}, "numbers of trials", ledger["file"])


def _check_equal(sizes: Mapping[str, int], what: str, file: str) -> None:
    if len(set(sizes.values())) != 1 or not all(sizes.values()):
        raise MeasureError(f"{file}: unequal or empty {what} {dict(sizes)}: every variant is tuned alike")


def _check_grid(study: Study, cell: str, runs: pd.DataFrame, file: str) -> None:
    expected = {(arm, seed) for arm in study.variants_of(cell) for seed in study.seeds["confirmation"]}
    found = Counter(zip(runs["arm"], runs["seed"], strict=True))
    if doubled := sorted(pair for pair, n in found.items() if n > 1):
        raise MeasureError(f"{file}: more than one run of (arm, seed) {doubled}")
    if missing := sorted(expected - set(found)):
        raise MeasureError(f"{file}: no run of (arm, seed) {missing}")
    if extra := sorted(set(found) - expected):
        raise MeasureError(f"{file}: runs of (arm, seed) {extra} that are not part of the study")


def _check_states(runs: pd.DataFrame, file: str) -> None:
    if lost := runs.loc[runs["state"] == UNSCORED, "key"].tolist():
        raise MeasureError(f"{file}: runs lost to infrastructure are run again, never scored: {lost}")


def _check_numbers(runs: pd.DataFrame, column: str, file: str) -> None:
    if column not in runs:
        raise MeasureError(f"{file}: the outcome has no {column!r}, which a criterion of the study reads")
    if bad := runs.loc[(runs["state"] == "finished") & finite(runs, column).isna(), "key"].tolist():
        raise MeasureError(f"{file}: {column} is not a number in runs that finished (not diverged): {bad}")
