"""All that a study's questions are answered from: its runs, their curves, its ledgers and its clock."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablatlas.stats.checks import Clock, Confirmation, Ledgers, MeasureError
from ablatlas.stats.contrasts import Contrast, contrasts
from ablatlas.stats.solving import LOSS, Cap, capped

if TYPE_CHECKING:
    from ablatlas.study import Ladder, Study

VERSION = 1

Floats = NDArray[np.float64]
UNCAPPED = Cap(math.inf, lower_is_better=True)


@dataclass(frozen=True)
class Evidence:
    """A study's confirmation runs, the ledgers and curves of its tuning, and its clock if it has one."""

    study: Study
    confirmation: Confirmation
    ledgers: Ledgers
    clock: Clock | None = None

    @property
    def runs(self) -> pd.DataFrame:
        return self.confirmation.runs

    @property
    def cap(self) -> Cap:
        """The held-out loss of the best predictor that ignores its input; none where nothing is tuned, or learned.

        Raises MeasureError where it is unknown.
        """
        if not self.study.tune.cells:
            return UNCAPPED
        base = self.ledgers["base"]
        floor = base.get("floor") or {}
        if floor.get(LOSS) is None:
            raise MeasureError(f"{base['file']}: the ledger holds no floor of the {LOSS}")
        return Cap(float(floor[LOSS]), lower_is_better=True)

    def contrasts(self, ladder: Ladder) -> list[Contrast]:
        """The contrasts both of whose variants a ladder trains."""
        trained = set(ladder.variants)
        return [c for c in contrasts(self.study) if {c.numerator, c.denominator} <= trained]

    def cell(self, variant: str, cell: str) -> pd.DataFrame:
        """The runs of a variant in a cell, a row a seed in the study's order."""
        own = self.runs[(self.runs["arm"] == variant) & (self.runs["cell"] == cell)]
        return own.set_index("seed", drop=False).loc[list(self.study.seeds["confirmation"])]

    def losses(self, ladder: Ladder, variant: str, levels: Iterable[float]) -> Floats:
        """(levels, runs) capped held-out losses."""
        cap = self.cap
        return np.array([capped(self.cell(variant, ladder.cell(x)), LOSS, cap).to_numpy(float) for x in levels])

    def edges(self, ladder: Ladder, variants: Iterable[str]) -> tuple[float, ...]:
        """Levels whose rate is, or is interpolated from, an optimum of some of `variants` at its grid's edge."""
        wanted = set(variants)
        at_edge = {
            cell for cell, entry in self.ledgers.items() if any(entry["edge"].get(variant) for variant in wanted)
        }
        return tuple(
            float(level) for level in ladder.levels if at_edge & set(self.study.cells[ladder.cell(level)].rates_from)
        )

    def keys(self, cells: Iterable[str], contrast: Contrast) -> tuple[str, ...]:
        """Keys of the runs of a contrast's two variants in some cells."""
        sides = [contrast.numerator, contrast.denominator]
        chosen = self.runs["cell"].isin(set(cells)) & self.runs["arm"].isin(sides)
        return tuple(map(str, self.runs.loc[chosen, "key"]))
