"""Learning-rate edges: how wide a range of rates does an arm bear?

An arm solves the task on a block of rates. Seen from a rate inside of it, either edge is a threshold ladder: the
farther out, the harder. The range is the upper edge over the lower one, and

    rho = range of the numerator / range of the denominator = 10^(difference in decades).

The rate inside is the one that tuning chose, on other seeds, so that nothing is selected by what is then tested. Each
edge is bracketed by exact tests (`threshold`); eight bounds can be wrong, each at an eighth of alpha.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ablatlas.stats.needs import HORIZON, Undecided
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.threshold import ALPHA, BOUNDS, DELTA, Bracket, Staircase

VERSION = 1

Floats = NDArray[np.float64]
EDGES = 2  # of an arm, so that an edge's bracket is taken at half of alpha


@dataclass(frozen=True)
class Block:
    """One arm: `solved[i]` of its `n` runs solve at `rates[i]`, ascending; `inside` is one of the rates.

    Raises ValueError where it is not.
    """

    rates: tuple[float, ...]
    solved: tuple[int, ...]
    n: int
    inside: float

    def __post_init__(self) -> None:
        if self.inside not in self.rates:
            raise ValueError(f"{self.inside:g} is none of the rates {list(self.rates)}")

    @cached_property
    def upper(self) -> Staircase:
        """From the rate inside upwards."""
        place = self.rates.index(self.inside)
        return Staircase(self.rates[place:], self.solved[place:], self.n)

    @cached_property
    def lower(self) -> Staircase:
        """From the rate inside downwards, at levels of 1 / rate."""
        place = self.rates.index(self.inside)
        levels = tuple(1 / rate for rate in reversed(self.rates[: place + 1]))
        return Staircase(levels, tuple(reversed(self.solved[: place + 1])), self.n)

    def bracket(self, alpha: float = ALPHA) -> Bracket:
        """Where the range lies. An arm that fails at the rate inside may still solve right beside it."""
        upper, lower = (edge(stairs, alpha) for stairs in (self.upper, self.lower))
        return Bracket(upper.low * lower.low, upper.high * lower.high)

    @property
    def open(self) -> bool:
        """Whether most runs still solve at the lowest or at the highest rate that was tried."""
        return bool(self.upper.shares[-1] > 0.5 or self.lower.shares[-1] > 0.5)

    def wide(self) -> tuple[Floats, Floats]:
        """(ranges,) that are tried, and p of "the range is no wider" for each."""
        p = np.maximum.outer(self.upper.p_up(), self.lower.p_up())
        return _ranges(self.upper, self.lower), p.ravel()

    def narrow(self) -> tuple[Floats, Floats]:
        """(ranges,) that are tried, and p of "the range is no narrower" for each."""
        upper, lower = _beyond(self.upper), _beyond(self.lower)
        return _ranges(upper, lower), np.maximum.outer(upper.p_down(), lower.p_down()).ravel()

    def resized(self, n: int) -> "Block":
        """The same shares among `n` runs, rounded towards one half."""
        stairs = Staircase(self.rates, self.solved, self.n).resized(n)
        return replace(self, solved=stairs.solved, n=n)


def edge(stairs: Staircase, alpha: float = ALPHA) -> Bracket:
    """The bracket of one edge, each end tested at `alpha` / 8; its upper end lies beyond the rate inside."""
    return Bracket(stairs.bracket(alpha / EDGES).low, _beyond(stairs).bracket(alpha / EDGES).high)


def _beyond(stairs: Staircase) -> Staircase:
    return stairs.without(stairs.levels[:1])


def _ranges(upper: Staircase, lower: Staircase) -> Floats:
    return np.multiply.outer(np.array(upper.levels, float), np.array(lower.levels, float)).ravel()


@dataclass(frozen=True)
class Edges:
    """Two arms over the same rates; `delta` is the ratio of ranges that counts as a change.

    Raises ValueError if the arms were tried at different rates.
    """

    numerator: Block
    denominator: Block
    delta: float = DELTA

    def __post_init__(self) -> None:
        if self.numerator.rates != self.denominator.rates:
            raise ValueError(
                "arms of one contrast must be tried at the same rates, "
                f"found {list(self.numerator.rates)} and {list(self.denominator.rates)}"
            )

    @property
    def n(self) -> int:
        """Runs per rate in the smaller arm."""
        return min(self.numerator.n, self.denominator.n)

    def ratio(self, alpha: float = ALPHA) -> Ratio:
        """rho with its interval at confidence 1 - `alpha`; a value only where all four edges have both ends."""
        return Ratio.of(self.numerator.bracket(alpha), self.denominator.bracket(alpha))

    @cached_property
    def p_relaxed(self) -> float:
        """p of rho <= delta, for a two-sided verdict."""
        return min(1.0, BOUNDS * EDGES * self._apart(self.numerator, self.denominator))

    @cached_property
    def p_tightened(self) -> float:
        """p of rho >= 1 / delta, for a two-sided verdict."""
        return min(1.0, BOUNDS * EDGES * self._apart(self.denominator, self.numerator))

    @property
    def p(self) -> float:
        """p of "1/delta <= rho <= delta": at most alpha exactly when the interval lies outside of it."""
        return min(self.p_relaxed, self.p_tightened)

    @cached_property
    def p_unchanged(self) -> float:
        """p of two one-sided tests of "rho lies outside 1/delta .. delta": small only where rates stand that close."""
        close = max(self._close(self.numerator, self.denominator), self._close(self.denominator, self.numerator))
        return min(1.0, BOUNDS * EDGES / 2 * close)

    def undecided(self, size: int = 1, alpha: float = ALPHA) -> Undecided:
        """Why nothing is decided in a family of `size`, and the seeds or the rates that would decide."""
        least = math.ceil(math.log2(BOUNDS * EDGES * size / alpha))
        if self.n < least:
            return Undecided("too few seeds", least, f"at least {least} seeds")
        if (needed := self._seeds_needed(size, alpha)) is not None:
            return Undecided("too few seeds", needed, f"{needed} seeds if the shares stay as they are")
        arms = (self.numerator, self.denominator)
        if any(arm.open for arm in arms):
            return Undecided("ladder too easy", None, "rates farther out, up to where both arms fail")
        if any(arm.upper.shares[0] < 0.5 for arm in arms):
            return Undecided("ladder too hard", None, "a task that both arms solve at the rate that tuning chose")
        return Undecided("ladder too coarse", None, "rates closer to each other at the edges")

    def _seeds_needed(self, size: int, alpha: float) -> int | None:
        """Fewest seeds that decide if every share stays as observed; None if not even ten times as many do."""
        for n in range(self.n + 1, HORIZON * self.n + 1):
            larger = replace(self, numerator=self.numerator.resized(n), denominator=self.denominator.resized(n))
            if size * min(larger.p, larger.p_unchanged) <= alpha:
                return n
        return None

    def _apart(self, upper: Block, lower: Block) -> float:
        """Smallest p of "range of `upper` > a and range of `lower` < b" over ranges a > delta b."""
        (a, p_a), (b, p_b) = upper.wide(), lower.narrow()
        return _smallest(p_a, p_b, self._above_delta(a, b))

    def _close(self, upper: Block, lower: Block) -> float:
        """Smallest p of "range of `upper` < a and range of `lower` > b" over ranges a <= delta b."""
        (a, p_a), (b, p_b) = upper.narrow(), lower.wide()
        return _smallest(p_a, p_b, ~self._above_delta(a, b))

    def _above_delta(self, a: Floats, b: Floats) -> NDArray[np.bool_]:
        """(ranges, ranges) whether a is more than delta times b, in any unit of the rate."""
        above: NDArray[np.bool_] = np.divide.outer(a, b) > self.delta * (1 + 1e-9)
        return above


def _smallest(p_a: Floats, p_b: Floats, allowed: NDArray[np.bool_]) -> float:
    """Smallest p of two statements at once, the larger one of theirs (Berger 1982), where they are `allowed`."""
    return float(np.maximum.outer(p_a, p_b)[allowed].min(initial=1.0))


def nearest(rate: float, rates: Sequence[float]) -> float:
    """The rate of a ladder that is nearest to a chosen one, by their logarithms."""
    return min(rates, key=lambda other: abs(math.log(other / rate)))
