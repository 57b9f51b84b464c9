"""One threshold ladder as it ran: its criterion's value, and which run of each variant solved which level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablatlas.declaration.ladders import COST
from ablatlas.stats.checks import Ledgers, MeasureError
from ablatlas.stats.solving import LOSS, solved
from ablatlas.stats.survival import Failures, failures
from ablatlas.stats.threshold import Staircase

if TYPE_CHECKING:
    from ablatlas.study import Criterion, Ladder, Study

VERSION = 1

WORK = "flops_per_step"


@dataclass(frozen=True)
class Climb:
    """One ladder: the number its criterion compares with, and by variant:

    solved: (runs, levels), rows in the order of the study's confirmation seeds.
    edges: the levels whose learning rate rests on an optimum at the edge of its grid.
    """

    ladder: Ladder
    value: float
    solved: Mapping[str, NDArray[np.bool_]]
    edges: Mapping[str, tuple[float, ...]]

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple(float(level) for level in self.ladder.levels)

    @property
    def criterion(self) -> Criterion:
        return criterion_of(self.ladder)

    def staircase(self, variant: str) -> Staircase:
        """Solved counts of a variant along the ladder."""
        table = self.solved[variant]
        return Staircase(self.levels, tuple(int(k) for k in table.sum(axis=0)), len(table))

    def failures(self, variant: str) -> Failures:
        """The level at which each run of a variant fails first."""
        return failures(self.levels, self.solved[variant])


def climb(study: Study, ladder: Ladder, runs: pd.DataFrame, ledgers: Ledgers) -> Climb:
    """Read a ladder from the runs of all its cells. Raises MeasureError where its criterion has no value."""
    value = criterion_value(ladder, ledgers)
    return Climb(
        ladder=ladder,
        value=value,
        solved={variant: _solved(study, ladder, runs, variant, value) for variant in ladder.variants},
        edges={variant: edges(study, ladder, ledgers, variant) for variant in ladder.variants},
    )


def criterion_of(ladder: Ladder) -> Criterion:
    """The ladder's criterion. Raises MeasureError where it declares none."""
    if ladder.solved is None:
        raise MeasureError(f"ladder {ladder.name!r} declares no criterion for a solved run")
    return ladder.solved


def column(ladder: Ladder, level: float) -> str:
    """The outcome column that the criterion reads at a level; evaluated ladders have a column for each."""
    metric = criterion_of(ladder).metric
    return f"{metric}@{level:g}" if ladder.evaluated else metric


def columns_needed(ladders: Iterable[Ladder]) -> dict[str, set[str]]:
    """The columns that ladders read, by cell: the criterion's, the operations of a step, or the held-out loss."""
    needed: dict[str, set[str]] = {}
    for ladder in ladders:
        for level in ladder.levels:
            read = column(ladder, level) if ladder.solved else WORK if ladder.measure == COST else LOSS
            needed.setdefault(ladder.cell(level), set()).add(read)
    return needed


def criterion_value(ladder: Ladder, ledgers: Ledgers) -> float:
    """The number that a criterion compares with: its own, or the midpoint that tuning computed.

    Raises MeasureError if the base cell's ledger does not hold the midpoint of this criterion.
    """
    criterion = criterion_of(ladder)
    if criterion.value != "midpoint":
        return float(criterion.value)
    base = ledgers["base"]
    found = base.get("criterion") or {}
    same = (found.get("metric"), found.get("op")) == (criterion.metric, criterion.op)
    if not same or found.get("value") is None:
        wanted = f"{criterion.metric} {criterion.op} {criterion.value}"
        raise MeasureError(f"{base['file']}: found the criterion {found}, expected the value of {wanted}")
    return float(found["value"])


def edges(study: Study, ladder: Ladder, ledgers: Ledgers, variant: str) -> tuple[float, ...]:
    """Levels whose rate is, or is interpolated from, an optimum at the edge of its grid."""
    at_edge = {cell for cell, ledger in ledgers.items() if ledger["edge"].get(variant, False)}
    rates_from = {level: study.cells[ladder.cell(level)].rates_from for level in ladder.levels}
    return tuple(float(level) for level, cells in rates_from.items() if at_edge.intersection(cells))


def _solved(study: Study, ladder: Ladder, runs: pd.DataFrame, variant: str, value: float) -> NDArray[np.bool_]:
    op, seeds = criterion_of(ladder).op, list(study.seeds["confirmation"])
    own = runs[runs["arm"] == variant]
    cells = (own[own["cell"] == ladder.cell(level)].set_index("seed").loc[seeds] for level in ladder.levels)
    return np.column_stack(
        [
            solved(cell, column(ladder, level), op, value).to_numpy(bool)
            for cell, level in zip(cells, ladder.levels, strict=True)
        ]
    )
