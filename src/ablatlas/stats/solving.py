"""What a run achieved: solved or not, and its capped score."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

VERSION = 1

OPERATORS: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
UNSCORED = "infrastructure"
LOSS = "loss"  # the held-out loss

Frame = TypeVar("Frame", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class Cap:
    """What a predictor that ignores its input scores: a run that did not finish as well, and none worse."""

    worst: float
    lower_is_better: bool

    def fill(self, scores: Frame) -> Frame:
        """Scores with the missing ones at the cap, and none beyond it."""
        filled = scores.fillna(self.worst)
        return filled.clip(upper=self.worst) if self.lower_is_better else filled.clip(lower=self.worst)


def finite(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column as floats; what is null, not finite, or of a run that did not finish becomes NaN.

    Raises ValueError if a run failed for reasons of infrastructure: it is to be run again, never scored.
    """
    if (lost := frame["state"] == UNSCORED).any():
        keys = ", ".join(map(str, frame.loc[lost, "key"]))
        raise ValueError(f"runs lost to infrastructure are run again with their seed, never scored: {keys}")
    values = pd.to_numeric(frame[column]).astype(float)
    return values.where(np.isfinite(values) & (frame["state"] == "finished"))


def solved(frame: pd.DataFrame, column: str, op: str, value: float) -> pd.Series:
    """Whether each run (row) solves "column op value"; a run that did not finish solves nothing."""
    return OPERATORS[op](finite(frame, column), value)


def capped(frame: pd.DataFrame, column: str, cap: Cap | None) -> pd.Series:
    """Score of each run (row). Without a cap, runs that did not finish stay NaN."""
    scores = finite(frame, column)
    return scores if cap is None else cap.fill(scores)
