"""What a step costs along a ladder of costs, of every variant: rung by rung, and how it grows.

It describes and decides nothing, so that no digest of results depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ablatlas.declaration.ladders import COST
from ablatlas.stats.clocked import Floats, per_doubling
from ablatlas.stats.summary import Row, geometric_interval, number, t_interval

if TYPE_CHECKING:
    from ablatlas.stats.evidence import Evidence
    from ablatlas.study import Ladder

COUNTS = ("flops_per_step", "peak_memory")  # the same for every seed
READ = ("seconds", "joules")  # by a clock and a counter, in blocks


def ladders(evidence: Evidence) -> list[Ladder]:
    """The ladders of costs."""
    return [ladder for ladder in evidence.study.ladders.values() if ladder.measure == COST]


def costs(evidence: Evidence) -> list[Row]:
    """A row a variant and rung: operations, bytes, seconds with their interval over units, joules, of a step."""
    return [
        {"ladder": ladder.name, "variant": variant, "level": level, "cell": cell}
        | {name: number(counted(evidence, variant, cell, name)) for name in COUNTS}
        | geometric_interval(np.exp(read(evidence, variant, cell, "seconds")))
        | {"joules": geometric_interval(np.exp(read(evidence, variant, cell, "joules")))["mean"]}
        for ladder in ladders(evidence)
        for variant in ladder.variants
        for level, cell in ladder.rungs
    ]


def growth(evidence: Evidence) -> list[Row]:
    """A row a variant and quantity: the exponent with which it grows along the ladder, exact where it is counted."""
    return [
        row for ladder in ladders(evidence) for variant in ladder.variants for row in _grown(evidence, ladder, variant)
    ]


def _grown(evidence: Evidence, ladder: Ladder, variant: str) -> Iterator[Row]:
    for name in (*COUNTS, *READ):
        logs = np.array([_logs(evidence, variant, cell, name) for _, cell in ladder.rungs])
        exponents = per_doubling(ladder.levels, logs) / np.log(2)
        interval = t_interval(exponents) if np.isfinite(exponents).all() else t_interval([])
        yield {"ladder": ladder.name, "variant": variant, "quantity": name, "exact": name in COUNTS, **interval}


def _logs(evidence: Evidence, variant: str, cell: str, name: str) -> Floats:
    if name in COUNTS:
        return np.log([counted(evidence, variant, cell, name)])
    return read(evidence, variant, cell, name)


def counted(evidence: Evidence, variant: str, cell: str, name: str) -> float:
    """A count of a step."""
    return float(evidence.cell(variant, cell)[name].iloc[0])


def read(evidence: Evidence, variant: str, cell: str, name: str) -> Floats:
    """(units,) logarithms of the seconds or joules of a step, a unit being two passes; NaN where none were counted."""
    assert evidence.clock is not None, "a ladder of costs has timed runs"
    blocks = evidence.clock.at(cell).blocks
    part = blocks[blocks["variant"] == variant].sort_values("block", kind="stable")
    logs: Floats = np.log(pd.to_numeric(part[name]).to_numpy(float) / part["steps"].to_numpy(float))
    return logs.reshape(-1, 2).mean(axis=1)
