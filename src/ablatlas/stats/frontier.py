"""The compute frontier: the lowest loss that an arm can buy for a number of operations, over all its widths.

A training is evaluated as it goes, so a ladder of widths gives the loss at (width, operations). At each budget the
width is chosen on tuning runs and its loss is read from confirmation runs, so that choosing flatters nobody. What is
left is a resource ladder whose resource is operations, and is measured as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablatlas.stats.curve import Curve

VERSION = 1

Floats = NDArray[np.float64]
RUNGS = 9  # budgets, equally spaced in their logarithm


@dataclass(frozen=True, eq=False)
class Trained:
    """One arm at one width: losses (runs, evaluations) of tuning and of confirmation at `flops` (evaluations,)."""

    level: float
    flops: Floats
    tuning: Floats
    confirmation: Floats

    def losses(self, runs: Floats, budget: float) -> Floats:
        """(runs,) losses at a budget, linear in (log operations, log loss); a shorter training leaves some over."""
        at = np.log(self.flops)
        return np.array([math.exp(np.interp(math.log(budget), at, np.log(row))) for row in runs])

    def affords(self, budget: float) -> bool:
        """Whether a budget lasts up to the first evaluation."""
        return bool(self.flops[0] <= budget * (1 + 1e-9))


@dataclass(frozen=True, eq=False)
class Envelope:
    """One arm: its curve over budgets, and the width that stood at each."""

    curve: Curve
    widths: tuple[float, ...]


def budgets(arms: Mapping[str, Sequence[Trained]]) -> tuple[float, ...]:
    """Budgets that every arm can spend at some width, equally spaced in their logarithm."""
    low = max(min(one.flops[0] for one in trained) for trained in arms.values())
    high = min(max(one.flops[-1] for one in trained) for trained in arms.values())
    return tuple(np.geomspace(low, high, RUNGS).tolist()) if low < high else ()


def envelope(trained: Sequence[Trained], levels: Sequence[float]) -> Envelope:
    """An arm's lower envelope at `levels`: the width by tuning runs, its loss by confirmation runs.

    Raises ValueError where no width can spend a budget.
    """
    chosen = [_cheapest(trained, budget) for budget in levels]
    losses = np.array([one.losses(one.confirmation, budget) for one, budget in zip(chosen, levels, strict=True)])
    return Envelope(Curve(tuple(levels), losses), tuple(one.level for one in chosen))


def _cheapest(trained: Sequence[Trained], budget: float) -> Trained:
    fitting = [one for one in trained if one.affords(budget)]
    if not fitting:
        raise ValueError(f"no width can spend {budget:g} operations")
    return min(fitting, key=lambda one: float(one.losses(one.tuning, budget).mean()))
