"""What a tuning run is worth, as a loss: lower is better, and nothing is worse than a run that has learned nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ablatlas.crossing import crossing, height
from ablatlas.record import Record
from ablatlas.study import Score

FRACTIONS = (0.25, 0.5, 0.75)  # of the budget at which `with` sets the targets; the second is the primary one


class Scoring:
    """By the study's score: the metric of its criterion, capped at the task's floor.

    The levels of an evaluated ladder are averaged. A run that has not finished scores the floor.
    """

    def __init__(self, score: Score, floor: Mapping[str, float]) -> None:
        self.criterion, self.metrics = score.criterion, score.metrics
        self.higher = self.criterion.op in (">", ">=")
        # The training loss is floored like the loss itself.
        self.floors = np.array([floor["loss" if m == "train_loss" else m] for m in self.metrics])

    @property
    def cap(self) -> float:
        return float(self.loss(self.floors))

    @property
    def metric(self) -> str:
        return self.criterion.metric

    def loss(self, values: np.ndarray) -> float:
        sign = -1 if self.higher else 1
        return float(np.minimum(sign * values, sign * self.floors).mean())

    def __call__(self, work: Record, row: int) -> float:
        """The score of a run, a row of a record."""
        finished, outcome = work.run[row]["state"] == "finished", work.outcome[row]
        return self.loss(np.array([outcome[m] for m in self.metrics])) if finished else self.cap

    def ledger(self, best: Mapping[str, float] | None) -> dict[str, Any]:
        """What a ledger says of the score; `best`, each variant's on the base cell, sets the midpoint there."""
        value = None if best is None else self._value(best)
        return {"criterion": {"metric": self.metric, "op": self.criterion.op, "value": value}}

    def _value(self, best: Mapping[str, float]) -> float:
        """The number that a run is compared with: its own, or midway between the floor and the better arm's score."""
        if self.criterion.value != "midpoint":
            return float(self.criterion.value)
        middle = (self.cap + min(best["with"], best["without"])) / 2
        return -middle if self.higher else middle


class Timing:
    """By the steps to a target; a run that does not reach it within the limit, or diverges, scores the limit."""

    higher, metric = False, "steps to target"

    def __init__(self, targets: Mapping[str, float], limit: float, floor: float) -> None:
        self.targets, self.cap, self.floor = dict(targets), float(limit), floor

    def __call__(self, work: Record, row: int) -> float:
        """The score of a run, a row of a record."""
        if work.run[row]["state"] != "finished":
            return self.cap
        reached = crossing(*curve(work, row, self.floor), self.targets[str(FRACTIONS[1])], self.floor)
        return self.cap if reached is None else reached

    def ledger(self, best: Mapping[str, float] | None) -> dict[str, Any]:
        """What a ledger says of the score."""
        return {"targets": self.targets}


def aims(tuned: Record, floor: float) -> dict[str, float]:
    """Fraction of the budget -> the mean held-out loss of `with` there, over its tuning runs at the chosen rate."""
    rate = tuned.ledger["chosen"]["with"]
    rows = [i for i, run in enumerate(tuned.run) if (run["arm"], run["rate"]) == ("with", rate)]
    curves = [curve(tuned, row, floor) for row in rows]
    budget = max(steps[-1] for steps, _ in curves)
    return {
        str(q): float(np.mean([height(steps, losses, q * budget, floor) for steps, losses in curves]))
        for q in FRACTIONS
    }


def curve(work: Record, row: int, floor: float) -> tuple[list[float], list[float]]:
    """Steps and held-out losses of a run, capped at the floor, where it stands once it has diverged."""
    points = [point for point in work.curve if point["run"] == row]
    losses = (floor if point.get("loss") is None else min(point["loss"], floor) for point in points)
    return [point["step"] for point in points], list(losses)
