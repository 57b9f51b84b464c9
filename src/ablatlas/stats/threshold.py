"""Threshold ladders: at which level do half of an arm's runs fail, and how far apart are two arms?

A larger level is harder, and the chance that a run solves it is taken as non-increasing in the level. T is
the level at which half of the runs solve; rho = T of the numerator / T of the denominator. Along such ladders
outcomes are often all or nothing, where a fitted slope is infinite and its interval meaningless. So no curve
is fitted: exact binomial tests in a fixed sequence from either end (Maurer, Hothorn & Lehmacher 1995: no
correction along the sequence) bracket each T, and the two brackets bound rho. Four bounds can be wrong, each
at a quarter of alpha. That holds whatever the dependence between rungs or arms: one training may be read at
every rung, and arms may share their seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc

from ablatlas.stats.ratio import Ratio

VERSION = 1

ALPHA = 0.05
DELTA = 1.1  # ratios nearer to 1 than this count as no change
BOUNDS = 4  # two arms, two ends each: every one is tested at alpha / BOUNDS
FEWEST = 3  # seeds below which no interval is given
EXPLORATORY = 5  # seeds below which a result is exploratory

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bracket:
    """Where an arm's T lies: above `low` (0: no lower bound) and below `high` (infinite: no upper bound)."""

    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Whether both ends are known."""
        return self.low > 0 and math.isfinite(self.high)

    @property
    def middle(self) -> float:
        """Geometric midpoint, in units of the level; only of a bounded bracket."""
        return math.sqrt(self.low * self.high)


@dataclass(frozen=True)
class Staircase:
    """One arm along a threshold ladder: `solved[i]` of its `n` runs solve `levels[i]`, easiest first.

    Raises ValueError if levels are not positive and ascending, or counts do not fit.
    """

    levels: tuple[float, ...]
    solved: tuple[int, ...]
    n: int

    def __post_init__(self) -> None:
        ascending = all(a < b for a, b in zip(self.levels, self.levels[1:], strict=False))
        if not ascending or any(level <= 0 for level in self.levels):
            raise ValueError(f"threshold levels must be positive and ascending, found {list(self.levels)}")
        if len(self.solved) != len(self.levels) or any(not 0 <= k <= self.n for k in self.solved):
            raise ValueError(f"solved {list(self.solved)} of {self.n} do not fit levels {list(self.levels)}")

    @property
    def shares(self) -> Floats:
        """Share of runs that solve each level, (levels,)."""
        return np.array(self.solved, float) / self.n

    def p_up(self, share: float = 0.5) -> Floats:
        """(levels,) p of "P(solved) <= share here or at an easier level": the running largest binomial p."""
        p = bdtrc(np.array(self.solved) - 1.0, self.n, share)
        return np.maximum.accumulate(p)

    def p_down(self, share: float = 0.5) -> Floats:
        """(levels,) p of "P(solved) >= share here or at a harder level": likewise, from the hardest."""
        p = bdtr(np.array(self.solved, float), self.n, share)
        return np.maximum.accumulate(p[::-1])[::-1]

    def bracket(self, alpha: float = ALPHA, share: float = 0.5) -> Bracket:
        """The bracket of T whose two ends are tested at `alpha` / 4 each."""
        return self._between(self.p_up(share) <= alpha / BOUNDS, self.p_down(share) <= alpha / BOUNDS)

    def crossing(self, share: float = 0.5) -> Bracket:
        """Where the observed shares cross `share`: every easier level is above it, every harder one below."""
        above = np.minimum.accumulate(self.shares) > share
        below = np.maximum.accumulate(self.shares[::-1])[::-1] < share
        return self._between(above, below)

    def _between(self, above: NDArray[np.bool_], below: NDArray[np.bool_]) -> Bracket:
        levels = np.array(self.levels, float)
        return Bracket(low=float(levels[above].max(initial=0.0)), high=float(levels[below].min(initial=math.inf)))

    def without(self, dropped: Sequence[float]) -> "Staircase":
        """The staircase less the `dropped` levels."""
        kept = [(d, k) for d, k in zip(self.levels, self.solved, strict=True) if d not in dropped]
        return Staircase(tuple(d for d, _ in kept), tuple(k for _, k in kept), self.n)

    def resized(self, n: int) -> "Staircase":
        """The same shares among `n` runs, rounded towards one half."""
        shares = self.shares
        counts = np.where(shares > 0.5, np.floor(shares * n + 1e-9), np.ceil(shares * n - 1e-9))
        return replace(self, solved=tuple(int(k) for k in counts), n=n)


@dataclass(frozen=True)
class Comparison:
    """Two arms along one threshold ladder.

    `share` is the solved share that defines T, `delta` the ratio that counts as a change.
    Raises ValueError if the arms stand on different levels.
    """

    numerator: Staircase
    denominator: Staircase
    delta: float = DELTA
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.numerator.levels != self.denominator.levels:
            raise ValueError(
                "arms of one contrast must stand on the same levels, "
                f"found {list(self.numerator.levels)} and {list(self.denominator.levels)}"
            )

    @property
    def levels(self) -> tuple[float, ...]:
        return self.numerator.levels

    @property
    def n(self) -> int:
        """Runs per level in the smaller arm."""
        return min(self.numerator.n, self.denominator.n)

    def brackets(self, alpha: float = ALPHA) -> tuple[Bracket, Bracket]:
        """Brackets of the numerator and of the denominator."""
        return self.numerator.bracket(alpha, self.share), self.denominator.bracket(alpha, self.share)

    def ratio(self, alpha: float = ALPHA) -> Ratio:
        """rho with its interval at confidence 1 - `alpha`; a value only where both brackets are bounded."""
        return Ratio.of(*self.brackets(alpha))

    @property
    def observed(self) -> Ratio:
        """rho between the levels where the observed shares cross: taken at their face, without a test."""
        return Ratio.of(self.numerator.crossing(self.share), self.denominator.crossing(self.share))

    @cached_property
    def p_relaxed(self) -> float:
        """p of rho <= delta, for a two-sided verdict."""
        return min(1.0, BOUNDS * self._apart(self.numerator, self.denominator))

    @cached_property
    def p_tightened(self) -> float:
        """p of rho >= 1 / delta, for a two-sided verdict."""
        return min(1.0, BOUNDS * self._apart(self.denominator, self.numerator))

    @property
    def p(self) -> float:
        """p of "1/delta <= rho <= delta": at most alpha exactly when the interval lies outside of it."""
        return min(self.p_relaxed, self.p_tightened)

    @cached_property
    def p_unchanged(self) -> float:
        """p of two one-sided tests of "rho lies outside 1/delta .. delta".

        A bracket is at least one rung wide, so it is small only where rungs stand closer than delta.
        """
        one_sided = max(self._close(self.numerator, self.denominator), self._close(self.denominator, self.numerator))
        return min(1.0, BOUNDS / 2 * one_sided)

    @property
    def non_monotone(self) -> bool:
        """Whether an arm plainly fails at a level that is easier than one that it plainly solves."""
        return any(self._rises(arm) for arm in (self.numerator, self.denominator))

    def _apart(self, upper: Staircase, lower: Staircase) -> float:
        """Smallest p of "T of `upper` > a and T of `lower` < b" over levels a > delta b.

        Both must hold, so a pair's p is the larger one (intersection-union test, Berger 1982).
        """
        p = np.maximum.outer(upper.p_up(self.share), lower.p_down(self.share))
        return float(p[self._beyond_delta].min(initial=1.0))

    def _close(self, upper: Staircase, lower: Staircase) -> float:
        """Smallest p of "T of `upper` < a and T of `lower` > b" over levels a <= delta b."""
        p = np.maximum.outer(upper.p_down(self.share), lower.p_up(self.share))
        return float(p[~self._beyond_delta].min(initial=1.0))

    @property
    def _beyond_delta(self) -> NDArray[np.bool_]:
        """(levels, levels) whether the level of the row is more than delta times that of the column."""
        levels = np.array(self.levels, float)
        # The slack keeps the answer the same in any unit of the level.
        beyond: NDArray[np.bool_] = np.divide.outer(levels, levels) > self.delta * (1 + 1e-9)
        return beyond

    def _rises(self, arm: Staircase) -> bool:
        solved = np.array(arm.solved, float)
        fails = bdtr(solved, arm.n, self.share) <= ALPHA / BOUNDS
        solves = bdtrc(solved - 1, arm.n, self.share) <= ALPHA / BOUNDS
        return bool(np.any(np.logical_or.accumulate(fails) & solves))
