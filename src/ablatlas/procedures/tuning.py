"""The rule that picks learning rates: one common rate, from which a variant departs only on evidence.

Choosing freely on two or three seeds lets the noise of tuning into the comparison. So the rate that serves `with`
and `without` together is the rate of all, unless a variant's own best beats it by more than two standard errors of
the paired difference. Scores are losses: lower is better, capped at the floor.

Grids may differ between variants but are equally long, and an extension lengthens all of them alike; a rate is
therefore named by its place in the grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ablatlas.study import Study

EXTENSIONS = 3
Scores = dict[str, np.ndarray]  # variant -> (rates, seeds) scores


@dataclass(frozen=True)
class Choice:
    """Places in the grid: the common one, each variant's, and which variants are capped everywhere."""

    common: int
    chosen: dict[str, int]
    capped: dict[str, bool]

    def departed(self, variant: str) -> bool:
        return self.chosen[variant] != self.common


def best(means: np.ndarray) -> int:
    """The place of the lowest mean; exact ties go to the place nearest the middle, then to the lower one."""
    tied = np.flatnonzero(means == means.min())
    middle = (len(means) - 1) / 2
    return int(min(tied, key=lambda place: (abs(place - middle), place)))


def choose(scores: Scores, cap: float) -> Choice:
    """Apply the rule. `scores` must hold `with` and `without`; a score at `cap` is a diverged or hopeless run."""
    common = best(scores["with"].mean(1) + scores["without"].mean(1))
    capped = {variant: bool((table >= cap).all()) for variant, table in scores.items()}
    chosen = {}
    for variant, table in scores.items():
        own = best(table.mean(1))
        gain = table[common] - table[own]
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        chosen[variant] = own if not capped[variant] and gain.mean() > 2 * error else common
    return Choice(common, chosen, capped)


def extension(choice: Choice, rates: int, done: dict[str, int]) -> str | None:
    """Where the grid must grow next: `down`, `up` or None. `done` counts the extensions made so far.

    It grows at an edge that some variant's rate stands on, at most three times in all; once downwards for a
    variant that is capped at every rate and so has no optimum.
    """
    if sum(done.values()) >= EXTENSIONS:
        return None
    standing = {place for variant, place in choice.chosen.items() if not choice.capped[variant]}
    if 0 in standing or (any(choice.capped.values()) and not done["down"]):
        return "down"
    return "up" if rates - 1 in standing else None


def extend(grid: list[float], side: str) -> list[float]:
    """The grid with one more rate, half a decade beyond its end: … 0.003, 0.01, 0.03 …"""

    def half_decades(rate: float, more: int) -> float:
        return float(f"{10 ** ((round(2 * math.log10(rate)) + more) / 2):.0e}")

    return [half_decades(grid[0], -1), *grid] if side == "down" else [*grid, half_decades(grid[-1], +1)]


def interpolate(level: float, tuned: dict[float, float]) -> float:
    """The rate at an untuned rung: linear in (log level, log rate) between its tuned neighbours, flat beyond them."""
    levels = sorted(tuned)
    rates = np.interp(np.log(level), np.log(levels), np.log([tuned[x] for x in levels]))
    return float(f"{np.exp(rates):.4g}")


def rates(study: Study, cell: str, ledgers: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Every variant's rate at a cell: the level itself, the one it was tuned to there, or one between its neighbours'.

    The last is interpolated along the cell's ladder.
    """
    variants = study.variants_of(cell)
    if not ledgers:
        return dict.fromkeys(variants, float(study.levels[cell][study.tune.path]))
    if cell in ledgers:
        tuned: dict[str, float] = ledgers[cell]["chosen"]
        return {variant: tuned[variant] for variant in variants}
    ladder = study.ladders[cell.split("=")[0]]
    level_of = {name: level for level, name in ladder.rungs}
    chosen = {level_of[name]: ledger["chosen"] for name, ledger in ledgers.items()}
    return {v: interpolate(level_of[cell], {level: c[v] for level, c in chosen.items()}) for v in variants}
