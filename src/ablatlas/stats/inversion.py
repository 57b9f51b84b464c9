"""Where does a curve pass the loss that another arm has at the reference? A t-test, inverted along the ladder.

D(r) = L(r) - L*, with L* the other arm's mean loss at the reference. At every r a t-test (Welch's, or paired) asks
whether D(r) is 0; the levels where it does not reject are the interval of the crossing (Fieller's argument: the
noise of L* enters, and no slope is divided by). Reported is their hull, open towards an end of the ladder that does
not itself lie clearly on its side. It holds the crossing whether or not the curve is monotone.

The two arms have different runs, also where one of them is interpolated between its reference and another rung: L* is
never read from the curve that is inverted. `paired` takes their columns as pairs, and then what pairs share cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ablatlas.stats.curve import Curve
from ablatlas.stats.difference import Difference, difference

VERSION = 1

Floats = NDArray[np.float64]

STEPS = 16  # places between two rungs at which the test is made
FINER = 32  # places within a step in the search for an end, which is then a line's: good to six digits


@dataclass(frozen=True, eq=False)
class Inversion:
    """`curve` against the loss of `other` at `reference`; the tests p_* stand at reference · delta^±1."""

    curve: Curve
    other: Curve
    reference: float
    delta: float
    paired: bool

    def difference(self, log_level: Floats) -> Difference:
        """D at log r (places,) within the ladder."""
        return difference(self.curve.at(log_level), self.other.losses[self.place], self.paired)

    @property
    def place(self) -> int:
        """Rung of the reference."""
        return self.curve.rung(self.reference)

    @cached_property
    def marks(self) -> tuple[float, float]:
        """log r of reference / delta and of reference · delta."""
        return self.curve.logs[self.place] - math.log(self.delta), self.curve.logs[self.place] + math.log(self.delta)

    @cached_property
    def grid(self) -> Floats:
        """log r of every place at which the test is made: the rungs, the marks, and steps between."""
        x = self.curve.logs
        steps = x[:-1, None] + np.diff(x)[:, None] * np.arange(STEPS) / STEPS
        inside = [mark for mark in self.marks if x[0] < mark < x[-1]]
        return np.sort(np.concatenate([steps.ravel(), x[-1:], inside]))

    @cached_property
    def tests(self) -> Difference:
        """D along the grid."""
        return self.difference(self.grid)

    @cached_property
    def p_above(self) -> Floats:
        """One-sided p of "L(r) <= L*" along the grid."""
        return self.tests.p_positive

    @cached_property
    def p_below(self) -> Floats:
        """One-sided p of "L(r) >= L*" along the grid."""
        return self.tests.p_negative

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Levels between which the crossing lies at confidence 1 - `alpha`; 0 and infinity are no bound."""
        above, below = self.p_above <= alpha / 2, self.p_below <= alpha / 2
        low = self._end(int(above.argmin()) - 1, alpha, 1) if not above.all() else self.grid[-1]
        high = self._end(len(below) - 1 - int(below[::-1].argmin()), alpha, -1) if not below.all() else self.grid[0]
        return math.exp(low) if above[0] else 0.0, math.exp(high) if below[-1] else math.inf

    def _end(self, left: int, alpha: float, sign: int) -> float:
        """log r at which sign · t is the quantile of a test at `alpha`, in the grid's cell that begins at `left`."""
        if not 0 <= left < len(self.grid) - 1:
            return math.nan  # an open end: none of the cells holds it
        places = np.linspace(self.grid[left], self.grid[left + 1], FINER + 1)
        tests = self.difference(places)
        excess = sign * tests.t - stdtrit(tests.df, 1 - alpha / 2)
        under = np.flatnonzero(excess < 0)
        turn = (under[0] if sign > 0 else under[-1] + 1) if len(under) else FINER
        turn = min(max(int(turn), 1), FINER)
        share = np.clip(excess[turn - 1] / (excess[turn - 1] - excess[turn]), 0, 1)
        return float(places[turn - 1] + share * (places[turn] - places[turn - 1]))

    def up_to(self, mark: float) -> slice:
        """Where on the grid D has to be positive if the crossing is beyond a mark; nowhere if the ladder ends before.

        Everywhere up to the mark: it is the whole hull that has to lie beyond.
        """
        inside = max(1, int(np.searchsorted(self.grid, mark, side="right")))
        return slice(0, 0 if mark > self.grid[-1] else inside)

    def down_to(self, mark: float) -> slice:
        """Where D has to be negative if the crossing is before a mark; nowhere if the ladder starts after."""
        size = len(self.grid)
        inside = min(size - 1, int(np.searchsorted(self.grid, mark)))
        return slice(size if mark < self.grid[0] else inside, size)

    def p_beyond(self, mark: float) -> float:
        """One-sided p of "the crossing is at most at log r = `mark`", one of the marks."""
        return float(self.p_above[self.up_to(mark)].max(initial=0)) if self.up_to(mark).stop else 1.0

    def p_before(self, mark: float) -> float:
        """One-sided p of "the crossing is at least at log r = `mark`", one of the marks."""
        return float(self.p_below[self.down_to(mark)].max(initial=0)) if mark >= self.grid[0] else 1.0

    @property
    def value(self) -> float | None:
        """The level at which the arms' isotonic envelopes agree, None outside of the ladder.

        Where they agree along a plateau it is the level nearest to the reference: an arm crosses itself there. It is
        kept between the first and the last crossing of the means themselves, hence within every interval.
        """
        x, place = self.curve.logs, self.place
        agree = _span(x, np.log(self.curve.envelope), math.log(self.other.envelope[place]))
        means = _span(x, np.log(self.curve.means), math.log(self.other.means[place]))
        log_level = float(np.clip(np.clip(x[place], *agree), *means))
        return math.exp(log_level) if math.isfinite(log_level) else None


def _span(x: Floats, y: Floats, goal: float) -> tuple[float, float]:
    """First and last place at which the line through (x, y) lies at `goal`; infinite beyond an end of it."""
    under, over = np.flatnonzero(y <= goal), np.flatnonzero(y >= goal)
    if not len(under):
        return math.inf, math.inf
    if not len(over):
        return -math.inf, -math.inf
    first, last = int(under[0]), int(over[-1])
    low = -math.inf if first == 0 else _between(x, y, first - 1, goal)
    high = math.inf if last == len(x) - 1 else _between(x, y, last, goal)
    return low, high


def _between(x: Floats, y: Floats, left: int, goal: float) -> float:
    share = (y[left] - goal) / (y[left] - y[left + 1])
    return float(x[left] + share * (x[left + 1] - x[left]))
