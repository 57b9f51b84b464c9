"""The critical batch size: how the steps to a loss fall as a step reads more examples, and where that ends.

S = S_min (1 + B_crit / B) (McCandlish et al. 2018, arXiv 1812.06162, eq. 2.11): far below B_crit twice the batch halves
the steps, far above it saves none. The loss is the lowest that every run along the ladder reaches, so that none is
censored. It describes and decides nothing, so that no digest of results depends on it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ablatlas.crossing import crossing
from ablatlas.stats.clocked import Floats
from ablatlas.stats.summary import Row, geometric_interval

if TYPE_CHECKING:
    import pandas as pd

    from ablatlas.stats.evidence import Evidence
    from ablatlas.study import Ladder

BATCH = "recipe.batch"
LOSS = "val_loss"
REACH = 1000.0  # times the outermost batches: as far off as a critical size is looked for
GRID = 4001


def ladders(evidence: Evidence) -> list[Ladder]:
    """The ladders along which a step reads more examples."""
    return [ladder for ladder in evidence.study.ladders.values() if ladder.path == BATCH]


def tables(evidence: Evidence) -> dict[str, list[Row]]:
    """`serial`: steps of a variant on a rung; `critical`: the hyperbola through all of a ladder.

    None without a ladder, or where a run never comes below the cap, so that there is no loss that all reach.
    """
    found = [one for ladder in ladders(evidence) if (one := _Along(evidence, ladder)).target < one.cap]
    if not found:
        return {}
    return {"serial": [row for one in found for row in one.serial()], "critical": [one.critical() for one in found]}


def hyperbola(batches: Floats, steps: Floats) -> tuple[float, float]:
    """S_min and B_crit by least squares of log steps, at (rungs,) batches: for each B_crit the best S_min is a mean."""
    sizes = np.geomspace(batches.min() / REACH, batches.max() * REACH, GRID)
    left = np.log(steps) - np.log1p(sizes[:, None] / batches)
    best = int(left.var(axis=1).argmin())
    return math.exp(float(left[best].mean())), float(sizes[best])


class _Along:
    """A ladder's runs: when each reaches the loss that all of them reach."""

    def __init__(self, evidence: Evidence, ladder: Ladder) -> None:
        self.study, self.ladder, self.cap = evidence.study, ladder, evidence.cap.worst
        self.rungs = [(variant, level) for variant in ladder.variants for level in ladder.levels]
        runs = [self._curves(evidence.confirmation.curves, *rung) for rung in self.rungs]
        self.target = max(min(losses) for seeds in runs for _, losses in seeds)
        self.steps = np.array([[crossing(*curve, self.target, self.cap) for curve in seeds] for seeds in runs], float)
        self.batches = np.array([self.batch(*rung) for rung in self.rungs], float)

    def _curves(self, curves: pd.DataFrame, variant: str, level: float) -> list[tuple[list[float], list[float]]]:
        """Steps and capped losses of every seed; one that diverged stays at the cap."""
        own = curves[(curves["arm"] == variant) & (curves["cell"] == self.ladder.cell(level))].sort_values("step")
        found = []
        for seed in self.study.seeds["confirmation"]:
            part = own[own["seed"] == seed]
            losses = part[LOSS].astype(float).fillna(self.cap).clip(upper=self.cap)
            found.append((part["step"].tolist(), losses.tolist()))
        return found

    def batch(self, variant: str, level: float) -> int:
        """The examples of a step, of all workers."""
        recipe = self.study.run_config(variant, self.ladder.cell(level))["recipe"]
        return int(recipe["batch"] * recipe.get("workers", 1))

    def serial(self) -> list[Row]:
        return [
            {"ladder": self.ladder.name, "variant": variant, "level": level, "batch": self.batch(variant, level)}
            | geometric_interval(steps)
            for (variant, level), steps in zip(self.rungs, self.steps, strict=True)
        ]

    def critical(self) -> Row:
        """A fit for each seed, and their geometric means."""
        fits = np.array([hyperbola(self.batches, steps) for steps in self.steps.T])
        least, size = geometric_interval(fits[:, 0]), geometric_interval(fits[:, 1])
        return {"ladder": self.ladder.name, "target": self.target, "least_steps": least, "critical_batch": size}
