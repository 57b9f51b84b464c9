"""What a clock tells two arms apart by: a ratio of rates, measured in interleaved blocks on one machine.

Passes over the arms go forwards and backwards in turn (ABBA). Two passes together are the unit: a drift that is
linear over them adds the same to both arms and cancels, and what is left differs less from unit to unit than
from block to block. The ratio is geometric, its interval a t interval of the units' log ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ablatlas.stats.needs import HORIZON, Undecided
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import ALPHA, DELTA, FEWEST

VERSION = 1

Floats = NDArray[np.float64]


def units(numerator: Floats, denominator: Floats) -> Floats:
    """(units,) log ratios of two arms' rates (blocks,), in the order of the passes; an odd last pass is left out."""
    logs = np.log(numerator) - np.log(denominator)
    pairs: Floats = logs[: len(logs) // 2 * 2].reshape(-1, 2).mean(axis=1)
    return pairs


def per_doubling(levels: Sequence[float], logs: Floats) -> Floats:
    """(units,) what the logarithms (levels, units) gain with each doubling of the level, by least squares."""
    x = np.log2(np.asarray(levels, float))
    x = x - x.mean()
    slopes: Floats = x @ logs / (x @ x)
    return slopes


@dataclass(frozen=True, eq=False)
class NetTerm:
    """(units,) log ratios, > 0 where the numerator is better; `delta` is the ratio that counts as a change.

    Raises ValueError for a ratio that is not finite.
    """

    logs: Floats
    delta: float = DELTA

    def __post_init__(self) -> None:
        if not np.isfinite(self.logs).all():
            raise ValueError(f"rates of a clock must be positive numbers, found log ratios {self.logs.tolist()}")

    @property
    def n(self) -> int:
        """Units: pairs of passes."""
        return len(self.logs)

    @cached_property
    def mean(self) -> float:
        return float(self.logs.mean())

    @cached_property
    def error(self) -> float:
        """Standard error of the mean."""
        return float(self.logs.std(ddof=1) / math.sqrt(self.n)) if self.n > 1 else math.inf

    def ratio(self, alpha: float = ALPHA) -> Ratio:
        """The geometric mean ratio and its interval at confidence 1 - `alpha`."""
        if self.n < FEWEST:
            return Ratio(math.exp(self.mean), 0.0, math.inf)
        reach = float(stdtrit(self.n - 1, 1 - alpha / 2)) * self.error
        return Ratio(math.exp(self.mean), math.exp(self.mean - reach), math.exp(self.mean + reach))

    @property
    def p_relaxed(self) -> float:
        """p of a ratio of at most delta, for a two-sided verdict."""
        return min(1.0, 2 * self._above(math.log(self.delta)))

    @property
    def p_tightened(self) -> float:
        """p of a ratio of at least 1 / delta, for a two-sided verdict."""
        return min(1.0, 2 * self._below(-math.log(self.delta)))

    @property
    def p(self) -> float:
        """p of "1/delta <= ratio <= delta": at most alpha exactly when the interval lies outside of it."""
        return min(self.p_relaxed, self.p_tightened)

    @property
    def p_unchanged(self) -> float:
        """p of two one-sided tests of "the ratio lies outside 1/delta .. delta"."""
        return max(self._above(-math.log(self.delta)), self._below(math.log(self.delta)))

    def undecided(self, size: int = 1, alpha: float = ALPHA) -> Undecided:
        """Why this is not decided in a family of `size`, and how many units would decide it."""
        for n in range(max(FEWEST, self.n + 1), HORIZON * self.n + 1):
            more = math.sqrt(n / self.n)
            distances = (abs(self.mean) - math.log(self.delta), math.log(self.delta) - abs(self.mean))
            t = [
                more * distance / self.error if self.error else math.copysign(math.inf, distance)
                for distance in distances
            ]
            if min(2 * stdtr(n - 1, -t[0]), stdtr(n - 1, -t[1])) * size <= alpha:
                return Undecided("too few seeds", n, f"{2 * n} blocks of each variant if the machine stays as it is")
        return Undecided("too few seeds", None, f"more than {2 * HORIZON * self.n} blocks of each variant")

    def _above(self, log_ratio: float) -> float:
        """One-sided p of "the log ratio is at most `log_ratio`"."""
        if self.n < FEWEST:
            return 1.0
        distance = self.mean - log_ratio
        if self.error == 0:
            return float(distance <= 0)
        return float(stdtr(self.n - 1, -distance / self.error))

    def _below(self, log_ratio: float) -> float:
        """One-sided p of "the log ratio is at least `log_ratio`"."""
        return NetTerm(-self.logs, self.delta)._above(-log_ratio)
