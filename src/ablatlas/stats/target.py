"""Time to target: how many times longer does an arm train until its loss first falls to a common target?

rho = time of the denominator / time of the numerator (> 1: the numerator is faster), as the shift of log times:
its centre is the median ratio of a run to a run (Hodges & Lehmann 1963), its interval every ratio that the exact
Mann-Whitney test does not reject. A run that misses the target within the limit is censored: it takes at least
that long, and perhaps for ever. Each end of the interval takes whichever is worse for it, so that no end rests
on how the times would have gone on.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ablatlas.stats.needs import HORIZON, Undecided
from ablatlas.stats.ratio import Ratio
from ablatlas.stats.survival import Failures
from ablatlas.stats.threshold import ALPHA, DELTA

VERSION = 1

ROUNDING = 1e-9  # ratios of times nearer to each other than this are one

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Arrivals:
    """One arm: (runs,) `steps` to the target; the `limit` where `reached` is False (censored).

    Raises ValueError for a time that is not a number in (0, limit], or censored before the limit.
    """

    steps: Floats
    reached: NDArray[np.bool_]
    limit: float

    def __post_init__(self) -> None:
        # Written so that NaN fails as well.
        if self.steps.shape != self.reached.shape or not np.all((self.steps > 0) & (self.steps <= self.limit)):
            raise ValueError(f"times to a target must lie in (0, {self.limit:g}], found {self.steps.tolist()}")
        if np.any(self.steps[~self.reached] != self.limit):
            raise ValueError(f"runs that miss the target are censored at {self.limit:g}, found {self.steps.tolist()}")

    @property
    def longest(self) -> Floats:
        """(runs,) the times, infinite where censored."""
        return np.where(self.reached, self.steps, math.inf)

    @property
    def failures(self) -> Failures:
        """As survival: the target is the event, and a run `survives` until it gets there."""
        return Failures(self.steps, self.reached)


@dataclass(frozen=True)
class Comparison:
    """Two arms on their way to one target; `delta` is the ratio that counts as a change.

    Runs are not paired: one that misses the target has no difference to its partner, and arms that share their
    seeds only make this test conservative. Raises ValueError if the arms were watched for different times.
    """

    numerator: Arrivals
    denominator: Arrivals
    delta: float = DELTA

    def __post_init__(self) -> None:
        limits = (self.numerator.limit, self.denominator.limit)
        if limits[0] != limits[1]:
            raise ValueError(f"arms of one contrast must train up to the same limit, found {limits}")

    @property
    def n(self) -> int:
        """Runs in the smaller arm."""
        return min(len(self.numerator.steps), len(self.denominator.steps))

    def ratio(self, alpha: float = ALPHA) -> Ratio:
        """rho with its interval at confidence 1 - `alpha`, unbounded where no larger ratio can be excluded.

        The value is the median ratio, half-way between the least and the most that censoring leaves it; None where
        it leaves one of them without a bound.
        """
        middle = (float(np.median(self._least)) + float(np.median(self._most))) / 2
        rejected = int(np.searchsorted(self._null, alpha / 2, side="right"))  # U = 0 .. rejected - 1 are rejected
        return Ratio(
            value=math.exp(middle) if math.isfinite(middle) else None,
            low=float(np.exp(self._least[rejected - 1])) if rejected else 0.0,
            high=float(np.exp(self._most[-rejected])) if rejected else math.inf,
        )

    @cached_property
    def p_relaxed(self) -> float:
        """p of rho <= delta, for a two-sided verdict."""
        return min(1.0, 2 * self._at_most(math.log(self.delta)))

    @cached_property
    def p_tightened(self) -> float:
        """p of rho >= 1 / delta, for a two-sided verdict."""
        return min(1.0, 2 * self._at_least(-math.log(self.delta)))

    @property
    def p(self) -> float:
        """p of "1/delta <= rho <= delta": at most alpha exactly when the interval lies outside of it."""
        return min(self.p_relaxed, self.p_tightened)

    @cached_property
    def p_unchanged(self) -> float:
        """p of two one-sided tests of "rho lies outside 1/delta .. delta"."""
        return max(self._at_least(math.log(self.delta)), self._at_most(-math.log(self.delta)))

    def undecided(self, size: int = 1, alpha: float = ALPHA) -> Undecided:
        """Why this is not decided in a family of `size`, and what would decide it."""
        if self.n < (least := fewest(alpha / size)):
            return Undecided("too few seeds", least, f"at least {least} seeds")
        if (needed := self._seeds_needed(alpha / size)) <= HORIZON * self.n:
            return Undecided("too few seeds", needed, f"{needed} seeds if the times stay as they are")
        if not (self.numerator.reached.all() and self.denominator.reached.all()):
            return Undecided("censored", None, f"training for more than {self.numerator.limit:g} steps")
        return Undecided("too few seeds", None, f"more than {HORIZON * self.n} seeds")

    def _seeds_needed(self, alpha: float) -> int:
        """Seeds that decide if the times stay as they are: a rank test's normal deviate grows like sqrt(n)."""
        change = norm.isf(alpha / 2), norm.isf(self.p / 2)
        same = norm.isf(alpha), norm.isf(self.p_unchanged)
        factor = min((wanted / found) ** 2 if found > 0 else math.inf for wanted, found in (change, same))
        return max(self.n + 1, math.ceil(min(self.n * factor, 1e9)))

    def _at_most(self, log_ratio: float) -> float:
        """One-sided p of log rho <= `log_ratio`; a tie counts against the alternative, here and below."""
        pairs = np.searchsorted(self._least, log_ratio + ROUNDING, side="right")
        return float(self._null[pairs])

    def _at_least(self, log_ratio: float) -> float:
        """One-sided p of log rho >= `log_ratio`."""
        pairs = len(self._most) - np.searchsorted(self._most, log_ratio - ROUNDING)
        return float(self._null[pairs])

    @property
    def _null(self) -> Floats:
        return null(len(self.numerator.steps), len(self.denominator.steps))

    @cached_property
    def _least(self) -> Floats:
        """(pairs,) sorted log ratios of a run to a run, each the smallest that it can be."""
        return np.sort(np.subtract.outer(np.log(self.denominator.steps), np.log(self.numerator.longest)), axis=None)

    @cached_property
    def _most(self) -> Floats:
        """Likewise, each the largest that it can be."""
        return np.sort(np.subtract.outer(np.log(self.denominator.longest), np.log(self.numerator.steps)), axis=None)


@lru_cache(maxsize=64)
def null(n: int, m: int) -> Floats:
    """P(U <= u) of Mann and Whitney's U for u = 0 .. n m, exact.

    The number of arrangements with each u has the generating function prod_i (1 - q^(m + i)) / (1 - q^i).
    """
    ways = np.array([1] + [0] * (n * m), dtype=object)  # whole numbers of any size
    for i in range(1, n + 1):
        ways[m + i :] -= ways[: -(m + i)].copy() if m + i <= n * m else 0
        for first in range(i):
            ways[first::i] = ways[first::i].cumsum()
    return np.asarray(ways.cumsum() / math.comb(n + m, n), float)


def fewest(alpha: float = ALPHA) -> int:
    """Fewest seeds an arm with which the clearest outcome decides at two-sided `alpha`."""
    return next(n for n in range(1, 1000) if 2 / math.comb(2 * n, n) <= alpha)
